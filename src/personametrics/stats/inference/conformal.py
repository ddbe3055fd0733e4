"""Split-conformal prediction: sets of labels with guaranteed coverage, from label probabilities."""

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from personametrics.stats.arrays import Floats

Score = Literal["lac", "aps", "ordinal"]
"""A nonconformity score, see `nonconformity`."""
SLACK = 1e-9
"""Weights and ranks that differ by less than this differ by rounding."""


def nonconformity(shares: Floats, score: Score = "lac", draws: Floats | None = None) -> Floats:
    """Score how unlikely each label is as the true one, given the label probabilities.

    - "lac": 1 − p(y). It has the smallest sets on average; sets are too small for easy items and too large for hard ones.
    - "aps": the probability of all likelier labels, plus u · p(y). Sets adapt to the difficulty of an item.
    - "ordinal": as "aps", with labels in the order in which an interval grows from the likeliest one, always to its likelier neighbour.
      Sets are intervals.

    Sources: Sadinle, Lei & Wasserman (2019), arXiv:1609.00451 ("lac"); Romano, Sesia & Candès (2020), arXiv:2006.02544 ("aps"); Lu,
    Angelopoulos & Pomerantz (2022), arXiv:2207.02238 ("ordinal").

    Args:
        shares: (..., L) label probabilities; for "ordinal" in the order of the scale.
        score: one of the three scores.
        draws: (...) u, uniform from 0 to 1 and drawn once per item; None: 1, for which sets are larger than necessary.

    Returns:
        Scores from 0 to 1, (..., L).

    Raises:
        ValueError: an unknown score.

    Examples:
        >>> nonconformity(np.array([0.1, 0.4, 0.3, 0.2]), "ordinal").round(6).tolist()  # second label, third, fourth, first
        [1.0, 0.4, 0.7, 0.9]
        >>> nonconformity(np.array([0.3, 0.4, 0.1, 0.2]), "aps", np.array(0.5)).round(6).tolist()
        [0.55, 0.2, 0.95, 0.8]
    """
    if score not in get_args(Score):
        message = f'Unknown score "{score}". Available: {", ".join(get_args(Score))}.'
        raise ValueError(message)
    p = np.asarray(shares, float)
    if score == "lac":
        return 1 - p
    order = _outward(p) if score == "ordinal" else np.argsort(-p, axis=-1, kind="stable")
    taken = np.take_along_axis(p, order, -1)
    u = np.ones(p.shape[:-1]) if draws is None else np.asarray(draws, float)
    scores = np.empty_like(p)
    np.put_along_axis(scores, order, np.minimum(np.cumsum(taken, -1) - taken * (1 - u[..., None]), 1.0), -1)
    return scores


def _outward(p: Floats) -> npt.NDArray[np.intp]:
    """Sort labels as an interval grows from the likeliest one, always to its likelier neighbour, (..., L)."""
    flat = p.reshape(-1, p.shape[-1])
    rows, edged = np.arange(len(flat)), np.pad(flat, ((0, 0), (1, 1)), constant_values=-1.0)
    low = high = flat.argmax(-1)
    order = [low]
    for _ in range(p.shape[-1] - 1):
        left = edged[rows, low] >= edged[rows, high + 2]
        low, high = np.where(left, low - 1, low), np.where(left, high, high + 1)
        order.append(np.where(left, low, high))
    return np.stack(order, -1).reshape(p.shape)


def quantile(scores: Floats, alpha: float, weights: Floats | None = None) -> float:
    """Return the largest score of labels in a set: the ⌈(n + 1)(1 − α)⌉-th smallest score of n calibration items.

    With one label per item, a set {y: score ≤ q} contains the label of a new item with a probability from 1 − α to 1 − α + 1 / (n + 1) (the
    upper end without ties), if all items are exchangeable. Labels of several people for one item are not exchangeable with those for other
    items. Either draw one of them at random, or pass all, each with the weight 1 / (labels of the item): n then counts items, and a set
    contains the label of a random person with a probability of at least 1 − α. Sources: Vovk, Gammerman & Shafer (2005), Algorithmic
    Learning in a Random World; Lee, Barber & Willett (2023), arXiv:2306.06342 (several labels).

    Args:
        scores: (N,) scores of the true labels, or of the labels of all people.
        alpha: largest probability that a set misses the label, between 0 and 1.
        weights: (N,) weights with the sum 1 per item; None: each score is of another item.

    Returns:
        The threshold; ∞ with fewer items than `fewest_items`, so that every set contains all labels.

    Raises:
        ValueError: alpha is not between 0 and 1.

    Examples:
        >>> quantile(np.array([0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.7, 0.9]), 0.2)  # rank ⌈10 · 0.8⌉ = 8 of nine
        0.7
        >>> quantile(np.array([0.1, 0.2]), 0.1)
        inf
    """
    values = np.asarray(scores, float)
    if not 0 < alpha < 1:
        message = f"alpha is {alpha:g}. Give a number between 0 and 1."
        raise ValueError(message)
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(np.ones(len(values)) if weights is None else np.asarray(weights, float)[order])
    items = float(cumulated[-1]) if len(cumulated) else 0.0
    rank = int(np.searchsorted(cumulated, (items + 1) * (1 - alpha) - SLACK))
    return float(values[order[rank]]) if rank < len(values) else math.inf


def fewest_items(alpha: float) -> int:
    """Return the smallest number of calibration items with which a set can leave out a label: ⌈1 / α⌉ − 1.

    Examples:
        >>> fewest_items(0.05), fewest_items(0.1)
        (19, 9)
    """
    return math.ceil(1 / alpha - SLACK) - 1


def sets(scores: Floats, thresholds: float | Floats) -> npt.NDArray[np.bool_]:
    """Return the labels in the set of each item, (..., L), whose `nonconformity` is at most the threshold.

    Thresholds may be those of each item's group, (...): sets calibrated within groups (Mondrian) have the coverage in each group.

    Examples:
        >>> sets(np.array([[0.1, 0.9], [0.4, 0.6]]), np.array([0.7, np.inf])).tolist()
        [[True, False], [True, True]]
    """
    return np.asarray(np.asarray(scores, float) <= np.asarray(thresholds, float)[..., None] + SLACK)
