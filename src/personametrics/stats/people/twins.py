"""The similarity of simulated twins to their own people, compared with other people."""

from typing import NamedTuple

import numpy as np
from scipy.special import comb

from personametrics.stats.arrays import Floats, Ints

FEWEST = 4
"""With fewer people, the correlation without one of them is undefined."""
SAME = 1e-9
"""Similarities that differ by less than this are equal."""


class Likeness(NamedTuple):
    """The correlation of a person's answer with a single answer of the twin, and the log ratio of standard deviations of twins and people.

    The rows (N,) have these means; their variance over N is the jackknife variance.
    """

    correlation: np.float64
    spread: np.float64
    correlation_rows: Floats
    spread_rows: Floats


def own_and_others(scores: Floats, truth: Ints) -> tuple[Floats, Floats]:
    """Score twins on the answers of their own people and on those of other people, for one item.

    `scores` (L, N) are those of twin n if the person's answer is label l, `truth` (N,) the labels that people chose. With m(p, q) the score
    of twin q on the answer of person p, a(p) the mean over twins q ≠ p, b(p) that of twin p over other people, and u the mean over all
    pairs p ≠ q, the rows of "others" are a(p) + b(p) − u; NaN with fewer than two people. Their mean is u, and their variance over N is the
    first-order (Hoeffding 1948, doi:10.1214/aoms/1177730196) variance of u, to which every person contributes as a person and as a twin.

    Examples:
        Three people answer 0, 0, 1, and so do their twins. Two of the six pairs of different people agree: u = 1/3.

        >>> own, others = own_and_others(np.array([[1.0, 1, 0], [0, 0, 1]]), np.array([0, 0, 1]))
        >>> own.tolist(), others.round(3).tolist()
        ([1.0, 1.0, 1.0], [0.667, 0.667, -0.333])
    """
    labels, number = scores.shape
    own = scores[truth, np.arange(number)]
    if number < 2:
        return own, np.full(number, np.nan)
    chosen = np.bincount(truth, minlength=labels)
    by_person = (scores.sum(1)[truth] - own) / (number - 1)
    by_twin = (chosen @ scores - own) / (number - 1)
    return own, by_person + by_twin - by_person.mean()


def likeness(people: Floats, twins: Floats, noise: Floats) -> Likeness:
    """Estimate the correlation and the ratio of standard deviations of people's answers and single answers of their twins, for one item.

    With x (N,) the person's answer, m the mean of the twin's runs and w their variance around it (with their number as divisor; 0 with one
    run; the variance of label probabilities if these are known):

        correlation = cov(x, m) / √(var x · (var m + mean w)),   spread = ½ log((var m + mean w) / var x)

    var m + mean w is the variance of single answers of different twins, for any number of runs. All is NaN with fewer than four people, or
    if all people or all twins (or all but one) have the same answer.

    Examples:
        >>> alike = likeness(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 2, 3, 4, 4]), np.zeros(5))
        >>> alike.correlation.round(4), np.exp(alike.spread).round(4)
        (np.float64(0.9487), np.float64(0.6325))
    """
    number = len(people)
    x, m = people - people.mean(), twins - twins.mean()
    parts = np.stack([x, m, x * x, m * m, x * m, noise])
    whole = parts.sum(1, keepdims=True)
    value, without = _moments(whole, number)[:, 0], _moments(whole - parts, number - 1)
    if number < FEWEST or not np.isfinite(without).all():
        undefined = np.full(number, np.nan)
        return Likeness(np.float64(np.nan), np.float64(np.nan), undefined, undefined)
    rows = value[:, None] - (number - 1) * (without - without.mean(1, keepdims=True))
    return Likeness(value[0], value[1], rows[0], rows[1])


def _moments(sums: Floats, number: int) -> Floats:
    """Compute the correlation and the log ratio of standard deviations, (2, M), from sums (6, M) over a number of people."""
    x, m, xx, mm, xm, noise = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = ((xx, x, x), (mm, m, m), (xm, x, m))
        people, twins, both = ((product - left * right / number) / (number - 1) for product, left, right in terms)
        twins = twins + noise / number
        varies = (people > SAME) & (twins > SAME)
        root = np.sqrt(np.where(varies, people * twins, np.nan))
        return np.stack([both / root, np.where(varies, np.log(np.where(varies, twins / people, 1.0)) / 2, np.nan)])


def first_place(before: Ints, tied: Ints, others: Ints | int, drawn: int) -> Floats:
    """Compute the probability of the first place among k others drawn without replacement, with random order of ties.

    If a of n ≥ k others rank before and t are tied, it is Σ_j C(t, j) C(n − a − t, k − j) / (1 + j) / C(n, k), which equals

        (C(n − a + 1, k + 1) − C(n − a − t, k + 1)) / ((t + 1) C(n, k))
    """
    kept = np.asarray(others, float) - before
    probability: Floats = (comb(kept + 1, drawn + 1) - comb(kept - tied, drawn + 1)) / ((tied + 1.0) * comb(others, drawn))
    return probability


def identification(alike: Floats, drawn: int) -> tuple[Floats, Floats]:
    """Estimate how often the own twin is the most similar one to its person, among itself and k ≤ N − 2 random twins of other people.

    `alike` (N, N) is the similarity of person p and twin q; −∞ or NaN without common data, in which case the twin ranks last.

    Returns:
        Rows, (N,), whose mean is that share; their variance over N is the jackknife variance over people, each left out as a person and as
        a twin. Expected ranks of the own twin, (N,), from 1 to k + 1; (k + 2) / 2 by chance.
    """
    number = len(alike)
    table = np.where(np.isfinite(alike), alike, -np.inf)
    own = np.diagonal(table)[:, None]
    finite = np.maximum(table, -1e300)  # so that two infinite similarities are tied
    tied = (np.abs(finite - np.diagonal(finite)[:, None]) < SAME) & ~np.eye(number, dtype=bool)
    before = (table > own) & ~tied
    a, t, n = before.sum(1), tied.sum(1), number - 1
    value = first_place(a, t, n, drawn)
    fewer = [first_place(np.maximum(a - one, 0), np.maximum(t - other, 0), n - 1, drawn) for one, other in ((1, 0), (0, 1), (0, 0))]
    parts = np.where(before, fewer[0][:, None], np.where(tied, fewer[1][:, None], fewer[2][:, None]))
    without = (parts.sum(0) - np.diagonal(parts)) / n
    rows = value.mean() - n * (without - without.mean())
    return rows, 1 + drawn * (a + t / 2) / n
