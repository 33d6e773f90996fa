"""From a run to the values of its metrics: those of variables at once, those over windows in a thread behind the store.

in the program's thread    functions of variables, which may not outlive the call
in the recorder's thread   their values go to the store, or to disk while it is down
in the worker's thread     windows, incidents; then a thread for the alerts, whose sinks may take their time
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from headwater import clock
from headwater.errors import InvalidFact, StoreError
from headwater.graph.connect import default
from headwater.graph.measures import Kind, Logged, Measured, window_text
from headwater.graph.metrics.aggregates import Aggregate, mean
from headwater.graph.metrics.store import Alert, MetricStore, metrics_of
from headwater.graph.values import JSON
from headwater.sdk import beside, recording
from headwater.sdk.alerting import Sink, deliver
from headwater.sdk.faults import Ours, tell
from headwater.sdk.metrics import Measure

if TYPE_CHECKING:
    from headwater.sdk.component import Component

LEASE_S = 900.0
OF_A_RUN = "run"
_IDS_AT_ONCE = 5_000
_MOST_MESSAGE = 2_000
_MEAN = mean("output")
_SCALARS = frozenset({bool, int, float, str, type(None)})


def measure(component: Component, run: str, given: Mapping[str, object], variables: Collection[str]) -> None:
    """Compute and record the metrics of a run that has ended; `variables` are those that its function has."""
    at = clock.now()
    name, sinks = component.name, tuple(component.sinks)
    over_windows: list[tuple[Measure, bool]] = []
    for one in component.measures:
        if one.metric.takes_pairs(variables):
            over_windows.append((one, True))
        elif one.metric.trigger is not None and one.metric.trigger.is_asynchronous:
            beside.start(partial(_measure_beside, name, run, at, one, given, sinks), f"headwater-{one.metric.name}")
        else:
            over_windows += _measure_variables(name, run, at, one, given)
    _judge_later(name, run, at, over_windows, sinks)


def log(
    component: str, values: Mapping[object, JSON], kind: Kind, at: datetime | None = None, run: str | None = None
) -> None:
    """Take outputs or labels by id, as they are now, in parts; what cannot be taken is told in the log."""
    with Ours(f"logging the {kind}s of {component}"):
        said_at = clock.now() if at is None else clock.as_utc(at, "at")
        found = [(key, value if type(value) in _SCALARS else _copy(value)) for key, value in values.items()]
        for start in range(0, len(found), _IDS_AT_ONCE):
            part = found[start : start + _IDS_AT_ONCE]
            recording.recorder.put(partial(_logged, component, part, kind, run, said_at))


def _logged(component: str, part: Sequence[tuple[object, JSON]], kind: Kind, run: str | None, at: datetime) -> Logged:
    """Return what was logged, without those values that no store can hold: the others of a batch count."""
    try:
        return Logged(component, {_id(key): _known(value) for key, value in part}, kind, "", run, at)
    except (InvalidFact, TypeError):
        return Logged(component, _storable(component, part, kind), kind, "", run, at)


def _storable(component: str, part: Sequence[tuple[object, JSON]], kind: Kind) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    failures: list[Exception] = []
    for key, value in part:
        try:
            found.update(Logged(component, {_id(key): _known(value)}, kind).values)
        except (InvalidFact, TypeError) as exc:
            failures.append(exc)
    tell(f"logging the {kind}s of {component}", f"{len(failures)} of {len(part)} are left out: {failures[0]}")
    return found


def over_window(
    store: MetricStore, component: str, run: str, at: datetime, one: Measure, *, of_pairs: bool = True
) -> Measured:
    """Return the value of a metric over its window at a time; a metric that fails has none, and says why.

    Raises StoreError when the store fails.
    """
    metric = one.metric
    value, rows, message = None, 0, None
    try:
        if not of_pairs:
            value, rows = store.figure(component, metric.name, _MEAN, metric.window, at)
        elif isinstance(metric.fn, Aggregate):
            value, rows = store.figure(component, "", metric.fn, metric.window, at)
        else:
            found = store.joined(component, "", metric.window, at)
            value, rows = metric.of_rows(found), len(found)
    except StoreError:
        raise
    except Exception as exc:  # noqa: BLE001  # a metric may raise anything; the others go on
        message = _message(exc)
    window = window_text(metric.window)
    return Measured(component, metric.name, run, value, rows, window, one.terms, message, at)


def _measure_beside(
    component: str, run: str, at: datetime, one: Measure, given: Mapping[str, object], sinks: Sequence[Sink]
) -> None:
    _judge_later(component, run, at, _measure_variables(component, run, at, one, given), sinks)


def _judge_later(
    component: str, run: str, at: datetime, over_windows: Sequence[tuple[Measure, bool]], sinks: Sequence[Sink]
) -> None:
    """Let the worker judge, once all that was said before stands in the store."""
    judged = partial(_judge, component, run, at, over_windows, sinks)
    recording.recorder.after(partial(recording.worker.submit, judged))


def _measure_variables(
    component: str, run: str, at: datetime, one: Measure, given: Mapping[str, object]
) -> list[tuple[Measure, bool]]:
    """Record the value of a function of variables; return what is left to do: its mean over a window, if it has one."""
    value, message = None, None
    try:
        value = one.metric.of_variables(given)
    except Exception as exc:  # noqa: BLE001  # a metric may raise anything; the program goes on
        message = _message(exc)
    if one.metric.window is None or message is not None:
        said = (component, one.metric.name, run, value, 1, OF_A_RUN, one.terms, message, at)
        recording.recorder.put(lambda: Measured(*said))
        return []
    recording.recorder.put(partial(Logged, component, {run: value}, "output", one.metric.name, run, at))
    return [(one, False)]


def _judge(
    component: str,
    run: str,
    at: datetime,
    over_windows: Sequence[tuple[Measure, bool]],
    sinks: Sequence[Sink],
) -> None:
    """Record the metrics over windows, and send what alerts wait for this component."""
    store = metrics_of(default().store)
    if over_windows:
        store.record([over_window(store, component, run, at, one, of_pairs=of_pairs) for one, of_pairs in over_windows])
    if alerts := store.claim(component, LEASE_S):
        beside.start(partial(_send, store, component, alerts, sinks), "headwater-alerts")


def _send(store: MetricStore, component: str, alerts: Sequence[Alert], sinks: Sequence[Sink]) -> None:
    """Deliver alerts, and those that came meanwhile: nobody else may send them before."""
    with Ours("sending alerts"):
        while alerts:
            deliver(alerts, sinks)
            store.settle(alerts)
            alerts = store.claim(component, LEASE_S)


def _id(key: object) -> str:
    """Return an id as text; whole numbers are written so, whatever library they come from."""
    if isinstance(key, str):
        return key
    try:
        return str(key.__index__())  # type: ignore[attr-defined]
    except AttributeError:
        raise TypeError(f"the id {key!r} is neither text nor a whole number") from None


def _known(value: JSON) -> JSON:
    """Return the value; what is not a number, as pandas marks what is missing, is none."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _copy(value: object) -> JSON:
    """Return a value as it is now, numpy's numbers as Python's own."""
    item = getattr(value, "item", None)
    copied: JSON = copy.deepcopy(value) if item is None else item()  # type: ignore[assignment]
    return copied


def _message(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"[:_MOST_MESSAGE].replace("\0", "").encode("utf-8", "replace").decode()
