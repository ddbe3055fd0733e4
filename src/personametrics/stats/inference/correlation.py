"""The correlation and slope of two sets of estimates, also corrected for the sampling noise of both."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats

ROUNDING = 1e-12
"""A variance below this is rounding error."""


class Disattenuated(NamedTuple):
    """The agreement of the true values behind noisy estimates, each (...)."""

    correlation: Floats
    """Correlation of the true values; not clipped, so that noise may move it beyond ±1."""
    slope: Floats
    """Change of the true x per unit of the true y; above 1, x exaggerates the differences of y."""


def correlation(x: Floats, y: Floats) -> Floats:
    """Compute the Pearson correlation of x and y (..., pairs), −1 to 1: cov(x, y) / √(var x · var y).

    It is not agreement, since a shift or a change of scale does not lower it. Noise in x or y moves it towards 0: see `disattenuated`. A
    pair with a NaN is left out; the correlation is NaN with fewer than two pairs, or where x or y is constant. Source: Pearson (1895),
    doi:10.1098/rspl.1895.0041.

    Raises:
        ValueError: x and y do not pair up, or are infinite.

    Examples:
        >>> correlation(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])).round(6)  # 4 / √(5 · 5)
        np.float64(0.6)
    """
    x, y = _aligned(x, y)
    used = ~np.isnan(x + y)
    var_x, var_y, cov = _moments(x, y, used)
    value: Floats = cov / (_root(var_x) * _root(var_y))
    return np.clip(value, -1.0, 1.0)  # only rounding leaves the range


def correlation_of_sums(sums: Floats) -> Floats:
    """Compute the Pearson correlation (…), NaN where x or y is constant, from (…, 6) sums of 1, x, y, x², y² and xy over rows.

    It is a statistic for `cluster_jackknife`; only rounding moves it beyond ±1.

    Examples:
        >>> x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])
        >>> correlation_of_sums(np.array([term.sum() for term in (x**0, x, y, x * x, y * y, x * y)])).round(6)
        np.float64(0.6)
    """
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    left, right = n * xx - x * x, n * yy - y * y
    varies = np.minimum(left, right) > ROUNDING * n * n
    value: Floats = np.where(varies, n * xy - x * y, np.nan) / np.sqrt(np.where(varies, left * right, 1.0))
    return value


def disattenuated(x: Floats, y: Floats, vx: Floats | float, vy: Floats | float) -> Disattenuated:
    """Estimate the correlation and slope of the true values behind estimates with known sampling variances.

    With x = X + noise of variance vx and y = Y + noise of variance vy, all noise independent of the rest:

        correlation = cov(x, y) / √((var x − mean vx) (var y − mean vy)),   slope = cov(x, y) / (var y − mean vy)

    Sampling noise increases the variances and does not change the covariance (all with divisor pairs − 1). If x are the means of a panel
    and y those of people, the slope is above 1 where the panel exaggerates human differences, and below 1 where it flattens them.

    It is not the correlation of the observed values, and not bounded. Noise shared by x and y biases it, and it is too high for few and
    noisy pairs: with noise variances 1.1 and 1.25 times the true ones, simulated medians for a true .80 are .86 with 60 pairs and .82 with
    200 (slope 1.5: 1.53 and 1.51). It needs an interval, such as a jackknife over pairs. Sources: Spearman (1904), doi:10.2307/1412159;
    Fuller (1987), Measurement error models, doi:10.1002/9780470316665.

    Args:
        x: estimates, (..., pairs), such as a panel's mean per item.
        y: estimates of the other side, in the same order, such as the human mean.
        vx: sampling variance of each x (a squared standard error), broadcast against it; 0 if x is exact.
        vy: sampling variance of each y.

    Returns:
        Both numbers, (...). A pair with a NaN in any of the four arrays is left out. The correlation is NaN where a corrected variance is
        not positive, so that the differences of x or y are not larger than their noise; the slope is NaN where that of y is not. Both are
        NaN with fewer than two pairs.

    Raises:
        ValueError: the arrays do not pair up, are infinite, or a sampling variance is negative.

    Examples:
        By hand: var x = 4, var y = 1, cov = 1.6; without noise variances of 1.44 and .2, r = 1.6 / √(2.56 · .8).

        >>> x, y = np.sqrt(3) * np.array([-1.0, -1, 1, 1]), np.sqrt(3) * np.array([-0.7, -0.1, 0.1, 0.7])
        >>> fit = disattenuated(x, y, 1.44, 0.2)
        >>> fit.correlation.round(4), fit.slope.round(4)
        (np.float64(1.118), np.float64(2.0))
    """
    x, y, vx, vy = _aligned(x, y, np.asarray(vx), np.asarray(vy))
    if np.any(vx < 0) or np.any(vy < 0):
        message = "The sampling variances must not be negative."
        raise ValueError(message)
    used = ~np.isnan(x + y + vx + vy)
    var_x, var_y, cov = _moments(x, y, used)
    true_x, true_y = var_x - _mean(vx, used), var_y - _mean(vy, used)
    positive = true_y > 0
    slope = np.where(positive, cov, np.nan) / np.where(positive, true_y, 1.0)
    return Disattenuated(cov / (_root(true_x) * _root(true_y)), slope)


def _aligned(*arrays: Floats) -> tuple[Floats, ...]:
    """Broadcast the arrays to floats of one shape."""
    try:
        aligned = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in arrays))
    except ValueError as error:
        message = f"The shapes {', '.join(str(np.shape(array)) for array in arrays)} do not fit together. Pass one value for each pair."
        raise ValueError(message) from error
    if aligned[0].shape[-1:] in ((), (0,)) or any(np.isinf(array).any() for array in aligned):
        message = "x, y and their variances must be finite or NaN, with pairs on the last axis."
        raise ValueError(message)
    return tuple(aligned)


def _moments(x: Floats, y: Floats, used: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Compute the variances of x and y and their covariance over the used pairs, with divisor n − 1; NaN with fewer than two."""
    dx, dy = _deviations(x, used), _deviations(y, used)
    n = used.sum(axis=-1)
    by = np.where(n > 1, n - 1.0, np.nan)
    return (dx * dx).sum(axis=-1) / by, (dy * dy).sum(axis=-1) / by, (dx * dy).sum(axis=-1) / by


def _deviations(value: Floats, used: np.ndarray) -> Floats:
    """Subtract the mean of the used pairs; exactly 0 for a constant and for the other pairs."""
    first = np.take_along_axis(value, used.argmax(axis=-1)[..., None], axis=-1)
    shifted = np.where(used, value - first, 0.0)
    return np.where(used, shifted - _mean(shifted, used)[..., None], 0.0)


def _mean(value: Floats, used: np.ndarray) -> Floats:
    """Average the used pairs."""
    mean: Floats = np.where(used, value, 0.0).sum(axis=-1) / np.maximum(used.sum(axis=-1), 1)
    return mean


def _root(variance: Floats) -> Floats:
    """Take the square root of a positive variance; NaN otherwise."""
    return np.sqrt(np.where(variance > 0, variance, np.nan))
