"""From a run of mltrace to facts. Pure: rows in, facts out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from headwater.errors import SourceError
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, PointerType, RunFact, Status
from headwater.graph.values import JSON
from headwater.ids import external_id, state_id
from headwater.loaders.mltrace.pickles import pickled_texts
from headwater.loaders.mltrace.reading import Row, Run
from headwater.loaders.relational import MOST_CHARACTERS, plain, run_id, seal

_TYPES: Mapping[str, PointerType] = {
    "data": "data",
    "data_file": "data",
    "model": "model",
    "model_file": "model",
    "endpoint": "endpoint",
    "output_id": "endpoint",
}
_OWN = frozenset(
    {
        "id",
        "component_name",
        "start_timestamp",
        "end_timestamp",
        "git_hash",
        "notes",
        "code_snapshot",
        *("stale", "git_tags"),
    }
)
_PICKLED_TEXTS = ("stale", "git_tags")
_SHA256_BYTES = 32
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def instant(value: datetime | str | None, zone: tzinfo) -> datetime | None:
    """Return a time of the database in UTC; those of mltrace have no zone. Raises SourceError when it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as exc:
        raise SourceError(f"{value!r} is no time") from exc
    if found is None or found.tzinfo is not None:
        return found
    return found.replace(tzinfo=zone).astimezone(UTC)


def digest(value: bytes | None) -> str | None:
    """Return the digest of a pointer's value.

    mltrace keeps a SHA-256 of what the value looked like; anything else that stands there is hashed, not read.
    """
    content = bytes(value or b"")
    if not content:
        return None
    return f"mltrace:{content.hex() if len(content) == _SHA256_BYTES else hashlib.sha256(content).hexdigest()}"


def run_facts(found: Run, zone: tzinfo) -> tuple[Fact, ...]:
    """Return the run, its note, and the flags and labels of what it wrote. Raises SourceError, InvalidFact."""
    row = found.row
    ident = _ident(row["id"], row["start_timestamp"], zone)
    started, ended = instant(row["start_timestamp"], zone), instant(row["end_timestamp"], zone)
    at = ended or started
    assert at is not None
    code = bytes(row.get("code_snapshot") or b"")
    run = RunFact(
        id=ident,
        component=row["component_name"],
        status=Status.COMPLETED if ended else None,
        started_at=started,
        ended_at=ended,
        inputs=tuple(_input(one, zone) for one in found.inputs),
        outputs=tuple(Output(one["name"], digest(one["value"]), _type(one)) for one in found.outputs),
        commit=row.get("git_hash") or None,
        source=f"sha256:{hashlib.sha256(code).hexdigest()}" if code else None,
        at=at,
        facets=_facets(found, code, zone),
    )
    return (run, *_marks(found, ident, at, zone))


def component_fact(rows: Iterable[Row], zone: tzinfo) -> ComponentFact:
    """Return a component from its rows, one a tag; it was last described when its last run ended."""
    rows = list(rows)
    first = rows[0]
    return ComponentFact(
        first["name"],
        description=first.get("description") or None,
        owner=first.get("owner") or None,
        tags=tuple(row["tag"] for row in rows if row["tag"]) or None,
        at=instant(first["last_end"], zone) or _NEVER,
    )


def loose_facts(row: Row, zone: tzinfo) -> tuple[Fact, ...]:
    """Return the flag and the label of a pointer that no run wrote."""
    target = external_id(row["name"], digest(row["value"]))
    at = instant(row["first"], zone) or _NEVER
    flag = [Annotation(target, "flag", True, at=at)] if row["flag"] else []
    return (*flag, *(_labels(target, row, at, zone) if row["label"] else ()))


def _ident(number: object, started: datetime | str | None, zone: tzinfo) -> str:
    at = instant(started, zone)
    if at is None:
        raise SourceError(f"component run {number} has no start_timestamp")
    return run_id("mltrace", number, at)


def _input(row: Row, zone: tzinfo) -> Input:
    """A run that depends on the one which wrote this read that state; else the value says it, or the time."""
    if row["maker"] is not None:
        return Input(row["name"], state=state_id(row["name"], _ident(row["maker"], row["maker_start"], zone)))
    return Input(row["name"], digest=digest(row["value"]))


def _type(row: Row) -> PointerType | None:
    return _TYPES.get(str(row["pointer_type"]).lower())


def _facets(found: Run, code: bytes, zone: tzinfo) -> dict[str, JSON]:
    row = found.row
    kept: dict[str, JSON] = {
        name: _kept(value) for name, value in row.items() if name not in _OWN and value is not None
    }
    for name in _PICKLED_TEXTS:
        if content := row.get(name):
            texts = pickled_texts(bytes(content))
            kept[name] = seal(bytes(content)) if texts is None else list(texts)
    if code:
        kept["code_snapshot"] = _text(code)
    if found.dependencies:
        kept["dependencies"] = [_ident(one["needed"], one["needed_start"], zone) for one in found.dependencies]
    return {name: value for name, value in kept.items() if value != []}


def _kept(value: Any) -> JSON:
    """Return a column's value; SQLite gives a JSON document as its text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return plain(json.loads(value))
        except (ValueError, RecursionError):
            return plain(value)
    return plain(value)


def _text(content: bytes) -> JSON:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return seal(content)
    return text if len(text) <= MOST_CHARACTERS else seal(content)


def _marks(found: Run, ident: str, at: datetime, zone: tzinfo) -> Iterator[Annotation]:
    if note := found.row.get("notes"):
        yield Annotation(ident, "note", note, at=at)
    for row in found.outputs:
        if row["flag"]:
            yield Annotation(state_id(row["name"], ident), "flag", True, at=at)
    for row in found.labels:
        yield from _labels(state_id(row["name"], ident), row, at, zone)


def _labels(target: str, row: Row, at: datetime, zone: tzinfo) -> Iterator[Annotation]:
    """Give a label; one whose deletion was asked for says so since that time."""
    yield Annotation(target, "label", "attached", key=row["label"], at=at)
    if (asked := instant(row["deleted"], zone)) is not None:
        yield Annotation(target, "label", "deletion requested", key=row["label"], at=max(asked, at))
