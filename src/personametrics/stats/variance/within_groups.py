"""The spread within groups and its sampling variance, for answers of any distribution."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats, Ints, sums

FEWEST = 4
"""With fewer members, any two pairs of a group have a member in common."""


class Spreads(NamedTuple):
    """The spread of each group (G,), and its sampling variance (G,).

    The spread is the mean of half the squared distance of two members, such as the variance of numbers; NaN with fewer than two members.
    Its variance is NaN with fewer than four.
    """

    spread: Floats
    variance: Floats


def spreads(points: Floats, group: Ints, size: int) -> Spreads:
    """Estimate the spread within groups of (N, K) members and its sampling variance; `group` (N,) holds codes below `size`.

    The spread is the U-statistic U of h(x, y) = |x − y|² / 2. With θ its expectation, var U = E U² − θ². The mean of h h' over pairs of
    pairs without a common member estimates θ² without bias, so that U² minus this mean estimates the variance without bias, for any
    distribution; it may be negative. Hoeffding (1948), doi:10.1214/aoms/1177730196.

    Examples:
        Of the six pairs of 0, 0, 2, 2, four have h = 2 and two have h = 0, so U = 4/3. Of the three ways to form two pairs, two give 2 · 2:

        >>> estimates = spreads(np.array([[0.0], [0], [2], [2]]), np.zeros(4, np.int64), 1)
        >>> estimates.spread.round(4), estimates.variance.round(4)
        (array([1.3333]), array([-0.8889]))
    """
    n = np.bincount(group, minlength=size).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = points - np.stack([sums(group, column, size) / n for column in points.T], -1)[group]
        square = (x**2).sum(1)
        total = sums(group, square, size)
        own = (n[group] * square + total[group]) / 2  # Σ h of one member with all others
        # Σ h² over pairs: the terms of (|x|² + |y|² − 2 x·y)² that are odd in x vanish, because x is centred
        squares = (n * sums(group, square**2, size) + total**2 + 2 * _products(x, group, size)) / 4
        pairs, apart = n * (n - 1) / 2, (n - 2) * (n - 3) / 2
        whole = n * total / 2
        disjoint = (whole**2 + squares - sums(group, own**2, size)) / (pairs * apart)
        spread = np.where(n > 1, whole / pairs, np.nan)
        return Spreads(spread, np.where(n >= FEWEST, spread**2 - disjoint, np.nan))


def _products(x: Floats, group: Ints, size: int) -> Floats:
    """Sum (x·y)² over all ordered pairs of members, including each with itself, (G,)."""
    order = np.argsort(group, kind="stable")
    parts = np.split(x[order], np.cumsum(np.bincount(group, minlength=size))[:-1])
    return np.array([((part.T @ part) ** 2).sum() for part in parts])
