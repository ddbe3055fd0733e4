"""Distances between two distributions of labels."""

from collections.abc import Callable

import numpy as np
from scipy.special import rel_entr

from personametrics.stats.arrays import Floats, Ints

Distance = Callable[[Floats, Floats], Floats]
"""A function of two distributions (..., labels) that returns their distance (...)."""

SUM_TOLERANCE = 1e-6
"""Largest deviation of the sum of a distribution from 1."""


def normalise(counts: Floats | Ints) -> Floats:
    """Convert counts (..., labels) to shares that sum to 1; NaN for a row that is all zero, negative or not finite.

    Examples:
        >>> import numpy as np
        >>> normalise(np.array([[1, 3], [0, 0]]))
        array([[0.25, 0.75],
               [ nan,  nan]])
    """
    table = np.asarray(counts, dtype=np.float64)
    total = table.sum(axis=-1, keepdims=True)
    usable = np.isfinite(total) & (total > 0) & (np.min(table, axis=-1, keepdims=True, initial=0.0) >= 0)
    shares: Floats = np.where(usable, table, np.nan) / np.where(usable, total, 1.0)
    return shares


def total_variation(p: Floats, q: Floats) -> Floats:
    """Compute the total variation of two distributions: ½ Σ |p − q|, the share of answers that would have to change.

    It ignores the order of labels: neighbouring labels are as far apart as the ends of the scale.

    Args:
        p: distribution over labels, (..., labels).
        q: the other distribution.

    Returns:
        The distance, (...), 0 to 1; NaN where a row is not a distribution (see `normalise`).

    Raises:
        ValueError: p and q do not have the same labels.

    References:
        Levin, Peres & Wilmer (2009), Markov chains and mixing times, chapter 4.

    Examples:
        By hand, ½ (.3 + .1 + .1 + .3).

        >>> import numpy as np
        >>> total_variation(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])).round(6)
        np.float64(0.4)
    """
    p, q = _pair(p, q)
    distance: Floats = np.abs(p - q).sum(axis=-1) / 2
    return distance


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Compute the Jensen–Shannon divergence of two distributions in bits: ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = ½ (p + q).

    It is the divergence and not its square root, the Jensen–Shannon distance, which is a metric and larger.

    Args:
        p: distribution over labels, (..., labels).
        q: the other distribution.

    Returns:
        The divergence, (...), 0 to 1 bit; NaN where a row is not a distribution.

    Raises:
        ValueError: p and q do not have the same labels.

    References:
        Lin (1991), doi:10.1109/18.61115.

    Examples:
        `scipy.spatial.distance.jensenshannon([1, 0], [.5, .5], base=2) ** 2` gives .311278.

        >>> import numpy as np
        >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(6)
        np.float64(0.311278)
    """
    p, q = _pair(p, q)
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=-1) / (2 * np.log(2))
    clipped: Floats = np.clip(divergence, 0.0, 1.0)  # only rounding leaves the range
    return clipped


def wasserstein(p: Floats, q: Floats, positions: Floats | Ints | None = None) -> Floats:
    """Compute the Wasserstein-1 distance of two distributions on a scale: Σ |P − Q| · width, P and Q the cumulated shares.

    It is the mean distance by which answers must move, in units of the scale. The probabilities are weights of the positions. Passing them
    as if they were sampled values, a published mistake, ignores the order of the labels.

    Args:
        p: distribution over labels, (..., labels).
        q: the other distribution.
        positions: positions of the labels on the scale, (labels,); None: 0, 1, 2, ….

    Returns:
        The distance, (...), 0 to the width of the scale; NaN where a row is not a distribution.

    Raises:
        ValueError: p and q do not have the same labels, or positions are not finite or not one per label.

    References:
        Vallender (1974), doi:10.1137/1118101.

    Examples:
        By hand, |−.3| + |−.4| + |−.3| (the mistake would give 0).

        >>> import numpy as np
        >>> wasserstein(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])).round(6)
        np.float64(1.0)
    """
    p, q = _pair(p, q)
    labels = p.shape[-1]
    place = np.arange(labels, dtype=np.float64) if positions is None else np.asarray(positions, dtype=np.float64)
    if place.shape != (labels,) or not np.all(np.isfinite(place)):
        message = f"The positions must be one finite number for each of the {labels} labels."
        raise ValueError(message)
    order = np.argsort(place)
    moved = np.cumsum((p - q)[..., order], axis=-1)[..., :-1]
    distance: Floats = (np.abs(moved) * np.diff(place[order])).sum(axis=-1)
    return distance


def _pair(p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Convert both to floats, with NaN for each row that is not a distribution."""
    pair = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if min(pair[0].ndim, pair[1].ndim) < 1 or pair[0].shape[-1] != pair[1].shape[-1]:
        message = f"The distributions have the shapes {pair[0].shape} and {pair[1].shape}. Put the same labels on their last axes."
        raise ValueError(message)
    return distribution(pair[0]), distribution(pair[1])


def distribution(p: Floats) -> Floats:
    """Keep the rows (..., labels) that are distributions, and set all others to NaN."""
    with np.errstate(invalid="ignore"):
        valid = (p >= 0).all(axis=-1, keepdims=True) & (np.abs(p.sum(axis=-1, keepdims=True) - 1) <= SUM_TOLERANCE)
    return np.where(valid, p, np.nan)
