"""How far two distributions of labels look apart by sampling alone: what a distance must be read beside."""

from collections.abc import Callable

import numpy as np

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.distances import Distance, distribution, normalise, total_variation

BLOCK = 4_000_000
"""Numbers held at a time by the simulations."""


def sampling_floor(
    p: Floats,
    n: float | Floats | Ints,
    m: float | Floats | Ints = np.inf,
    distance: Distance = total_variation,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Floats:
    """Expected distance of two samples of the same distribution: what a perfect panel would still show.

    The mean over seeded draws of distance(X / n, Y / m), with X ~ multinomial(n, p), Y ~ multinomial(m, p)
    independent. At 2,000 draws its standard error is about 1 %.

    It is not a test: half of all perfect panels are above it.

    Args:
        p: The distribution that both are drawn from, (..., labels).
        n: Answers in the first sample, a number or (...); an effective size is rounded, to 1 at least.
        m: Answers in the second; infinite for p itself.
        distance: `total_variation`, `jensen_shannon`, `wasserstein`, or another of two arrays (..., labels).
        draws: Pairs of samples drawn.
        seed: Of the draws; the same arguments give the same floor.

    Returns:
        The expected distance, (...), in its unit; NaN where p is not a distribution or a size is NaN.

    References:
        Meister, Guestrin & Hashimoto 2024, arXiv:2411.05403 (a floor of 30 draws).

    Examples:
        One answer to a fair yes or no is always ½ away from p.

        >>> import numpy as np
        >>> sampling_floor(np.array([0.5, 0.5]), 1)
        np.float64(0.5)
    """
    share = distribution(np.asarray(p, dtype=np.float64))
    size = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64), share[..., 0])
    share = np.broadcast_to(share, (*size[0].shape, share.shape[-1]))
    known = ~np.isnan(size[0] + size[1] + size[2])
    if np.any(np.minimum(size[0], size[1])[known] < 0):
        message = "sample sizes must not be negative."
        raise ValueError(message)
    rng = np.random.default_rng(seed)
    flat = share[known]

    def draw(times: int) -> Floats:
        return distance(_sample(rng, flat, size[0][known], times), _sample(rng, flat, size[1][known], times))

    return _spread(_mean_of(draw, draws, flat.size), known)


def split_half(counts: Ints | Floats, distance: Distance = total_variation, *, splits: int = 200, seed: int = 0) -> Floats:
    """Expected distance of two random halves of the same people: how well people predict people.

    The mean over seeded splits of distance(half, other half), the halves drawn without replacement (multivariate
    hypergeometric); of an odd number one half gets the extra answer.

    A half is half the size: two full samples of n people would be closer, by about √2 for total variation and
    Wasserstein and 2 for Jensen–Shannon. Compare with panels of n / 2 answers, or with `sampling_floor`.

    Args:
        counts: Human answers per label, (..., labels), whole numbers, each person once.
        distance: As in `sampling_floor`.
        splits: Splits drawn.
        seed: Of the splits; the same arguments give the same value.

    Returns:
        The expected distance, (...), in its unit; NaN with fewer than two answers.

    References:
        Spearman 1910, doi:10.1111/j.2044-8295.1910.tb00206.x (split halves).

    Examples:
        One yes and one no: the halves are a person each, and never agree.

        >>> import numpy as np
        >>> split_half(np.array([1, 1]))
        np.float64(1.0)
    """
    table = _whole(counts)
    known = table.sum(axis=-1) >= 2
    people = table[known]
    rng = np.random.default_rng(seed)

    def draw(times: int) -> Floats:
        half = _deal(rng, people, people.sum(axis=-1) // 2, times)
        return distance(normalise(half), normalise(people - half))

    return _spread(_mean_of(draw, splits, people.size), known)


def exchanged(a: Ints | Floats, b: Ints | Floats, distance: Distance = total_variation, *, splits: int = 200, seed: int = 0) -> Floats:
    """Expected distance of two samples if they came from one population: what sampling alone makes.

    The answers of both are pooled and dealt again, as many to each side as before (multivariate hypergeometric): exact for any sample
    sizes if nothing but chance tells the sides apart. Unlike `sampling_floor` it needs no distribution that is known beforehand.

    Args:
        a: Answers per label on one side, (..., labels), whole numbers.
        b: Answers per label on the other side, (..., labels).
        distance: As in `sampling_floor`.
        splits: Deals drawn.
        seed: Of the deals; the same arguments give the same value.

    Returns:
        The expected distance, (...), in its unit; NaN where a side has no answer.

    References:
        Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, doi:10.1007/b138696.

    Examples:
        One yes against one no: dealt again they still differ, whichever way.

        >>> import numpy as np
        >>> exchanged(np.array([1, 0]), np.array([0, 1]))
        np.float64(1.0)
    """
    one, other = (_whole(counts) for counts in (a, b))
    known = (one.sum(axis=-1) > 0) & (other.sum(axis=-1) > 0)
    pooled, size = (one + other)[known], one.sum(axis=-1)[known]
    rng = np.random.default_rng(seed)

    def draw(times: int) -> Floats:
        dealt = _deal(rng, pooled, size, times)
        return distance(normalise(dealt), normalise(pooled - dealt))

    return _spread(_mean_of(draw, splits, pooled.size), known)


def _sample(rng: np.random.Generator, p: Floats, size: Floats, times: int) -> Floats:
    """Shares of labels in samples of the given sizes, (times, ..., labels); p itself where the size is infinite."""
    endless = np.isinf(size)
    n = np.maximum(np.rint(np.where(endless, 1.0, size)), 1.0).astype(np.int64)
    if endless.all():
        return np.broadcast_to(p, (times, *p.shape))
    drawn = rng.multinomial(n, p / p.sum(axis=-1, keepdims=True), size=(times, *n.shape)) / n[..., None]
    return np.where(endless[..., None], p, drawn)


def _whole(counts: Ints | Floats) -> Ints:
    """Counts as whole numbers.

    Raises:
        ValueError: They are none.
    """
    table = np.asarray(counts, dtype=np.float64)
    if not np.all(np.isfinite(table) & (table >= 0) & (table % 1 == 0)):
        message = "counts must be whole numbers, not negative."
        raise ValueError(message)
    return table.astype(np.int64)


def _deal(rng: np.random.Generator, people: Ints, size: Ints, times: int) -> Ints:
    """Counts per label of `size` of the people, drawn without replacement, (times, ..., labels), label after label."""
    left = np.broadcast_to(people.sum(axis=-1), (times, *people.shape[:-1]))
    wanted = np.broadcast_to(size, left.shape)
    dealt = np.zeros((times, *people.shape), dtype=np.int64)
    for label in range(people.shape[-1]):
        left = left - people[..., label]
        dealt[..., label] = rng.hypergeometric(people[..., label], left, wanted)
        wanted = wanted - dealt[..., label]
    return dealt


def _mean_of(draw: Callable[[int], Floats], times: int, width: int) -> Floats:
    """Mean of `times` draws, a block of them at a time so that memory stays bounded."""
    if times < 1:
        message = "at least one draw is needed."
        raise ValueError(message)
    block = max(1, BLOCK // max(width, 1))
    total = sum(draw(min(block, times - start)).sum(axis=0) for start in range(0, times, block))
    return np.asarray(total / times, dtype=np.float64)


def _spread(value: Floats, known: np.ndarray) -> Floats:
    """The values back in their places, NaN elsewhere."""
    result = np.full(known.shape, np.nan)
    result[known] = value
    return result[()]
