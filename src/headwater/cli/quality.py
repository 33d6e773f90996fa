"""The commands about how good components are: metrics, and the alerts of their SLAs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from headwater.cli import render
from headwater.cli.ask import ComponentName, Limit
from headwater.cli.context import Json, asking, show
from headwater.cli.text import brief, shown, sparkline, when
from headwater.graph.lineage import MetricHistory, incident_document, metrics_document
from headwater.graph.measures import Measured, Verdict
from headwater.graph.metrics.incidents import Incident

_STYLES = {Verdict.WELL: "green", Verdict.BREACH: "bold red", Verdict.INSUFFICIENT: "yellow", Verdict.UNJUDGED: "dim"}
_METRIC_COLUMNS = ("metric", "window", ">value", ">rows", "agreed", "verdict", "history", "measured (UTC)", "run")
_ALERT_COLUMNS = ("state", "severity", "component", "metric", ">value", "agreed", ">rows", "window", "opened (UTC)")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (metrics, alerts):
        app.command()(command)


def metrics(component: ComponentName, limit: Limit = 20, as_json: Json = False) -> None:
    """Show the metrics of a component: their newest values, and what its SLAs say of them."""
    with asking() as lineage:
        found = lineage.metrics(component, limit)
    rows = map(_metric_row, found)
    empty = "the component has no metrics"
    show(metrics_document(component, found), as_json, lambda to: render.table(to, _METRIC_COLUMNS, rows, empty))


def alerts(
    all_: Annotated[bool, typer.Option("--all", help="Those that are closed as well.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List the incidents in which an SLA does not hold."""
    with asking() as lineage:
        found = lineage.alerts(only_open=not all_, size=limit)
    document = {"alerts": [incident_document(incident) for incident in found]}
    columns = (*_ALERT_COLUMNS, "closed (UTC)", "run")
    empty = "no incident was ever opened" if all_ else "no incident is open"
    show(document, as_json, lambda to: render.table(to, columns, map(_alert_row, found), empty))


def _metric_row(found: MetricHistory) -> tuple[object, ...]:
    newest = found.newest
    history = sparkline([value.value for value in reversed(found.values)])
    verdict = Text(newest.verdict.value, _STYLES[newest.verdict])
    if newest.message is not None:
        verdict.append(f"  {brief(newest.message)}", "default")
    value, agreed = _value(newest), _agreed(newest)
    return (
        newest.metric,
        newest.window,
        value,
        f"{newest.rows:,}",
        agreed,
        verdict,
        history,
        when(newest.at),
        newest.run,
    )


def _alert_row(found: Incident) -> tuple[object, ...]:
    opened, closed = found.opened, found.closed
    state = Text("open", "bold red") if closed is None else Text("closed", "green")
    severity = "" if opened.terms is None else shown(opened.terms.severity)
    named = (state, severity, opened.component, opened.metric, _value(opened), _agreed(opened), f"{opened.rows:,}")
    return (*named, opened.window, when(opened.at), when(None if closed is None else closed.at), opened.run)


def _value(value: Measured) -> str:
    return "" if value.value is None else f"{value.value:.4g}"


def _agreed(value: Measured) -> str:
    return "" if value.terms is None else value.terms.bound
