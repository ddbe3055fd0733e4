"""Intervals of numbers that follow from sums over answers, where answers are clustered by persona and by item."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, Ints, jackknife_variance, quotient
from personametrics.stats.intervals.jackknife import BEND, Interval, Scale, on_scale
from personametrics.stats.intervals.proportion import wilson

Sums = Callable[[Floats], Floats]
"""A function from sums (…, k) to a number (…)."""


def cluster_jackknife(rows: Floats, statistic: Sums, clusters: Sequence[Ints], level: float = 0.9, scale: Scale = "plain") -> Interval:
    """Return a number that follows from column sums, with its jackknife interval.

    The jackknife leaves out one cluster at a time. With one way of clustering its variance is V; with two (personas and items) it is
    V₁ + V₂ − V₁₂, where V₁₂ leaves out the intersections of both, and at least the larger of V₁ and V₂. The limits are ± t standard errors,
    with Satterthwaite's degrees of freedom. For a ratio pass its logarithm; for a share of answers use `cluster_share`. A share of variance
    is symmetric on the scale of `interval`; its variance has heavy tails, so that t has the smaller number of clusters − 1 as degrees of
    freedom. Sources: Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136; Cameron & Miller (2015), doi:10.3368/jhr.50.2.317.

    Args:
        rows: (N, k) terms of the sums, such as indicators and their products with answers.
        statistic: function that keeps leading axes; NaN where it is undefined.
        clusters: one or two arrays (N,) of codes from 0; two identical clusterings count as one.
        level: coverage of the interval.
        scale: kind of number that the statistic is, as for `interval`.

    Returns:
        The interval. Both ends are NaN with fewer than two clusters of a kind, or if the number is undefined without one of them.

    Examples:
        >>> rows = np.stack([np.array([1.0, 2.0, 4.0, 5.0]), np.ones(4)], axis=1)  # the mean of four numbers, each a cluster of its own
        >>> estimate = cluster_jackknife(rows, lambda s: s[..., 0] / s[..., 1], [np.arange(4)])
        >>> [round(end, 3) for end in estimate[:3]]
        [3.0, 0.852, 5.148]
    """
    spread = _spread(rows, statistic, clusters)
    half = float(stdtrit(spread.fewest if scale == "share" else spread.freedom, (1 + level) / 2) * np.sqrt(spread.variance))
    if not half > 0:
        return Interval(spread.value, spread.value + half, spread.value + half)
    return Interval(spread.value, *on_scale(spread.value, half, BEND * np.sqrt(spread.fewest * spread.cells), scale))


def cluster_share(rows: Floats, clusters: Sequence[Ints], level: float = 0.9) -> Interval:
    """Return a share, or a mean of scores from 0 to 1, with Wilson's interval.

    A share near 0 or 1 has a small standard error, so that ± t standard errors would miss the truth too often. Here p (1 − p) divided by
    the variance of `cluster_jackknife` is the effective number of independent answers, and t replaces z. Where the share is 0 or 1, the
    variance is unknown and every row counts as one answer. Sources: Dean & Pagano (2015), doi:10.1093/jssam/smv024; Franco et al. (2019),
    Journal of Survey Statistics and Methodology 7(3), 334–364; Korn & Graubard (1998), Survey Methodology 24(2), 193–201.

    Args:
        rows: (N, 2) numerator and denominator of the share.
        clusters: one or two arrays (N,) of codes from 0, as for `cluster_jackknife`.
        level: coverage of the interval.

    Returns:
        The interval; both ends are NaN where those of `cluster_jackknife` are.

    Examples:
        Twenty answers, each a cluster of its own, of which 18 are right; and twenty, all right:

        >>> right = np.arange(20) >= 2
        >>> [round(end, 2) for end in cluster_share(np.stack([right, np.ones(20)], 1), [np.arange(20)])[:3]]
        [0.9, 0.72, 0.97]
        >>> [round(end, 2) for end in cluster_share(np.ones((20, 2)), [np.arange(20)])[:3]]
        [1.0, 0.87, 1.0]
    """
    spread = _spread(rows, quotient, clusters)
    value, variance = spread.value, spread.variance
    if np.isnan(variance) or (variance == 0 and 0 < value < 1):
        return Interval(value, value + variance, value + variance)
    effective = value * (1 - value) / variance if variance else float(rows[:, 1].sum())
    return wilson(value * effective, effective, level, spread.freedom)


class _Spread(NamedTuple):
    """A number and its variance; NaN where the variance is unknown."""

    value: float
    variance: float = np.nan
    cells: float = np.nan
    """The part of the variance at the level of single cells."""
    freedom: float = np.nan
    fewest: float = np.nan
    """The smaller number of clusters, minus 1."""


def _spread(rows: Floats, statistic: Sums, clusters: Sequence[Ints]) -> _Spread:
    """Compute a number and its jackknife variance."""
    used = (rows != 0).any(1)  # rows of zeros do not show how the sums vary
    rows, clusters = rows[used], _different([codes[used] for codes in clusters])
    whole = rows.sum(0)
    with np.errstate(all="ignore"):
        value = float(statistic(whole))
        variances = [_left_out(rows, whole, statistic, codes) for codes in _with_intersections(clusters)] if len(rows) else []
    if not variances or not np.isfinite([value, *(variance for variance, _ in variances)]).all():
        return _Spread(value)
    main, shared = variances[: len(clusters)], variances[len(clusters) :]
    variance = max(sum(part for part, _ in main) - sum(part for part, _ in shared), *(part for part, _ in main))
    fewest = float(min(number for _, number in main) - 1)
    errors = sum(part**2 / (number - 1) for part, number in main)
    freedom = sum(part for part, _ in main) ** 2 / errors if errors else fewest
    return _Spread(value, variance, variances[-1][0], freedom, fewest)


def _different(clusters: Sequence[Ints]) -> Sequence[Ints]:
    """Keep one of two clusterings that put the same rows together."""
    if len(clusters) < 2:
        return clusters
    number = len(np.unique(np.stack(list(clusters)), axis=1).T)
    return clusters[:1] if all(len(np.unique(codes)) == number for codes in clusters) else clusters


def _with_intersections(clusters: Sequence[Ints]) -> list[Ints]:
    """Return the clusterings, followed by the intersections of two."""
    shared = [np.unique(np.stack(pair), axis=1, return_inverse=True)[1].reshape(-1) for pair in combinations(clusters, 2)]
    return [*clusters, *shared]


def _left_out(rows: Floats, whole: Floats, statistic: Sums, codes: Ints) -> tuple[float, int]:
    """Return the jackknife variance over clusters, and their number."""
    _, dense = np.unique(codes, return_inverse=True)
    number = int(dense.max()) + 1
    if number < 2:
        return np.nan, number
    parts = np.stack([np.bincount(dense, column, number) for column in rows.T], axis=1)
    return jackknife_variance(statistic(whole - parts)), number
