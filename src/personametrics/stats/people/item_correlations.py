"""How answers to different items are tied together over people: correlations without noise, constraint, dimension."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from personametrics.stats.arrays import Floats, Ints

BLOCK = 2_000_000
"""Numbers held at a time."""
Parts = tuple[Floats, ...]


class Table(NamedTuple):
    """Answers of P people to I items, each (P, I)."""

    mean: Floats
    """Mean answer; NaN where there is none."""
    within: Floats
    """Variance of the answers of one to one item; NaN where there is one."""
    n: Floats
    """How many they are; ∞ where their distribution is known, 0 where there is none."""

    def only(self, people: slice | Ints | None = None, items: Ints | None = None) -> "Table":
        """Some of the people and items, in the order given."""
        rows = (part if people is None else part[people] for part in self)
        return Table(*(part if items is None else part[:, items] for part in rows))


def correlations(table: Table, runs: float = np.inf) -> Floats:
    """Correlation of items over people, with as much noise as the mean of `runs` answers has.

    Covariances of different items hold no noise of single answers; variances do, and are put right: with s² the variance of the mean
    answers, w that of one person's answers to the item and n their number,

        r = cov(x, y) / √(d(x) d(y)),   d = s² − w · mean(1 / n) + w / runs

    Args:
        table: the answers; pairs of items are compared over those who answered both.
        runs: ∞: without noise (Spearman's correction); 1: what single answers show. Items that nobody was asked twice stay as they are.

    Returns:
        (I, I), 1 in the diagonal; not clipped, so that noise can take it beyond ±1; NaN where less than three answered both, or an item
        has no variance left.

    References:
        Spearman 1904, doi:10.2307/1412159.

    Examples:
        Two items that agree but for noise: half of the variance of each mean is noise.

        >>> mean = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [3.0, 3.0], [4.0, 3.0], [3.0, 4.0], [4.0, 4.0]])
        >>> table = Table(mean, np.full((8, 2), 0.4), np.full((8, 2), 2.0))
        >>> correlations(table, 2.0)[0, 1].round(4) == np.corrcoef(mean.T)[0, 1].round(4)
        np.True_
        >>> correlations(table)[0, 1].round(4)  # covariance 18/7, variances 20/7 − .2
        np.float64(0.9677)
    """
    return _correlations(_totals(table), runs)


def reliabilities(table: Table) -> Floats:
    """(I,) share of the variance of mean answers that is not noise; NaN without variance."""
    own = _totals(table)
    spread = _diagonal(_covariances(*own[:3]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spread > 0, 1 - _noise(own) * own[5] / own[6] / spread, np.nan))


def by_chance(table: Table) -> Floats:
    """(I,) probability of mean answers that spread as much where noise alone makes them differ: one-way F test, harmonic means of n.

    0 where noise is unknown or there is none; NaN without variance.

    Examples:
        Four people, three answers each, by `scipy.stats.f_oneway([1, 2, 3], [2, 3, 4], [3, 4, 5], [2, 3, 4])`: F = 2, p = .193.

        >>> table = Table(np.array([[2.0], [3.0], [4.0], [3.0]]), np.ones((4, 1)), np.full((4, 1), 3.0))
        >>> by_chance(table).round(3).tolist()
        [0.193]
    """
    own = _totals(table)
    spread, noise = _diagonal(_covariances(*own[:3])), _noise(own) * own[5] / np.maximum(own[6], 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = fdtrc(own[6] - 1, np.maximum(own[3], 1.0), spread / noise)
    return np.asarray(np.where(spread > 0, np.where(noise > 0, p, 0.0), np.nan))


def without_each(table: Table, statistic: Callable[[Floats], Floats], runs: float = np.inf) -> Floats:
    """(P, …) a statistic of the correlations (…, I, I) without each of the people."""
    whole = _totals(table)
    return np.concatenate([statistic(_correlations(tuple(a - b for a, b in zip(whole, own, strict=True)), runs)) for own in _each(table)])


def mean_square(r: Floats) -> Floats:
    """(...) mean squared correlation of two different items (..., I, I); NaN without a pair."""
    return _over_pairs(r**2)


def distance(r: Floats, other: Floats) -> Floats:
    """(...) mean |difference| of the correlations of two different items (..., I, I)."""
    return _over_pairs(np.abs(r - other))


def dimension(square: Floats | float, items: int) -> Floats:
    """Effective number of dimensions of I items whose mean squared correlation is known.

    The participation ratio (Σλ)² / Σλ² of the eigenvalues of the correlation matrix, which is I / (1 + (I − 1) · mean r²): I where items
    have nothing in common, 1 where all say the same.

    References:
        Bretherton and others 1999, The Effective Number of Spatial Degrees of Freedom of a Time-Varying Field.

    Examples:
        >>> r = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.3], [0.0, 0.3, 1.0]])
        >>> l = np.linalg.eigvalsh(r)
        >>> float(l.sum() ** 2 / (l**2).sum()) - float(dimension(mean_square(r), 3)) < 1e-12
        True
    """
    return np.asarray(items / (1 + (items - 1) * np.clip(square, 0.0, 1.0)))


def jackknife(value: float, drops: Floats) -> tuple[float, float]:
    """A smooth number without its first-order bias, and its variance.

    Args:
        value: of all.
        drops: (P,) without each.

    References:
        Efron & Stein 1981, doi:10.1214/aos/1176345462.

    Examples:
        Of the variance by n, it makes that by n − 1.

        >>> x = np.array([1.0, 2.0, 4.0, 7.0])
        >>> unbiased, _ = jackknife(float(x.var()), np.array([np.delete(x, at).var() for at in range(4)]))
        >>> round(unbiased, 6), round(float(x.var(ddof=1)), 6)
        (7.0, 7.0)
    """
    P = len(drops)
    return P * value - (P - 1) * float(drops.mean()), float((P - 1) / P * ((drops - drops.mean()) ** 2).sum())


def shuffles(table: Table, times: int, seed: int = 0) -> Iterator[Table]:
    """The answers to each item dealt anew among all people: nothing ties them together. Neither names nor their order matter."""
    rng = np.random.default_rng(seed)
    sorted_ = [np.stack(column)[:, np.lexsort(np.stack(column).round(9))] for column in zip(*(part.T for part in table), strict=True)]
    sorted_.sort(key=lambda column: np.nan_to_num(column.round(9), nan=-np.inf).tolist())
    parts = np.stack(sorted_, -1)  # (3, P, I)
    index = np.tile(np.arange(parts.shape[1])[:, None], (1, parts.shape[2]))
    for _ in range(times):
        yield Table(*np.take_along_axis(parts, rng.permuted(index, axis=0)[None], axis=1))


def exchanged(one: Table, other: Table, runs: float, times: int, seed: int = 0) -> float:
    """Mean distance of the correlations of two groups as large as these, if both came from one population: what sampling alone makes.

    Each side's answers are first brought to mean 0 and variance 1 per item, then all people are pooled and dealt again.

    References:
        Good 2005, doi:10.1007/b138696.
    """
    pooled = Table(*map(np.concatenate, zip(_standardised(one), _standardised(other), strict=True)))
    return _dealt(pooled, len(one.mean), runs, times, seed)


def halves(table: Table, runs: float, times: int, seed: int = 0) -> float:
    """Mean distance of the correlations of two random halves of the people."""
    return _dealt(table, len(table.mean) // 2, runs, times, seed)


def _dealt(table: Table, size: int, runs: float, times: int, seed: int) -> float:
    """Mean distance of two groups dealt at random, whatever the names and their order."""
    keyed = np.nan_to_num(table.mean.round(9), nan=-np.inf)
    keyed = keyed[:, np.lexsort(np.sort(keyed, axis=0))]
    table = table.only(np.lexsort(keyed.T))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(times):
        order = rng.permutation(len(table.mean))
        found.append(distance(*(correlations(table.only(part), runs) for part in (order[:size], order[size:]))))
    return float(np.mean(found))


def _standardised(table: Table) -> Table:
    """Answers with mean 0 and variance 1 per item."""
    centre, spread = np.nanmean(table.mean, 0), np.nanstd(table.mean, 0, ddof=1)
    return Table((table.mean - centre) / spread, table.within / spread**2, table.n)


def _parts(table: Table) -> Parts:
    """What is summed over people, (P, I) each: 1, answer, degrees of freedom, their variance, 1 / n."""
    there = table.n > 0
    asked = np.isfinite(table.within)
    freedom = np.where(asked, np.where(np.isinf(table.n), 1.0, table.n - 1), 0.0)
    centred = np.where(there, table.mean - np.nanmean(table.mean, 0), 0.0)
    return (
        there.astype(float),
        centred,
        freedom,
        freedom * np.where(asked, table.within, 0.0),
        np.where(there, 1 / np.maximum(table.n, 1), 0.0),
    )


def _totals(table: Table) -> Parts:
    """Sums over people: pairs (I, I) that both answered, of the first's answers, of products; then degrees of freedom … per item (I,)."""
    there, x, freedom, noise, shares = _parts(table)
    return there.T @ there, x.T @ there, x.T @ x, freedom.sum(0), noise.sum(0), shares.sum(0), there.sum(0)


