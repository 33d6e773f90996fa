"""A question that nobody waits for any longer ends in the database, not only for the thread that asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import QuestionEnded
from headwater.graph import embedded, neo4j
from headwater.graph.cancel import Cancellation, cancellable
from headwater.queries.catalogue import Catalogue, catalogue, load
from headwater.testing.rules import ran
from tests.support.neo4j_database import Database
from tests.support.query_files import with_header
from tests.support.stores import opened

DEADLINE_S = 60.0
HEADER = """\
name: trace/search(text, most)
Counts for hours.
param text: str   what no number is
param most: int   added at the end
returns: many int
cost: hours
browser: :param text => 'x'
browser: :param most => 1
"""
CYPHER = "UNWIND range(1, 1000000000000) AS n WITH n WHERE toString(n) <> $text RETURN count(*) + $most AS many;\n"
SQL = """\
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000000000)
SELECT count(*) + :most AS many FROM counted WHERE n <> :text;
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let both engines run a search that takes hours."""
    folder = tmp_path / "queries" / "trace"
    folder.mkdir(parents=True)
    (folder / "search.cypher").write_text(with_header(HEADER, CYPHER, "cypher"))
    (folder / "search.sql").write_text(with_header(HEADER, SQL, "sql"))
    queries = Catalogue([*(q for q in catalogue() if q.name != "trace/search"), *load(tmp_path / "queries")])

    def make_slow() -> None:
        for engine in (embedded, neo4j):
            monkeypatch.setattr(engine, "catalogue", lambda: queries)

    return make_slow


def ended(ask: Callable[[], Any], question: Cancellation, has_begun: Callable[[], bool]) -> BaseException | None:
    """Ask in a thread, end the question once it has begun, and return what the asker got in place of an answer."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(copy_context().run, ask)
        until(has_begun)
        until(lambda: question.cancel() or asked.done())  # type: ignore[func-returns-value]
        return asked.exception()


def until(is_so: Callable[[], bool]) -> None:
    give_up_at, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not is_so():
        assert time.monotonic() < give_up_at
        pause.wait(0.02)


def running(place: Database) -> int:
    """How many questions the server works on."""
    shown = place.rows("SHOW TRANSACTIONS YIELD metaData WHERE metaData.question IS NOT NULL RETURN count(*)")
    return int(shown[0][0])


def test_a_reading_is_ended_in_the_database(place: Database, slow: Callable[[], None]) -> None:
    is_server = not place.url.startswith("sqlite")
    with opened(place) as store, cancellable() as question:
        slow()
        begun = (lambda: running(place) > 0) if is_server else (lambda: question.is_running)
        assert isinstance(ended(lambda: store.search("x", 1), question, begun), QuestionEnded)
        if is_server:
            until(lambda: running(place) == 0)


@pytest.mark.neo4j
def test_a_writing_that_waits_for_another_is_ended_and_leaves_nothing(neo4j_url: Database) -> None:
    is_held, go_on = threading.Event(), threading.Event()

    def hold(tx: Any) -> None:
        tx.run("ingest/lock", buckets=list(range(256)))
        is_held.set()
        assert go_on.wait(DEADLINE_S)

    with opened(neo4j_url) as store, opened(neo4j_url) as other, ThreadPoolExecutor(1) as pool:
        holder = pool.submit(other.engine.write, hold)
        assert is_held.wait(DEADLINE_S)
        with cancellable() as question:
            error = ended(lambda: store.record([ran("w", 0, 1)]), question, lambda: running(neo4j_url) == 2)
        go_on.set()
        holder.result(DEADLINE_S)
        assert isinstance(error, QuestionEnded)
        assert store.stats()["runs"] == 0


def test_who_asks_after_the_end_is_told_at_once(place: Database) -> None:
    with opened(place) as store, cancellable() as question:
        question.cancel()
        with pytest.raises(QuestionEnded):
            store.stats()
    with opened(place) as store:
        assert store.stats()["runs"] == 0
