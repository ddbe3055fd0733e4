"""Intervals of anything that follows from sums over answers, where answers hang together by who gave them and by what was asked."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, Ints, quotient
from personametrics.stats.intervals.jackknife import BEND, Interval, Scale, on_scale
from personametrics.stats.intervals.proportion import wilson

Sums = Callable[[Floats], Floats]
"""From sums (…, k) to a number (…)."""


def clustered(rows: Floats, statistic: Sums, clusters: Sequence[Ints], level: float = 0.9, scale: Scale = "plain") -> Interval:
    """A number that follows from column sums, with its interval.

    The jackknife leaves out one cluster at a time. With one way of clustering its variance is V; with two (personas and items) it is
    V₁ + V₂ − V₁₂, where V₁₂ leaves out what both share (Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136), and never less than
    the larger of V₁ and V₂. Limits are ± t standard errors, with Satterthwaite's degrees of freedom. For a ratio pass its logarithm, for a
    share of answers see `clustered_share`. A share of variance is made even on the scale of `interval`; its variance has heavy tails, and t
    one degree of freedom less than the fewer clusters (Cameron & Miller 2015, doi:10.3368/jhr.50.2.317).

    Args:
        rows: (N, k) what is summed, such as indicators and their products with answers.
        statistic: keeps leading axes; NaN where it is undefined.
        clusters: one or two arrays (N,) of codes from 0; two that say the same count as one.
        level: coverage of the interval.
        scale: what kind of number it is, as for `interval`.

    Returns:
        NaN limits with fewer than two clusters of a kind, or where leaving one out leaves the number undefined.

    Examples:
        The mean of four numbers, each a cluster of its own:

        >>> rows = np.stack([np.array([1.0, 2.0, 4.0, 5.0]), np.ones(4)], axis=1)
        >>> found = clustered(rows, lambda s: s[..., 0] / s[..., 1], [np.arange(4)])
        >>> [round(end, 3) for end in found[:3]]
        [3.0, 0.852, 5.148]
    """
    found = _spread(rows, statistic, clusters)
    half = float(stdtrit(found.fewest if scale == "share" else found.freedom, (1 + level) / 2) * np.sqrt(found.variance))
    if not half > 0:
        return Interval(found.value, found.value + half, found.value + half)
    return Interval(found.value, *on_scale(found.value, half, BEND * np.sqrt(found.fewest * found.cells), scale))


def clustered_share(rows: Floats, clusters: Sequence[Ints], level: float = 0.9) -> Interval:
    """A share, or a mean of scores from 0 to 1, with Wilson's interval.

    Where a share happens to come out near 0 or 1 its standard error comes out small, so that ± t of them misses too often. Here p (1 − p)
    over the variance of `clustered` is how many independent answers the rows are worth, and t takes the place of z (Dean & Pagano 2015,
    doi:10.1093/jssam/smv024; Franco and others 2019, Journal of Survey Statistics and Methodology 7(3), 334–364). Where none or all
    count, nothing says what rows are worth, and each is worth one (Korn & Graubard 1998, Survey Methodology 24(2), 193–201).

    Args:
        rows: (N, 2) what counts, and what it is a share of.
        clusters: one or two arrays (N,) of codes from 0, as for `clustered`.
        level: coverage of the interval.

    Returns:
        NaN limits where `clustered` has none.

    Examples:
        Twenty answers, each a cluster of its own, of which 18 are right; and as many, all right:

        >>> right = np.arange(20) >= 2
        >>> [round(end, 2) for end in clustered_share(np.stack([right, np.ones(20)], 1), [np.arange(20)])[:3]]
        [0.9, 0.72, 0.97]
        >>> [round(end, 2) for end in clustered_share(np.ones((20, 2)), [np.arange(20)])[:3]]
        [1.0, 0.87, 1.0]
    """
    found = _spread(rows, quotient, clusters)
    value, variance = found.value, found.variance
    if np.isnan(variance) or (variance == 0 and 0 < value < 1):
        return Interval(value, value + variance, value + variance)
    worth = value * (1 - value) / variance if variance else float(rows[:, 1].sum())
    return wilson(value * worth, worth, level, found.freedom)


class _Spread(NamedTuple):
    """A number and how it varies; NaN where nothing is known of that."""

    value: float
    variance: float = np.nan
    cells: float = np.nan
    """What of the variance is at the level of single cells."""
    freedom: float = np.nan
    fewest: float = np.nan
    """Clusters less one, of the way that has the fewest."""


def _spread(rows: Floats, statistic: Sums, clusters: Sequence[Ints]) -> _Spread:
    """A number and what the jackknife says of it."""
    used = (rows != 0).any(1)  # who adds nothing to the sums is no evidence of how they vary
    rows, clusters = rows[used], _different([codes[used] for codes in clusters])
    whole = rows.sum(0)
    with np.errstate(all="ignore"):
        value = float(statistic(whole))
        found = [_left_out(rows, whole, statistic, codes) for codes in _ways(clusters)] if len(rows) else []
    if not found or not np.isfinite([value, *(variance for variance, _ in found)]).all():
        return _Spread(value)
    own, shared = found[: len(clusters)], found[len(clusters) :]
    variance = max(sum(one for one, _ in own) - sum(one for one, _ in shared), *(one for one, _ in own))
    fewest = float(min(number for _, number in own) - 1)
    errors = sum(one**2 / (number - 1) for one, number in own)
    freedom = sum(one for one, _ in own) ** 2 / errors if errors else fewest
    return _Spread(value, variance, found[-1][0], freedom, fewest)


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
