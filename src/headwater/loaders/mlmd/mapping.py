"""From an execution of ML Metadata to facts. Pure: rows in, facts out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from headwater.errors import SourceError
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact, Status
from headwater.graph.values import JSON
from headwater.ids import state_id
from headwater.loaders.mlmd.reading import Execution, Row
from headwater.loaders.mlmd.values import property_value
from headwater.loaders.relational import plain, run_id
from headwater.loaders.times import instant


class Event(IntEnum):
    """What an event says of an artifact, as the store numbers it."""

    UNKNOWN = 0
    DECLARED_OUTPUT = 1
    DECLARED_INPUT = 2
    INPUT = 3
    OUTPUT = 4
    INTERNAL_INPUT = 5
    INTERNAL_OUTPUT = 6
    PENDING_OUTPUT = 7


READS = frozenset({Event.DECLARED_INPUT, Event.INPUT, Event.INTERNAL_INPUT})
WRITES = frozenset({Event.DECLARED_OUTPUT, Event.OUTPUT, Event.INTERNAL_OUTPUT})


class State(IntEnum):
    """How far an execution has come, as the store numbers it."""

    UNKNOWN = 0
    NEW = 1
    RUNNING = 2
    COMPLETE = 3
    FAILED = 4
    CACHED = 5
    CANCELED = 6


_STATUS = {
    State.NEW: Status.RUNNING,
    State.RUNNING: Status.RUNNING,
    State.COMPLETE: Status.COMPLETED,
    State.CACHED: Status.COMPLETED,
    State.FAILED: Status.FAILED,
    State.CANCELED: Status.ABORTED,
}
_OWN = frozenset({"id", "type_id", "create_time_since_epoch", "last_update_time_since_epoch", "last_known_state"})
_ARTIFACT = ("id", "type_name", "name", "uri", "state", "external_id", "create_time_since_epoch")


class Touched(NamedTuple):
    """The events of one execution that read, or wrote, one state."""

    name: str
    artifact: int
    events: list[Row]

    @property
    def at(self) -> datetime | None:
        """When it was first touched, None when no event says."""
        times = [row["event_ms"] for row in self.events if row["event_ms"]]
        return instant(min(times)) if times else None


def pointer_name(artifact: Row) -> str:
    """Return what a user calls the artifact: its URI, else its name, else its type and number."""
    return str(artifact["uri"] or artifact["name"] or f"{artifact['type_name']}:{artifact['id']}")


def facts(found: Execution) -> tuple[Fact, ...]:
    """Return the run of an execution, and the labels that its contexts put on it. Raises SourceError, InvalidFact."""
    row = found.row
    if row["type_name"] is None:
        raise SourceError(f"the type {row['type_id']} of execution {row['id']} is not there")
    created, updated = instant(row["create_time_since_epoch"]), instant(row["last_update_time_since_epoch"])
    ident = run_id("mlmd", row["id"], created)
    contexts = _contexts(found.contexts)
    made = [one for one in _touched(found.events, WRITES) if one.events[0]["producer"] == row["id"]]
    status = _status(row, bool(_touched(found.events, WRITES)))
    at = max(created, updated)
    last = max([at, *(one.at for one in made if one.at)])
    properties = _properties(found.properties)
    run = RunFact(
        id=ident,
        component=component(row, properties, contexts),
        status=status,
        started_at=created,
        ended_at=None if status in (None, Status.RUNNING) else last,
        inputs=tuple(_input(one, found) for one in _touched(found.events, READS)),
        outputs=tuple(_output(one, found) for one in made),
        params=properties,
        at=at,
        facets=_run_facets(found, contexts),
    )
    labels = (Annotation(ident, "label", context["name"], key=str(context["type"]), at=created) for context in contexts)
    return (run, *labels)


def component(row: Row, properties: dict[str, JSON], contexts: Sequence[dict[str, JSON]]) -> str:
    """Return the component of an execution.

    TFX names it by a context of type `node`; Kubeflow gives all tasks one type and names the task in a property; else
    the type is the component.
    """
    for context in contexts:
        if context["type"] == "node":
            return str(context["name"])
    kind = str(row["type_name"])
    names = [properties.get(key) for key in ("task_name", "display_name")] if kind.startswith("system.") else []
    return next((name for name in names if isinstance(name, str) and name), kind)


def _status(row: Row, has_written: bool) -> Status | None:
    """Many programs never set the state: an execution that has written something has come to its end."""
    state = row["last_known_state"] or State.UNKNOWN
    if state not in list(State):
        raise SourceError(f"execution {row['id']} is in the state {state!r}, which nobody knows")
    return _STATUS.get(State(state), Status.COMPLETED if has_written else None)


def _touched(events: Iterable[Row], kinds: frozenset[Event]) -> list[Touched]:
    """Return what events of these kinds touched, each artifact once, by name and number."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in events:
        if row["event_type"] in kinds:
            found[row["id"]].append(row)
    touched = [Touched(pointer_name(rows[0]), artifact, rows) for artifact, rows in found.items()]
    return sorted(touched, key=lambda one: (one.name, one.artifact))


