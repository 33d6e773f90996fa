"""A window over joined rows that moves by what is new: rows that came, changed, or left it. Knows no store.

A window is an interval of places, `since` inclusive. Its sums are those of the rows that stood in it at `position`, the
count of changes of its series. To move it is to add and take out the rows by which two intervals differ, so a step
costs those rows, whatever the size of the window. Which rows a window holds depends on the rows and the time alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from headwater.graph.measures import Window, after_all
from headwater.graph.metrics.aggregates import Aggregate
from headwater.graph.values import JSON

ROWS_AT_ONCE = 5_000


class Joined(NamedTuple):
    """An output and its label at their place: the time of the output, and a hash of its id.

    `id` and `run`, which gave the output, are told of the rows of a window; sums go without.
    """

    place: str
    output: JSON
    label: JSON
    id: str = ""
    run: str | None = None


class Rows(Protocol):
    """The joined rows of one series, as one transaction sees them."""

    position: int

    def changed(self, position: int) -> Iterable[Joined]:
        """Give the rows that changed behind a position, as they are now."""
        ...

    def corrected(self, position: int) -> Iterable[Joined]:
        """Give the rows that stood at a position and changed behind it, as they stood."""
        ...

    def between(self, since: str, below: str, most: int) -> Sequence[Joined]:
        """Return the first rows from a place on and below another."""
        ...

    def before(self, below: str, most: int) -> Sequence[Joined]:
        """Return the last rows below a place, the last one first."""
        ...


@dataclass(slots=True)
class State:
    """The sums of a window; empty at first."""

    position: int
    since: str
    upto: str
    rows: int = 0
    sums: list[int] = field(default_factory=list)


class Moving:
    """One window of one metric, moved to `at`."""

    def __init__(self, rows: Rows, aggregate: Aggregate, window: Window, at: datetime) -> None:
        self._rows, self._aggregate, self._window = rows, aggregate, window
        self._upto, self._since = after_all(at), _since(window, at)

    def move(self, state: State | None) -> State:
        """Return the state of the window at the time, from an earlier or later state of it, or from none."""
        if state is None or state.upto < self._since or self._upto < state.since:
            self._state = self._empty()
        else:
            self._state = state
            self._follow_changes()
        self._move_end()
        if isinstance(self._window, int):
            self._move_start_to_count(self._window)
        else:
            self._move_start()
        return self._state

    def _empty(self) -> State:
        start = self._upto if isinstance(self._window, int) else self._since
        return State(self._rows.position, start, start, 0, [0] * self._aggregate.size)

    def _follow_changes(self) -> None:
        state = self._state
        self._add(row for row in self._rows.changed(state.position) if state.since <= row.place < state.upto)
        self._add((row for row in self._rows.corrected(state.position) if state.since <= row.place < state.upto), -1)
        state.position = self._rows.position

    def _move_end(self) -> None:
        state = self._state
        if state.upto < self._upto:
            self._add(_all(self._rows, max(state.since, state.upto), self._upto))
        else:
            self._add(_all(self._rows, self._upto, state.upto), -1)
        state.upto = self._upto

    def _move_start(self) -> None:
        state = self._state
        if state.since < self._since:
            self._add(_all(self._rows, state.since, self._since), -1)
        else:
            self._add(_all(self._rows, self._since, state.since))
        state.since = self._since

    def _move_start_to_count(self, count: int) -> None:
        state = self._state
        if (surplus := state.rows - count) > 0:
            *left, first = _all(self._rows, state.since, state.upto, surplus + 1)
            self._add(left, -1)
            state.since = first.place
        elif surplus < 0 and state.since:
            found = self._rows.before(state.since, -surplus)
            self._add(found)
            state.since = found[-1].place if len(found) == -surplus else ""

    def _add(self, rows: Iterable[Joined], sign: int = 1) -> None:
        state, of_row = self._state, self._aggregate.of_row
        for row in rows:
            state.rows += sign
            parts = of_row(row.output, row.label)
            state.sums = [total + sign * part for total, part in zip(state.sums, parts, strict=True)]


def rows_of(rows: Rows, window: Window, at: datetime) -> list[Joined]:
    """Return all rows of a window, oldest first: for metrics that are no sums."""
    if isinstance(window, int):
        return list(reversed(rows.before(after_all(at), window)))
    return list(_all(rows, _since(window, at), after_all(at)))


def _since(window: Window, at: datetime) -> str:
    if not isinstance(window, timedelta):
        return ""
    try:
        return after_all(at - window)
    except OverflowError:
        return ""


def _all(rows: Rows, since: str, below: str, most: int | None = None) -> Iterator[Joined]:
    """Give the rows of an interval, oldest first, `most` of them at the most; read a page at a time."""
    left = sys.maxsize if most is None else most
    while left and since < below and (found := rows.between(since, below, min(left, ROWS_AT_ONCE))):
        yield from found
        left -= len(found)
        since = f"{found[-1].place}!"
