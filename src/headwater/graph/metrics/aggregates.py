"""Metrics of outputs and labels that are sums over rows: adding a row or taking one out costs the same at any size.

Sums are exact: whole numbers, and floats in units of 2**-1074, of which every float is a multiple. So a row that leaves
a window leaves nothing behind, and the order of rows changes nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.errors import InvalidValue, UsageError
from headwater.graph.values import JSON, canonical

Totals: TypeAlias = Sequence[int]

_UNIT_BITS = 1074


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A metric as sums: `of_row` gives what (output, label) adds to each of `size` sums, `of_totals` the metric.

    `of_totals` takes the sums and the number of rows; None is no value. `spec` names the metric with its settings: sums
    that are kept under one spec are sums of one thing.
    """

    spec: str
    size: int
    of_row: Callable[[JSON, JSON], Totals]
    of_totals: Callable[[Totals, int], float | None]


def recall(positive: JSON = True, threshold: float | None = None) -> Aggregate:
    """Return the share of positive labels whose output was positive: equal to `positive`, or at least `threshold`."""
    return _confusion("recall", positive, threshold, lambda hit, _, missed: _share(hit, hit + missed))


def precision(positive: JSON = True, threshold: float | None = None) -> Aggregate:
    """Return the share of positive outputs whose label was positive."""
    return _confusion("precision", positive, threshold, lambda hit, false, _: _share(hit, hit + false))


def f1(positive: JSON = True, threshold: float | None = None) -> Aggregate:
    """Return the harmonic mean of precision and recall."""
    return _confusion("f1", positive, threshold, lambda hit, false, missed: _share(2 * hit, 2 * hit + false + missed))


def accuracy() -> Aggregate:
    """Return the share of outputs that equal their label."""
    return Aggregate(
        "accuracy", 1, lambda output, label: (int(output == label),), lambda sums, rows: _share(sums[0], rows)
    )


def mean(of: Literal["label", "output"] = "label") -> Aggregate:
    """Return the mean of the labels, such as a click-through rate, or of the outputs that have a label."""
    if of not in ("label", "output"):
        raise UsageError(f"mean(of={of!r})", hint="use label or output")
    return Aggregate(
        f"mean {of}", 1, lambda output, label: (_units(_number(label if of == "label" else output)),), _mean_of
    )


def mean_error() -> Aggregate:
    """Return the mean of output minus label."""
    return Aggregate("mean error", 1, lambda output, label: (_units(_error(output, label)),), _mean_of)


def mae() -> Aggregate:
    """Return the mean absolute error."""
    return Aggregate("mae", 1, lambda output, label: (_units(abs(_error(output, label))),), _mean_of)


def rmse() -> Aggregate:
    """Return the root of the mean squared error."""

    def of_totals(sums: Totals, rows: int) -> float | None:
        found = _mean_of(sums, rows)
        return None if found is None else math.sqrt(found)

    return Aggregate("rmse", 1, lambda output, label: (_units(_square(_error(output, label))),), of_totals)


def ready(spec: str) -> Aggregate | None:
    """Return the ready metric that has this spec, None if there is none: `spec` is all that travels of a metric."""
    name, _, settings = spec.partition(" ")
    try:
        found = _OF_SETTINGS[name](*json.loads(settings)) if name in _OF_SETTINGS else _READY[spec]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return found if found.spec == spec else None


def is_ready(aggregate: Aggregate) -> bool:
    """Whether a metric is a ready one by what it computes, not by its spec alone."""
    found = ready(aggregate.spec)
    return found is not None and _codes(found) == _codes(aggregate)


def _codes(aggregate: Aggregate) -> list[object]:
    return [getattr(function, "__code__", None) for function in (aggregate.of_row, aggregate.of_totals)]


def _mean_of(sums: Totals, rows: int) -> float | None:
    return None if not rows else sums[0] / (rows << _UNIT_BITS)


def _confusion(
    name: str, positive: JSON, threshold: float | None, of_counts: Callable[[int, int, int], float | None]
) -> Aggregate:
    def of_row(output: JSON, label: JSON) -> Totals:
        said = output == positive if threshold is None else _number(output) >= threshold
        true = label == positive
        return int(said and true), int(said and not true), int(true and not said)

    settings = canonical([positive, None if threshold is None else float(threshold)], f"a setting of {name}")
    return Aggregate(f"{name} {settings}", 3, of_row, lambda sums, _: of_counts(*sums))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _error(output: JSON, label: JSON) -> float:
    return _number(output) - _number(label)


def _square(value: float) -> float:
    return value * value  # which overflows to infinity, where ** raises


def _number(value: JSON) -> float:
    try:
        if isinstance(value, (int, float)):
            return float(value)
    except OverflowError:
        pass
    raise InvalidValue(f"{value!r} is no number", hint="log numbers for this metric, or None to take a value back")


def _units(value: float) -> int:
    """Return a float as its whole number of units; raise InvalidValue where a sum has no room for it."""
    if not math.isfinite(value):
        raise InvalidValue("the error of a row is too large for a float")
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_UNIT_BITS - denominator.bit_length() + 1)


_OF_SETTINGS: Mapping[str, Callable[..., Aggregate]] = {"recall": recall, "precision": precision, "f1": f1}
_READY = {one.spec: one for one in (accuracy(), mean(), mean("output"), mean_error(), mae(), rmse())}
