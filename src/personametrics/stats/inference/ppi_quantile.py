"""Quantiles of a population from few people's answers and many predictions."""

import numpy as np

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.ppi import Sample, mean
from personametrics.stats.intervals.jackknife import Interval

ROUNDING = 1e-12
"""Sums of weights that fall short of a share by less are that share."""


def quantile(sample: Sample, q: float, level: float = 0.9, power: float | None = None, *, small: bool = True) -> Interval:
    """A quantile of the population's answers, by inverting its rectified distribution function.

    F̂(t) = mean 1{Y ≤ t} + λ (mean 1{f(X̃) ≤ t} − mean 1{f(X) ≤ t}) on every value t that occurs, with the variance of that mean; λ is
    tuned for t = the quantile of the answers alone. F̂ need not rise everywhere, so as many values as have F̂ < q lie
    below the estimate. The interval begins with the first t whose F may be q or more and ends with the value after the last whose F may be
    less, which also holds for answers on few steps.

    Args:
        sample: answers and predictions, (n,) and (N,).
        q: between 0 and 1.
        level: coverage of the interval.
        power: λ; None: tuned.
        small: allow for few people, as in `mean`.

    Returns:
        NaN ends with too few people.

    References:
        Angelopoulos et al. 2023, doi:10.1126/science.adi6000; λ: arXiv 2311.01453.

    Examples:
        Forty answers that stand alone; by hand, .85 − 1.685 √(.85 · .15 / 39) is the first to exceed .75:

        >>> from personametrics.stats.inference.ppi import alone
        >>> found = quantile(alone(np.arange(1.0, 41.0)), 0.75)
        >>> [float(end) for end in found[:3]]
        [30.0, 25.0, 34.0]
    """
    there = np.isfinite(sample.people) & np.isfinite(sample.twins)
    known = np.isfinite(sample.others)
    y, f, other = sample.people[there], sample.twins[there], sample.others[known]
    w = _shares(sample.weights, there)
    v = _shares(sample.stands, known)
    grid = np.unique(np.concatenate([y, f, other]))
    if not len(y):
        return Interval(np.nan, np.nan, np.nan)
    start = grid[np.searchsorted(_below(y, w, grid), q - ROUNDING)]
    own, near, far = ((values <= start).astype(float) for values in (y, f, other))
    tuned = mean(Sample(own, near, far, w, v if len(other) else None), power, small=small)
    factor = float(tuned.power)
    middle = _below(y, w, grid) + factor * ((_below(other, v, grid) if len(other) else 0.0) - _below(f, w, grid))
    error = tuned.quantile(level) * np.sqrt(_variance((y, f, w), (other, v), factor, grid, small=small))
    last, less = len(grid) - 1, q - ROUNDING
    value = min(int((middle < less).sum()), last)
    if not np.isfinite(error).all():
        return Interval(float(grid[value]), np.nan, np.nan)
    first = int(np.append(middle + error >= less, [True]).argmax())
    high = len(grid) - int(np.append((middle - error < less)[::-1], [True]).argmax())
    return Interval(*(float(grid[at]) for at in (value, min(first, value), max(value, min(high, last)))))


def _shares(weights: Floats | None, kept: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Floats:
    """Weights of what is there, with the sum 1."""
    given = np.ones(int(kept.sum())) if weights is None else weights[kept]
    return np.asarray(given / given.sum())


def _below(values: Floats, weights: Floats, grid: Floats) -> Floats:
    """Weight of the values up to each point of a grid."""
    order = np.argsort(values, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(sums[np.searchsorted(values[order], grid, "right")])


def _variance(own: tuple[Floats, Floats, Floats], others: tuple[Floats, Floats], power: float, grid: Floats, *, small: bool) -> Floats:
    """Variance of the rectified distribution function on a grid, from sums of weights and of their squares."""
    y, f, w = own
    a, b, c = (_below(values, w**2, grid) for values in (y, f, np.maximum(y, f)))
    m = _below(y, w, grid) - power * _below(f, w, grid)
    squares = float((w**2).sum())
    people = 1 / squares
    rest = people - 1 - (0 < power < 1) if small else people
    found = (a + power**2 * b + m**2 * squares - 2 * power * c - 2 * m * a + 2 * power * m * b) * (people / rest if rest > 0 else np.nan)
    if power and len(others[0]):
        share = _below(*others, grid)
        found = found + power**2 * share * (1 - share) * float((others[1] ** 2).sum())
    return np.maximum(found, 0.0)
