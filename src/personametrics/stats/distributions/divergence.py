"""How far answers with a persona depart from those without, in nats, and how much of that reruns alone make."""

import numpy as np
from scipy.special import gammaln, rel_entr

from personametrics.stats.arrays import Floats, Ints


def divergence(p: Floats, q: Floats) -> Floats:
    """Kullback–Leibler divergence Σ p ln(p / q): what is lost by expecting q where p is true.

    It is no distance: turned round it is another number.

    Args:
        p: a distribution over labels, (..., labels).
        q: the one expected.

    Returns:
        (...) nats, 0 or more; ∞ where q rules out what p allows.

    References:
        Kullback & Leibler 1951, doi:10.1214/aoms/1177729694.

    Examples:
        `scipy.stats.entropy([.5, .5], [.9, .1])` gives .510826.

        >>> round(float(divergence(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 6)
        0.510826
    """
    return np.asarray(rel_entr(p, q).sum(axis=-1), dtype=np.float64)


def smoothed(counts: Floats | Ints, more: float = 0.5) -> Floats:
    """Shares of labels, (c + more) / (n + more · labels): none is 0, so that divergences of few answers are finite.

    Args:
        counts: answers per label, (..., labels).
        more: answers added to each label; ½ is Jeffreys' prior.

    Examples:
        >>> smoothed(np.array([3, 0]))
        array([0.875, 0.125])
    """
    table = np.asarray(counts, dtype=np.float64)
    return np.asarray((table + more) / (table.sum(axis=-1, keepdims=True) + more * table.shape[-1]), dtype=np.float64)


def dealt_divergence(a: Floats | Ints, b: Floats | Ints, more: float = 0.5) -> Floats:
    """Expected divergence of the smoothed shares of a from those of b if both came from one population.

    The answers of both are pooled and dealt again, as many to each side as before, in all ways there are: exact, nothing is drawn. A side's
    answers with a label are hypergeometric, and what the other side has of it is what remains.

    Args:
        a: answers per label on one side, (..., labels), whole numbers.
        b: answers per label on the other side, of the same shape.
        more: as in `smoothed`.

    Returns:
        (...) nats: what `divergence(smoothed(a), smoothed(b))` is on average where nothing but chance tells the sides apart.

    References:
        Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, doi:10.1007/b138696.

    Examples:
        One yes against one no: dealt again they differ either way, ¾ ln 3 + ¼ ln ⅓ by hand.

        >>> round(float(dealt_divergence(np.array([1, 0]), np.array([0, 1]))), 6), round(np.log(3) / 2, 6)
        (0.549306, np.float64(0.549306))
    """
    one, other = (np.asarray(side, dtype=np.float64) for side in (a, b))
    both, n, m = one + other, one.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    labels, total = one.shape[-1], np.zeros(one.shape)
    for k in range(int(n.max(initial=0)) + 1):
        possible = (k <= np.minimum(both, n)) & (both - k <= m)
        dealt, rest = np.where(possible, k, 0.0), np.where(possible, both - k, both)
        chance = _log_choose(both, dealt) + _log_choose(n + m - both, np.where(possible, n - k, 0.0)) - _log_choose(n + m, n)
        p, q = (dealt + more) / (n + more * labels), (rest + more) / (m + more * labels)
        total += np.where(possible, np.exp(np.where(possible, chance, 0.0)) * p * np.log(p / q), 0.0)
    return np.asarray(total.sum(axis=-1), dtype=np.float64)


def _log_choose(n: Floats, k: Floats) -> Floats:
    """Logarithm of n over k, 0 ≤ k ≤ n."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), dtype=np.float64)
