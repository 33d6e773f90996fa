"""Metrics and SLAs, as components declare them, and ready metrics of outputs and labels: recall, rmse and others."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from headwater.errors import InvalidValue, UsageError
from headwater.graph.measures import Terms, Window, check_key, check_window
from headwater.graph.metrics.aggregates import Aggregate, accuracy, f1, mae, mean, mean_error, precision, recall, rmse
from headwater.graph.metrics.windows import Joined
from headwater.sdk.triggers import Trigger, triggers

__all__ = [
    "SLA",
    "Aggregate",
    "Metric",
    "accuracy",
    "f1",
    "mae",
    "mean",
    "mean_error",
    "precision",
    "recall",
    "rmse",
]

_READY = (accuracy, f1, mae, mean, mean_error, precision, recall, rmse)
LABELS, OUTPUTS = "y_true", ("y_pred", "y_score", "y_prob", "y_proba")


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is computed at each run of a component.

    `fn` is a ready metric of outputs and labels, such as `recall()`; or a function of `y_true` and `y_pred` (or
    `y_score`), such as those of scikit-learn, which gets all labels and outputs of the window; or any other function,
    whose parameters name variables of the run as those of triggers do. `window` is how many rows, or how much time,
    the metric looks at; of a function of variables it is the mean over so many runs.
    """

    name: str
    fn: Any
    window: Window = None
    trigger: Trigger | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        check_key(self.name, "metric")
        check_window(self.window)
        if not isinstance(self.fn, Aggregate):
            if self.fn in _READY:
                raise UsageError(f"metric {self.name}: {self.fn.__name__} is not called", hint="pass it with ()")
            if not callable(self.fn):
                raise UsageError(f"metric {self.name}: {self.fn!r} is no function", hint="pass recall() or a function")
            [trigger] = triggers(None, [self.fn])
            object.__setattr__(self, "trigger", trigger)

    def takes_pairs(self, variables: Collection[str]) -> bool:
        """Whether it is of outputs and labels: `y_true` is such, unless the run has a variable of that name."""
        return self.trigger is None or (LABELS in self.trigger.wanted and LABELS not in variables)

    def of_variables(self, given: Mapping[str, object]) -> float | None:
        """Return its value for the variables of a run; raises whatever the function does."""
        assert self.trigger is not None
        if missing := self.trigger.missing(given):
            raise InvalidValue(f"the run has no variable {', '.join(missing)}")
        return _number(self.fn(**self.trigger.chosen(given)))

    def of_rows(self, rows: Iterable[Joined]) -> float | None:
        """Return its value for the joined rows of a window; raises whatever the function does."""
        assert self.trigger is not None
        found = list(rows)
        outputs, labels = [row.output for row in found], [row.label for row in found]
        wanted = {LABELS: labels, **dict.fromkeys(OUTPUTS, outputs)}
        return _number(self.fn(**self.trigger.chosen(wanted))) if found else None


class SLA:
    """What is agreed of a metric: `SLA(metric, ">= 0.9")`. A breach opens an incident, which closes itself.

    `window` replaces the metric's own. Fewer than `min_rows` rows are neither breach nor well; an incident closes
    after `clear_after` values in a row that are well. Only SLAs alert. Raises UsageError for a bound that is none.
    """

    def __init__(
        self,
        metric: Metric,
        bound: str,
        window: Window = None,
        severity: str = "error",
        *,
        min_rows: int = 1,
        clear_after: int = 1,
    ) -> None:
        if not isinstance(metric, Metric):
            raise UsageError(f"SLA({metric!r})", hint="pass a Metric first, then what is agreed of it")
        self.metric = metric if window is None else replace(metric, window=window)
        self.terms = Terms(bound, severity, min_rows, clear_after)


Declared: TypeAlias = Metric | SLA


class Measure(NamedTuple):
    """A metric of a component, and what is agreed of it."""

    metric: Metric
    terms: Terms | None


def measures(declared: Iterable[Declared]) -> tuple[Measure, ...]:
    """Return what a component declares; raise UsageError for what is no metric, and for a name that stands twice."""
    found: dict[str, Measure] = {}
    for one in declared:
        if not isinstance(one, (Metric, SLA)):
            raise UsageError(f"{one!r} is no metric", hint="list Metric and SLA objects")
        measure = Measure(one.metric, one.terms) if isinstance(one, SLA) else Measure(one, None)
        if found.setdefault(measure.metric.name, measure) is not measure:
            raise UsageError(
                f"metric {measure.metric.name!r} is declared twice", hint="an SLA declares its metric; or use two names"
            )
    return tuple(found.values())


def _number(found: Any) -> float | None:
    """Return a number as a float, numpy's too, and None as no value; raise InvalidValue for anything else."""
    if found is None:
        return None
    try:
        value = float(found)
    except (TypeError, ValueError) as exc:
        raise InvalidValue(f"it returned {type(found).__name__}, not a number") from exc
    if not math.isfinite(value):
        raise InvalidValue(f"it returned {value}")
    return value