def _output(one: Touched, found: Execution) -> Output:
    is_model = str(one.events[0]["type_name"]).rpartition(".")[2] == "Model"
    digest, facets = f"mlmd:{one.artifact}", _artifact_facets(one, found)
    return Output(one.name, digest, "model" if is_model else "data", facets)


def _input(one: Touched, found: Execution) -> Input:
    artifact = one.events[0]
    facets = _event_facets(one, found)
    if artifact["producer"] is None:
        facets = _artifact_facets(one, found)
        return Input(one.name, at=one.at, digest=f"mlmd:{one.artifact}", facets=facets)
    maker = run_id("mlmd", artifact["producer"], instant(artifact["producer_created"]))
    return Input(one.name, at=one.at, state=state_id(one.name, maker), facets=facets)


def _event_facets(one: Touched, found: Execution) -> dict[str, JSON]:
    """Which input or output it was: the keys and places of each event's path."""
    return {"events": [_event(row, found) for row in one.events]}


def _event(row: Row, found: Execution) -> dict[str, JSON]:
    steps = found.paths.get(row["event_id"], [])
    path: list[JSON] = [step["step_index"] if step["is_index_step"] else step["step_key"] for step in steps]
    return {"type": _event_type(row), "milliseconds_since_epoch": row["event_ms"], "path": path}


def _artifact_facets(one: Touched, found: Execution) -> dict[str, JSON]:
    row = one.events[0]
    said: dict[str, JSON] = {key: plain(row[key]) for key in _ARTIFACT if row.get(key) is not None}
    contexts: list[JSON] = [
        {"type": row["context_type"], "name": row["context_name"]}
        for row in found.artifact_contexts.get(one.artifact, [])
    ]
    properties = _properties(found.artifact_properties.get(one.artifact, []))
    kept: dict[str, JSON] = {"artifact": said, "properties": properties, "contexts": contexts}
    return _event_facets(one, found) | {key: value for key, value in kept.items() if value}


def _run_facets(found: Execution, contexts: Sequence[dict[str, JSON]]) -> dict[str, JSON]:
    row = found.row
    kept: dict[str, JSON] = {key: plain(value) for key, value in row.items() if key not in _OWN and value is not None}
    state = State(row["last_known_state"] or 0).name
    facets: dict[str, JSON] = {"execution": kept | {"id": row["id"], "state": state}}
    others: dict[str, JSON] = {"reused": _reused(found), "pending": _pending(found), "contexts": list(contexts)}
    return facets | {key: value for key, value in others.items() if value}


def _reused(found: Execution) -> list[JSON]:
    """Return the states that the run gave out although another run had made them: results from a cache."""
    return [
        state_id(one.name, run_id("mlmd", row["producer"], instant(row["producer_created"])))
        for one in _touched(found.events, WRITES)
        if (row := one.events[0])["producer"] != found.row["id"]
    ]


def _pending(found: Execution) -> list[JSON]:
    """Return what the store names beside the run without saying that it was read or written."""
    rest = [row for row in found.events if row["event_type"] not in READS | WRITES]
    return [{"name": pointer_name(row), "artifact": row["id"], "type": _event_type(row)} for row in rest]


def _event_type(row: Row) -> str:
    return Event(row["event_type"]).name if row["event_type"] in list(Event) else str(row["event_type"])


def _contexts(rows: Iterable[Row]) -> list[dict[str, JSON]]:
    """Return each context once, in the order of their numbers, with its properties."""
    found: dict[int, tuple[Row, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["context"], (row, []))[1].append(row)
    return [_context(row, properties) for row, properties in found.values()]


def _context(row: Row, properties: Iterable[Row]) -> dict[str, JSON]:
    said = _properties(p for p in properties if p["name"] is not None)
    parents = json.loads(row["parents"])
    extra: dict[str, JSON] = {"properties": said, "parents": parents}
    return {"type": row["context_type"], "name": row["context_name"]} | {k: v for k, v in extra.items() if v}


def _properties(rows: Iterable[Row]) -> dict[str, JSON]:
    """Return the properties by name; a custom one gives way to a declared one of the same name and is set apart."""
    found: dict[str, JSON] = {}
    for row in rows:
        name = str(row["name"])
        found[f"custom_properties.{name}" if name in found else name] = property_value(row)
    return found
