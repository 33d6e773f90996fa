"""How good a component is: its metrics with their newest values, and the incidents of its SLAs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.errors import UsageError
from headwater.graph.answer import Document, value_document
from headwater.graph.lineage.runs import MAX_PAGE
from headwater.graph.measures import Measured, parse_window
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.store import metrics_of
from headwater.graph.metrics.windows import Joined
from headwater.graph.store import Page, Store


@dataclass(frozen=True, slots=True)
class MetricHistory:
    """The newest values of one metric, newest first; there is at least one."""

    values: Sequence[Measured]

    @property
    def newest(self) -> Measured:
        """The newest value."""
        return self.values[0]


def metrics(store: Store, component: str, size: int = 20) -> list[MetricHistory]:
    """Return the metrics of a component by name, each with its `size` newest values. Raises UnknownComponent."""
    kept = metrics_of(store)
    newest = kept.newest(component)
    if not newest:
        store.runs(Page(1), component)
    return [MetricHistory(kept.values(component, value.metric, _checked(size))) for value in newest]


def alerts(store: Store, *, only_open: bool = True, size: int = 50) -> list[Incident]:
    """Return incidents: the open ones first, then those that opened last."""
    return list(metrics_of(store).incidents(_checked(size), only_open=only_open))


def rows_behind(store: Store, value: Measured) -> list[Joined]:
    """Return the outputs and labels of the window that a value is of, oldest first, as they are known by now.

    Raises InvalidValue for a value of variables, behind which there are none.
    """
    return list(metrics_of(store).joined(value.component, "", parse_window(value.window), value.at))


def metrics_document(component: str, found: Sequence[MetricHistory]) -> Document:
    """Return the JSON document of a component's metrics."""
    told = [{"metric": one.newest.metric, "values": [value_document(value) for value in one.values]} for one in found]
    return {"component": component, "metrics": told}


def incident_document(incident: Incident) -> Document:
    """Return the JSON document of an incident; `closed` is null while it is open."""
    closed = None if incident.closed is None else value_document(incident.closed)
    return {
        "incident": incident.known_as,
        "component": incident.opened.component,
        "metric": incident.opened.metric,
        "opened": value_document(incident.opened),
        "closed": closed,
    }


def _checked(size: int) -> int:
    if not 1 <= size <= MAX_PAGE:
        raise UsageError(f"a list of {size}", hint=f"ask for 1 to {MAX_PAGE}")
    return size
