"""What of an event is kept as it came, and how its identities stand in facts."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from headwater.errors import InvalidFact, TooLarge
from headwater.graph.facts import Fact
from headwater.graph.values import JSON, canonical, check_run_id
from headwater.graph.wire import fact_from_dict
from headwater.loaders.openlineage.fast import Writer, texts
from headwater.loaders.openlineage.reading import (
    Dataset,
    DatasetEvent,
    Event,
    JobEvent,
    Named,
    Object,
    RunEvent,
    a_list,
)

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FOREIGN_IDS = uuid.UUID("0f9b8a52-6d0e-5f0a-8a43-5c3e2f7d1b60")
SENT = ("producer", "schemaURL")
OWN_FACET = "headwater"


def run_id(given: str) -> str:
    """Return the id of the run: a UUID in lower case; one that no id may be is hashed to a UUID, always the same."""
    if _UUID.fullmatch(given):
        return given.lower()
    try:
        return check_run_id(given)
    except InvalidFact:
        return str(uuid.uuid5(_FOREIGN_IDS, given.encode(errors="backslashreplace").decode()))


def own_facts(event: Event) -> tuple[Fact, ...] | None:
    """Return the facts that an event carries as they are, None unless an export of Headwater's own made it."""
    if isinstance(event, DatasetEvent):
        found = event.dataset.facets.get(OWN_FACET)
    else:
        found = (event.run_facets if isinstance(event, RunEvent) else event.job_facets).get(OWN_FACET)
    return None if found is None else tuple(fact_from_dict(one) for one in a_list(found.get("facts"), f"/{OWN_FACET}"))


def identity(named: Named, others: Object | None = None) -> dict[str, JSON]:
    """Return the facet `openlineage`: the two parts of a name, and who sent the event by which schema."""
    sent = {key: others[key] for key in SENT if key in others} if others else {}
    return {"namespace": named.namespace, "name": named.name, **sent}


def kept(others: Object) -> dict[str, JSON]:
    """Return what the specification does not know, as facets."""
    return {f"event/{key}": value for key, value in others.items() if key not in SENT}


def kept_of(dataset: Dataset, prefix: str, write: Writer) -> dict[str, JSON]:
    """Return all facets of a dataset; its inputFacets or outputFacets stand behind `prefix`."""
    own = {f"{prefix}{name}": facet for name, facet in dataset.own.items()}
    return texts({**dataset.facets, **own, **kept(dataset.others), "openlineage": identity(dataset.named)}, write)


def spared(event: Event) -> tuple[Event, list[str]]:
    """Return the event without the facets that are too large to be kept, and what was left out, in words."""
    dropped: list[str] = []
    if isinstance(event, RunEvent):
        parts: dict[str, Any] = {
            "run_facets": _smaller(event.run_facets, "run", dropped),
            "job_facets": _smaller(event.job_facets, "job", dropped),
            "inputs": tuple(_smaller_dataset(one, dropped) for one in event.inputs),
            "outputs": tuple(_smaller_dataset(one, dropped) for one in event.outputs),
        }
        return replace(event, **parts), dropped
    if isinstance(event, JobEvent):
        declared = _smaller(event.declared, "declared", dropped)
        return replace(event, job_facets=_smaller(event.job_facets, "job", dropped), declared=declared), dropped
    assert isinstance(event, DatasetEvent)
    return replace(event, dataset=_smaller_dataset(event.dataset, dropped)), dropped


def _smaller_dataset(dataset: Dataset, dropped: list[str]) -> Dataset:
    facets, own = (_smaller(found, "dataset", dropped) for found in (dataset.facets, dataset.own))
    return dataset._replace(facets=facets, own=own)


def _smaller(facets: Object, kind: str, dropped: list[str]) -> Object:
    found = dict(_measured(facets))
    dropped += (f"too large: {kind}/{name}" for name in found if found[name] is not facets[name])
    return found


def _measured(facets: Object) -> Iterator[tuple[str, JSON]]:
    for name, facet in facets.items():
        try:
            canonical(facet)
        except TooLarge:
            text = repr(facet).encode(errors="backslashreplace")
            sent = {key: facet[key] for key in ("_producer", "_schemaURL") if key in facet}
            left_out: JSON = {"characters": len(text), "sha256": hashlib.sha256(text).hexdigest()}
            yield name, {**sent, "headwater_left_out": left_out}
        else:
            yield name, facet
