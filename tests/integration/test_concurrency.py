"""Writers that race give the graph that one of them would give."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headwater import clock
from headwater.errors import UnknownPointer
from headwater.graph import ingest, lineage
from headwater.graph.engine import Transaction
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact
from headwater.graph.neo4j import Neo4jTransaction
from headwater.graph.query_store import QueryStore
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at, ran
from tests.support.nasty_facts import nasty_facts, shuffled
from tests.support.neo4j_database import Database
from tests.support.stores import assert_is_graph_of, opened
from tests.support.waiting import DEADLINE_S, wait_until, waiting
from tests.support.writers import run_all, write_share

WRITERS = 4


@pytest.fixture
def size(place: Database) -> int:
    """How many facts; a server plans every statement anew for an empty database that grows."""
    return 400 if place.url.startswith("sqlite") else 90


@pytest.fixture
def neo4j(neo4j_url: Database) -> Iterator[QueryStore]:
    with opened(neo4j_url) as store:
        yield store


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def test_processes_that_send_the_same_facts_give_the_graph_of_one(place: Database, size: int) -> None:
    run_all(write_share, place, [(1, size, 0, 1, order) for order in range(WRITERS)])
    with opened(place) as store:
        assert_is_graph_of(store, nasty_facts(1, size))


def test_processes_with_different_facts_on_shared_names_give_the_graph_of_all(place: Database, size: int) -> None:
    run_all(write_share, place, [(2, 2 * size, part, WRITERS, part) for part in range(WRITERS)])
    with opened(place) as store:
        assert_is_graph_of(store, nasty_facts(2, 2 * size))


def test_one_writer_gives_the_graph_of_many_facts_in_any_order(place: Database, size: int) -> None:
    facts = nasty_facts(5, size)
    with opened(place) as store:
        for batch in shuffled(5, facts):
            store.record(batch)
        assert_is_graph_of(store, facts)


def test_a_reader_in_reach_of_two_moves_of_one_state_keeps_one_edge(place: Database) -> None:
    facts: list[Fact] = [ran("w", 0, 1, outputs=["x"]), ran("v", 0, 2, outputs=["x"]), ran("reader", 5, 6, ["x"])]
    with opened(place) as store:
        store.record(facts)
        later = RunFact("w", ended_at=at(5), at=at(5))
        store.record([later])
        assert store.stats()["consumed_by"] == 1
        assert_is_graph_of(store, [*facts, later])


def test_claims_that_read_alike_when_joined_are_told_apart(place: Database) -> None:
    facts: list[Fact] = [
        RunFact("reader", "etl", inputs=(Input("a|5|#x"),), started_at=at(1)),
        RunFact("reader", inputs=(Input("a", at=clock.from_micros(5), digest="x||"),), at=at(1)),
        RunFact("reader", inputs=(Input("a|5|#x", digest="y"),), at=at(2)),
    ]
    with opened(place) as store:
        for fact in facts:
            store.record([fact])
        assert_is_graph_of(store, facts)


def test_threads_share_a_store_while_others_read(place: Database, pool: ThreadPoolExecutor, size: int) -> None:
    facts = [nasty_facts(10 + writer, size // 6) for writer in range(8)]
    with opened(place) as store:
        writers = [pool.submit(_record_all, store, shuffled(n, share)) for n, share in enumerate(facts)]
        readers = [pool.submit(_read_until, store, writers) for _ in range(2)]
        for done in (*writers, *readers):
            done.result(timeout=DEADLINE_S)
        assert_is_graph_of(store, [fact for share in facts for fact in share])


def _record_all(store: QueryStore, batches: list[list[Fact]]) -> None:
    for batch in batches:
        store.record(batch)


def _read_until(store: QueryStore, writers: list[Future[None]]) -> None:
    seen = (0, 0)
    while not all(writer.done() for writer in writers):
        now = store.watermark().position, store.stats()["runs"]
        assert now[0] >= seen[0]
        assert now[1] >= seen[1]
        seen = now
        try:
            answer = lineage.trace(store, "a")
        except UnknownPointer:
            continue
        assert {end for edge in answer.edges for end in (edge.source, edge.target)} <= set(answer.nodes)


def _take(store: QueryStore, buckets: list[int]) -> list[tuple[int, bool]]:
    return store.engine.write(lambda tx: tx.run("ingest/lock", buckets=buckets))


def _hold(
    pool: ThreadPoolExecutor, store: QueryStore, buckets: list[int], until: threading.Event
) -> Future[list[tuple[int, bool]]]:
    """Take the buckets in a transaction that stays open until the event; return when they are taken."""
    held = threading.Event()

    def work(tx: Any) -> list[tuple[int, bool]]:
        rows: list[tuple[int, bool]] = tx.run("ingest/lock", buckets=buckets)
        held.set()
        assert until.wait(DEADLINE_S)
        return rows

    holder = pool.submit(store.engine.write, work)
    assert held.wait(DEADLINE_S)
    return holder


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as store:
        go_on = threading.Event()
        writer = _hold(pool, store, [7], go_on)
        try:
            assert pool.submit(store.stats).result(timeout=DEADLINE_S / 2)["runs"] == 0
        finally:
            go_on.set()
        assert writer.result(timeout=DEADLINE_S) == [(0, False)]


@pytest.mark.neo4j
def test_a_second_transaction_waits_for_a_bucket_that_the_first_holds(
    neo4j: QueryStore, neo4j_url: Database, pool: ThreadPoolExecutor
) -> None:
    go_on = threading.Event()
    first = _hold(pool, neo4j, [7], go_on)
    second = pool.submit(_take, neo4j, [7])
    try:
        wait_until(lambda: waiting(neo4j_url) == 1)
        assert not second.done()
    finally:
        go_on.set()
    assert first.result(DEADLINE_S) == second.result(DEADLINE_S) == [(0, False)]


@pytest.mark.neo4j
def test_buckets_are_taken_in_the_order_given(neo4j: QueryStore, neo4j_url: Database, pool: ThreadPoolExecutor) -> None:
    go_on = threading.Event()
    first = _hold(pool, neo4j, [9], go_on)
    second = pool.submit(_take, neo4j, [9, 3])
    try:
        wait_until(lambda: waiting(neo4j_url) == 1)
        assert pool.submit(_take, neo4j, [3]).result(DEADLINE_S) == [(0, False)]
        assert not second.done()
    finally:
        go_on.set()
    assert first.result(DEADLINE_S) == second.result(DEADLINE_S)


@pytest.mark.neo4j
@pytest.mark.parametrize("is_wiped", [False, True])
def test_no_taking_of_a_lock_is_lost_to_another(
    neo4j: QueryStore, neo4j_url: Database, pool: ThreadPoolExecutor, is_wiped: bool
) -> None:
    if is_wiped:  # as somebody in Neo4j Browser does, while writers have the store open
        neo4j_url.rows("MATCH (n) DETACH DELETE n")

    list(pool.map(lambda _: _take(neo4j, list(range(12))), range(160)))

    assert neo4j.watermark().position == 160 * 12


def _interleaved(
    store: QueryStore, database: Database, pool: ThreadPoolExecutor, first: Fact, second: Fact, is_locked: bool
) -> None:
    """Record the second fact at the worst moment: when the first has looked at everything and has not committed."""
    batch = ingest.Batch.of([first])
    started: list[Future[None]] = []

    def work(tx: Transaction) -> bool:
        is_waiting = ingest.write(tx, batch, batch.buckets(), store.engine.readers_per_part)
        started.append(pool.submit(store.record, [second]))
        wait_until(lambda: waiting(database) == 1 if is_locked else started[0].done())
        return is_waiting

    store.engine.write(work)
    started[0].result(timeout=DEADLINE_S)


WRITER = ran("w", 0, 1, outputs=[Output("x", "d1")])
LATE_ON_BOTH_SIDES: list[tuple[Fact, Fact]] = [
    (WRITER, ran("reader", 2, 3, ["x"])),
    (ran("reader", 2, 3, ["x"]), WRITER),
    (WRITER, Annotation("x@w", "flag", True, at=at(1))),
    (Annotation("x@w", "flag", True, at=at(1)), WRITER),
    (Annotation("w", "flag", True, at=at(1)), WRITER),
    (ran("reader", 2, 3, ["x"]), Annotation("x@external", "label", "v", key="k", at=at(1))),
    (WRITER, RunFact("w", ended_at=at(5), outputs=(Output("y"),), at=at(5))),
    (WRITER, Erasure.of_name("x", "gone", "d1", "00ff", at(9))),
    (Erasure.of_name("x", "gone", "d1", "00ff", at(9)), WRITER),
    (Erasure.of_name("x", "gone", "d1", "00ff", at(9)), ran("reader", 2, 3, ["x"])),
    (Annotation("x@w", "note", "odd", at=at(1)), Erasure.of_payload("x@w", "d1", at(9))),
    (Erasure.of_payload("x@external", "d1", at(9)), ran("reader", 2, 3, ["x"])),
]


@pytest.mark.neo4j
@pytest.mark.parametrize(("first", "second"), LATE_ON_BOTH_SIDES)
def test_facts_that_concern_each_other_never_miss_each_other(
    neo4j: QueryStore, neo4j_url: Database, pool: ThreadPoolExecutor, first: Fact, second: Fact
) -> None:
    _interleaved(neo4j, neo4j_url, pool, first, second, is_locked=True)
    assert_is_graph_of(neo4j, [first, second])


@pytest.mark.neo4j
def test_without_locks_they_do_miss_each_other(
    neo4j: QueryStore, neo4j_url: Database, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Neo4jTransaction.run

    def unlocked(tx: Neo4jTransaction, query: str, **params: Any) -> list[tuple[Any, ...]]:
        return [(0, False)] if query == "ingest/lock" else run(tx, query, **params)

    monkeypatch.setattr(Neo4jTransaction, "run", unlocked)
    first, second = LATE_ON_BOTH_SIDES[0]
    _interleaved(neo4j, neo4j_url, pool, first, second, is_locked=False)
    assert neo4j.digest() != expected_digest([first, second])
