"""Incidents are a fold over values, and people are told of each in turn."""

from __future__ import annotations

import pytest

from headwater.graph.measures import Measured, Terms
from headwater.graph.metrics.incidents import Incident, fold, retold
from headwater.testing.rules import at


def values(text: str, clear_after: int = 1) -> list[Measured]:
    """Return a value a character: w is well, b a breach, i insufficient, u of no SLA, anything else nothing."""
    terms = Terms(">= 0.5", min_rows=2, clear_after=clear_after)
    kinds = {"w": (0.9, 9, terms), "b": (0.1, 9, terms), "i": (0.1, 1, terms), "u": (0.1, 9, None)}
    said = [(n, *kinds[kind]) for n, kind in enumerate(text) if kind in kinds]
    return [Measured("c", "m", f"r{n}", value, rows, terms=asked, at=at(n)) for n, value, rows, asked in said]


def shown(incidents: list[Incident]) -> list[tuple[str, str | None]]:
    return [(one.opened.run, None if one.closed is None else one.closed.run) for one in incidents]


@pytest.mark.parametrize(
    ("text", "clear_after", "found"),
    [
        ("wwbbww", 1, [("r2", "r4")]),
        ("bwbw", 1, [("r0", "r1"), ("r2", "r3")]),
        ("bwbww", 2, [("r0", "r4")]),
        ("bwiw", 2, [("r0", "r3")]),
        ("biii", 1, [("r0", None)]),
        ("iiwi", 1, []),
        ("bwu", 2, [("r0", "r2")]),
        ("uu", 1, []),
    ],
)
def test_an_incident_lasts_until_values_are_well_again(
    text: str, clear_after: int, found: list[tuple[str, str | None]]
) -> None:
    assert shown(fold(values(text, clear_after))) == found


def told(*arrivals: str) -> list[tuple[str, str]]:
    """Return (phase, run) of what is told as values arrive: each text has the values that are known by then."""
    old: list[Incident] = []
    said: list[tuple[str, str]] = []
    for text in arrivals:
        old, news = retold(old, fold(values(text)))
        said += [(one.phase, one.value.run) for one in news]
    return said


@pytest.mark.parametrize(
    ("arrivals", "said"),
    [
        (["b", "bb", "bbw", "bbww"], [("opened", "r0"), ("closed", "r2")]),
        (["bw"], [("opened", "r0"), ("closed", "r1")]),
        ([" b", "bb"], [("opened", "r1")]),  # an earlier breach comes late: the same incident
        (["b  ", "b w", "b ww"], [("opened", "r0"), ("closed", "r2")]),
        (["b w", "bww"], [("opened", "r0"), ("closed", "r2")]),  # it had closed earlier
        (["b", "w"], [("opened", "r0"), ("closed", "r0")]),  # the breach is taken back
        (["b b", "bwb"], [("opened", "r0"), ("closed", "r1"), ("opened", "r2")]),
        (["bwb", "bbb"], [("opened", "r0"), ("closed", "r1"), ("opened", "r2")]),
    ],
)
def test_each_incident_is_told_once_when_it_opens_and_closes(arrivals: list[str], said: list[tuple[str, str]]) -> None:
    assert told(*arrivals) == said


def test_an_incident_keeps_the_id_that_people_know_when_its_opening_moves() -> None:
    [known], _ = retold([], fold(values(" b")))
    [moved], news = retold([known], fold(values("bb")))
    assert (moved.known_as, moved.opened.run, news) == (known.known_as, "r0", [])
