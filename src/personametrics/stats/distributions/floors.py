"""The distance of two distributions of labels that sampling alone makes, to which an observed distance must be compared."""

from collections.abc import Callable

import numpy as np

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.distances import Distance, distribution, normalise, total_variation

BLOCK = 4_000_000
"""Largest number of values that a simulation holds at a time."""


def sampling_floor(
    p: Floats,
    n: float | Floats | Ints,
    m: float | Floats | Ints = np.inf,
    distance: Distance = total_variation,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Floats:
    """Simulate the expected distance of two samples of one distribution, which a perfect panel would still show.

    The mean over seeded draws of distance(X / n, Y / m), with independent X ~ multinomial(n, p) and Y ~ multinomial(m, p). At 2,000 draws
    its standard error is about 1 %. It is not a test: about half of all perfect panels have a larger distance. Source: Meister, Guestrin &
    Hashimoto (2024), arXiv:2411.05403 (a floor of 30 draws).

    Args:
        p: distribution of both samples, (..., labels).
        n: answers in the first sample, a number or (...); an effective size is rounded, to at least 1.
        m: answers in the second sample; infinite for p itself.
        distance: `total_variation`, `jensen_shannon`, `wasserstein`, or another function of two arrays (..., labels).
        draws: number of pairs of samples.
        seed: seed of the draws.

    Returns:
        The expected distance, (...), in its unit; NaN where p is not a distribution or a size is NaN.

    Raises:
        ValueError: a size is negative, or draws < 1.

    Examples:
        >>> sampling_floor(np.array([0.5, 0.5]), 1)  # the share of one answer always differs from p by ½
        np.float64(0.5)
    """
    share = distribution(np.asarray(p, dtype=np.float64))
    size = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64), share[..., 0])
    share = np.broadcast_to(share, (*size[0].shape, share.shape[-1]))
    defined = ~np.isnan(size[0] + size[1] + size[2])
    if np.any(np.minimum(size[0], size[1])[defined] < 0):
        message = "The sample sizes must not be negative."
        raise ValueError(message)
    rng = np.random.default_rng(seed)
    flat = share[defined]

    def draw(times: int) -> Floats:
        return distance(_sample(rng, flat, size[0][defined], times), _sample(rng, flat, size[1][defined], times))

    return _spread(_mean_of(draw, draws, flat.size), defined)


