"""The majority label of several people, and its agreement with one more person."""

import numpy as np

from personametrics.stats.arrays import Floats, ratio

SLACK = 1e-9
"""Shares that differ by less than this are tied."""


def majority(counts: Floats) -> Floats:
    """Return the majority label as shares; tied labels share it equally, the average over a random choice among them.

    Args:
        counts: (..., L) answers per label, or label probabilities.

    Returns:
        Shares, (..., L), that sum to 1; NaN without answers.

    Examples:
        >>> majority(np.array([[3.0, 1, 0], [2, 0, 2]])).tolist()
        [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]
    """
    table = np.asarray(counts, float)
    top = table.max(-1, keepdims=True)
    won = (table >= top - SLACK * np.maximum(top, 1.0)).astype(float)
    return np.where(table.sum(-1, keepdims=True) > 0, won / won.sum(-1, keepdims=True), np.nan)


def pair_agreement(counts: Floats) -> Floats:
    """Compute the probability that two different people give the same label: Σ n_l (n_l − 1) / (n (n − 1)).

    Args:
        counts: (..., L) number of people per label.

    Returns:
        The probability, (...); NaN for fewer than two people.

    Examples:
        Three of the six pairs of four people agree:

        >>> pair_agreement(np.array([3.0, 1, 0]))
        np.float64(0.5)
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    return ratio((table * (table - 1)).sum(-1), n * (n - 1) * (n >= 2))[()]


def others_agreement(counts: Floats) -> Floats:
    """Compute the probability that a person gives the majority label of all others, mean over the people.

    The majority never includes the person who is compared with it. For two people it equals `pair_agreement`.

    Args:
        counts: (..., L) number of people per label.

    Returns:
        The probability, (...); NaN for fewer than two people.

    References:
        Calderon, Reichart & Dror (2025), arXiv:2501.10970 (each annotator against the others).

    Examples:
        Three of four people agree with the majority of the others, the fourth does not; with two against two, all disagree:

        >>> others_agreement(np.array([[3.0, 1, 0], [2, 2, 0]])).tolist()
        [0.75, 0.0]
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    others = table[..., None, :] - np.eye(table.shape[-1])  # (..., label of the person, label): counts without that person
    agreed = np.einsum("...ll->...l", majority(np.maximum(others, 0.0)))
    total = (np.where(table > 0, np.nan_to_num(agreed), 0.0) * table).sum(-1)
    return np.asarray(total / np.where(n >= 2, n, np.nan))[()]
