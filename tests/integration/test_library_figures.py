"""Figures and corrections of the component library: known answers, and what holds for all counts."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headwater.library import Profile, divergence
from headwater.library.columns import columns
from headwater.library.sketches import BINS, CategorySketch, NumberSketch, sketch

_counts = st.lists(st.integers(0, 500), min_size=2, max_size=12)


def test_psi_and_kl_are_the_hand_calculated_sums_over_smoothed_shares() -> None:
    # (19 + 0.5) / 40, (9 + 0.5) / 20 ...: every count gets a half.
    p, q = (19.5 / 40, 20.5 / 40), (9.5 / 20, 10.5 / 20)
    kl = q[0] * math.log(q[0] / p[0]) + q[1] * math.log(q[1] / p[1])
    back = p[0] * math.log(p[0] / q[0]) + p[1] * math.log(p[1] / q[1])

    assert divergence.kl([19, 20], [9, 10]) == pytest.approx(kl)
    assert divergence.psi([19, 20], [9, 10]) == pytest.approx(kl + back)


def test_a_bin_that_only_one_side_fills_gives_a_finite_figure() -> None:
    assert divergence.psi([100, 0], [0, 100]) == pytest.approx(2 * (100 / 101) * math.log(100.5 / 0.5))


def test_kl_is_the_entropy_of_scipy() -> None:
    first, second = [3, 4, 5], [9, 1, 2]
    expected = stats.entropy(divergence.shares(second), divergence.shares(first))
    assert divergence.kl(first, second) == pytest.approx(expected)


@given(_counts, st.data())
def test_figures_are_never_negative_and_zero_for_equal_counts(first: list[int], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.integers(0, 500), min_size=len(first), max_size=len(first)))

    assert divergence.psi(first, second) >= 0
    assert divergence.psi(first, second) == pytest.approx(divergence.psi(second, first))
    assert 0 <= divergence.ks(first, second) <= 1
    assert (divergence.psi(first, first), divergence.ks(first, first)) == (0, 0)


def test_between_single_values_ks_and_its_chance_are_those_of_scipy() -> None:
    dice = np.random.default_rng(1)
    first, second = dice.integers(0, 20, 400), dice.integers(2, 20, 300)
    expected = stats.ks_2samp(first, second, method="asymp")

    made = sketch(next(columns(first)))
    after = made.tally(next(columns(second)))
    distance = divergence.ks(made.counts, after)

    assert distance == pytest.approx(expected.statistic)
    assert divergence.ks_chances([distance], [400], [300])[0] == pytest.approx(expected.pvalue)


def test_ks_between_bins_is_below_that_of_the_values_by_no_more_than_one_bin() -> None:
    dice = np.random.default_rng(2)
    first, second = dice.normal(size=5000), dice.normal(0.2, 1.1, size=3000)
    [made] = Profile.fit(first).columns.values()

    distance = divergence.ks(made.counts, made.tally(next(columns(second))))

    exact = float(stats.ks_2samp(first, second, method="asymp").statistic)
    assert exact - 1 / BINS <= distance <= exact


def test_the_likelihood_ratio_is_that_of_scipy() -> None:
    table = np.array([[30, 40, 50], [20, 60, 35]])
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")

    statistic, freedom = divergence.likelihood_ratio(*table)

    assert freedom == 2
    assert statistic == pytest.approx(expected.statistic)
    assert divergence.chances([statistic], [freedom])[0] == pytest.approx(expected.pvalue)


def test_neighbours_with_few_expected_are_united_before_the_test() -> None:
    united = divergence.likelihood_ratio([50, 52, 3], [50, 45, 5])
    assert united == divergence.likelihood_ratio([50, 55], [50, 50])
    assert divergence.likelihood_ratio([2, 1], [1, 2]) == (0.0, 0)
    assert divergence.likelihood_ratio([0, 0], [9, 9]) == (0.0, 0)
    assert divergence.chances([0.0], [0])[0] == 1


def test_holm_multiplies_by_the_number_of_those_left_and_never_falls() -> None:
    assert divergence.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert divergence.holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_keeps_the_order_and_lies_between_the_chance_and_that_of_bonferroni(chances: list[float]) -> None:
    adjusted = divergence.holm(chances)

    assert all(np.diff(adjusted[np.argsort(chances, kind="stable")]) >= 0)
    assert all(adjusted >= np.array(chances))
    assert all(adjusted <= np.minimum(1, np.array(chances) * len(chances)) + 1e-12)


@given(st.lists(st.floats(allow_nan=True, width=32) | st.integers(-3, 3).map(float), max_size=200))
def test_a_sketch_counts_every_value_once_and_comes_back_from_json(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = Profile.fit(np.array(values, dtype=float))
    [one] = made.columns.values()

    assert isinstance(one, NumberSketch)
    assert sum(one.counts) + one.missing == len(values)
    assert list(one.edges) == sorted(set(one.edges))
    assert tuple(one.tally(next(columns(np.array(values, dtype=float))))) == one.counts
    assert Profile.from_dict(made.to_dict()) == made


def test_a_sketch_has_bins_of_equal_counts_and_one_for_each_frequent_value() -> None:
    [one] = Profile.fit(np.arange(4000.0)).columns.values()
    assert one.counts == (0, *([100] * 40), 0)

    [half] = Profile.fit(np.concatenate([np.zeros(500), np.arange(1.0, 501)])).columns.values()
    assert isinstance(half, NumberSketch)
    assert half.counts[:2] == (0, 500)


def test_levels_beyond_the_most_frequent_are_counted_together() -> None:
    values = np.array(["a"] * 5 + ["b"] * 3 + [f"rare {n:03}" for n in range(100)], dtype=object)
    [one] = Profile.fit(values).columns.values()

    assert isinstance(one, CategorySketch)
    assert list(one.levels)[:3] == ["a", "b", "rare 000"]
    assert (len(one.levels), one.rest, one.is_complete) == (50, 52, False)


def test_a_number_among_texts_is_no_text() -> None:
    [one] = Profile.fit(np.array([1, "1", True, ["x"]], dtype=object)).columns.values()
    assert set(one.levels) == {"1 (int)", "1", "True (bool)", "['x'] (list)"}  # type: ignore[union-attr]
