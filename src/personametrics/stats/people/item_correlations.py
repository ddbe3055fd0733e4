"""Correlations of answers to different items over people, corrected for noise, and their effective dimension."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from personametrics.stats.arrays import Floats, Ints, jackknife_variance

BLOCK = 2_000_000
"""Largest number of values held at a time."""
Parts = tuple[Floats, ...]


class Table(NamedTuple):
    """The answers of P people to I items, each (P, I)."""

    mean: Floats
    """Mean answer; NaN without an answer."""
    within: Floats
    """Variance of a person's answers to an item; NaN for a single answer."""
    n: Floats
    """Number of answers; ∞ if their distribution is known, 0 without an answer."""

    def only(self, people: slice | Ints | None = None, items: Ints | None = None) -> "Table":
        """Return some of the people and items, in the given order."""
        rows = (part if people is None else part[people] for part in self)
        return Table(*(part if items is None else part[:, items] for part in rows))


def correlations(table: Table, runs: float = np.inf) -> Floats:
    """Estimate the correlations of items over people, (I, I), with the noise of a mean of `runs` answers.

    Covariances of different items do not contain the noise of single answers; variances do, and are corrected. With s² the variance of the
    mean answers, w that of one person's answers to the item and n their number,

        r = cov(x, y) / √(d(x) d(y)),   d = s² − w · mean(1 / n) + w / runs

    At ∞ runs this is Spearman's correction (1904, doi:10.2307/1412159), at 1 the correlation of single answers; items without reruns are
    not corrected. Each pair of items is compared over the people who answered both. Noise may move r beyond ±1; it is NaN if fewer than
    three people answered both items, or d is not positive.

    Examples:
        >>> mean = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [3.0, 3.0], [4.0, 3.0], [3.0, 4.0], [4.0, 4.0]])
        >>> correlations(Table(mean, np.full((8, 2), 0.4), np.full((8, 2), 2.0)))[0, 1].round(4)  # covariance 18/7, variances 20/7 − .2
        np.float64(0.9677)
    """
    return _correlations(_totals(table), runs)


def reliabilities(table: Table) -> Floats:
    """Estimate the share of the variance of mean answers that is not noise, (I,); NaN without variance."""
    totals = _totals(table)
    spread = _diagonal(_covariances(*totals[:3]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spread > 0, 1 - _noise(totals) * totals[5] / totals[6] / spread, np.nan))


