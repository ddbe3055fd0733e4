"""The shift of trait scores from the model's own score to a requested pole, without the effect of acquiescence."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Flags, Floats

KEYS = ("+", "-")
"""Keyed directions of items, in the order of the sums."""
SIDES = ("high", "low", "own")
"""Sides of the sums: personas with a high target, personas with a low target, and the model itself."""
PARTS = len(KEYS) * len(SIDES) * 2
"""Number of sums of one trait: total score (0 to 1, towards the trait) and count, for each direction and side."""


class Character(NamedTuple):
    """The scores (T,), 0 to 1, of a model without a persona on T traits.

    `keys` (T, 2) is True if the trait has items of the direction, answered with and without a persona; `asked` (T, 2) is the distance from
    the score to the high pole, 1, and to the low pole, 0.
    """

    keys: Flags
    own: Floats
    asked: Floats


def character(sums: Floats) -> Character:
    """Compute the model's own trait scores, as means over the available directions, and their distances to both poles.

    `sums` (T × 12,) are those of T traits, each (direction, side, score and count) unrolled.

    Examples:
        >>> sums = np.array([[[1, 1], [0, 1], [0.8, 1]], [[1, 1], [0, 1], [0.6, 1]]]).ravel()  # a mean of .8, and .6 after reversal
        >>> character(sums).asked.round(2).tolist()
        [[0.3, 0.7]]
    """
    count = sums.reshape(-1, len(KEYS), len(SIDES), 2)[..., 1]
    keys = (count[..., :2].sum(-1) > 0) & (count[..., 2] > 0)
    own = _scores(sums, keys)[0][..., 2]
    return Character(keys, own, np.stack([1 - own, own], -1))


def resistance(sums: Floats, keys: Flags, far: Flags) -> Floats:
    """Compute the remaining distance to the poles over the requested distance, each summed over personas and traits.

    With s the mean score of the n personas with a target pole (1 or 0), and s₀ the model's own score:

        Σ n |pole − s| / Σ n |pole − s₀|

    0: personas reach the pole; 1: they stay at the model's score; above 1: they move away from the pole. Scores are means of both
    directions with equal weights. `keys` and `far` (T, 2) mark the directions, and the traits and poles, that are used; a trait without
    data in one of the directions is left out.

    Examples:
        >>> sums = np.array([[[8.5, 10], [0, 0], [7, 10]], [[8.5, 10], [0, 0], [7, 10]]]).ravel()  # from .7 to .85, target 1
        >>> float(resistance(sums, np.array([[True, True]]), np.array([[True, True]])).round(6))
        0.5
    """
    score, persons = _scores(sums, keys)
    pole = np.array([1.0, 0.0])
    kept, asked = np.abs(pole - score[..., :2]), np.abs(pole - score[..., 2:])
    counts = far & np.isfinite(kept + asked + persons)
    kept, asked = (np.where(counts, persons * part, 0.0).sum((-1, -2)) for part in (kept, asked))
    return np.asarray(np.where(asked > 0, kept, np.nan) / np.where(asked > 0, asked, 1.0))


def acquiescence(sums: Floats, keys: Flags) -> Floats:
    """Compute acquiescence, −½ to ½: the mean unreversed answer to items of both directions minus the scale's middle, mean over traits.

    It is 0 if agreement follows the trait only. Only traits with both directions in `keys` (T, 2) count; NaN without one.
    """
    parts = sums.reshape(*sums.shape[:-1], -1, len(KEYS), len(SIDES), 2)[..., :2, :].sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = parts[..., 0] / parts[..., 1]
    agreed = (mean[..., 0] - mean[..., 1]) / 2
    counts = keys.all(-1) & np.isfinite(agreed)
    number = counts.sum(-1)
    return np.asarray(np.where(counts, agreed, 0.0).sum(-1) / np.where(number > 0, number, np.nan))


def _scores(sums: Floats, keys: Flags) -> tuple[Floats, Floats]:
    """Compute scores (..., T, 3) and numbers of personas (..., T, 2); NaN or infinite where data in a used direction are missing."""
    parts = sums.reshape(*sums.shape[:-1], -1, len(KEYS), len(SIDES), 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, persons = parts[..., 0] / parts[..., 1], parts[..., :2, 1] / parts[..., 2:, 1]
    number = keys.sum(-1)[:, None]
    return np.where(keys[..., None], mean, 0.0).sum(-2) / number, np.where(keys[..., None], persons, 0.0).sum(-2) / number
