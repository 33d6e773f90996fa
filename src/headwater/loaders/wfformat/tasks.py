"""The tasks of a WfFormat document: what they read and wrote, when they began and how long they ran."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from headwater import clock
from headwater.errors import SourceError
from headwater.loaders.documents import Object, as_list, as_object, as_text

_NUMBER = re.compile(r"[_.-](?:ID)?\d+$")
_AMERICAN = re.compile(r"(\d\d)-(\d\d)-(\d\d)T(.*)")


@dataclass(frozen=True, slots=True)
class Task:
    """One task as specified, and what its execution measured; `place` is its path in the document."""

    id: str
    name: str
    place: str
    parents: frozenset[str]
    children: frozenset[str]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    specified: Object
    executed: Object | None

    @property
    def component(self) -> str:
        """The stage that it is a run of: its name, without the task's own number where that is part of the name."""
        return _NUMBER.sub("", self.name) or self.name if self.name == self.id else self.name


def earliest_starts(tasks: Collection[Task], makers: Mapping[str, Sequence[str]], at: datetime) -> dict[str, datetime]:
    """Return when each task began: when it says so itself, else once its parents had ended, the first ones `at`.

    Instances seldom say more than when the whole began. In a circle of tasks all of them begin `at`.
    """
    by_id = {task.id: task for task in tasks}
    before = {
        task.id: (task.parents & by_id.keys())
        | {m for name in task.reads for m in makers.get(name, ()) if m != task.id}
        for task in by_id.values()
    }
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError:
        return {task.id: _own_start(task) or at for task in by_id.values()}
    starts: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    for ident in order:
        starts[ident] = _own_start(by_id[ident]) or max((ends[other] for other in before[ident]), default=at)
        ends[ident] = starts[ident] + (_runtime_or_none(by_id[ident]) or timedelta())
    return starts


def read_task(given: object, place: str, executed: Mapping[Any, Object]) -> Task:
    """Return the task with what `executed` measured of it, by id. Raises SourceError for what is no task."""
    task = as_object(given, place)
    ident = as_text(task.get("id"), f"{place}.id")
    return Task(
        id=ident,
        name=as_text(task.get("name", ident), f"{place}.name"),
        place=place,
        parents=frozenset(_texts(task, "parents", place)),
        children=frozenset(_texts(task, "children", place)),
        reads=tuple(dict.fromkeys(_texts(task, "inputFiles", place))),
        writes=tuple(dict.fromkeys(_texts(task, "outputFiles", place))),
        specified=task,
        executed=executed.get(ident),
    )


def _texts(task: Object, key: str, place: str) -> list[str]:
    return [as_text(value, f"{place}.{key}[{i}]") for i, value in enumerate(as_list(task.get(key), f"{place}.{key}"))]


def _own_start(task: Task) -> datetime | None:
    said = (task.executed or {}).get("executedAt")
    try:
        return read_time(said)[0] if said else None
    except SourceError:
        return None


def runtime(task: Task) -> timedelta | None:
    """Return how long it ran, None when nobody measured it. Raises SourceError for what is no duration."""
    said = (task.executed or {}).get("runtimeInSeconds")
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        raise SourceError(f"runtimeInSeconds is {said!r}, not a number")
    try:
        found = timedelta(seconds=said)
    except (OverflowError, ValueError) as exc:
        raise SourceError(f"runtimeInSeconds is {said!r}, not a duration") from exc
    if found < timedelta():
        raise SourceError(f"runtimeInSeconds is {said!r}, less than nothing")
    return found


def _runtime_or_none(task: Task) -> timedelta | None:
    try:
        return runtime(task)
    except SourceError:
        return None


def read_time(said: object) -> tuple[datetime, bool]:
    """Return the time, as UTC where it has no zone, and whether it has one.

    Instances write ISO 8601 in several forms, and the American `05-10-23T16:23:32Z`.
    """
    text = as_text(said, "the time of execution")
    try:
        found = _american(text) or datetime.fromisoformat(text)
    except ValueError as exc:
        raise SourceError(f"the time of execution is {text!r}, not ISO 8601") from exc
    has_zone = found.utcoffset() is not None
    return (clock.as_utc(found) if has_zone else found.replace(tzinfo=UTC)), has_zone


def _american(text: str) -> datetime | None:
    parts = _AMERICAN.fullmatch(text)
    return None if parts is None else datetime.fromisoformat("20{2}-{0}-{1}T{3}".format(*parts.groups()))
