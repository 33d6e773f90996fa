"""Writers and servers that are killed at any moment lose nothing that was acknowledged, and leave nothing half done."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import StoreUnavailable
from headwater.graph.facts import Fact
from headwater.graph.neo4j import Neo4jTransaction
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Page
from headwater.testing.oracle import expected_digest
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer
from tests.support.stores import neo4j_store, opened
from tests.support.writers import BATCH_RUNS, batch, running, write_forever

KILLS = 20
LONGEST_WAIT_S = 0.1


def _kill_at_random(place: Database, name: str, rng: random.Random) -> int:
    """Let a writer record batches, kill it, and return how many it said to be acknowledged."""
    with running(write_forever, place, [(name,)]) as [writer]:
        said = [writer.hear() for _ in range(rng.randint(1, 3))]
        writer.process.join(rng.uniform(0, LONGEST_WAIT_S))
        assert writer.process.is_alive()
        writer.kill()
        return len([*said, *writer.hear_rest()])


def _present(store: QueryStore) -> dict[tuple[str, int], int]:
    """Return how many runs of each batch are there, by writer and number."""
    found: dict[tuple[str, int], int] = {}
    for run in store.runs(Page(1_000_000)):
        writer, number, _ = run.id.split(".")
        found[writer, int(number)] = found.get((writer, int(number)), 0) + 1
    return found


def _assert_whole(store: QueryStore, acknowledged: dict[str, int]) -> None:
    """Assert that all acknowledged batches are there whole, at most one more a writer, and the graph of them."""
    found = _present(store)
    assert set(found.values()) == {BATCH_RUNS}
    for writer, many in acknowledged.items():
        kept = sorted(number for name, number in found if name == writer)
        assert kept in (list(range(many)), list(range(many + 1)))
    facts: list[Fact] = [fact for writer, number in found for fact in batch(writer, number)]
    assert store.digest() == expected_digest(facts)


def test_a_killed_writer_on_sqlite_loses_nothing_acknowledged(tmp_path: Path) -> None:
    place, rng = Database(f"sqlite:///{tmp_path}/lineage.db"), random.Random(20)

    acknowledged = {f"w{n}": _kill_at_random(place, f"w{n}", rng) for n in range(KILLS)}

    with opened(place) as store:
        _assert_whole(store, acknowledged)
    with closing(sqlite3.connect(tmp_path / "lineage.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.neo4j
def test_a_killed_client_on_neo4j_loses_nothing_acknowledged(neo4j_url: Database) -> None:
    rng = random.Random(21)
    opened(neo4j_url).close()

    acknowledged = {f"w{n}": _kill_at_random(neo4j_url, f"w{n}", rng) for n in range(KILLS)}

    with opened(neo4j_url) as store:
        store.settle()
        _assert_whole(store, acknowledged)


@pytest.mark.neo4j
def test_a_server_killed_in_the_middle_of_batches_loses_nothing_acknowledged(
    neo4j_process: Neo4jServer, neo4j_url: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Neo4jTransaction.run

    def dying(tx: Neo4jTransaction, query: str, **params: Any) -> list[tuple[Any, ...]]:
        if query == "ingest/bind":
            neo4j_process.kill()
        return run(tx, query, **params)

    with neo4j_store(neo4j_url, retry_s=1.0) as store, running(write_forever, neo4j_url, [("w0",), ("w1",)]) as writers:
        store.record(batch("here", 0))
        said = [[writer.hear(), writer.hear()] for writer in writers]
        monkeypatch.setattr(Neo4jTransaction, "run", dying)
        with pytest.raises(StoreUnavailable, match=re.escape(neo4j_url.url)):
            store.record(batch("here", 1))
        monkeypatch.setattr(Neo4jTransaction, "run", run)
        for writer in writers:
            writer.kill()
        acknowledged = {f"w{n}": len([*said[n], *writer.hear_rest()]) for n, writer in enumerate(writers)}
        neo4j_process.start()

        _assert_whole(store, {**acknowledged, "here": 1})
        store.record(batch("here", 1))
        _assert_whole(store, {**acknowledged, "here": 2})
