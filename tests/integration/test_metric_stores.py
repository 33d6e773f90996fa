"""On real stores: what a window reads, and what racing processes come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from headwater.graph.measures import Logged, Window
from headwater.graph.metrics import keeping
from headwater.graph.metrics.aggregates import recall
from headwater.graph.metrics.windows import Joined
from headwater.testing.metrics import expected_figures, expected_incidents, figures
from headwater.testing.rules import at
from tests.support.metric_facts import log_share, logged, measure_and_claim, measurements
from tests.support.neo4j_database import Database
from tests.support.stores import opened
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
