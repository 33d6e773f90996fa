"""Plain look-ups: one run whole, the history of a component, the newest runs, names that contain a text; and flags."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater import clock
from headwater.errors import InvalidCursor, UsageError
from headwater.graph.answer import Document, node_document, run_document, time_text
from headwater.graph.facts import Annotation, FacetSubject
from headwater.graph.lineage.walk import resolve
from headwater.graph.model import Component, Pointer, Run
from headwater.graph.store import Page, RunDetail, Store

MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs, newest first; `cursor` asks for the next page, None when there is none."""

    runs: tuple[Run, ...]
    cursor: str | None

    def to_dict(self) -> Document:
        """Return the JSON document that the command line and HTTP give."""
        return {"runs": [run_document(run) for run in self.runs], "cursor": self.cursor}


def recent(store: Store, size: int = 20, cursor: str | None = None) -> RunPage:
    """Return the newest runs of all components. Raises InvalidCursor for a cursor that no page gave."""
    return _page(store, None, size, cursor)


def history(store: Store, component: str, size: int = 20, cursor: str | None = None) -> RunPage:
    """Return the newest runs of one component. Raises UnknownComponent, InvalidCursor."""
    return _page(store, component, size, cursor)


def _page(store: Store, component: str | None, size: int, cursor: str | None) -> RunPage:
    if not 1 <= size <= MAX_PAGE:
        raise UsageError(f"a page of {size} runs", hint=f"ask for 1 to {MAX_PAGE}")
    found = store.runs(Page(size + 1, _before(cursor)), component)
    more = len(found) > size
    return RunPage(tuple(found[:size]), _cursor(found[size - 1]) if more else None)


def _cursor(last: Run) -> str:
    key = json.dumps([clock.to_micros(last.started_at), last.id])
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _before(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        micros, run = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return clock.from_micros(int(micros)), str(run)
    except (ValueError, TypeError, OverflowError, binascii.Error) as exc:
        raise InvalidCursor(f"{cursor!r} is no cursor") from exc


def inspect(store: Store, run: str) -> RunDetail:
    """Return one run with its inputs, outputs, triggers and annotations. Raises UnknownRun."""
    return store.run(run)


def inspect_document(detail: RunDetail) -> Document:
    """Return the JSON document of an inspected run."""
    inputs = [
        {
            **node_document(pointer),
            "facets": _facets(detail, "input", pointer.name),
            "data_labels": _data_labels(detail, pointer.name),
            "claim": {"at": time_text(bound.claim.at), "digest": bound.claim.digest, "state": bound.claim.state},
        }
        for bound, pointer in detail.inputs
    ]
    return {
        **run_document(detail.run),
        "inputs": inputs,
        "outputs": [
            {
                **node_document(pointer),
                "facets": _facets(detail, "output", pointer.name),
                "data_labels": _data_labels(detail, pointer.name),
            }
            for pointer in detail.outputs
        ],
        "facets": _facets(detail, "run", ""),
        "annotations": [annotation_document(note) for note in detail.annotations],
    }


def _facets(detail: RunDetail, subject: FacetSubject, name: str) -> Document:
    return {key.key: value for key, value in detail.facets.items() if (key.subject, key.name) == (subject, name)}


def _data_labels(detail: RunDetail, name: str) -> Document:
    """Return the labels of rows that a run read or wrote under a name."""
    found: dict[str, list[str]] = {}
    for text in sorted(_facets(detail, "label", name)):
        key, value = json.loads(text)
        found.setdefault(key, []).append(value)
    return found


def annotation_document(note: Annotation) -> Document:
    """Return the JSON document of an annotation."""
    said = {"target": note.target, "kind": note.kind, "key": note.key, "value": note.value}
    return {**said, "who": note.who, "why": note.why, "at": time_text(note.at)}


def component_document(component: Component) -> Document:
    """Return the JSON document of a component; `max_age_s` in seconds."""
    age = None if component.max_age is None else component.max_age.total_seconds()
    return {
        "name": component.name,
        "description": component.description,
        "owner": component.owner,
        "tags": list(component.tags),
        "max_age_s": age,
    }


def components(store: Store) -> Sequence[Component]:
    """Return all components by name."""
    return store.components()


def search(store: Store, text: str, most: int = 50) -> Sequence[Pointer]:
    """Return the newest state of each name that contains `text` in any case, by name, `most` at the most."""
    if not text:
        raise UsageError("nothing to search for", hint="give a part of a name")
    return store.search(text, most)


def flag(
    store: Store, of: Sequence[str], who: str | None = None, why: str | None = None, *, on: bool = True
) -> list[str]:
    """Flag the states or runs (or clear the flag, `on=False`); return their ids.

    Raises UnknownPointer before anything is set.

    Every flag and clearing is kept with who, why and when; clearing is the undo.
    """
    targets = [resolve(store, reference) for reference in of]
    at = clock.now()
    store.record(Annotation(target, "flag", on, who=who, why=why, at=at) for target in targets)
    return targets
