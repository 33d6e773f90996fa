"""Metrics: one more step of a window, by its new rows, beside scikit-learn over the whole of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.measure import in_turns
from benchmarks.stage import Stage
from benchmarks.table import Aim, Row, Section, as_time
from headwater.graph.measures import Logged
from headwater.graph.metrics.aggregates import recall
from headwater.graph.metrics.store import MetricStore, metrics_of

NEW = 100
_START = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000


def windows(stages: Sequence[Stage]) -> Section:
    """Log a hundred outputs with their labels, then ask for the recall of a window of each size."""
    return Section(
        "A metric over a window",
        f"{NEW} more outputs and labels are logged, which is not counted; then recall over the last so many rows is"
        " computed from its kept sums and written back. Beside it: the rows of the window are read from the store and"
        " given to scikit-learn, which gave the same figure each time.",
        [_window(stage, rows) for stage in stages for rows in stage.sizes.windows],
    )


def _window(stage: Stage, rows: int) -> Row:
    store, component = metrics_of(stage.lineage.store), f"predict {rows}"
    for first in range(0, rows, _AT_ONCE):
        _log(store, component, first, min(_AT_ONCE, rows - first))
    found: dict[str, float | None] = {}
    ours = partial(_ours, store, component, rows, found)
    theirs = partial(_theirs, store, component, rows, found)
    ours()
    pair = in_turns((ours, theirs) for _ in _steps(store, component, rows, stage.sizes.repeats))
    aims = (Aim("faster than the whole window", pair.speed > 1),) if rows >= _AT_ONCE else ()
    what = f"{rows:,} rows, {NEW} new"
    beside = "reading them, scikit-learn"
    return Row(what, stage.store, as_time(min(pair.ours)), beside, as_time(min(pair.theirs)), pair.speed, aims)


def _steps(store: MetricStore, component: str, rows: int, steps: int) -> Iterator[int]:
    for step in range(steps):
        _log(store, component, rows + step * NEW, NEW)
        yield step


def _log(store: MetricStore, component: str, first: int, count: int) -> None:
    """Log outputs a millisecond apart, of which two in three are right."""
    ids = range(first, first + count)
    outputs = [Logged(component, {str(n): n % 3 > 0}, at=_START + timedelta(milliseconds=n)) for n in ids]
    store.record([*outputs, Logged(component, {str(n): n % 5 > 0 for n in ids}, "label", at=_START)])


def _ours(store: MetricStore, component: str, rows: int, found: dict[str, float | None]) -> None:
    found["ours"] = store.figure(component, "", recall(), rows, _START + timedelta(days=365)).value


def _theirs(store: MetricStore, component: str, rows: int, found: dict[str, float | None]) -> None:
    from sklearn.metrics import recall_score

    window = store.joined(component, "", rows, _START + timedelta(days=365))
    theirs = float(recall_score([row.label for row in window], [row.output for row in window]))
    assert found["ours"] == theirs
