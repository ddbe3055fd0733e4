"""What somebody can do at their best, and how far their attempts lie apart: percentiles over repeats of one task."""

from typing import NamedTuple

import numpy as np
from scipy.special import comb

from personametrics.stats.arrays import Floats

BEST, WORST = 90.0, 10.0
"""Percentiles."""


class Aptitude(NamedTuple):
    """Repeats of one task, each (...), in units of the scores."""

    mean: Floats
    aptitude: Floats
    """A90: the 90th percentile."""
    unreliability: Floats
    """U: the 90th minus the 10th percentile."""


def aptitude(scores: Floats) -> Aptitude:
    """Mean, aptitude A90 = P90 and unreliability U = P90 − P10 of repeats (Laban and others 2025, arXiv:2505.06120).

    Percentiles lie between neighbouring scores, linearly. They depend on how many repeats there are: compare equal numbers only. Where a
    score is either of two, U is all or next to nothing for a single task; its mean over tasks is what can be read.

    Args:
        scores: (..., repeats); NaN where a repeat is missing.

    Returns:
        NaN where no repeat is there; unreliability also where only one is.

    Examples:
        >>> [float(one) for one in aptitude(np.array([0.0, 0, 50, 60, 70, 80, 90, 100, 100, 100]))]
        [65.0, 100.0, 100.0]
    """
    scores = np.asarray(scores, dtype=float)
    known = np.isfinite(scores)
    number = known.sum(-1)
    ordered = np.sort(np.where(known, scores, np.inf), axis=-1)
    mean = np.where(known, scores, 0.0).sum(-1) / np.where(number, number, np.nan)
    best, worst = (_percentile(ordered, number, at) for at in (BEST, WORST))
    return Aptitude(mean, best, np.where(number > 1, best - worst, np.nan))


def _percentile(ordered: Floats, number: np.ndarray, at: float) -> Floats:
    """(...) a percentile of the first `number` of some ordered scores."""
    place = at / 100 * np.maximum(number - 1, 0)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    low, high = (np.take_along_axis(ordered, end[..., None], axis=-1)[..., 0] for end in (below, above))
    part = place - below
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(part > 0, low + part * (high - low), low)
    return np.where(number > 0, found, np.nan)


def expected(share: float, repeats: int) -> Aptitude:
    """What `aptitude` gives on average where each repeat scores 1 with some probability and else 0: U > 0 by chance alone.

    Args:
        share: probability of a 1.
        repeats: at least 1.

    Examples:
        By hand: of two repeats, U is the distance of two points that lie 0.8 of the way apart, if they differ.

        >>> [round(float(one), 3) for one in expected(0.5, 2)]
        [0.5, 0.7, 0.4]
    """
    k = np.arange(repeats + 1)
    odds = comb(repeats, k) * share**k * (1 - share) ** (repeats - k)
    each = aptitude((np.arange(repeats) >= (repeats - k)[:, None]).astype(float))
    return Aptitude(*(np.asarray((odds * one).sum()) for one in each))
