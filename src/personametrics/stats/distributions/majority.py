"""What most of several people say, and how well it meets one more of them."""

import numpy as np

from personametrics.stats.arrays import Floats

SLACK = 1e-9
"""Shares below this apart are tied."""


def majority(counts: Floats) -> Floats:
    """The label that most give; tied labels share it, which is what a coin among them gives on average.

    Args:
        counts: (..., L) answers of each label, or their probabilities.

    Returns:
        (..., L) sums to 1; NaN without answers.

    Examples:
        >>> majority(np.array([[3.0, 1, 0], [2, 0, 2]])).tolist()
        [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]
    """
    table = np.asarray(counts, float)
    top = table.max(-1, keepdims=True)
    won = (table >= top - SLACK * np.maximum(top, 1.0)).astype(float)
    return np.where(table.sum(-1, keepdims=True) > 0, won / won.sum(-1, keepdims=True), np.nan)


def pair_agreement(counts: Floats) -> Floats:
    """Probability that two different people give the same label: Σ n_l (n_l − 1) / (n (n − 1)).

    Args:
        counts: (..., L) people who give each label.

    Returns:
        (...) 0 to 1; NaN for fewer than two people.

    Examples:
        Of six pairs of four people three agree:

        >>> pair_agreement(np.array([3.0, 1, 0]))
        np.float64(0.5)
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    pairs = np.where(n >= 2, n * (n - 1), np.nan)
    return np.asarray((table * (table - 1)).sum(-1) / pairs)[()]


def others_agreement(counts: Floats) -> Floats:
    """Probability that a person gives the label of the majority of all others, mean over the people.

    No person's label is compared with a majority that it belongs to. With two people it is `pair_agreement`.

    Args:
        counts: (..., L) people who give each label.

    Returns:
        (...) 0 to 1; NaN for fewer than two people.

    References:
        Calderon, Reichart & Dror 2025, arXiv 2501.10970 (each annotator against the others).

    Examples:
        Three of four meet the majority of the others, the fourth does not; of two against two, nobody does:

        >>> others_agreement(np.array([[3.0, 1, 0], [2, 2, 0]])).tolist()
        [0.75, 0.0]
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    without = table[..., None, :] - np.eye(table.shape[-1])  # (..., who says what, label): everybody but one who says it
    met = np.einsum("...ll->...l", majority(np.maximum(without, 0.0)))
    found = (np.where(table > 0, np.nan_to_num(met), 0.0) * table).sum(-1)
    return np.asarray(found / np.where(n >= 2, n, np.nan))[()]
