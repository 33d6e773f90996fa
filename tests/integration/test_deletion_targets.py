"""What subjects mean in a store: the same on both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.deletion.subjects import parse
from headwater.deletion.targets import targets
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.query_store import QueryStore
from tests.support.forgetting import START, ran
from tests.support.neo4j_database import Database
from tests.support.stores import opened

NASTY = "clients/a*b?[c]\U0010ffff\n/x"


@pytest.fixture(scope="module")
def known() -> list[RunFact]:
    return [
        ran("r1", "load", 0, ["clients/a/1.csv", Input("raw.csv", digest="sha256:raw")], "t.csv", "copy.csv"),
        ran("r2", "load", 2, ["clients/b/1.csv", NASTY], "t.csv"),
        RunFact("r3", "load", Status.RUNNING, START, inputs=(Input("clients/a/2.csv"),), outputs=(Output("t.csv"),)),
        RunFact("r4", "load", None, START, START, outputs=(Output("u.csv", "sha256:r1t.csv"),)),
    ]


@pytest.fixture
def store(place: Database, known: list[RunFact]) -> Iterator[QueryStore]:
    with opened(place) as found:
        found.record(known)
        yield found


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("t.csv", ["t.csv@r1", "t.csv@r2", "t.csv@r3"]),
        ("t.csv@r2", ["t.csv@r2"]),
        ("raw.csv", ["raw.csv@external:sha256:raw"]),
        ("clients/a/1.csv@external", ["clients/a/1.csv@external"]),
        ("digest:sha256:r1t.csv", ["t.csv@r1", "u.csv@r4"]),
        ("digest:sha256:raw", ["raw.csv@external:sha256:raw"]),
        ("clients/a/*", ["clients/a/1.csv@external", "clients/a/2.csv@external"]),
        ("clients/?/1.csv", ["clients/a/1.csv@external", "clients/b/1.csv@external"]),
        ("*.csv", None),
        ("name:" + NASTY, [f"{NASTY}@external"]),
        ("pattern:clients/a*", ["clients/a/1.csv@external", "clients/a/2.csv@external", f"{NASTY}@external"]),
        ("nothing", []),
        ("nothing@r1", []),
        ("none/*", []),
        ("sha256:00000000000000000000", []),
    ],
)
def test_a_subject_means_these_states(store: QueryStore, text: str, states: list[str] | None) -> None:
    [found] = targets(store, {"r": [parse(text)]})

    if states is None:
        assert len(found.states) == 9
    else:
        assert list(found.states) == sorted(states)


def test_many_requests_are_looked_up_together(store: QueryStore) -> None:
    subjects = {"one": [parse("t.csv@r1"), parse("client=c1")], "two": [parse("clients/*"), parse("client=c2")]}

    one, two = targets(store, subjects)

    assert (one.request, one.states, one.labels) == ("one", ("t.csv@r1",), (("client", "c1"),))
    assert (two.request, len(two.states), two.labels) == ("two", 4, (("client", "c2"),))
