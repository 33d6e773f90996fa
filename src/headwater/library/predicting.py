"""Predictions: whether they are there, within bounds, not all the same, and distributed as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.graph.facts import TriggerResult
from headwater.library.checks import Check, check
from headwater.library.columns import Column, columns, count_rows
from headwater.library.drifting import ALPHA, THRESHOLDS, Thresholds, check_limits, compare, drifted, keep_figures
from headwater.library.profiles import Profile
from headwater.library.references import Reference, resolve
from headwater.library.verdicts import Finding, rounded, verdict

NAME = "prediction"
_LEAST_ROWS = 100


def predictions(
    variable: str = "result",
    *,
    reference: Reference | None = None,
    bounds: tuple[float, float] | None = None,
    thresholds: Thresholds = THRESHOLDS,
    alpha: float = ALPHA,
) -> Check:
    """Return a trigger that fails for predictions that are missing, infinite, out of bounds, all the same, or drifted.

    All the same counts from 100 rows on, unless they were so in the reference. With a reference, their distribution is
    compared as `drift` does; all figures are kept in the run's facet `predictions`.
    """
    check_limits(thresholds, alpha)

    def body(predicted: object) -> TriggerResult:
        data = unnamed(predicted)
        base = None if reference is None else resolve(reference)
        found = [one for column in columns(data, name=NAME) for one in _faults(column, base, bounds)]
        if base is not None:
            compared = compare(base, data, name=NAME)
            keep_figures("predictions", compared)
            found += drifted(compared, thresholds, alpha)
        rows = count_rows(data)
        return verdict(found, f"{rows:,} predictions", {"rows": rows})

    return check("predictions", body, variable)


def unnamed(predicted: object) -> object:
    """Return predictions without a name, which depends on who made them: those of a single column are called NAME."""
    return predicted.to_numpy() if isinstance(predicted, pd.Series) else predicted


def _faults(column: Column, base: Profile | None, bounds: tuple[float, float] | None) -> list[Finding]:
    values, found = column.present, []
    if column.missing:
        found.append(Finding(column.name, "missing", rounded(column.missing / len(column.values)), 0.0))
    if column.kind != "category" and (infinite := int(np.isinf(values).sum())):
        found.append(Finding(column.name, "infinite", rounded(infinite / len(values)), 0.0))
    if bounds is not None and column.kind != "category":
        low, high = bounds
        if out := int(((values < low) | (values > high)).sum()):
            found.append(Finding(column.name, "outside", rounded(out / len(values)), 0.0, note=f"[{low:g}, {high:g}]"))
    if len(values) >= _LEAST_ROWS and len(pd.unique(values)) == 1 and not _was_constant(base, column.name):
        found.append(Finding(column.name, "distinct", 1.0, 2.0, note=f"all {values[0]}"))
    return found


def _was_constant(base: Profile | None, name: str) -> bool:
    sketch = None if base is None else base.columns.get(name)
    return sketch is not None and sum(count > 0 for count in sketch.counts) == 1
