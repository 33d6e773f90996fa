"""How often a comparison cries wolf, and how surely it finds what has moved: over many seeds, on many columns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headwater.library import Profile, compare
from headwater.library.drifting import Comparison, drifted

ANY_DIFFERENCE = {"psi": 0.0, "ks": 0.0, "kl": 0.0}


def table(columns: int, rows: int, *seed: int) -> dict[str, np.ndarray]:
    """Return columns of every shape: normal, skewed, counts, gaps, and levels some of which are rare."""
    dice = np.random.default_rng(seed)
    levels = np.array(list("abcdef"), dtype=object)
    makers = (
        lambda: dice.normal(size=rows),
        lambda: dice.lognormal(0, 1.5, rows),
        lambda: dice.poisson(2, rows).astype(float),
        lambda: np.where(dice.random(rows) < 0.03, np.nan, dice.normal(size=rows)),
        lambda: dice.choice(levels, rows, p=[0.5, 0.3, 0.1, 0.07, 0.02, 0.01]),
    )
    return {f"feature {n}": makers[n % len(makers)]() for n in range(columns)}


def compared(columns: int, before: int, after: int, seed: int) -> list[Comparison]:
    return compare(Profile.fit(table(columns, before, seed, 0)), table(columns, after, seed, 1))


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(3000, 60), (500, 500)])
def test_equal_data_fail_in_no_more_than_alpha_of_the_runs_though_any_difference_counts(
    before: int, after: int
) -> None:
    alpha, seeds = 0.1, 60
    alarms = sum(bool(drifted(compared(50, before, after, seed), ANY_DIFFERENCE, alpha)) for seed in range(seeds))
    # More than this many would happen to a check that keeps its alpha once in a thousand times.
    assert alarms <= stats.binom.ppf(0.999, seeds, alpha)


@pytest.mark.slow
def test_a_thousand_equal_columns_raise_no_alarm_where_uncorrected_tests_raise_fifty() -> None:
    found = compared(1000, 1000, 1000, 7)
    assert 25 <= sum(one.p <= 0.05 for one in found) <= 80
    assert drifted(found, ANY_DIFFERENCE, alpha=0.05) == []
    assert drifted(found) == []


def test_the_one_column_of_a_thousand_that_has_moved_is_found_alone() -> None:
    before, after = table(1000, 400, 3, 0), table(1000, 400, 3, 1)
    after["feature 500"] = after["feature 500"] + 0.8
    after["feature 504"] = np.where(np.arange(400) % 4, after["feature 504"], "f")

    found = drifted(compare(Profile.fit(before), after))

    assert {one.column for one in found} == {"feature 500", "feature 504"}
    assert max(one.p or 0 for one in found) < 1e-6