def split_half(counts: Ints | Floats, distance: Distance = total_variation, *, splits: int = 200, seed: int = 0) -> Floats:
    """Simulate the expected distance of two random halves of the same people: how well people predict people.

    The mean over seeded splits of distance(half, other half), drawn without replacement (multivariate hypergeometric). With an odd number
    of answers, one half gets the additional one. Two full samples of n people would be closer than halves, by a factor of about √2 for
    total variation and Wasserstein, and 2 for Jensen–Shannon. Compare with panels of n / 2 answers, or with `sampling_floor`. Source:
    Spearman (1910), doi:10.1111/j.2044-8295.1910.tb00206.x (split halves).

    Args:
        counts: human answers per label, (..., labels), whole numbers, one answer per person.
        distance: distance function, as in `sampling_floor`.
        splits: number of splits.
        seed: seed of the splits.

    Returns:
        The expected distance, (...), in its unit; NaN with fewer than two answers.

    Raises:
        ValueError: counts are not whole numbers of at least 0, or splits < 1.

    Examples:
        >>> split_half(np.array([1, 1]))  # each half is one person, and they always differ
        np.float64(1.0)
    """
    table = _whole(counts)
    defined = table.sum(axis=-1) >= 2
    people = table[defined]
    rng = np.random.default_rng(seed)

    def draw(times: int) -> Floats:
        half = _deal(rng, people, people.sum(axis=-1) // 2, times)
        return distance(normalise(half), normalise(people - half))

    return _spread(_mean_of(draw, splits, people.size), defined)


def permutation_floor(
    a: Ints | Floats, b: Ints | Floats, distance: Distance = total_variation, *, splits: int = 200, seed: int = 0
) -> Floats:
    """Simulate the expected distance of two samples if both come from one population, which is what sampling alone makes.

    The pooled answers are permuted between the two sides, whose sizes stay the same (multivariate hypergeometric). This is exact for any
    sample sizes if the populations do not differ. Unlike `sampling_floor` it does not need a known distribution. Source: Good (2005),
    Permutation, Parametric and Bootstrap Tests of Hypotheses, doi:10.1007/b138696.

    Args:
        a: answers per label on one side, (..., labels), whole numbers.
        b: answers per label on the other side.
        distance: distance function, as in `sampling_floor`.
        splits: number of permutations.
        seed: seed of the permutations.

    Returns:
        The expected distance, (...), in its unit; NaN where a side does not have an answer.

    Raises:
        ValueError: counts are not whole numbers of at least 0, or splits < 1.

    Examples:
        >>> permutation_floor(np.array([1, 0]), np.array([0, 1]))  # one yes against one no differ after any permutation
        np.float64(1.0)
    """
    one, other = (_whole(counts) for counts in (a, b))
    defined = (one.sum(axis=-1) > 0) & (other.sum(axis=-1) > 0)
    pooled, size = (one + other)[defined], one.sum(axis=-1)[defined]
    rng = np.random.default_rng(seed)

    def draw(times: int) -> Floats:
        dealt = _deal(rng, pooled, size, times)
        return distance(normalise(dealt), normalise(pooled - dealt))

    return _spread(_mean_of(draw, splits, pooled.size), defined)


def _sample(rng: np.random.Generator, p: Floats, size: Floats, times: int) -> Floats:
    """Draw the shares of labels in samples of the given sizes, (times, ..., labels); p itself where the size is infinite."""
    endless = np.isinf(size)
    n = np.maximum(np.rint(np.where(endless, 1.0, size)), 1.0).astype(np.int64)
    if endless.all():
        return np.broadcast_to(p, (times, *p.shape))
    drawn = rng.multinomial(n, p / p.sum(axis=-1, keepdims=True), size=(times, *n.shape)) / n[..., None]
    return np.where(endless[..., None], p, drawn)


def _whole(counts: Ints | Floats) -> Ints:
    """Convert counts to integers, or raise a ValueError if they are not whole numbers of at least 0."""
    table = np.asarray(counts, dtype=np.float64)
    if not np.all(np.isfinite(table) & (table >= 0) & (table % 1 == 0)):
        message = "The counts must be whole numbers and not negative."
        raise ValueError(message)
    return table.astype(np.int64)


def _deal(rng: np.random.Generator, people: Ints, size: Ints, times: int) -> Ints:
    """Draw `size` of the people without replacement, and count their labels, (times, ..., labels)."""
    left = np.broadcast_to(people.sum(axis=-1), (times, *people.shape[:-1]))
    missing = np.broadcast_to(size, left.shape)
    dealt = np.zeros((times, *people.shape), dtype=np.int64)
    for label in range(people.shape[-1]):
        left = left - people[..., label]
        dealt[..., label] = rng.hypergeometric(people[..., label], left, missing)
        missing = missing - dealt[..., label]
    return dealt


def _mean_of(draw: Callable[[int], Floats], times: int, width: int) -> Floats:
    """Average `times` draws, a block of them at a time so that memory stays bounded."""
    if times < 1:
        message = "The number of draws or splits must be at least 1."
        raise ValueError(message)
    block = max(1, BLOCK // max(width, 1))
    total = sum(draw(min(block, times - start)).sum(axis=0) for start in range(0, times, block))
    return np.asarray(total / times, dtype=np.float64)


def _spread(value: Floats, defined: np.ndarray) -> Floats:
    """Put the values back in their places, with NaN elsewhere."""
    result = np.full(defined.shape, np.nan)
    result[defined] = value
    return result[()]
