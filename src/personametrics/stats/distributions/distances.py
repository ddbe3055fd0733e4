"""Distances and divergences between two distributions of labels."""

from collections.abc import Callable

import numpy as np
from scipy.special import rel_entr

from personametrics.stats.arrays import Floats, Ints, log_choose

Distance = Callable[[Floats, Floats], Floats]
"""A function of two distributions (..., labels) that returns their distance (...)."""
SUM_TOLERANCE = 1e-6
"""Largest deviation of the sum of a distribution from 1."""


def normalise(counts: Floats | Ints) -> Floats:
    """Convert counts (..., labels) to shares that sum to 1; NaN for a row that is all zero, negative or not finite.

    Examples:
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
    """Compute the total variation of two distributions (..., labels): ½ Σ |p − q|, the share of answers that would have to change.

    It ignores the order of labels: neighbouring labels are as far apart as the ends of the scale. Source: Levin, Peres & Wilmer (2009),
    Markov chains and mixing times, chapter 4.

    Returns:
        The distance, (...), 0 to 1; NaN where a row is not a distribution (see `normalise`).

    Raises:
        ValueError: p and q do not have the same labels.

    Examples:
        >>> total_variation(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])).round(6)  # ½ (.3 + .1 + .1 + .3)
        np.float64(0.4)
    """
    p, q = _pair(p, q)
    distance: Floats = np.abs(p - q).sum(axis=-1) / 2
    return distance


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Compute the Jensen–Shannon divergence of two distributions (..., labels) in bits: ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = ½ (p + q).

    It is the divergence and not its square root, the Jensen–Shannon distance, which is a metric and larger. Source: Lin (1991),
    doi:10.1109/18.61115.

    Returns:
        The divergence, (...), 0 to 1 bit; NaN where a row is not a distribution.

    Raises:
        ValueError: p and q do not have the same labels.

    Examples:
        >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(6)  # the square of scipy's jensenshannon
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
    as if they were sampled values, a published mistake, ignores the order of the labels. Source: Vallender (1974), doi:10.1137/1118101.

    Args:
        p: distribution over labels, (..., labels).
        q: the other distribution.
        positions: positions of the labels on the scale, (labels,); None: 0, 1, 2, ….

    Returns:
        The distance, (...), 0 to the width of the scale; NaN where a row is not a distribution.

    Raises:
        ValueError: p and q do not have the same labels, or positions are not finite or not one per label.

    Examples:
        By hand, |−.3| + |−.4| + |−.3| (the mistake would give 0).

        >>> wasserstein(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])).round(6)
        np.float64(1.0)
    """
    p, q = _pair(p, q)
    labels = p.shape[-1]
    place = np.arange(labels, dtype=np.float64) if positions is None else np.asarray(positions, dtype=np.float64)
    if place.shape != (labels,) or not np.all(np.isfinite(place)):
        message = f"The argument `positions` must have one finite number for each of the {labels} labels."
        raise ValueError(message)
    order = np.argsort(place)
    moved = np.cumsum((p - q)[..., order], axis=-1)[..., :-1]
    distance: Floats = (np.abs(moved) * np.diff(place[order])).sum(axis=-1)
    return distance


def _pair(p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Convert both to floats, with NaN for each row that is not a distribution."""
    pair = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if min(pair[0].ndim, pair[1].ndim) < 1 or pair[0].shape[-1] != pair[1].shape[-1]:
        message = f"The distributions have the shapes {pair[0].shape} and {pair[1].shape}. Give both the same labels on the last axis."
        raise ValueError(message)
    return distribution(pair[0]), distribution(pair[1])


def distribution(p: Floats) -> Floats:
    """Keep the rows (..., labels) that are distributions, and set all others to NaN."""
    with np.errstate(invalid="ignore"):
        valid = (p >= 0).all(axis=-1, keepdims=True) & (np.abs(p.sum(axis=-1, keepdims=True) - 1) <= SUM_TOLERANCE)
    return np.where(valid, p, np.nan)


def kl_divergence(p: Floats, q: Floats) -> Floats:
    """Compute the Kullback–Leibler divergence Σ p ln(p / q) in nats: the loss of predicting q where p is true, both (..., labels).

    It is at least 0, ∞ where q is 0 and p is not, and not symmetric. Source: Kullback & Leibler (1951), doi:10.1214/aoms/1177729694.

    Examples:
        >>> round(float(kl_divergence(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 6)  # as scipy.stats.entropy
        0.510826
    """
    return np.asarray(rel_entr(p, q).sum(axis=-1), dtype=np.float64)


def smoothed_shares(counts: Floats | Ints, more: float = 0.5) -> Floats:
    """Compute smoothed shares (c + more) / (n + more · labels) of counts (..., labels), which keep divergences of few answers finite.

    ½ is Jeffreys' prior.
    """
    table = np.asarray(counts, dtype=np.float64)
    return np.asarray((table + more) / (table.sum(axis=-1, keepdims=True) + more * table.shape[-1]), dtype=np.float64)


def divergence_floor(a: Floats | Ints, b: Floats | Ints, more: float = 0.5) -> Floats:
    """Compute the expected divergence of the smoothed shares of a from those of b, counts (..., labels), if both sample one population.

    It is the exact mean over all permutations of the pooled answers between the two sides, whose sizes stay the same; nothing is drawn. The
    number of a side's answers with a label is hypergeometric, and the other side has the rest. Good (2005), doi:10.1007/b138696.

    Examples:
        One yes against one no: they differ in both permutations, ¾ ln 3 + ¼ ln ⅓ by hand.

        >>> round(float(divergence_floor(np.array([1, 0]), np.array([0, 1]))), 6), round(np.log(3) / 2, 6)
        (0.549306, np.float64(0.549306))
    """
    one, other = (np.asarray(side, dtype=np.float64) for side in (a, b))
    both, n, m = one + other, one.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    labels, total = one.shape[-1], np.zeros(one.shape)
    for k in range(int(n.max(initial=0)) + 1):
        possible = (k <= np.minimum(both, n)) & (both - k <= m)
        dealt, rest = np.where(possible, k, 0.0), np.where(possible, both - k, both)
        chance = log_choose(both, dealt) + log_choose(n + m - both, np.where(possible, n - k, 0.0)) - log_choose(n + m, n)
        p, q = (dealt + more) / (n + more * labels), (rest + more) / (m + more * labels)
        total += np.where(possible, np.exp(np.where(possible, chance, 0.0)) * p * np.log(p / q), 0.0)
    return np.asarray(total.sum(axis=-1), dtype=np.float64)
