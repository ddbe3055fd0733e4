"""People and their simulated twins: is a twin like its own person, more than like others?"""

from typing import NamedTuple

import numpy as np
from scipy.special import comb

from personametrics.stats.arrays import Floats, Ints

FEWEST = 4
"""With fewer people, leaving one out leaves no correlation."""
SAME = 1e-9
"""Likenesses that differ by less than this are the same."""


class Likeness(NamedTuple):
    """How the answers of twins go with those of their people, each with one row a person whose mean is the number itself."""

    correlation: np.float64
    """Correlation of a person's answer with one answer of the own twin."""
    spread: np.float64
    """Natural log of the standard deviation between single answers of twins over that of people."""
    correlation_rows: Floats
    """(N,) rows whose mean is the correlation; their variance over N is its jackknife variance."""
    spread_rows: Floats
    """(N,) the same of the spread."""


def own_and_others(scores: Floats, truth: Ints) -> tuple[Floats, Floats]:
    """What twins score on the answers of their own people, and on those of others, on one item.

    With m(p, q) the score of twin q on the answer of person p, a(p) the mean over twins q ≠ p, b(p) that of twin p over other people, and
    u the mean over all pairs p ≠ q, the rows of "others" are a(p) + b(p) − u. Their mean is u, and their variance over N is the first-order
    (Hoeffding) variance of u, in which every person stands once as a person and once as a twin.

    Args:
        scores: (L, N) what twin n scores where the answer to be met is label l.
        truth: (N,) label that each person chose, 0 ≤ truth < L.

    Returns:
        (N,) own, and (N,) others; others are NaN with fewer than two people.

    References:
        Hoeffding 1948, doi:10.1214/aoms/1177730196.

    Examples:
        Three people said 0, 0, 1, and so do their twins. Of the six pairs of different people two agree: u = 1/3.

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
    """Correlation and ratio of standard deviations of people's answers and single answers of their twins, on one item.

    With x the person's answer, m the mean of the twin's runs and w the variance of its runs around it (divided by their number; 0 with one
    run, that of the label probabilities where these are known):

        correlation = cov(x, m) / √(var x · (var m + mean w)),   spread = ½ log((var m + mean w) / var x)

    Whatever the number of runs, var m + mean w is the variance between single answers of different twins: averaging runs changes nothing.

    Args:
        people: (N,) x.
        twins: (N,) m.
        noise: (N,) w.

    Returns:
        A `Likeness`; NaN with fewer than four people, and where people or twins (or all of them but one) answer alike.

    Examples:
        >>> found = likeness(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 2, 3, 4, 4]), np.zeros(5))
        >>> found.correlation.round(4), np.exp(found.spread).round(4)
        (np.float64(0.9487), np.float64(0.6325))
    """
    number = len(people)
    x, m = people - people.mean(), twins - twins.mean()
    parts = np.stack([x, m, x * x, m * m, x * m, noise])
    whole = parts.sum(1, keepdims=True)
    value, without = _moments(whole, number)[:, 0], _moments(whole - parts, number - 1)
    if number < FEWEST or not np.isfinite(without).all():
        nothing = np.full(number, np.nan)
        return Likeness(np.float64(np.nan), np.float64(np.nan), nothing, nothing)
    rows = value[:, None] - (number - 1) * (without - without.mean(1, keepdims=True))
    return Likeness(value[0], value[1], rows[0], rows[1])


def _moments(sums: Floats, number: int) -> Floats:
    """(2, M) correlation and log ratio of standard deviations, from sums (6, M) over so many people."""
    x, m, xx, mm, xm, noise = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        people, twins, both = ((one - left * right / number) / (number - 1) for one, left, right in ((xx, x, x), (mm, m, m), (xm, x, m)))
        twins = twins + noise / number
        known = (people > SAME) & (twins > SAME)
        root = np.sqrt(np.where(known, people * twins, np.nan))
        return np.stack([both / root, np.where(known, np.log(np.where(known, twins / people, 1.0)) / 2, np.nan)])


def nearest(before: Ints, tied: Ints, others: Ints | int, drawn: int) -> Floats:
    """Probability to come first among so many others, drawn without replacement, where ties are broken by lot.

    Of n others, a come before and t are tied: Σ_j C(t, j) C(n − a − t, k − j) / (1 + j) / C(n, k), which is

        (C(n − a + 1, k + 1) − C(n − a − t, k + 1)) / ((t + 1) C(n, k))

    Args:
        before: (...) a.
        tied: (...) t.
        others: (...) n, at least k.
        drawn: k.

    Returns:
        (...) from 0 to 1; 1 / (k + 1) where all are tied.

    Examples:
        One comes before, one is tied, one behind: of the three pairs of others, one holds none that comes before, and there is one tie.

        >>> float(nearest(np.array(1), np.array(1), np.array(3), 2).round(4))
        0.1667
    """
    kept = np.asarray(others, float) - before
    found: Floats = (comb(kept + 1, drawn + 1) - comb(kept - tied, drawn + 1)) / ((tied + 1.0) * comb(others, drawn))
    return found


def identified(alike: Floats, drawn: int) -> tuple[Floats, Floats]:
    """How often the own twin is the most like its person, among itself and so many twins of others.

    Args:
        alike: (N, N) likeness of person p to twin q; −∞ or NaN where they have nothing in common, and then the twin comes last.
        drawn: k, number of others, at most N − 2.

    Returns:
        (N,) rows whose mean is that share, with the jackknife over people as their variance over N: each is left out as a person and as a
        twin at once; and (N,) expected rank of the own twin, from 1 to k + 1, (k + 2) / 2 by chance.

    Examples:
        >>> rows, rank = identified(np.eye(4), 2)
        >>> rows.tolist(), rank.tolist()
        ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    """
    number = len(alike)
    table = np.where(np.isfinite(alike), alike, -np.inf)
    own = np.diagonal(table)[:, None]
    tied = (np.abs(np.where(np.isfinite(table), table, -1e300) - np.where(np.isfinite(own), own, -1e300)) < SAME) & ~np.eye(
        number, dtype=bool
    )
    before = (table > own) & ~tied
    a, t, n = before.sum(1), tied.sum(1), number - 1
    value = nearest(a, t, n, drawn)
    fewer = [nearest(np.maximum(a - one, 0), np.maximum(t - other, 0), n - 1, drawn) for one, other in ((1, 0), (0, 1), (0, 0))]
    parts = np.where(before, fewer[0][:, None], np.where(tied, fewer[1][:, None], fewer[2][:, None]))
    without = (parts.sum(0) - np.diagonal(parts)) / n
    rows = value.mean() - n * (without - without.mean())
    return rows, 1 + drawn * (a + t / 2) / n
