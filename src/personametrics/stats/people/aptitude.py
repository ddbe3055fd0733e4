"""Aptitude and unreliability: percentiles over repeats of one task."""

from typing import NamedTuple

import numpy as np
from scipy.special import comb

from personametrics.stats.arrays import Floats

BEST, WORST = 90.0, 10.0
"""Percentiles of a good and of a bad attempt."""


class Aptitude(NamedTuple):
    """The mean of repeats of one task, their 90th percentile A90 and unreliability U = P90 − P10, each (...), in units of scores."""

    mean: Floats
    aptitude: Floats
    unreliability: Floats


def aptitude(scores: Floats) -> Aptitude:
    """Compute the mean, the aptitude A90 = P90 and the unreliability U = P90 − P10 of (..., repeats) scores; NaN for a missing repeat.

    Percentiles are interpolated linearly. They depend on the number of repeats: compare equal numbers only. For scores of 0 and 1, U of a
    single task is close to 0 or 1; interpret only its mean over tasks. All is NaN without repeats, U also with one repeat. Source: Laban et
    al. (2025), arXiv:2505.06120.

    Examples:
        >>> [float(number) for number in aptitude(np.array([0.0, 0, 50, 60, 70, 80, 90, 100, 100, 100]))]
        [65.0, 100.0, 100.0]
    """
    scores = np.asarray(scores, dtype=float)
    present = np.isfinite(scores)
    number = present.sum(-1)
    ordered = np.sort(np.where(present, scores, np.inf), axis=-1)
    mean = np.where(present, scores, 0.0).sum(-1) / np.where(number, number, np.nan)
    best, worst = (_percentile(ordered, number, percent) for percent in (BEST, WORST))
    return Aptitude(mean, best, np.where(number > 1, best - worst, np.nan))


def _percentile(ordered: Floats, number: np.ndarray, percent: float) -> Floats:
    """Compute a percentile of the first `number` ordered scores, (...)."""
    place = percent / 100 * np.maximum(number - 1, 0)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    low, high = (np.take_along_axis(ordered, end[..., None], axis=-1)[..., 0] for end in (below, above))
    part = place - below
    with np.errstate(invalid="ignore"):
        percentile = np.where(part > 0, low + part * (high - low), low)
    return np.where(number > 0, percentile, np.nan)


def expected_aptitude(share: float, repeats: int) -> Aptitude:
    """Compute the expectation of `aptitude` if each repeat independently scores 1 with the probability `share`, and 0 otherwise.

    U is above 0 by chance alone.

    Examples:
        >>> [round(float(number), 3) for number in expected_aptitude(0.5, 2)]  # U of two repeats is 0.8 of their distance
        [0.5, 0.7, 0.4]
    """
    k = np.arange(repeats + 1)
    odds = comb(repeats, k) * share**k * (1 - share) ** (repeats - k)
    each = aptitude((np.arange(repeats) >= (repeats - k)[:, None]).astype(float))
    return Aptitude(*(np.asarray((odds * number).sum()) for number in each))
