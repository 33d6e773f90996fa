"""Leakage: whether the test set holds rows or times of the training set, or features tell the target by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.library.checks import Check, check, share
from headwater.library.columns import Column, as_frame, columns
from headwater.library.scoring import is_graded
from headwater.library.verdicts import Finding, rounded, verdict

_MOST_ROWS = 20_000
_LEAST_ROWS = 100
_TARGET = "\0target"
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of an earlier column is lost
_BOTH = 2


def leakage(train: str, test: str, most: float = 0.01, *, only: Sequence[str] | None = None) -> Check:
    """Return a trigger that fails when more than this share of the test rows are rows of the training set.

    Rows are the same when all columns that both tables have (or those in `only`) hold the same values, missing ones
    too. Tables of few distinct rows overlap without a fault: the message says how many training rows have a twin among
    themselves, and `most` can allow for it. Cost: a hash a row.
    """
    share(most, "most")

    def body(first: object, second: object) -> TriggerResult:
        known, asked = _hashes(as_frame(first), as_frame(second), only)
        figure = float(np.isin(asked, known).mean()) if len(asked) else 0.0
        twins = float(pd.Series(known).duplicated(keep=False).mean()) if len(known) else 0.0
        note = f"{figure * len(asked):,.0f} of {len(asked):,} test rows; {twins:.2%} of the training rows have a twin"
        found = [Finding("(rows)", "in train and test", rounded(figure), most, note=note)] if figure > most else []
        return verdict(found, f"{figure:.2%} of the test rows are in train", {"share": rounded(figure), "most": most})

    return check("leakage", body, train, test)


def time_leakage(train: str, test: str, column: str, most: float = 0.0) -> Check:
    """Return a trigger that fails when more than this share of the training rows are not before all test rows.

    Rows without a time are left out. Raises UsageError, as an error of the trigger, for a table without the column.
    """
    share(most, "most")

    def body(first: object, second: object) -> TriggerResult:
        [left], [right] = columns(first, [column]), columns(second, [column])
        if "category" in (left.kind, right.kind):
            raise UsageError(f"{column} holds no times", hint="convert it with pandas.to_datetime")
        before, after = left.present, right.present
        figure = float((before >= after.min()).mean()) if len(before) and len(after) else 0.0
        note = "training rows at or after the first test row"
        found = [Finding(column, "late", rounded(figure), most, note=note)] if figure > most else []
        return verdict(found, "all training rows are before the test rows", {"share": rounded(figure), "most": most})

    return check("time_leakage", body, train, test)


def target_leakage(train: str, target: str, most: float = 0.99, *, is_column: bool = False) -> Check:
    """Return a trigger that fails when one column of numbers tells the target nearly by itself.

    The figure is the area under the ROC curve for a target of two values, the absolute rank correlation (Spearman's)
    for other numbers; with several classes nothing is looked at. `target` is a variable, or a column of `train`. A
    sample of 20,000 rows is looked at; below 100 rows nothing is.
    """
    share(most, "most")

    def body(data: object, *targets: object) -> TriggerResult:
        frame = as_frame(data)
        wanted = frame.pop(target) if is_column else as_frame(targets[0]).iloc[:, 0]
        frame = frame.assign(**{_TARGET: _codes(wanted)}).dropna(subset=[_TARGET])
        rows = frame.sample(min(len(frame), _MOST_ROWS), random_state=0)
        values = rows.pop(_TARGET).to_numpy(dtype=float)
        figures = {one.name: _told_alone(one, values) for one in columns(rows)} if len(rows) >= _LEAST_ROWS else {}
        found = [Finding(name, "tells the target", rounded(one), most) for name, one in figures.items() if one > most]
        highest = max(figures.values(), default=0.0)
        good = f"no column tells the target alone; at most {highest:.3g}" if figures else "nothing was looked at"
        return verdict(sorted(found, key=lambda one: -float(one.figure)), good, {"most": most})

    return check("target_leakage", body, *([train] if is_column else [train, target]))


def _hashes(left: pd.DataFrame, right: pd.DataFrame, only: Sequence[str] | None) -> tuple[Any, Any]:
    """Return a number for each row of both tables, the same for the same values; one column at a time is copied."""
    shared = [name for name in left.columns if name in right.columns] if only is None else list(only)
    if lacking := [name for name in shared if name not in left.columns or name not in right.columns]:
        raise UsageError(f"a table has no column {', '.join(lacking)}", hint="name columns of both tables")
    if not shared:
        raise UsageError("both tables have no column in common", hint="give them the same column names")
    first: Any = np.zeros(len(left), np.uint64)
    second: Any = np.zeros(len(right), np.uint64)
    for name in shared:
        one, other = _alike(left[name], right[name])
        first = first * _FACTOR + pd.util.hash_array(one)
        second = second * _FACTOR + pd.util.hash_array(other)
    return first, second


def _alike(one: pd.Series[Any], other: pd.Series[Any]) -> tuple[Any, Any]:
    """Return both columns as what can be hashed alike: numbers as floats, everything else as texts."""
    [first], [second] = columns(one, name="one"), columns(other, name="other")
    if "category" not in (first.kind, second.kind):
        return first.values + 0.0, second.values + 0.0
    return _texts(first), _texts(second)


def _texts(column: Column) -> Any:
    """Return categories as texts, and missing values as None."""
    gone = pd.isna(column.values)
    found = np.array([one if isinstance(one, str) else repr(one) for one in column.values], dtype=object)
    found[gone] = None
    return found


def _codes(target: pd.Series[Any]) -> Any:
    """Return the target as numbers: two values as 0 and 1, other numbers as they are, several classes as nothing."""
    [column] = columns(target)
    codes, levels = pd.factorize(pd.Series(column.values), sort=column.kind != "category")
    if len(levels) == _BOTH:
        return np.where(codes < 0, np.nan, codes)
    return column.values if column.kind == "number" and is_graded(column.values) else np.full(len(codes), np.nan)


def _told_alone(column: Column, target: Any) -> float:
    """Return how well a column orders the target."""
    if column.kind == "category":
        return 0.0
    is_there = ~np.isnan(column.values)
    values, wanted = column.values[is_there], target[is_there]
    if len(values) < _LEAST_ROWS or values.min() == values.max() or wanted.min() == wanted.max():
        return 0.0
    ranks = stats.rankdata(values)
    if set(np.unique(wanted)) == {0.0, 1.0}:
        ones = wanted == 1
        area = (ranks[ones].mean() - (ones.sum() + 1) / 2) / (~ones).sum()
        return float(max(area, 1 - area))
    return float(abs(np.corrcoef(ranks, stats.rankdata(wanted))[0, 1]))
