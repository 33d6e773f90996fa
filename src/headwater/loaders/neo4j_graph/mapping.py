"""From a node that is a run, and its neighbours, to facts. Pure: properties in, facts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Any, TypeAlias

from headwater.errors import SourceError
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.values import JSON
from headwater.ids import EXTERNAL, state_id
from headwater.loaders.relational import plain

Properties: TypeAlias = Mapping[str, Any]
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS: Mapping[Status, str] = {
    Status.RUNNING: "running started pending queued",
    Status.ABORTED: "aborted cancelled canceled killed",
    Status.FAILED: "failed failure fail error",
    Status.COMPLETED: "completed complete success succeeded successful finished done ok",
}
_STATUS = {word: status for status, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which properties mean what, and how times without a zone and numbers are read."""

    run_id: str
    component: str
    started: str
    ended: str
    status: str
    name: str
    digest: str
    read_at: str
    is_state: bool
    zone: tzinfo
    epoch: timedelta

    @property
    def of_run(self) -> frozenset[str]:
        """The properties of a run that are no facets."""
        return frozenset({self.run_id, self.component, self.started, self.ended, self.status})

    def instant(self, value: object, what: str) -> datetime | None:
        """Return a time from one of Neo4j's, a text, or a number of units since 1970; raise SourceError for others."""
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else self._native(value)
        except (ValueError, OverflowError) as exc:
            raise SourceError(f"{what} {value!r} is no time: {exc}") from exc
        if found is None or found.tzinfo is not None:
            return found
        return found.replace(tzinfo=self.zone).astimezone(UTC)

    def _native(self, value: object) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time_of_day())
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError("use a time, a text in ISO 8601, or a number")
        return _NEVER + value * self.epoch


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is a run: its own id, its properties, and its neighbours as the statement `runs` gives them."""

    element: str
    run: Properties
    read: Sequence[Properties]
    wrote: Sequence[Properties]


def run_fact(node: Node, to: Meaning) -> RunFact:
    """Return the run of a node. Raises SourceError, InvalidFact."""
    run = node.run
    started, ended = to.instant(run.get(to.started), to.started), to.instant(run.get(to.ended), to.ended)
    status = _status(run.get(to.status))
    ident = run_id(node.element, run.get(to.run_id))
    return RunFact(
        id=ident,
        component=None if run.get(to.component) is None else str(run[to.component]),
        status=status,
        started_at=started,
        ended_at=None if status is Status.RUNNING else ended,
        inputs=tuple(_input(one, ident, to) for one in node.read),
        outputs=tuple(_output(one, to) for one in node.wrote),
        at=ended or started or _NEVER,
        facets=_facets(run, to.of_run),
    )


def run_id(element: str, ident: object) -> str:
    """Return the id of a run: its property, else the node's own; what no run id may hold is escaped."""
    text = element if ident is None else str(ident)
    if "@" in text:
        text = text.replace("%", "%25").replace("@", "%40")
    return f"run:{text}" if text.startswith(EXTERNAL) else text


def _status(value: object) -> Status:
    """A graph that says nothing of it speaks of runs that are over."""
    if value is None:
        return Status.COMPLETED
    if (word := str(value).lower()) not in _STATUS:
        raise SourceError(f"status {value!r} is unknown", hint=f"known are {', '.join(_STATUS)}")
    return _STATUS[word]


def _name(one: Properties, to: Meaning) -> str:
    """Return the pointer's name: its property, else the node's own id."""
    name = one["pointer"].get(to.name)
    return str(one["element"] if name is None else name)


def _digest(one: Properties, to: Meaning) -> str | None:
    found = one["pointer"].get(to.digest)
    return None if found is None else str(found)


def _input(one: Properties, reader: str, to: Meaning) -> Input:
    """Where a node is one state that another run made, that one was read; else its digest or the time says which."""
    name, at = _name(one, to), to.instant(one["relation"].get(to.read_at), to.read_at)
    facets = _facets(one["relation"], frozenset({to.read_at}))
    if not one["is_made"]:
        facets = _facets(one["pointer"], frozenset({to.name, to.digest})) | facets
    makers = sorted(run_id(maker["element"], maker["id"]) for maker in one["makers"])
    if to.is_state and len(makers) == 1 and makers[0] != reader:
        return Input(name, at=at, state=state_id(name, makers[0]), facets=facets)
    return Input(name, at=at, digest=_digest(one, to), facets=facets)


def _output(one: Properties, to: Meaning) -> Output:
    facets = _facets(one["pointer"], frozenset({to.name, to.digest})) | _facets(one["relation"], frozenset())
    return Output(_name(one, to), digest=_digest(one, to), facets=facets)


def _facets(properties: Properties, own: frozenset[str]) -> dict[str, JSON]:
    return {key: plain(value) for key, value in properties.items() if key not in own}
