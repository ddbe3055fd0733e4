"""Sets of labels that hold the true one as often as promised: split-conformal prediction from label probabilities."""

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from personametrics.stats.arrays import Floats

Score = Literal["lac", "aps", "ordinal"]
SLACK = 1e-9
"""Weights and ranks below this apart are rounding."""


def nonconformity(shares: Floats, score: Score = "lac", draws: Floats | None = None) -> Floats:
    """How strange each label would be as the true one, given the label probabilities.

    - `lac`: 1 − p(y), the smallest sets on average; easy items get sets that are too small, hard ones too large.
    - `aps`: the probability of all likelier labels, plus u · p(y): sets adapt to how hard an item is.
    - `ordinal`: the same, labels taken in the order in which an interval around the likeliest one grows, always to its likelier
      neighbour; sets are intervals.

    Args:
        shares: (..., L) label probabilities; for `ordinal` in the order of the scale.
        score: which of the three.
        draws: (...) u, uniform from 0 to 1 and drawn once for each item; None: 1, which makes sets larger than promised.

    Returns:
        (..., L) scores from 0 to 1.

    Raises:
        ValueError: an unknown score.

    References:
        Sadinle, Lei & Wasserman 2019, arXiv 1609.00451 (`lac`); Romano, Sesia & Candès 2020, arXiv 2006.02544 (`aps`); Lu, Angelopoulos &
        Pomerantz 2022, arXiv 2207.02238 (`ordinal`).

    Examples:
        By hand: the interval grows from the second label to the third, then to the fourth, then to the first.

        >>> nonconformity(np.array([0.1, 0.4, 0.3, 0.2]), "ordinal").round(6).tolist()
        [1.0, 0.4, 0.7, 0.9]
        >>> nonconformity(np.array([0.3, 0.4, 0.1, 0.2]), "aps", np.array(0.5)).round(6).tolist()
        [0.55, 0.2, 0.95, 0.8]
    """
    if score not in get_args(Score):
        message = f'"{score}" is no score: lac, aps or ordinal.'
        raise ValueError(message)
    p = np.asarray(shares, float)
    if score == "lac":
        return 1 - p
    order = _outward(p) if score == "ordinal" else np.argsort(-p, axis=-1, kind="stable")
    taken = np.take_along_axis(p, order, -1)
    u = np.ones(p.shape[:-1]) if draws is None else np.asarray(draws, float)
    found = np.empty_like(p)
    np.put_along_axis(found, order, np.minimum(np.cumsum(taken, -1) - taken * (1 - u[..., None]), 1.0), -1)
    return found


def _outward(p: Floats) -> npt.NDArray[np.intp]:
    """(..., L) labels in the order in which an interval grows from the likeliest one, always to its likelier neighbour."""
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
    """The score up to which labels belong to a set: of n calibration items, the ⌈(n + 1)(1 − α)⌉-th smallest.

    With one label an item, a set {y: score ≤ q} holds the label of a further item with a probability from 1 − α to
    1 − α + 1 / (n + 1) (the upper end where no scores are tied), if all items are exchangeable. Several people's labels of one item are
    not exchangeable with those of others. Either one of them is drawn at random, or all are taken, each with the weight 1 / (labels of
    the item): then n counts items, and a set holds the label of a random person with at least 1 − α.

    Args:
        scores: (N,) of the true labels, or of every label that somebody gave.
        alpha: how often a set may miss, between 0 and 1.
        weights: (N,) sum to 1 over an item; None: each is an item of its own.

    Returns:
        The threshold; ∞ where there are too few items (fewer than `least`), so that every set holds all labels.

    References:
        Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Lee, Barber & Willett 2023, arXiv 2306.06342 (several
        labels).

    Examples:
        Rank ⌈10 · 0.8⌉ = 8 of nine:

        >>> quantile(np.array([0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.7, 0.9]), 0.2)
        0.7
        >>> quantile(np.array([0.1, 0.2]), 0.1)
        inf
    """
    values = np.asarray(scores, float)
    if not 0 < alpha < 1:
        message = f"alpha lies between 0 and 1, not at {alpha:g}."
        raise ValueError(message)
    order = np.argsort(values, kind="stable")
    grown = np.cumsum(np.ones(len(values)) if weights is None else np.asarray(weights, float)[order])
    items = float(grown[-1]) if len(grown) else 0.0
    at = int(np.searchsorted(grown, (items + 1) * (1 - alpha) - SLACK))
    return float(values[order[at]]) if at < len(values) else math.inf


def least(alpha: float) -> int:
    """Calibration items below which no set can leave out a label: ⌈1 / α⌉ − 1.

    Examples:
        >>> least(0.05), least(0.1)
        (19, 9)
    """
    return math.ceil(1 / alpha - SLACK) - 1


def promise(items: int, alpha: float) -> tuple[float, float]:
    """Bounds of the expected coverage after calibration on so many items, one label each and no ties.

    Examples:
        >>> promise(9, 0.2)
        (0.8, 0.9)
    """
    return 1 - alpha, min(1.0, 1 - alpha + 1 / (items + 1))


def sets(scores: Floats, thresholds: float | Floats) -> npt.NDArray[np.bool_]:
    """(..., L) which labels belong to each item's set.

    Args:
        scores: (..., L) of every label, made as those of calibration.
        thresholds: one for all items, or (...) that of each item's group: calibrated within groups (Mondrian), each group's sets keep the
            promise.

    Examples:
        >>> sets(np.array([[0.1, 0.9], [0.4, 0.6]]), np.array([0.7, np.inf])).tolist()
        [[True, False], [True, True]]
    """
    return np.asarray(np.asarray(scores, float) <= np.asarray(thresholds, float)[..., None] + SLACK)
