"""A state that comes late to a name with many readers: they are bound anew in parts, and no crash loses one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headwater.graph import ingest, lineage
from headwater.graph.facts import Fact, Output, RunFact
from headwater.graph.neo4j import Neo4jTransaction
from headwater.graph.query_store import QueryStore
from headwater.testing.rules import at, ran
from tests.support.neo4j_database import Database
from tests.support.stores import BOTH, assert_is_graph_of, opened
from tests.support.writers import late_state, running, write_and_stall

PART = 10
READERS = 45
# So many do not fit into one transaction of the server of the tests: with 192 MB each it refuses 70,000.
MANY = 100_000
OLD = RunFact("old", "make-old", None, at(0), at(1), outputs=(Output("hot"),))
LATE = late_state()


@pytest.fixture
def half_bound(place: Database) -> Iterator[QueryStore]:
    """A store whose last writer was killed in the middle of a big re-binding."""
    with opened(place, readers_per_part=PART) as store:
        store.record(_before())
        with running(write_and_stall, place, [(PART,)]) as [writer]:
            assert writer.hear() == "stalled"
            writer.kill()
        yield store


def readers(many: int, first: int = 0) -> list[RunFact]:
    """Return runs that read one name, two at each instant."""
    return [
        RunFact(f"reader-{n:06}", None, None, at(20 + n // 2), at(20 + n // 2), ("hot",))  # type: ignore[arg-type]
        for n in range(first, first + many)
    ]


def _before() -> list[Fact]:
    return [OLD, *readers(READERS)]


def bound_to(store: QueryStore, state: str) -> int:
    return len(store.targets([state]).links.get(state, ()))


def test_readers_are_bound_anew_in_parts_of_any_size(place: Database) -> None:
    facts = [*_before(), LATE]
    for part in (PART - 3, READERS, READERS + 1):
        with opened(place, readers_per_part=part) as store:
            store.record([*_before(), LATE])
            moved = RunFact("late", ended_at=at(30 + part), at=at(40))
            store.record([moved])
            facts.append(moved)
            assert store.watermark().rebinding is False
            assert_is_graph_of(store, facts)


def test_a_writer_that_dies_between_parts_leaves_a_mark_and_honest_answers(half_bound: QueryStore) -> None:
    assert half_bound.watermark().rebinding is True
    assert 0 < bound_to(half_bound, "hot@late") < READERS
    assert bound_to(half_bound, "hot@late") + bound_to(half_bound, "hot@old") == READERS
    answer = lineage.impact(half_bound, "hot")
    assert answer.truncated is not None
    assert (answer.is_complete, answer.truncated.reason) == (False, "rebinding")


def test_settling_finishes_what_a_dead_writer_left(half_bound: QueryStore) -> None:
    half_bound.settle()

    assert half_bound.watermark().rebinding is False
    assert lineage.impact(half_bound, "hot").is_complete
    assert_is_graph_of(half_bound, [*_before(), LATE])


def test_the_next_writer_finishes_what_a_dead_writer_left(half_bound: QueryStore) -> None:
    other = ran("other", 0, 1, outputs=["elsewhere"])

    half_bound.record([other])

    assert half_bound.watermark().rebinding is False
    assert_is_graph_of(half_bound, [*_before(), LATE, other])


def test_a_state_that_moves_again_before_the_parts_are_done_loses_no_reader(half_bound: QueryStore) -> None:
    again: list[Fact] = [RunFact("late", ended_at=at(35), at=at(36)), ran("third", 1, 28, outputs=["hot"])]

    half_bound.record(again)

    assert_is_graph_of(half_bound, [*_before(), LATE, *again])


@pytest.mark.parametrize("place", BOTH[1:], indirect=True)
def test_a_rebinding_that_begins_anew_while_another_writer_goes_on_with_it_is_finished(
    half_bound: QueryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_instant = RunFact("later", "make-later", None, at(10), at(11), outputs=(Output("hot"),))
    waiting = [ingest.Batch.of([same_instant])]
    run = Neo4jTransaction.run

    def interrupted(tx: Neo4jTransaction, query: str, **params: Any) -> list[tuple[Any, ...]]:
        """Let another writer in after the mark was read and before its name is locked; it dies before it settles."""
        if query == "ingest/lock" and waiting:
            batch = waiting.pop()
            half_bound.engine.write(lambda other: ingest.write(other, batch, batch.buckets(), PART))
        return run(tx, query, **params)

    monkeypatch.setattr(Neo4jTransaction, "run", interrupted)
    half_bound.settle()
    assert_is_graph_of(half_bound, [*_before(), LATE, same_instant])


def test_thousands_of_readers_follow_a_late_state(place: Database) -> None:
    many, part = (20_000, 10_000) if place.url.startswith("sqlite") else (2_500, 1_000)
    with opened(place, readers_per_part=part) as store:
        store.record([OLD])
        _record_readers(store, many)
        assert (bound_to(store, "hot@old"), bound_to(store, "hot@late")) == (many, 0)
        store.record([LATE])
        assert (bound_to(store, "hot@old"), bound_to(store, "hot@late")) == (0, many)
        assert store.stats()["consumed_by"] == many
        middle = RunFact("middle", "make-middle", None, at(12), at(20 + many // 4), outputs=(Output("hot"),))
        store.record([middle])
        assert (bound_to(store, "hot@middle"), bound_to(store, "hot@late")) == (many // 2, many // 2)


def _record_readers(store: QueryStore, many: int) -> None:
    for first in range(0, many, 5_000):
        store.record(readers(min(5_000, many - first), first))


ARRANGE = """
MATCH (old:IOPointer {id: 'hot@old'})
UNWIND range(0, $many - 1) AS n
CALL (old, n) {
  WITH old, 'reader-' + right('00000' + n, 6) AS id, $start + duration({seconds: n / 2}) AS at
  CREATE (r:ComponentRun {id: id, status: 'completed', started_at: at, ended_at: at, params: '{}', triggers: '{}',
    claims: '{}', flagged: false, recorded_at: at})
  CREATE (old)-[:CONSUMED_BY {name: 'hot', claim: '|', lane: '', at: at, run: id}]->(r)
} IN TRANSACTIONS OF 10000 ROWS
"""


@pytest.mark.slow
@pytest.mark.neo4j
def test_a_rebinding_too_large_for_one_transaction_is_done_in_parts(neo4j_url: Database) -> None:
    with opened(neo4j_url) as store:
        store.record([OLD])
    neo4j_url.drop_schema()  # in half the time: indexes are built at once, not reader by reader
    neo4j_url.rows(ARRANGE, many=MANY, start=at(20))

    with opened(neo4j_url) as store:
        assert bound_to(store, "hot@old") == MANY
        store.record([LATE])
        assert (bound_to(store, "hot@old"), bound_to(store, "hot@late")) == (0, MANY)
        assert (store.stats()["consumed_by"], store.watermark().rebinding) == (MANY, False)
