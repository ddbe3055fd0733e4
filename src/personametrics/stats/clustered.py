"""Intervals of anything that follows from sums over answers, where answers hang together by who gave them and by what was asked."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals import Interval

Sums = Callable[[Floats], Floats]
"""From sums (…, k) to a number (…)."""


def clustered(rows: Floats, statistic: Sums, clusters: Sequence[Ints], level: float = 0.9) -> Interval:
    """A number that follows from column sums, with its interval.

    The jackknife leaves out one cluster at a time. With one way of clustering its variance is V; with two (personas and items) it is
    V₁ + V₂ − V₁₂, where V₁₂ leaves out what both share (Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136), and never less than
    the larger of V₁ and V₂. Limits are ± t standard errors, with Satterthwaite's degrees of freedom. For a ratio pass its logarithm.

    Args:
        rows: (N, k) what is summed, such as indicators and their products with answers.
        statistic: keeps leading axes; NaN where it is undefined.
        clusters: one or two arrays (N,) of codes from 0; two that say the same count as one.
        level: coverage of the interval.

    Returns:
        NaN limits with fewer than two clusters of a kind, or where leaving one out leaves the number undefined.

    Examples:
        The mean of four numbers, each a cluster of its own:

        >>> rows = np.stack([np.array([1.0, 2.0, 4.0, 5.0]), np.ones(4)], axis=1)
        >>> found = clustered(rows, lambda s: s[..., 0] / s[..., 1], [np.arange(4)])
        >>> [round(end, 3) for end in found[:3]]
        [3.0, 0.852, 5.148]
    """
    used = (rows != 0).any(1)  # who adds nothing to the sums is no evidence of how they vary
    rows, clusters = rows[used], _different([codes[used] for codes in clusters])
    whole = rows.sum(0)
    with np.errstate(all="ignore"):
        value = float(statistic(whole))
        if not len(rows):
            return Interval(value, np.nan, np.nan)
        found = [_left_out(rows, whole, statistic, codes) for codes in _ways(clusters)]
    if not found or not all(np.isfinite([variance for variance, _ in found])) or not np.isfinite(value):
        return Interval(value, np.nan, np.nan)
    own = found[: len(clusters)]
    variance = max(sum(one for one, _ in own) - sum(one for one, _ in found[len(clusters) :]), *(one for one, _ in own))
    if variance == 0:
        return Interval(value, value, value)
    freedom = sum(one for one, _ in own) ** 2 / sum(one**2 / (number - 1) for one, number in own)
    half = float(stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance))
    return Interval(value, value - half, value + half)


def _different(clusters: Sequence[Ints]) -> Sequence[Ints]:
    """One of two ways of clustering that put the same rows together."""
    if len(clusters) < 2:
        return clusters
    number = len(np.unique(np.stack(list(clusters)), axis=1).T)
    return clusters[:1] if all(len(np.unique(codes)) == number for codes in clusters) else clusters


def _ways(clusters: Sequence[Ints]) -> list[Ints]:
    """The clusters, then those that two of them share."""
    shared = [np.unique(np.stack(pair), axis=1, return_inverse=True)[1].reshape(-1) for pair in combinations(clusters, 2)]
    return [*clusters, *shared]


def _left_out(rows: Floats, whole: Floats, statistic: Sums, codes: Ints) -> tuple[float, int]:
    """Jackknife variance over clusters, and how many there are."""
    _, dense = np.unique(codes, return_inverse=True)
    number = int(dense.max()) + 1
    if number < 2:
        return np.nan, number
    parts = np.stack([np.bincount(dense, column, number) for column in rows.T], axis=1)
    without = statistic(whole - parts)
    return float((number - 1) / number * ((without - without.mean()) ** 2).sum()), number
