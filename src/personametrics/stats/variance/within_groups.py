"""Spread within groups, with its sampling variance, whatever the answers' distribution."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats, Ints, sums

FEWEST = 4
"""With fewer members, no two pairs of a group are without a member in common."""


class Spreads(NamedTuple):
    """Spread of each group.

    Attributes:
        spread: (G,) mean of half the squared distance of two members, such as the variance of numbers; NaN with fewer than two.
        variance: (G,) its sampling variance; NaN with fewer than four.
    """

    spread: Floats
    variance: Floats


def spreads(points: Floats, group: Ints, size: int) -> Spreads:
    """Spread within groups and how far it would move with other members.

    The spread is the U-statistic U of h(x, y) = |x − y|² / 2. With θ its expectation, var U = E U² − θ², and the mean of h h' over pairs of
    pairs without a common member estimates θ² without bias; so does their difference the variance, with any distribution (Hoeffding 1948,
    doi:10.1214/aoms/1177730196). It may come out negative.

    Args:
        points: (N, K) members.
        group: (N,) codes below `size`.
        size: G, how many groups there are.

    Examples:
        Of 0, 0, 2, 2 four pairs have h = 2 and two have none, U = 4/3; of the three ways to part them two give 2 · 2:

        >>> found = spreads(np.array([[0.0], [0], [2], [2]]), np.zeros(4, np.int64), 1)
        >>> found.spread.round(4), found.variance.round(4)
        (array([1.3333]), array([-0.8889]))
    """
    n = np.bincount(group, minlength=size).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = points - np.stack([sums(group, column, size) / n for column in points.T], -1)[group]
        square = (x**2).sum(1)
        total = sums(group, square, size)
        own = (n[group] * square + total[group]) / 2  # Σ h of one member with all others
        # Σ h² over pairs: of (|x|² + |y|² − 2 x·y)² the terms that are odd in x vanish, as x is taken around its mean
        squares = (n * sums(group, square**2, size) + total**2 + 2 * _products(x, group, size)) / 4
        pairs, apart = n * (n - 1) / 2, (n - 2) * (n - 3) / 2
        whole = n * total / 2
        disjoint = (whole**2 + squares - sums(group, own**2, size)) / (pairs * apart)
        spread = np.where(n > 1, whole / pairs, np.nan)
        return Spreads(spread, np.where(n >= FEWEST, spread**2 - disjoint, np.nan))


def _products(x: Floats, group: Ints, size: int) -> Floats:
    """(G,) sum of (x·y)² over all ordered pairs of members, each with itself too."""
    order = np.argsort(group, kind="stable")
    parts = np.split(x[order], np.cumsum(np.bincount(group, minlength=size))[:-1])
    return np.array([((part.T @ part) ** 2).sum() for part in parts])