def noise_p(table: Table) -> Floats:
    """Test each item for differences between people beyond noise: p values of one-way F tests with harmonic means of n, (I,).

    p is 0 if the noise is unknown or 0, and NaN without variance.
    """
    totals = _totals(table)
    spread, noise = _diagonal(_covariances(*totals[:3])), _noise(totals) * totals[5] / np.maximum(totals[6], 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = fdtrc(totals[6] - 1, np.maximum(totals[3], 1.0), spread / noise)
    return np.asarray(np.where(spread > 0, np.where(noise > 0, p, 0.0), np.nan))


def leave_one_out(table: Table, statistic: Callable[[Floats], Floats], runs: float = np.inf) -> Floats:
    """Compute a statistic of the correlations (…, I, I) without each person, (P, …)."""
    whole = _totals(table)
    return np.concatenate([statistic(_correlations(tuple(a - b for a, b in zip(whole, own, strict=True)), runs)) for own in _each(table)])


def mean_square(r: Floats) -> Floats:
    """Average the squared correlations (..., I, I) of different items, (...); NaN without a pair."""
    return _over_pairs(r**2)


def distance(r: Floats, other: Floats) -> Floats:
    """Average the absolute differences of two sets of correlations (..., I, I) over different items, (...)."""
    return _over_pairs(np.abs(r - other))


def dimension(square: Floats | float, items: int) -> Floats:
    """Compute the effective number of dimensions of I items from their mean squared correlation.

    It is the participation ratio (Σλ)² / Σλ² of the eigenvalues of the correlation matrix, I / (1 + (I − 1) · mean r²): I for uncorrelated
    items, 1 for perfectly correlated ones. Bretherton et al. (1999), The Effective Number of Spatial Degrees of Freedom of a Time-Varying
    Field.
    """
    return np.asarray(items / (1 + (items - 1) * np.clip(square, 0.0, 1.0)))


def jackknife(value: float, drops: Floats) -> tuple[float, float]:
    """Remove the first-order bias of a smooth statistic by its (P,) values without each person, and return its variance too.

    Efron & Stein (1981), doi:10.1214/aos/1176345462.

    Examples:
        >>> x = np.array([1.0, 2.0, 4.0, 7.0])  # the variance with divisor n becomes that with divisor n − 1
        >>> unbiased, _ = jackknife(float(x.var()), np.array([np.delete(x, i).var() for i in range(4)]))
        >>> round(unbiased, 6), round(float(x.var(ddof=1)), 6)
        (7.0, 7.0)
    """
    P = len(drops)
    return P * value - (P - 1) * float(drops.mean()), jackknife_variance(drops)


def shuffles(table: Table, times: int, seed: int = 0) -> Iterator[Table]:
    """Shuffle the answers to each item between all people, which removes all correlations; independent of names and order."""
    rng = np.random.default_rng(seed)
    sorted_ = [np.stack(column)[:, np.lexsort(np.stack(column).round(9))] for column in zip(*(part.T for part in table), strict=True)]
    sorted_.sort(key=lambda column: np.nan_to_num(column.round(9), nan=-np.inf).tolist())
    parts = np.stack(sorted_, -1)  # (3, P, I)
    index = np.tile(np.arange(parts.shape[1])[:, None], (1, parts.shape[2]))
    for _ in range(times):
        yield Table(*np.take_along_axis(parts, rng.permuted(index, axis=0)[None], axis=1))


def permutation_distance(one: Table, other: Table, runs: float, times: int, seed: int = 0) -> float:
    """Simulate the mean distance of the correlations of two groups of these sizes if both come from one population.

    Each side's answers are first scaled to mean 0 and variance 1 per item; then the pooled people are permuted between the groups (Good
    2005, doi:10.1007/b138696).
    """
    pooled = Table(*map(np.concatenate, zip(_standardised(one), _standardised(other), strict=True)))
    return _dealt(pooled, len(one.mean), runs, times, seed)


def split_half_distance(table: Table, runs: float, times: int, seed: int = 0) -> float:
    """Simulate the mean distance of the correlations of two random halves of the people."""
    return _dealt(table, len(table.mean) // 2, runs, times, seed)


def _dealt(table: Table, size: int, runs: float, times: int, seed: int) -> float:
    """Average the distance of two random groups; independent of names and order."""
    keyed = np.nan_to_num(table.mean.round(9), nan=-np.inf)
    keyed = keyed[:, np.lexsort(np.sort(keyed, axis=0))]
    table = table.only(np.lexsort(keyed.T))
    rng = np.random.default_rng(seed)
    distances = []
    for _ in range(times):
        order = rng.permutation(len(table.mean))
        distances.append(distance(*(correlations(table.only(part), runs) for part in (order[:size], order[size:]))))
    return float(np.mean(distances))


def _standardised(table: Table) -> Table:
    """Scale answers to mean 0 and variance 1 per item."""
    centre, spread = np.nanmean(table.mean, 0), np.nanstd(table.mean, 0, ddof=1)
    return Table((table.mean - centre) / spread, table.within / spread**2, table.n)


def _parts(table: Table) -> Parts:
    """Return the terms of the sums over people, (P, I) each: 1, answer, degrees of freedom, times their variance, and 1 / n."""
    answered, repeated = table.n > 0, np.isfinite(table.within)
    freedom = np.where(repeated, np.where(np.isinf(table.n), 1.0, table.n - 1), 0.0)
    return (
        answered.astype(float),
        np.where(answered, table.mean - np.nanmean(table.mean, 0), 0.0),
        freedom,
        freedom * np.where(repeated, table.within, 0.0),
        np.where(answered, 1 / np.maximum(table.n, 1), 0.0),
    )


def _totals(table: Table) -> Parts:
    """Sum over people: per pair of items (I, I) people, first answers and products; per item (I,) the other terms and people."""
    answered, x, freedom, noise, shares = _parts(table)
    return answered.T @ answered, x.T @ answered, x.T @ x, freedom.sum(0), noise.sum(0), shares.sum(0), answered.sum(0)


def _each(table: Table) -> Iterator[Parts]:
    """Yield the contribution of each person to the sums, a block of people at a time."""
    parts = _parts(table)
    step = max(1, BLOCK // max(1, table.mean.shape[1] ** 2))
    for start in range(0, len(table.mean), step):
        answered, x, *rest = (part[start : start + step] for part in parts)
        (t, a), (u, b) = (answered[:, :, None], x[:, :, None]), (answered[:, None, :], x[:, None, :])
        yield t * u, a * u, a * b, *rest, answered


def _covariances(number: Floats, one: Floats, product: Floats) -> Floats:
    """Compute covariances over people who answered both items; NaN with fewer than three."""
    enough = number > 2
    number = np.where(enough, number, 3.0)
    return np.where(enough, (product - one * np.swapaxes(one, -1, -2) / number) / (number - 1), np.nan)


def _noise(sums: Parts) -> Floats:
    """Compute the variance of single answers per item; 0 without reruns."""
    freedom, noise = sums[3], sums[4]
    return np.where(freedom > 0.5, noise, 0.0) / np.where(freedom > 0.5, freedom, 1.0)


def _correlations(sums: Parts, runs: float) -> Floats:
    """Compute correlations from sums (...)."""
    covariance, noise = _covariances(*sums[:3]), _noise(sums)
    shares = sums[5] / np.maximum(sums[6], 1.0)
    spread = _diagonal(covariance) - noise * shares + noise / runs
    spread = np.sqrt(np.where(spread > 0, spread, np.nan))
    r = covariance / (spread[..., :, None] * spread[..., None, :])
    index = np.arange(r.shape[-1])
    r[..., index, index] = 1.0
    return r


def _diagonal(matrix: Floats) -> Floats:
    """Return the diagonal (..., I) of (..., I, I)."""
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _over_pairs(values: Floats) -> Floats:
    """Average over the defined pairs of different items."""
    used = ~np.eye(values.shape[-1], dtype=bool) & np.isfinite(values)
    number = used.sum((-1, -2))
    return np.asarray(np.where(used, values, 0.0).sum((-1, -2)) / np.where(number > 0, number, np.nan))
