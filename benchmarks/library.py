"""Comparing many columns with training data: a kept profile, beside scipy's test a column on the rows themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.measure import Pair, paired
from benchmarks.stage import Stage
from benchmarks.table import Row, Section, as_time
from headwater.library import Profile, compare

PEER = "scipy.stats.ks_2samp a column"


def drift(stages: Sequence[Stage]) -> Section:
    """Compare a table of normal columns with a profile of another one, and make that profile."""
    sizes = stages[0].sizes
    before, after = (_table(sizes.columns, sizes.rows, seed) for seed in (1, 2))
    kept = Profile.fit(before)
    whole = paired(lambda: compare(Profile.fit(before), after), partial(_tested, before, after), 2)
    once = paired(partial(compare, kept, after), partial(_tested, before, after), 2)
    shape = f"{sizes.columns:,} columns of {sizes.rows:,} rows"
    kilobytes = len(json.dumps(kept.to_dict())) / 1000
    return Section(
        "Drift of many columns",
        "PSI, KL, Kolmogorov-Smirnov, chances and what is missing, of each column, against the two-sample test alone"
        f" (asymptotic), which needs the rows of both tables. The profile has {kilobytes:,.0f} KB, the rows that it"
        f" stands for {before.memory_usage().sum() / 1000:,.0f} KB.",
        [_row(f"{shape}, with a kept profile", once), _row(f"{shape}, with making the profile", whole)],
    )


def _row(what: str, pair: Pair) -> Row:
    ours, theirs = (float(np.median(side)) for side in (pair.ours, pair.theirs))
    return Row(what, "none", as_time(ours), PEER, as_time(theirs), pair.speed)


def _table(columns: int, rows: int, seed: int) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    return pd.DataFrame({f"feature {n}": dice.normal(size=rows) for n in range(columns)})


def _tested(before: pd.DataFrame, after: pd.DataFrame) -> Mapping[str, float]:
    return {
        str(name): float(stats.ks_2samp(before[name].to_numpy(), after[name].to_numpy(), method="asymp").pvalue)
        for name in before
    }
