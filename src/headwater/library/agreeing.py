"""Online against offline, row by row: whether other code makes the same features of the same input."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.library.checks import Check, check, share
from headwater.library.columns import Column, as_frame, columns
from headwater.library.verdicts import Finding, rounded, verdict


def agreement(
    variable: str,
    source: str,
    offline: Callable[[Any], Any],
    *,
    tolerance: float = 1e-6,
    most: float = 0.0,
) -> Check:
    """Return a trigger that makes the features anew with `offline(source)` and fails where they differ.

    A column fails when more than this share of its rows differ: numbers by more than `tolerance` of the offline value
    (and by more than `tolerance` near zero), everything else at all; two missing values are the same. Columns that one
    side lacks fail. `offline` gets a copy. For different numbers of rows the
    trigger ends in an error.
    """
    share(most, "most")

    def body(online: object, given: object) -> TriggerResult:
        left, right = as_frame(online, variable), as_frame(offline(copy.deepcopy(given)), variable)
        if len(left) != len(right):
            raise UsageError(f"{len(left):,} rows online, {len(right):,} offline", hint="both must keep rows in order")
        found = _lacking(left, right)
        for name in (name for name in left.columns if name in right.columns):
            [one], [other] = columns(left[[name]]), columns(right[[name]])
            differ = _differ(one, other, tolerance)
            figure = float(differ.mean()) if len(differ) else 0.0
            if figure > most:
                found.append(Finding(name, "differs", rounded(figure), most, note=_first(one, other, differ)))
        return verdict(found, f"{len(left):,} rows agree with offline", {"rows": len(left), "tolerance": tolerance})

    return check("agreement", body, variable, source)


def _lacking(left: pd.DataFrame, right: pd.DataFrame) -> list[Finding]:
    sides = ((right, left, "online"), (left, right, "offline"))
    return [
        Finding(str(name), "columns", f"not {side}", "both")
        for has, lacks, side in sides
        for name in has
        if name not in lacks
    ]


def _differ(one: Column, other: Column, tolerance: float) -> Any:
    gone, missing = pd.isna(one.values), pd.isna(other.values)
    if one.kind == other.kind != "category":
        is_near = np.isclose(one.values, other.values, rtol=tolerance, atol=tolerance, equal_nan=True)
        return ~is_near
    same = np.array([a == b for a, b in zip(one.values, other.values, strict=True)], dtype=bool)
    return ~np.where(gone | missing, gone & missing, same)


def _first(one: Column, other: Column, differ: Any) -> str:
    place = int(np.argmax(differ))
    return f"row {place}: {one.values[place]} online, {other.values[place]} offline"
