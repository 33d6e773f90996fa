"""What every store that keeps metrics must answer, whatever way the facts came: a suite to inherit, and its oracle.

The oracle sorts and counts; it shares no code with the stores' joins, windows and folds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import InvalidFact, InvalidValue
from headwater.graph.measures import Logged, Measured, MetricFact, Terms, Verdict, Window, row_key, series_id
from headwater.graph.metrics import aggregates
from headwater.graph.metrics.store import Alert, MetricStore, metrics_of
from headwater.graph.store import Store
from headwater.graph.values import JSON, canonical
from headwater.graph.wire import fact_to_dict
from headwater.testing.rules import Backend, at
from headwater.testing.strategies import ANY_BACKEND

Pair: TypeAlias = tuple[datetime, str, JSON, JSON]

SECONDS = 12
WINDOWS: tuple[Window, ...] = (None, 1, 3, timedelta(seconds=2), timedelta(seconds=5))
TERMS = (None, Terms(">= 0.5"), Terms(">= 0.5", clear_after=2), Terms(">= 0.5", min_rows=5))


def joined(facts: Iterable[MetricFact], component: str, until: datetime) -> list[Pair]:
    """Return (time, key, output, label) of each id with both, oldest first."""
    said: dict[tuple[str, str], list[tuple[datetime, str, JSON]]] = {}
    for fact in facts:
        if isinstance(fact, Logged) and (fact.component, fact.metric) == (component, ""):
            for ident, value in fact.values.items():
                text = "" if value is None else canonical(value)
                said.setdefault((ident, fact.kind), []).append((fact.at, text, value))
    found = []
    for ident in {ident for ident, _ in said}:
        output, label = (
            max(said.get((ident, kind), [(until, "", None)]), key=lambda s: s[:2]) for kind in ("output", "label")
        )
        if output[2] is not None and label[2] is not None and output[0] <= until:
            found.append((output[0], row_key(series_id(component), ident), output[2], label[2]))
    return sorted(found, key=lambda row: row[:2])


def in_window(
    rows: Sequence[tuple[datetime, str, JSON, JSON]], window: Window, until: datetime
) -> list[tuple[JSON, JSON]]:
    """Return (output, label) of the rows that a window holds at a time."""
    if isinstance(window, int):
        rows = rows[-window:]
    elif window is not None:
        rows = [row for row in rows if row[0] > until - window]
    return [row[2:] for row in rows]


def expected(pairs: Sequence[tuple[JSON, JSON]], name: str) -> float | None:
    """Return a metric of pairs by its definition."""
    if name == "recall":
        found = [output >= 0.5 for output, label in pairs if label >= 1]  # type: ignore[operator]
        return sum(found) / len(found) if found else None
    squares = [(output - label) ** 2 for output, label in pairs]  # type: ignore[operator]
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else None


def expected_incidents(facts: Iterable[Measured]) -> list[tuple[str, str | None]]:
    """Return the runs that opened and closed each incident of one metric, oldest first, from its values one by one."""
    newest: dict[str, Measured] = {}
    for fact in sorted(facts, key=lambda fact: (fact.at, canonical(fact_to_dict(fact)))):
        newest[fact.run] = fact
    found: list[tuple[str, str | None]] = []
    well: list[Measured] | None = None
    for value in sorted(newest.values(), key=lambda value: (value.at, value.key)):
        if value.verdict is Verdict.BREACH:
            if well is None:
                found.append((value.run, None))
            well = []
        elif well is not None and value.verdict is not Verdict.INSUFFICIENT:
            well.append(value)
            if value.terms is None or len(well) >= value.terms.clear_after:
                found[-1], well = (found[-1][0], value.run), None
    return found


def logged() -> st.SearchStrategy[Logged]:
    """Return outputs and labels of a few ids at few times, so that they meet, repeat and contradict each other."""
    numbers = st.sampled_from([None, 0, 1, 0.25, 0.5, 1e-3])
    values = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "é", "\U0001f600"]), numbers, min_size=1, max_size=3)
    times = st.integers(0, SECONDS).map(at)
    return st.builds(Logged, st.just("predict"), values, st.sampled_from(["output", "label"]), at=times)


def measurements() -> st.SearchStrategy[Measured]:
    """Return values of one metric at a few runs, well and breaking, with and without an SLA."""
    values, times = st.sampled_from([None, 0.25, 0.5, 1.0]), st.integers(0, SECONDS).map(at)
    runs = st.sampled_from([f"r{n}" for n in range(8)])
    rows = st.sampled_from([1, 9])
    return st.builds(
        Measured, st.just("predict"), st.just("recall"), runs, values, rows, terms=st.sampled_from(TERMS), at=times
    )


def asked() -> st.SearchStrategy[tuple[Window, int]]:
    """Return questions for a window at a time."""
    return st.tuples(st.sampled_from(WINDOWS), st.integers(0, SECONDS))


def figures(store: MetricStore, window: Window, until: datetime) -> list[tuple[float | None, int]]:
    """Return recall and rmse over a window, with their rows."""
    wanted = (aggregates.recall(positive=1, threshold=0.5), aggregates.rmse())
    return [tuple(store.figure("predict", "", one, window, until)) for one in wanted]  # type: ignore[misc]


def expected_figures(facts: Sequence[MetricFact], window: Window, until: datetime) -> list[tuple[object, int]]:
    """Return what `figures` should."""
    pairs = in_window(joined(facts, "predict", until), window, until)
    found = (expected(pairs, "recall"), expected(pairs, "rmse"))
    return [(value if value is None else pytest.approx(value, rel=1e-15), len(pairs)) for value in found]


def assert_told_in_turn(alerts: Iterable[Alert], are_open: set[str]) -> None:
    """Assert that each incident is told to open, then to close, then perhaps to open again; the open ones are told."""
    phases: dict[str, list[str]] = {}
    for alert in alerts:
        phases.setdefault(alert.incident, []).append(alert.phase)
    assert all(told == [("opened", "closed")[n % 2] for n in range(len(told))] for told in phases.values())
    assert {incident for incident, told in phases.items() if told[-1] == "opened"} == are_open


class MetricConformance:
    """Every rule of metrics; inherit and give `backend`."""

    backend: Backend

    @ANY_BACKEND
    @given(facts=st.lists(logged(), max_size=12), questions=st.lists(asked(), max_size=6), data=st.data())
    def test_any_order_repeats_and_questions_between_give_the_same_figures(
        self, facts: list[Logged], questions: list[tuple[Window, int]], data: st.DataObject
    ) -> None:
        mixed: list[Logged | tuple[Window, int]] = [*facts, *facts[: len(facts) // 2], *questions]
        steps = data.draw(st.permutations(mixed))
        with self.backend.empty() as opened:
            store = metrics_of(opened)
            sent: list[Logged] = []
            for step in steps:
                if isinstance(step, Logged):
                    store.record([step])
                    sent.append(step)
                else:
                    window, second = step
                    assert figures(store, window, at(second)) == expected_figures(sent, window, at(second))
            for window in WINDOWS:
                assert figures(store, window, at(SECONDS)) == expected_figures(facts, window, at(SECONDS))

    @ANY_BACKEND
    @given(facts=st.lists(measurements(), max_size=8), data=st.data())
    def test_any_order_and_repeats_give_the_same_incidents_and_tell_each_in_turn(
        self, facts: list[Measured], data: st.DataObject
    ) -> None:
        sent = data.draw(st.permutations([*facts, *facts[: len(facts) // 2]]))
        size = data.draw(st.integers(1, 4))
        with self.backend.empty() as opened:
            store = metrics_of(opened)
            alerts: list[Alert] = []
            for start in range(0, len(sent), size):
                store.record(sent[start : start + size])
                alerts += (claimed := store.claim("predict", 60))
                store.settle(claimed)
            found = sorted(store.incidents(100, only_open=False), key=lambda one: one.opened.place)
            runs = [(one.opened.run, one.closed and one.closed.run) for one in found]
            assert runs == expected_incidents(facts)
            assert_told_in_turn(alerts, {one.known_as for one in store.incidents(100)})

    def test_a_label_may_come_before_its_output_or_twice_or_late(self) -> None:
        store = self._store()
        store.record([Logged("predict", {"a": True}, "label", at=at(0)), Logged("predict", {"a": True}, at=at(1))])
        store.record([Logged("predict", {"a": True}, "label", at=at(0)), Logged("predict", {"b": False}, at=at(2))])
        assert store.figure("predict", "", aggregates.accuracy(), None, at(9)) == (1.0, 1)
        store.record([Logged("predict", {"a": False, "b": False}, "label", at=at(8))])
        assert store.figure("predict", "", aggregates.accuracy(), None, at(9)) == (0.5, 2)

    def test_a_window_belongs_to_the_times_of_outputs(self) -> None:
        store = self._store()
        store.record([Logged("predict", {"a": 1}, at=at(1)), Logged("predict", {"b": 1}, at=at(5))])
        store.record([Logged("predict", {"a": 1, "b": 0}, "label", at=at(9))])
        window = timedelta(seconds=3)
        ends = [store.figure("predict", "", aggregates.accuracy(), window, at(t)) for t in (0, 1, 3, 4, 5, 7, 8)]
        assert ends == [(None, 0), (1.0, 1), (1.0, 1), (None, 0), (0.0, 1), (0.0, 1), (None, 0)]

    def test_none_takes_back_what_was_said(self) -> None:
        store = self._store()
        store.record(
            [Logged("predict", {"a": 1, "b": 1}, at=at(1)), Logged("predict", {"a": 1, "b": 0}, "label", at=at(2))]
        )
        assert store.figure("predict", "", aggregates.accuracy(), 10, at(9)) == (0.5, 2)
        store.record([Logged("predict", {"b": None}, "label", at=at(3))])
        assert store.figure("predict", "", aggregates.accuracy(), 10, at(9)) == (1.0, 1)

    def test_components_and_metrics_do_not_mix(self) -> None:
        store = self._store()
        for component in ("predict", "other"):
            store.record([Logged(component, {"a": 1}, at=at(1)), Logged(component, {"a": 1}, "label", at=at(1))])
        store.record([Logged("predict", {"r1": 0.5, "r2": 1.5}, metric="loss", at=at(1))])
        assert store.figure("predict", "", aggregates.accuracy(), None, at(9)).rows == 1
        assert store.figure("predict", "loss", aggregates.mean("output"), None, at(9)) == (1.0, 2)
        assert store.figure("nobody", "", aggregates.accuracy(), None, at(9)) == (None, 0)

    def test_a_row_that_an_aggregate_cannot_take_is_told_until_it_is_corrected(self) -> None:
        store = self._store()
        store.record([Logged("predict", {"a": "many"}, at=at(1)), Logged("predict", {"a": 2}, "label", at=at(1))])
        with pytest.raises(InvalidValue, match="'many' is no number"):
            store.figure("predict", "", aggregates.mae(), None, at(9))
        store.record([Logged("predict", {"a": 5}, at=at(2))])
        assert store.figure("predict", "", aggregates.mae(), None, at(9)) == (3.0, 1)

    def test_an_aggregate_may_be_anybodys(self) -> None:
        def of_row(output: JSON, label: JSON) -> tuple[int, int]:
            assert isinstance(output, int)
            assert isinstance(label, int)
            return output, output * label

        store = self._store()
        store.record([Logged("predict", {str(n): n for n in range(4)}, at=at(1))])
        store.record([Logged("predict", {str(n): n + 1 for n in range(4)}, "label", at=at(2))])
        ours = aggregates.Aggregate("ours", 2, of_row, lambda sums, rows: sums[1] - sums[0] + rows)
        assert store.figure("predict", "", ours, None, at(9)) == (20 - 6 + 4, 4)
        assert store.figure("nobody", "", ours, None, at(9)) == (0, 0)
        most = replace(aggregates.mae(), of_totals=lambda _, rows: float(rows))
        assert store.figure("predict", "", most, None, at(9)) == (4.0, 4)

    def test_rows_are_given_oldest_first_for_metrics_that_are_no_sums(self) -> None:
        store = self._store()
        store.record([Logged("predict", {str(n): n}, run=f"r{n}", at=at(n)) for n in range(6)])
        store.record([Logged("predict", {str(n): -n for n in range(6)}, "label", at=at(9))])
        last = [(row.output, row.label) for row in store.joined("predict", "", 2, at(4))]
        assert last == [(3, -3), (4, -4)]
        assert [(row.id, row.run) for row in store.joined("predict", "", 1, at(4))] == [("4", "r4")]
        assert [row.output for row in store.joined("predict", "", timedelta(seconds=2), at(3))] == [2, 3]
        assert [row.output for row in store.joined("predict", "", None, at(2))] == [0, 1, 2]

    def test_values_are_kept_with_their_runs(self) -> None:
        store = self._store()
        values = [Measured("predict", "recall", f"r{n}", n / 10, 7, "7 d", at=at(n)) for n in range(3)]
        store.record([*values, Measured("predict", "loss", "r1", None, 0, message="ValueError: no", at=at(1))])
        assert list(store.values("predict", "recall", 2)) == [values[2], values[1]]
        assert list(store.values("predict", "recall", 9, values[1].place)) == [values[0]]
        assert [(one.metric, one.run) for one in store.newest("predict")] == [("loss", "r1"), ("recall", "r2")]
        assert [(one.metric, one.value) for one in store.of_run("r1")] == [("loss", None), ("recall", 0.1)]

    def test_alerts_are_claimed_in_order_by_one_and_by_another_when_that_one_is_gone(self) -> None:
        store = self._store()
        store.record([Measured("predict", "recall", "r1", 0.1, terms=Terms(">= 0.5"), at=at(1))])
        with self.backend.again() as other:
            [alert] = store.claim("predict", 60)
            store.record([Measured("predict", "recall", "r2", 0.9, terms=Terms(">= 0.5"), at=at(2))])
            assert metrics_of(other).claim("predict", 60) == []
            store.settle([alert])
            [closing] = metrics_of(other).claim("predict", 0)
            [again] = store.claim("predict", 60)
            assert again == closing
            assert (alert.incident, alert.phase, closing.phase) == (closing.incident, "opened", "closed")
            store.settle([closing])
            assert metrics_of(other).claim("predict", 60) == []

    def test_an_sla_that_is_no_longer_declared_closes_its_incident(self) -> None:
        store = self._store()
        store.record([Measured("predict", "recall", "r1", 0.1, terms=Terms(">= 0.5"), at=at(1))])
        store.record([Measured("predict", "recall", "r2", 0.1, at=at(2))])
        assert store.incidents(9) == []

    def test_metrics_do_not_change_the_digest_of_the_graph(self) -> None:
        with self.backend.empty() as opened:
            before = opened.digest()
            metrics_of(opened).record(
                [Logged("predict", {"a": 1}, at=at(0)), Measured("predict", "m", "r", 1.0, at=at(0))]
            )
            assert (opened.digest(), opened.stats()["runs"]) == (before, 0)

    def test_a_bad_item_leaves_nothing_of_its_batch(self) -> None:
        store = self._store()
        with pytest.raises(InvalidFact, match="a str is no metric"):
            store.record([Measured("predict", "m", "r", 1.0, at=at(0)), "no fact"])  # type: ignore[list-item]
        assert store.newest("predict") == []

    def _store(self) -> MetricStore:
        opened: Store = self.backend.empty()
        return metrics_of(opened)
