"""What was promised: nine high tips in ten are foretold. Measured at each run that serves, of two days of rides.

A live pipeline declares the SLA in its component, and calls `log_outputs` and `log_feedback` where it knows them:

    serve = headwater.Component("serve", metrics=[PROMISE])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from headwater.demo.pipeline import Served
from headwater.demo.screen import Screen, when
from headwater.demo.trips import NEW_YORK
from headwater.graph.lineage.face import Lineage
from headwater.graph.measures import Logged, Measured
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.store import metrics_of
from headwater.ids import split_state_id
from headwater.sdk.measuring import over_window
from headwater.sdk.metrics import SLA, Metric, measures, recall

COMPONENT = "serve"
_A_DAY, _DAYS = timedelta(days=1), timedelta(days=2)
PROMISE = SLA(Metric("recall", recall(), window=_DAYS), ">= 0.9", min_rows=100)


def watch(lineage: Lineage, served: Sequence[Served]) -> None:
    """Record answers, tips and the recall at each run that served. Nobody waits for alerts of the past."""
    lineage.record(logged(served))
    lineage.record(measured(lineage, served))
    store, runs = metrics_of(lineage.store), set(map(_run, served))
    store.settle([alert for alert in store.claim(COMPONENT, lease_s=0) if alert.value.run in runs])


def logged(served: Sequence[Served]) -> list[Logged]:
    """Return the answers to each ride, and its tip as the label, which is known a day later."""
    found = []
    for batch in served:
        known_at = batch.known_at.replace(tzinfo=NEW_YORK)
        found.append(Logged(COMPONENT, batch.answers, "output", run=_run(batch), at=_served_at(batch)))
        found.append(Logged(COMPONENT, batch.tips, "label", at=known_at))
    return found


def measured(lineage: Lineage, served: Sequence[Served]) -> list[Measured]:
    """Return the recall at each run that served, of rides until the day before: their tips were known then."""
    store, [promise] = metrics_of(lineage.store), measures([PROMISE])
    found = []
    for batch in served:
        at = _served_at(batch)
        found.append(replace(over_window(store, COMPONENT, _run(batch), at - _A_DAY, promise), at=at))
    return found


def show_promise(screen: Screen, lineage: Lineage, served: Sequence[Served]) -> Served:
    """Print when the promise was broken; return the worst batch among those that the last alert is about."""
    by_run = {_run(batch): batch for batch in served}
    incidents = [one for one in lineage.alerts(only_open=False, size=1_000) if one.opened.run in by_run]
    screen.step("Is kept what was promised: nine high tips in ten foretold?", "headwater alerts --all")
    screen.table(("opened", "closed", "metric", ">value", ">rides", "agreed", "seen by"), map(_line, incidents))
    alarming = by_run[incidents[0].opened.run]
    about_it = [batch for batch in served if _A_DAY <= alarming.known_at - batch.known_at < _A_DAY + _DAYS]
    screen.say(
        "\nEach is told once when it opens and once when it closes. The first model had seen three days of trips: that "
        f"is the earlier one. The later one looks back on {len(about_it)} batches, whose tips had just become known."
    )
    return max(about_it, key=lambda batch: batch.trips - batch.right)


def _line(incident: Incident) -> tuple[str, ...]:
    opened, closed = incident.opened, incident.closed
    value = "" if opened.value is None else f"{opened.value:.3f}"
    agreed = opened.terms.bound if opened.terms else ""
    end = when(closed.at) if closed else "still open"
    return when(opened.at), end, opened.metric, value, f"{opened.rows}", agreed, f"{opened.component} {when(opened.at)}"


def _run(batch: Served) -> str:
    """The run that served the batch: the maker of its state."""
    return (split_state_id(batch.state) or ("", ""))[1]


def _served_at(batch: Served) -> datetime:
    return (batch.known_at - _A_DAY).replace(tzinfo=NEW_YORK)
