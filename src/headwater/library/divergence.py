"""How far two distributions of counts over the same bins lie apart, and how often chance alone does that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from headwater.library.columns import Numbers

LEAST_EXPECTED = 5.0
SMOOTHING = 0.5
_Ints = npt.NDArray[np.int64]


def shares(counts: npt.ArrayLike) -> Numbers:
    """Return the share of each bin, with SMOOTHING added to each count so that none is zero."""
    smoothed = np.asarray(counts, dtype=np.float64) + SMOOTHING
    found: Numbers = smoothed / smoothed.sum()
    return found


def kl(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the Kullback-Leibler divergence of the current counts from those of the reference, in nats."""
    return float(special.rel_entr(shares(current), shares(reference)).sum())


def psi(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the population stability index: the sum of (current - reference) * ln(current / reference) over shares."""
    return kl(reference, current) + kl(current, reference)


def ks(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the greatest distance between both cumulative shares, looked at between the bins; 0 where one is empty.

    At most the Kolmogorov-Smirnov statistic of the values themselves, and less by no more than the share of one bin.
    """
    first, second = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if not first.sum() or not second.sum():
        return 0.0
    return float(np.abs(np.cumsum(first) / first.sum() - np.cumsum(second) / second.sum()).max())


def ks_chances(distances: Sequence[float], firsts: Sequence[int], seconds: Sequence[int]) -> Numbers:
    """Return how likely distances as great are between samples of these sizes from one distribution.

    As scipy.stats.ks_2samp(method="asymp"), for many at once; for a distance seen between bins only it is too high.
    """
    first, second = np.asarray(firsts, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        size = np.nan_to_num(np.round(first * second / (first + second)))
    found: Numbers = np.where(size > 0, stats.kstwo.sf(np.asarray(distances), np.maximum(size, 1)), 1.0)
    return found


def likelihood_ratio(reference: npt.ArrayLike, current: npt.ArrayLike) -> tuple[float, int]:
    """Return G, the likelihood-ratio statistic of homogeneity, and its degrees of freedom; 0 and 0 if there is no test.

    As scipy.stats.chi2_contingency(lambda_="log-likelihood", correction=False), after neighbours are united until each
    expected count is at least LEAST_EXPECTED. G and not Pearson's statistic: with few in a bin its tail is near the
    truth far out, where corrections for a thousand columns look.
    """
    table = np.array([reference, current], dtype=np.float64)
    rows = table.sum(axis=1)
    if not rows.all():
        return 0.0, 0
    table = np.add.reduceat(table, _starts(table.sum(axis=0) * rows.min() / rows.sum()), axis=1)
    expected = np.outer(rows, table.sum(axis=0)) / rows.sum()
    ratio = np.log(np.divide(table, expected, out=np.ones_like(table), where=table > 0))
    return max(0.0, 2 * float((table * ratio).sum())), table.shape[1] - 1


def chances(statistics: Sequence[float], freedoms: Sequence[int]) -> Numbers:
    """Return how likely statistics as great are by chance: the tail of chi-squared; 1 where there is no test."""
    freedom = np.asarray(freedoms)
    found: Numbers = np.where(freedom > 0, stats.chi2.sf(np.asarray(statistics), np.maximum(freedom, 1)), 1.0)
    return found


def holm(chance: npt.ArrayLike) -> Numbers:
    """Return p-values adjusted for their number, so that any one at or below alpha by chance alone has chance alpha.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
    It asks nothing of how the columns depend on each other.
    """
    given = np.asarray(chance, dtype=np.float64)
    order = np.argsort(given)
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    found = np.empty_like(given)
    found[order] = np.minimum(stepped, 1.0)
    return found


def _starts(expected: Any) -> list[int]:
    """Return where groups of neighbours with enough expected begin; what is left over joins the last group."""
    starts, held = [0], 0.0
    for place, one in enumerate(expected):
        if held >= LEAST_EXPECTED:
            starts.append(place)
            held = 0.0
        held += one
    return starts if held >= LEAST_EXPECTED or len(starts) == 1 else starts[:-1]
