"""On real stores: what a window reads, and what racing processes come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from headwater.graph.engine import Transaction
from headwater.graph.measures import Logged, Window, series_id
from headwater.graph.metrics import keeping
from headwater.graph.metrics.aggregates import recall
from headwater.graph.metrics.joining import join, lock
from headwater.graph.metrics.store import Figure
from headwater.graph.metrics.windows import Joined
from headwater.graph.neo4j import Neo4jTransaction
from headwater.graph.query_store import QueryStore
from headwater.testing.metrics import expected_figures, expected_incidents, figures
from headwater.testing.rules import at
from tests.support.metric_facts import log_share, logged, measure_and_claim, measurements
from tests.support.neo4j_database import Database
from tests.support.stores import opened
from tests.support.waiting import DEADLINE_S, wait_until, waiting
from tests.support.writers import run_all

HELD, NEW = 600, 7
PROCESSES = 3


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the rows that windows read."""
    found: Counter[str] = Counter()
    rows_of = keeping._Rows._rows

    def counted(rows: keeping._Rows, query: str, **params: object) -> Iterator[Joined]:
        for row in rows_of(rows, query, **params):
            found["rows"] += 1
            yield row

    monkeypatch.setattr(keeping._Rows, "_rows", counted)
    return found


def both(numbers: range) -> list[Logged]:
    """Return an output and its label for each of these seconds."""
    outputs = [Logged("predict", {str(n): n % 3 > 0}, at=at(n)) for n in numbers]
    return [*outputs, Logged("predict", {str(n): True for n in numbers}, "label", at=at(10_000))]


@pytest.mark.parametrize("window", [HELD // 2, timedelta(seconds=HELD // 2), None], ids=["count", "time", "all"])
def test_an_update_reads_the_rows_that_came_and_those_that_left(
    place: Database, read: Counter[str], window: Window
) -> None:
    with opened(place) as store:
        store.metrics.record(both(range(HELD)))
        store.metrics.figure("predict", "", recall(), window, at(HELD - 1))
        assert read["rows"] >= HELD // 2
        for step in range(HELD, HELD + 3 * NEW, NEW):
            store.metrics.record(both(range(step, step + NEW)))
            read.clear()
            until = at(step + NEW - 1)
            found = store.metrics.figure("predict", "", recall(), window, until)
            # Each new row is seen twice, as a change and at its place; each that leaves once, and its successor.
            assert read["rows"] <= 3 * NEW + 1
            assert found == store.metrics.figure("predict", "", recall(), window, until)


@pytest.mark.parametrize("window", [HELD // 2, timedelta(seconds=HELD // 2), None], ids=["count", "time", "all"])
def test_nothing_new_reads_nothing(place: Database, read: Counter[str], window: Window) -> None:
    with opened(place) as store:
        store.metrics.record(both(range(HELD)))
        store.metrics.figure("predict", "", recall(), window, at(HELD))
        read.clear()
        store.metrics.figure("predict", "", recall(), window, at(HELD))
    assert read["rows"] == 0


def test_a_corrected_label_deep_in_a_window_costs_that_row(place: Database, read: Counter[str]) -> None:
    with opened(place) as store:
        store.metrics.record(both(range(HELD)))
        before = store.metrics.figure("predict", "", recall(), None, at(HELD))
        store.metrics.record([Logged("predict", {"0": False, "1": False}, "label", at=at(20_000))])
        read.clear()
        after = store.metrics.figure("predict", "", recall(), None, at(HELD))
    assert read["rows"] == 4
    assert (before.value, after.value) == (400 / 600, 399 / 598)


def test_racing_processes_come_to_the_figures_of_one(place: Database) -> None:
    size = 40
    opened(place).close()
    run_all(log_share, place, [(7, size, part, PROCESSES) for part in range(PROCESSES)])
    with opened(place) as store:
        for window in (None, 5, timedelta(seconds=10)):
            assert figures(store.metrics, window, at(30)) == expected_figures(logged(7, size), window, at(30))


def test_racing_processes_alert_once_for_each_opening_and_closing(place: Database) -> None:
    size = 24
    opened(place).close()
    said = run_all(measure_and_claim, place, [(3, size, part, PROCESSES) for part in range(PROCESSES)])
    alerts = [alert for alerts in said for alert in alerts]
    with opened(place) as store:
        found = sorted(store.metrics.incidents(100, only_open=False), key=lambda one: one.opened.place)
        left = store.metrics.claim("predict", 0)
    assert [(one.opened.run, one.closed and one.closed.run) for one in found] == expected_incidents(
        measurements(3, size)
    )
    assert left == []
    assert max(Counter(alert.id for alert in alerts).values()) == 1
    phases = Counter((alert.incident, alert.phase) for alert in alerts)
    for one in found:
        closings = phases[one.known_as, "closed"]
        assert phases[one.known_as, "opened"] - closings == (one.closed is None)


def test_no_count_of_a_change_is_lost_to_another(place: Database) -> None:
    with opened(place) as store, ThreadPoolExecutor(8) as pool:
        facts = [Logged("predict", {f"{n}": True}, at=at(n)) for n in range(40)]
        list(pool.map(lambda fact: store.metrics.record([fact]), facts))
        assert store.engine.read("metrics/positions", ids=[series_id("predict")]) == [(series_id("predict"), 40)]


OUTPUT, LABEL = Logged("predict", {"a": True}, at=at(1)), Logged("predict", {"a": True}, "label", at=at(2))


def _interleaved(store: QueryStore, database: Database, first: Logged, second: Logged) -> Figure:
    """Log the second at the worst moment: when the first has written everything and has not committed."""

    def work(tx: Transaction) -> Future[None]:
        join(tx, [first], lock(tx, [first]))
        started = pool.submit(store.metrics.record, [second])
        wait_until(lambda: waiting(database) == 1)
        return started

    with ThreadPoolExecutor(1) as pool:
        store.engine.write(work).result(DEADLINE_S)
    return store.metrics.figure("predict", "", recall(), None, at(9))


@pytest.mark.neo4j
@pytest.mark.parametrize(("first", "second"), [(OUTPUT, LABEL), (LABEL, OUTPUT)], ids=["output", "label"])
def test_an_output_and_its_label_never_miss_each_other(neo4j_url: Database, first: Logged, second: Logged) -> None:
    with opened(neo4j_url) as store:
        assert _interleaved(store, neo4j_url, first, second) == (1.0, 1)


@pytest.mark.neo4j
def test_without_locks_they_do_miss_each_other(neo4j_url: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Neo4jTransaction.run

    def unlocked(tx: Neo4jTransaction, query: str, **params: Any) -> list[tuple[Any, ...]]:
        if query == "metrics/positions":
            return [(series, 1) for series in params["ids"]]
        return [] if query == "metrics/lock" else run(tx, query, **params)

    monkeypatch.setattr(Neo4jTransaction, "run", unlocked)
    with opened(neo4j_url) as store:
        assert _interleaved(store, neo4j_url, OUTPUT, LABEL).rows == 0
