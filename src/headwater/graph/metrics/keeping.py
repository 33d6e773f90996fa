"""The store of metrics, written once over the query catalogue, as `QueryStore` is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from headwater import clock
from headwater.graph.engine import Engine, Transaction
from headwater.graph.measures import (
    Logged,
    Measured,
    MetricFact,
    Window,
    check_measures,
    row_key,
    series_id,
    window_text,
)
from headwater.graph.metrics.aggregates import Aggregate
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.joining import join, lock
from headwater.graph.metrics.judging import alert, incident, judge, measured
from headwater.graph.metrics.store import Alert, Figure
from headwater.graph.metrics.windows import Joined, Moving, State, rows_of
from headwater.graph.values import canonical

_ANYWHERE = "~"


class QueryMetrics:
    """A `MetricStore` on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, facts: Iterable[MetricFact]) -> None:
        """Add what was logged and measured, all or none; recording it again changes nothing."""
        found = check_measures(facts)
        logged = [fact for fact in found if isinstance(fact, Logged) and fact.values]
        values = [fact for fact in found if isinstance(fact, Measured)]

        def write(tx: Transaction) -> None:
            positions = lock(tx, logged, values)
            if logged:
                join(tx, logged, positions)
            if values:
                judge(tx, values)

        if logged or values:
            self._engine.write(write)

    def figure(self, component: str, metric: str, aggregate: Aggregate, window: Window, at: datetime) -> Figure:
        """Return an aggregate over a window; its sums are kept, and the next question goes on from them."""
        series, upto = series_id(component, metric), clock.as_utc(at, "at")
        kept = row_key(series, canonical([aggregate.spec, window_text(window)]))

        def move(tx: Transaction) -> State:
            tx.run("metrics/lock", rows=[{"id": series, "component": component, "metric": metric, "more": 0}])
            stored = tx.run("metrics/state", id=kept)
            state = Moving(_Rows(tx, series), aggregate, window, upto).move(State(**stored[0][0]) if stored else None)
            tx.run("metrics/put_state", id=kept, said=json.dumps(asdict(state)))
            return state

        state = self._engine.write(move)
        return Figure(aggregate.of_totals(state.sums, state.rows), state.rows)

    def joined(self, component: str, metric: str, window: Window, at: datetime) -> Sequence[Joined]:
        """Return the joined rows of a window, oldest first."""
        return rows_of(_Rows(_Reading(self._engine), series_id(component, metric)), window, clock.as_utc(at, "at"))

    def newest(self, component: str) -> Sequence[Measured]:
        """Return the newest value of each metric of a component, by metric."""
        return [measured(said) for _, said in self._engine.read("metrics/newest", component=component)]

    def of_run(self, run: str) -> Sequence[Measured]:
        """Return the values that were recorded with a run, by metric."""
        return [measured(said) for (said,) in self._engine.read("metrics/of_run", run=run)]

    def values(self, component: str, metric: str, most: int, below: str | None = None) -> Sequence[Measured]:
        """Return the newest values of a metric, newest first; those below a place if it is given."""
        asked = {"series": series_id(component, metric), "below": below or _ANYWHERE, "most": most}
        return [measured(said) for (said,) in self._engine.read("metrics/values", **asked)]

    def incidents(self, most: int, *, only_open: bool = True) -> Sequence[Incident]:
        """Return incidents, open ones first, then the one that opened last first."""
        found: list[Incident] = []
        for state in ("open",) if only_open else ("open", "closed"):
            rows = self._engine.read("metrics/incidents", state=state, most=most - len(found))
            found += [incident(said) for (said,) in rows]
        return found

    def claim(self, component: str, lease_s: float) -> Sequence[Alert]:
        """Return the alerts of a component that wait, oldest first, and keep them from others so long.

        None while somebody is sending some: alerts of one component go out in their order.
        """
        if not self._engine.read("metrics/waiting", component=component):
            return []
        locked = [{"id": series_id(component), "component": component, "metric": "", "more": 0}]

        def take(tx: Transaction) -> Sequence[Alert]:
            tx.run("metrics/lock", rows=locked)
            rows = tx.run("metrics/waiting", component=component)
            now = clock.now()
            if any(claimed is not None and claimed >= clock.isoformat(now) for _, claimed, _ in rows):
                return []
            until = clock.isoformat(now + timedelta(seconds=lease_s))
            tx.run("metrics/claim", ids=[ident for ident, _, _ in rows], until=until)
            return [alert(said) for _, _, said in rows]

        return self._engine.write(take)

    def settle(self, alerts: Sequence[Alert]) -> None:
        """Forget alerts that have been sent."""
        ids = [one.id for one in alerts]
        if ids:
            self._engine.write(lambda tx: tx.run("metrics/drop_alerts", ids=ids))


class _Reading:
    """Reads outside of a transaction as inside of one."""

    def __init__(self, engine: Engine) -> None:
        self.run = engine.read


class _Rows:
    """The joined rows of a series as one transaction sees them."""

    def __init__(self, tx: Transaction, series: str) -> None:
        self._run, self._series = tx.run, series
        rows = tx.run("metrics/positions", ids=[series])
        self.position: int = rows[0][1] if rows else 0

    def changed(self, position: int) -> Iterator[Joined]:
        return self._rows("metrics/changed", position=position)

    def corrected(self, position: int) -> Iterator[Joined]:
        return self._rows("metrics/corrected", position=position)

    def between(self, since: str, below: str, most: int) -> Sequence[Joined]:
        return list(self._rows("metrics/between", since=since, below=below, most=most))

    def before(self, below: str, most: int) -> Sequence[Joined]:
        return list(self._rows("metrics/before", below=below, most=most))

    def _rows(self, query: str, **params: object) -> Iterator[Joined]:
        return (Joined(*row) for row in self._run(query, series=self._series, **params))
