"""How far scores on traits move from their own place to the pole that was asked for, when agreeing with everything cancels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from personametrics.stats.arrays import Floats

Flags = npt.NDArray[np.bool_]
KEYS = ("+", "-")
"""Directions of items, in the order of the sums."""
SIDES = ("high", "low", "own")
"""Whose scores are summed: of those who are to be high, of those who are to be low, and what they start from."""
PARTS = len(KEYS) * len(SIDES) * 2
"""Sums of one trait: for each direction and side, the scores (from 0 to 1, towards the trait) and how many they are."""


class Character(NamedTuple):
    """What traits have before anybody is asked to be otherwise."""

    keys: Flags
    """(T, 2) whether the trait has items of the direction, answered by both."""
    own: Floats
    """(T,) its score, 0 to 1."""
    asked: Floats
    """(T, 2) distance from there to the high pole, 1, and to the low one, 0."""


def character(sums: Floats) -> Character:
    """Where traits start from.

    Args:
        sums: (T × 12,) sums of T traits, each (direction, side, score and count) unrolled.

    Returns:
        Their own score, the mean of the directions that there are, and the distances asked.

    Examples:
        A trait whose items keyed + stand at .8 and whose reversed ones, turned, at .6:

        >>> sums = np.array([[[1, 1], [0, 1], [0.8, 1]], [[1, 1], [0, 1], [0.6, 1]]]).ravel()
        >>> character(sums).asked.round(2).tolist()
        [[0.3, 0.7]]
    """
    count = sums.reshape(-1, len(KEYS), len(SIDES), 2)[..., 1]
    keys = (count[..., :2].sum(-1) > 0) & (count[..., 2] > 0)
    own = _scores(sums, keys)[0][..., 2]
    return Character(keys, own, np.stack([1 - own, own], -1))


def resistance(sums: Floats, keys: Flags, far: Flags) -> Floats:
    """Distance kept over distance asked, each summed over persons and traits.

    With s the mean score of those who are to be at a pole (1 or 0), s₀ where the trait starts from, and n how many persons:

        Σ n |pole − s| / Σ n |pole − s₀|

    0: they arrive at the pole; 1: they stay; above 1 they move away from it. Scores are means of both directions, weighing the same.

    Args:
        sums: (..., T × 12) as in `character`.
        keys: (T, 2) directions that count; a trait that lost one is left out.
        far: (T, 2) trait and pole that count.

    Returns:
        (...) NaN where nothing is asked.

    Examples:
        From .7 asked to 1, and coming to .85, on both directions: half is kept.

        >>> sums = np.array([[[8.5, 10], [0, 0], [7, 10]], [[8.5, 10], [0, 0], [7, 10]]]).ravel()
        >>> float(resistance(sums, np.array([[True, True]]), np.array([[True, True]])).round(6))
        0.5
    """
    score, persons = _scores(sums, keys)
    pole = np.array([1.0, 0.0])
    kept, asked = np.abs(pole - score[..., :2]), np.abs(pole - score[..., 2:])
    counts = far & np.isfinite(kept + asked + persons)
    kept, asked = (np.where(counts, persons * one, 0.0).sum((-1, -2)) for one in (kept, asked))
    return np.asarray(np.where(asked > 0, kept, np.nan) / np.where(asked > 0, asked, 1.0))


def acquiescence(sums: Floats, keys: Flags) -> Floats:
    """How far anything is agreed with: the mean answer to items keyed + and to reversed ones, minus the middle, mean over traits.

    Args:
        sums: (..., T × 12) as in `character`; what they start from is not read.
        keys: (T, 2) directions that count; only traits with both do.

    Returns:
        (...) −½ to ½, 0 where agreement follows the trait alone; NaN where no trait has both.
    """
    parts = sums.reshape(*sums.shape[:-1], -1, len(KEYS), len(SIDES), 2)[..., :2, :].sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = parts[..., 0] / parts[..., 1]
    agreed = (mean[..., 0] - mean[..., 1]) / 2
    counts = keys.all(-1) & np.isfinite(agreed)
    number = counts.sum(-1)
    return np.asarray(np.where(counts, agreed, 0.0).sum(-1) / np.where(number > 0, number, np.nan))


def _scores(sums: Floats, keys: Flags) -> tuple[Floats, Floats]:
    """Scores (..., T, 3) and numbers of persons (..., T, 2); NaN or infinite where a direction that counts was lost."""
    parts = sums.reshape(*sums.shape[:-1], -1, len(KEYS), len(SIDES), 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, persons = parts[..., 0] / parts[..., 1], parts[..., :2, 1] / parts[..., 2:, 1]
    number = keys.sum(-1)[:, None]
    return np.where(keys[..., None], mean, 0.0).sum(-2) / number, np.where(keys[..., None], persons, 0.0).sum(-2) / number
