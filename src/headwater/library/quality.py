"""The quality of a table by itself: schema, missing values, ranges, outliers. Facts, and no tests of chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.library.checks import Check, check, share
from headwater.library.columns import KINDS, Column, columns, count_rows
from headwater.library.profiles import Profile
from headwater.library.references import Reference, resolve
from headwater.library.sketches import NumberSketch
from headwater.library.verdicts import Finding, rounded, verdict

Bounds: TypeAlias = "tuple[float | None, float | None] | Collection[str]"
FENCES = 3.0
_BOTH = 2
_KINDS = (*KINDS, "any")


def missing_values(
    variable: str, most: float = 0.05, *, only: Sequence[str] | None = None, reference: Reference | None = None
) -> Check:
    """Return a trigger that fails when a column lacks more than this share of its values.

    With a reference, when it lacks that much more than it did there. NaN, None and NaT are missing, infinities are not.
    """
    share(most, "most")

    def body(data: object) -> TriggerResult:
        allowed = _missing_shares(None if reference is None else resolve(reference))
        found, highest = [], 0.0
        for column in columns(data, only, variable):
            lacking = column.missing / max(1, len(column.values))
            highest = max(highest, lacking)
            threshold = min(1.0, allowed.get(column.name, 0.0) + most)
            if lacking > threshold:
                found.append(Finding(column.name, "missing", rounded(lacking), rounded(threshold)))
        found.sort(key=lambda one: float(one.threshold) - float(one.figure))
        return verdict(found, f"at most {highest:.2%} missing in a column", {"most": most, "highest": rounded(highest)})

    return check("missing_values", body, variable)


def outliers(
    variable: str,
    most: float = 0.01,
    *,
    fences: float = FENCES,
    only: Sequence[str] | None = None,
    reference: Reference | None = None,
) -> Check:
    """Return a trigger that fails when more than this share of a column of numbers lies far out.

    Far out is more than `fences` interquartile ranges below the first or above the third quartile (Tukey, Exploratory
    Data Analysis, 1977), of the column itself or of the reference. Infinities are far out. Columns whose quartiles are
    equal have no fences and are left out, except for infinities.
    """
    share(most, "most")

    def body(data: object) -> TriggerResult:
        base = None if reference is None else resolve(reference)
        found, highest = [], 0.0
        for column in columns(data, only, variable):
            if column.kind == "number" and len(values := column.present):
                low, high = _fences(values, None if base is None else base.columns.get(column.name), fences)
                far = float(np.mean((values < low) | (values > high) | np.isinf(values)))
                highest = max(highest, far)
                if far > most:
                    limits = f"beyond {low:.4g} to {high:.4g}"
                    found.append(Finding(column.name, "outliers", rounded(far), most, note=limits))
        found.sort(key=lambda one: -float(one.figure))
        return verdict(found, f"at most {highest:.2%} far out in a column", {"most": most, "highest": rounded(highest)})

    return check("outliers", body, variable)


def ranges(variable: str, allowed: Mapping[str, Bounds], most: float = 0.0) -> Check:
    """Return a trigger that fails when more than this share of a column lies outside of what is allowed.

    allowed: for each column (lowest, highest), both inclusive and None for no bound, or a collection of levels. Missing
    values are in every range; a column that is not there fails. Raises UsageError for bounds that hold nothing.
    """
    share(most, "most")
    for name, bounds in allowed.items():
        _check_bounds(name, bounds)

    def body(data: object) -> TriggerResult:
        there = {column.name: column for column in columns(data, name=variable) if column.name in allowed}
        found = [one for name, bounds in allowed.items() if (one := _outside(name, there.get(name), bounds, most))]
        return verdict(found, f"{len(allowed):,} columns in their ranges", {"most": most})

    return check("ranges", body, variable)


def schema(variable: str, expected: Mapping[str, str] | Reference, least_rows: int = 1) -> Check:
    """Return a trigger that fails when a column is not there or of another kind, or when there are too few rows.

    expected: the kind of each column (`number`, `time`, `category`, `any`), or a reference with these columns. A column
    without any value is of every kind. Further columns are named and let pass. Raises UsageError for an unknown kind.
    """
    if isinstance(expected, Mapping) and (unknown := set(expected.values()) - set(_KINDS)):
        raise UsageError(f"there is no kind {', '.join(sorted(unknown))}", hint=f"use {', '.join(_KINDS)}")

    def body(data: object) -> TriggerResult:
        wanted = expected if isinstance(expected, Mapping) else _kinds(resolve(expected))
        there = {column.name: _kind(column) for column in columns(data, name=variable)}
        found = [
            Finding(name, "kind", there.get(name, "not there"), kind)
            for name, kind in wanted.items()
            if name not in there or ("any" not in (there[name], kind) and there[name] != kind)
        ]
        if (rows := count_rows(data)) < least_rows:
            found.append(Finding("(all)", "rows", float(rows), float(least_rows)))
        further = [name for name in there if name not in wanted]
        more = f"; further ones: {', '.join(further[:5])}" if further else ""
        return verdict(found, f"{len(wanted):,} columns as expected{more}", {"rows": rows})

    return check("schema", body, variable)


def _kinds(base: Profile) -> dict[str, str]:
    return {name: one.kind if one.count else "any" for name, one in base.columns.items()}


def _kind(column: Column) -> str:
    return column.kind if len(column.present) else "any"


def _missing_shares(base: Profile | None) -> dict[str, float]:
    found = {} if base is None else base.columns
    return {name: one.missing / max(1, one.missing + one.count) for name, one in found.items()}


def _fences(values: Any, base: object, width: float) -> tuple[float, float]:
    if isinstance(base, NumberSketch) and base.count:
        first, third = base.quantile(0.25), base.quantile(0.75)
    else:
        finite = values[np.isfinite(values)]
        first, third = np.quantile(finite, [0.25, 0.75]) if len(finite) else (0.0, 0.0)
    if first == third:
        return -np.inf, np.inf
    return float(first - width * (third - first)), float(third + width * (third - first))


def _check_bounds(name: str, bounds: Bounds) -> None:
    if isinstance(bounds, tuple):
        low, high = bounds if len(bounds) == _BOTH else (1, 0)
        are_numbers = all(one is None or isinstance(one, (int, float)) for one in (low, high))
        if are_numbers and (low is None or high is None or low <= high):
            return
    elif not isinstance(bounds, str) and bounds:
        return
    raise UsageError(f"the range {bounds!r} of {name!r}", hint="use (lowest, highest), or a set of levels")


def _outside(name: str, column: Column | None, bounds: Bounds, most: float) -> Finding | None:
    if column is None:
        return Finding(name, "outside", "not there", _told(bounds))
    values = column.present
    if not isinstance(bounds, tuple):
        is_out = ~pd.Series(values, dtype=object).isin(list(bounds)).to_numpy()
    elif column.kind == "category" and len(values):
        return Finding(name, "kind", column.kind, "number")
    else:
        low, high = bounds
        is_out = (values < (-np.inf if low is None else low)) | (values > (np.inf if high is None else high))
    out = values[is_out]
    if len(out) <= most * len(values):
        return None
    worst = ", ".join(f"{one:.4g}" if column.kind != "category" else str(one) for one in pd.unique(out)[:3])
    return Finding(name, "outside", rounded(len(out) / len(values)), most, note=f"{worst} not in {_told(bounds)}")


def _told(bounds: Bounds) -> str:
    if isinstance(bounds, tuple):
        low, high = bounds
        return f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
    return "{" + ", ".join(sorted(map(str, bounds))[:5]) + "}"
