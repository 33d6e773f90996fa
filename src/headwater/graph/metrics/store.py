"""What a store can do that keeps metrics, in the domain's words. `metrics_of` gives it for a store that can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from headwater import clock
from headwater.errors import InvalidFact
from headwater.graph.measures import Measured, MetricFact, Window
from headwater.graph.metrics.aggregates import Aggregate
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.windows import Joined
from headwater.graph.values import JSON


class Figure(NamedTuple):
    """The value of an aggregate over a window, None where it has none, and of how many rows."""

    value: float | None
    rows: int


@dataclass(frozen=True, slots=True)
class Alert:
    """News of an incident on its way to people: it opened or closed, with the value that says so.

    `id` is the same however often the alert is sent; `incident` is the same in both alerts of one incident.
    """

    id: str
    phase: Literal["opened", "closed"]
    incident: str
    value: Measured

    def __str__(self) -> str:
        value, terms = self.value, self.value.terms
        asked = "no SLA is declared any more" if terms is None else f"{terms.bound} is agreed"
        found = f"{value.metric} of {value.component} is {value.value} over {value.rows:,} rows ({value.window})"
        return f"incident {self.phase}: {found}, {asked} (run {value.run})"

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON document that is sent to people's tools."""
        value, terms = self.value, self.value.terms
        return {
            "id": self.id,
            "phase": self.phase,
            "incident": self.incident,
            "text": str(self),
            "component": value.component,
            "metric": value.metric,
            "run": value.run,
            "value": value.value,
            "rows": value.rows,
            "window": value.window,
            "at": clock.isoformat(value.at),
            "bound": None if terms is None else terms.bound,
            "severity": None if terms is None else terms.severity,
        }


class MetricStore(Protocol):
    """A store of outputs, labels, values of metrics, incidents and alerts."""

    def record(self, facts: Iterable[MetricFact]) -> None:
        """Add what was logged and measured, all or none; recording it again changes nothing."""
        ...

    def figure(self, component: str, metric: str, aggregate: Aggregate, window: Window, at: datetime) -> Figure:
        """Return an aggregate over a window of a component's joined rows; `metric` is empty for outputs and labels.

        Costs what is new in the window since the last time that anybody asked for the same. Raises InvalidValue for a
        row that the aggregate cannot take.
        """
        ...

    def joined(self, component: str, metric: str, window: Window, at: datetime) -> Sequence[Joined]:
        """Return the joined rows of a window, oldest first."""
        ...

    def newest(self, component: str) -> Sequence[Measured]:
        """Return the newest value of each metric of a component, by metric."""
        ...

    def of_run(self, run: str) -> Sequence[Measured]:
        """Return the values that were recorded with a run, by metric."""
        ...

    def values(self, component: str, metric: str, most: int, below: str | None = None) -> Sequence[Measured]:
        """Return the newest values of a metric, newest first; those below a place if it is given."""
        ...

    def incidents(self, most: int, *, only_open: bool = True) -> Sequence[Incident]:
        """Return incidents, open ones first, then the one that opened last first."""
        ...

    def claim(self, component: str, lease_s: float) -> Sequence[Alert]:
        """Return the alerts of a component that wait, oldest first, and keep them from others so long.

        None while somebody is sending some: alerts of one component go out in their order.
        """
        ...

    def settle(self, alerts: Sequence[Alert]) -> None:
        """Forget alerts that have been sent."""
        ...


@runtime_checkable
class KeepsMetrics(Protocol):
    """A store that keeps metrics."""

    @property
    def metrics(self) -> MetricStore:
        """What it keeps."""
        ...


def metrics_of(store: object) -> MetricStore:
    """Return what the store can do about metrics; raise InvalidFact for one that keeps none."""
    if not isinstance(store, KeepsMetrics):
        raise InvalidFact(f"{type(store).__name__} keeps no metrics", hint="use SQLite, Neo4j or a service")
    return store.metrics
