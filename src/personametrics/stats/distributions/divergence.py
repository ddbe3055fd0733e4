"""The Kullback–Leibler divergence of answers, in nats, and its expectation by chance."""

import numpy as np
from scipy.special import rel_entr

from personametrics.stats.arrays import Floats, Ints, log_choose


def kl_divergence(p: Floats, q: Floats) -> Floats:
    """Compute the Kullback–Leibler divergence Σ p ln(p / q): the loss of predicting q where p is true.

    It is not a distance: exchanging p and q changes it.

    Args:
        p: true distribution over labels, (..., labels).
        q: predicted distribution.

    Returns:
        The divergence in nats, (...), at least 0; ∞ where q is 0 and p is not.

    References:
        Kullback & Leibler (1951), doi:10.1214/aoms/1177729694.

    Examples:
        `scipy.stats.entropy([.5, .5], [.9, .1])` gives .510826.

        >>> round(float(kl_divergence(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 6)
        0.510826
    """
    return np.asarray(rel_entr(p, q).sum(axis=-1), dtype=np.float64)


def smoothed_shares(counts: Floats | Ints, more: float = 0.5) -> Floats:
    """Compute smoothed shares of labels, (c + more) / (n + more · labels), which keep divergences of few answers finite.

    Args:
        counts: answers per label, (..., labels).
        more: number of answers added to each label; ½ is Jeffreys' prior.

    Examples:
        >>> smoothed_shares(np.array([3, 0]))
        array([0.875, 0.125])
    """
    table = np.asarray(counts, dtype=np.float64)
    return np.asarray((table + more) / (table.sum(axis=-1, keepdims=True) + more * table.shape[-1]), dtype=np.float64)


def divergence_floor(a: Floats | Ints, b: Floats | Ints, more: float = 0.5) -> Floats:
    """Compute the expected divergence of the smoothed shares of a from those of b if both are samples of one population.

    It is the exact mean over all permutations of the pooled answers between the two sides, whose sizes stay the same; nothing is drawn. The
    number of a side's answers with a label is hypergeometric, and the other side has the rest.

    Args:
        a: answers per label on one side, (..., labels), whole numbers.
        b: answers per label on the other side, of the same shape.
        more: number of answers added to each label, as in `smoothed_shares`.

    Returns:
        The mean of `kl_divergence(smoothed_shares(a), smoothed_shares(b))` over permutations, in nats, (...).

    References:
        Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, doi:10.1007/b138696.

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