def _each(table: Table) -> Iterator[Parts]:
    """What each of the people adds to the sums, some people at a time."""
    parts = _parts(table)
    step = max(1, BLOCK // max(1, table.mean.shape[1] ** 2))
    for start in range(0, len(table.mean), step):
        there, x, *rest = (part[start : start + step] for part in parts)
        left, right = (one[:, :, None] for one in (there, x)), (one[:, None, :] for one in (there, x))
        (t, a), (u, b) = left, right
        yield t * u, a * u, a * b, *rest, there


def _covariances(number: Floats, one: Floats, product: Floats) -> Floats:
    """Covariances over those who answered both; NaN with fewer than three."""
    enough = number > 2
    number = np.where(enough, number, 3.0)
    return np.where(enough, (product - one * np.swapaxes(one, -1, -2) / number) / (number - 1), np.nan)


def _noise(sums: Parts) -> Floats:
    """Variance of single answers per item; 0 where nobody was asked twice."""
    freedom, noise = sums[3], sums[4]
    return np.where(freedom > 0.5, noise, 0.0) / np.where(freedom > 0.5, freedom, 1.0)


def _correlations(sums: Parts, runs: float) -> Floats:
    """From sums (...) to correlations."""
    covariance, noise = _covariances(*sums[:3]), _noise(sums)
    shares = sums[5] / np.maximum(sums[6], 1.0)
    spread = _diagonal(covariance) - noise * shares + noise / runs
    spread = np.sqrt(np.where(spread > 0, spread, np.nan))
    found = covariance / (spread[..., :, None] * spread[..., None, :])
    at = np.arange(found.shape[-1])
    found[..., at, at] = 1.0
    return found


def _diagonal(matrix: Floats) -> Floats:
    """(..., I) of (..., I, I)."""
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _over_pairs(values: Floats) -> Floats:
    """Mean over different items, of the pairs that are defined."""
    apart = ~np.eye(values.shape[-1], dtype=bool) & np.isfinite(values)
    number = apart.sum((-1, -2))
    return np.asarray(np.where(apart, values, 0.0).sum((-1, -2)) / np.where(number > 0, number, np.nan))
