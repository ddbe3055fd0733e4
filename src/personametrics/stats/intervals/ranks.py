"""Ranks of what is known up to an interval: what is not told apart shares its places."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals.jackknife import Interval


class Ranks(NamedTuple):
    """Ranks from 1, the largest, each (M,)."""

    low: Ints
    """The best rank that the intervals allow."""
    high: Ints
    """The worst."""


def ranks(low: Floats, high: Floats) -> Ranks:
    """All ranks that intervals allow.

    A number surely ranks behind another whose interval lies wholly above its own. If all intervals together cover their truths with some
    probability, so do all ranges of ranks (Klein, Wright & Wieczorek 2020, doi:10.1111/rssc.12402).

    Args:
        low: (M,) lower ends of intervals that hold together; a NaN end is none, so that its owner may be anywhere.
        high: (M,) upper ends.

    Examples:
        >>> found = ranks(np.array([0.8, 0.5, 0.55, 0.1]), np.array([0.9, 0.6, 0.7, 0.2]))
        >>> found.low.tolist(), found.high.tolist()
        ([1, 2, 2, 4], [1, 3, 3, 4])
    """
    above = _above(low, high)
    return Ranks(1 + above.sum(0), len(low) - above.sum(1))


def concordance(value: Floats, low: Floats, high: Floats, other: Floats) -> Interval:
    """Kendall's τ of numbers known up to intervals with numbers that are known: pairs in the same order minus pairs in the other, per pair.

    Its ends count every pair that the intervals leave undecided against it, and for it; they hold for the numbers at hand, not for
    others like them. Pairs that the known numbers tie are left out (Kendall 1938, doi:10.1093/biomet/30.1-2.81).

    Args:
        value: (M,) the numbers.
        low: (M,) lower ends of intervals that hold together.
        high: (M,) upper ends.
        other: (M,) the known numbers.

    Returns:
        NaN without a pair.

    Examples:
        Three pairs, of which one is undecided:

        >>> found = concordance(np.array([1.0, 2, 3]), np.array([0.5, 1.5, 2.8]), np.array([1.4, 2.9, 3.2]), np.array([5.0, 6, 7]))
        >>> [round(end, 3) for end in found[:3]]
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


def _above(low: Floats, high: Floats) -> np.ndarray:
    """(M, M) whether the interval of the row lies wholly above that of the column."""
    with np.errstate(invalid="ignore"):
        found: np.ndarray = low[:, None] > high[None, :]
    return found
