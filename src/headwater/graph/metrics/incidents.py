"""Incidents: from the first breach of an SLA to the value with which it is well again. A pure fold over values.

Which incidents there are depends on the set of values alone. Who was told of them does not: it follows the order in
which values came, so that each incident is told once when it opens and once when it closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from headwater import ids
from headwater.graph.measures import Measured, Verdict

_NEVER = "~"


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which an SLA did not hold: the value that opened it and, unless it is open, the one that closed it.

    `told` counts the alerts of it, which open and close it in turn. `known_as` is the id under which people were told
    of it, which stays when a late value moves its opening.
    """

    opened: Measured
    closed: Measured | None = None
    told: int = 0
    known_as: str = ""

    @property
    def key(self) -> str:
        """The id of the incident: that of the value which opened it."""
        return self.opened.key

    @property
    def is_told_open(self) -> bool:
        """Whether the last alert said that it is open."""
        return self.told % 2 == 1

    def overlaps(self, other: Incident) -> bool:
        """Whether the two have a time in common."""
        return self.opened.place <= other._end and other.opened.place <= self._end  # of its own class

    @property
    def _end(self) -> str:
        return _NEVER if self.closed is None else self.closed.place


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: that the incident known by this id opened or closed, and the value that says so.

    `number` counts what was told of the incident.
    """

    phase: Literal["opened", "closed"]
    incident: str
    number: int
    value: Measured


def fold(values: Iterable[Measured], is_open: Incident | None = None, streak: int = 0) -> list[Incident]:
    """Return the incidents of values in the order of their places.

    To go on from an earlier fold, pass the incident that was open and how many values in a row had been well.
    """
    found: list[Incident] = []
    for value in values:
        verdict = value.verdict
        if is_open is None:
            is_open, streak = (Incident(value) if verdict is Verdict.BREACH else None), 0
        elif verdict is Verdict.BREACH:
            streak = 0
        elif verdict is not Verdict.INSUFFICIENT:
            streak += 1
            if value.terms is None or streak >= value.terms.clear_after:
                found.append(replace(is_open, closed=value))
                is_open = None
    return found if is_open is None else [*found, is_open]


def streak_of(values: Iterable[Measured]) -> int:
    """Return how many of these values, newest first, are well before one is a breach."""
    streak = 0
    for value in values:
        if value.verdict is Verdict.BREACH:
            break
        streak += value.verdict is not Verdict.INSUFFICIENT
    return streak


def retold(old: Sequence[Incident], new: Sequence[Incident]) -> tuple[list[Incident], list[News]]:
    """Return the new incidents with what was told of them, and what is to be told now, oldest first.

    `old` are the incidents that stood in their place. One that late values moved is the same; one that they undid, and
    that was told to be open, is told to be closed.
    """
    known = [replace(one, told=0, known_as=ids.new_run_id()) for one in new]
    news: list[News] = []
    for before in old:
        index = next((index for index, one in enumerate(known) if one.overlaps(before)), None)
        if index is not None:
            known[index] = replace(known[index], told=before.told, known_as=before.known_as)
        elif before.is_told_open:
            news.append(News("closed", before.known_as, before.told + 1, before.opened))
    found = []
    for incident in known:
        one, closed = incident, incident.closed
        if not one.is_told_open and (one.told == 0 or closed is None):
            one = replace(one, told=one.told + 1)
            news.append(News("opened", one.known_as, one.told, one.opened))
        if one.is_told_open and closed is not None:
            one = replace(one, told=one.told + 1)
            news.append(News("closed", one.known_as, one.told, closed))
        found.append(one)
    return found, news
