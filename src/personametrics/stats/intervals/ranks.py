"""Ranks of numbers that are known up to an interval: numbers that do not differ reliably share their ranks."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Flags, Floats, Ints
from personametrics.stats.intervals.jackknife import Interval


class Ranks(NamedTuple):
    """The possible ranks of numbers, each (M,), from best to worst that the intervals allow; 1 is the rank of the largest number."""

    low: Ints
    high: Ints


def ranks(low: Floats, high: Floats) -> Ranks:
    """Compute all ranks that intervals allow; 1 is the rank of the largest number.

    A number ranks behind another one whose interval lies completely above its own. If all intervals jointly cover the true numbers with
    some probability, the ranges of ranks do so with at least the same probability. Source: Klein, Wright & Wieczorek (2020),
    doi:10.1111/rssc.12402.

    Args:
        low: (M,) lower ends of joint intervals; a number with a NaN end may have any rank.
        high: (M,) upper ends.

    Examples:
        >>> possible = ranks(np.array([0.8, 0.5, 0.55, 0.1]), np.array([0.9, 0.6, 0.7, 0.2]))
        >>> possible.low.tolist(), possible.high.tolist()
        ([1, 2, 2, 4], [1, 3, 3, 4])
    """
    above = _above(low, high)
    return Ranks(1 + above.sum(0), len(low) - above.sum(1))


def concordance(value: Floats, low: Floats, high: Floats, other: Floats) -> Interval:
    """Compute Kendall's τ between numbers that are known up to intervals and exact numbers; NaN without a pair.

    τ is the number of pairs in the same order minus that of pairs in opposite order, per pair. Its lower end counts every pair that the
    intervals leave undecided as opposite, its upper end as the same. The interval applies to these numbers and not to a population of them.
    Pairs with equal exact numbers are left out. Source: Kendall (1938), doi:10.1093/biomet/30.1-2.81.

    Args:
        value: (M,) estimated numbers.
        low: (M,) lower ends of joint intervals.
        high: (M,) upper ends.
        other: (M,) exact numbers.

    Examples:
        >>> tau = concordance(np.array([1.0, 2, 3]), np.array([0.5, 1.5, 2.8]), np.array([1.4, 2.9, 3.2]), np.array([5.0, 6, 7]))
        >>> [round(end, 3) for end in tau[:3]]  # one of three pairs is undecided
        [1.0, 0.333, 1.0]
    """
    first, second = np.triu_indices(len(value), 1)
    order = np.sign(other[first] - other[second])
    first, second, order = first[order != 0], second[order != 0], order[order != 0]
    if not len(order):
        return Interval(np.nan, np.nan, np.nan)
    above = _above(low, high)
    sure = above[first, second].astype(float) - above[second, first]
    point, least = float((np.sign(value[first] - value[second]) * order).mean()), sure * order
    open_ = sure == 0
    return Interval(point, min(point, float(np.where(open_, -1, least).mean())), max(point, float(np.where(open_, 1, least).mean())))


def _above(low: Floats, high: Floats) -> Flags:
    """Check for each pair if the interval of the row lies completely above that of the column, (M, M)."""
    with np.errstate(invalid="ignore"):
        return np.asarray(low[:, None] > high[None, :])
