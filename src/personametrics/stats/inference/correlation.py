"""Agreement of two sets of estimates that both carry sampling noise: correlation and slope of what is behind them."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats

ROUNDING = 1e-12
"""A variance below this is none."""


class Disattenuated(NamedTuple):
    """Agreement of the truths behind noisy estimates, each (...)."""

    correlation: Floats
    """Correlation of the truths; not clipped, so noise can take it beyond ±1."""
    slope: Floats
    """Change of the true x per unit of the true y; above 1 x exaggerates the differences of y."""


def correlation(x: Floats, y: Floats) -> Floats:
    """Pearson correlation of pairs: cov(x, y) / √(var x · var y).

    It is not agreement (a constant shift or a stretch leaves it at 1), and noise in x or y pulls it towards 0: see
    `disattenuated`.

    Args:
        x: Values, (..., pairs); a pair with a NaN is left out.
        y: The values they are paired with.

    Returns:
        The correlation, (...), −1 to 1; NaN with fewer than two pairs or where x or y is constant.

    References:
        Pearson 1895, doi:10.1098/rspl.1895.0041.

    Examples:
        By hand, 4 / √(5 · 5).

        >>> import numpy as np
        >>> correlation(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])).round(6)
        np.float64(0.6)
    """
    x, y = _aligned(x, y)
    used = ~np.isnan(x + y)
    var_x, var_y, cov = _moments(x, y, used)
    value: Floats = cov / (_root(var_x) * _root(var_y))
    return np.clip(value, -1.0, 1.0)  # only rounding leaves the range


def correlation_of_sums(sums: Floats) -> Floats:
    """Pearson correlation from sums over the same rows, as statistics of `clustered` see them.

    Args:
        sums: (…, 6) of 1, x, y, x², y² and xy.

    Returns:
        (…) −1 to 1 but for rounding; NaN where x or y is constant.

    Examples:
        >>> import numpy as np
        >>> x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])
        >>> correlation_of_sums(np.array([one.sum() for one in (x**0, x, y, x * x, y * y, x * y)])).round(6)
        np.float64(0.6)
    """
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    left, right = n * xx - x * x, n * yy - y * y
    varies = np.minimum(left, right) > ROUNDING * n * n
    found: Floats = np.where(varies, n * xy - x * y, np.nan) / np.sqrt(np.where(varies, left * right, 1.0))
    return found


def disattenuated(x: Floats, y: Floats, vx: Floats | float, vy: Floats | float) -> Disattenuated:
    """Correlation and slope of the truths behind estimates whose sampling variances are known.

    With x = X + noise of variance vx and y = Y + noise of variance vy, all noise independent of the rest:

        correlation = cov(x, y) / √((var x − mean vx) (var y − mean vy)),   slope = cov(x, y) / (var y − mean vy)

    Sampling noise adds to the variances and leaves the covariance alone (variances over pairs − 1). For x the means
    of a panel and y those of people: the slope is above 1 where the panel exaggerates human differences, below 1
    where it flattens them.

    It is not the correlation that one would see with these samples, and not bounded. Noise shared by x and y biases it,
    and it runs high where pairs are few and mostly noise: with noise variances 1.1 and 1.25 times the true ones,
    simulated medians for a true .80 are .86 of 60 pairs and .82 of 200 (slope 1.5: 1.53 and 1.51). It needs an
    interval, such as a jackknife over pairs.

    Args:
        x: Estimates, (..., pairs), such as a panel's mean per item.
        y: The estimates they are paired with, such as the human mean.
        vx: Sampling variance of each x (a squared standard error), broadcast against it; 0 if x is exact.
        vy: Sampling variance of each y.

    Returns:
        A `Disattenuated` of two arrays (...). A pair with a NaN in any of the four is left out. The correlation is
        NaN where a corrected variance is not positive (the differences of x or of y are no larger than their noise:
        there is no truth to correlate), the slope where that of y is not; both with fewer than two pairs.

    References:
        Spearman 1904, doi:10.2307/1412159; Fuller 1987, Measurement error models, doi:10.1002/9780470316665.

    Examples:
        By hand: var x = 4, var y = 1, cov = 1.6; without noise variances of 1.44 and .2, r = 1.6 / √(2.56 · .8).

        >>> import numpy as np
        >>> x, y = np.sqrt(3) * np.array([-1.0, -1, 1, 1]), np.sqrt(3) * np.array([-0.7, -0.1, 0.1, 0.7])
        >>> fit = disattenuated(x, y, 1.44, 0.2)
        >>> fit.correlation.round(4), fit.slope.round(4)
        (np.float64(1.118), np.float64(2.0))
    """
    x, y, vx, vy = _aligned(x, y, np.asarray(vx), np.asarray(vy))
    if np.any(vx < 0) or np.any(vy < 0):
        message = "sampling variances must not be negative."
        raise ValueError(message)
    used = ~np.isnan(x + y + vx + vy)
    var_x, var_y, cov = _moments(x, y, used)
    true_x, true_y = var_x - _mean(vx, used), var_y - _mean(vy, used)
    positive = true_y > 0
    slope = np.where(positive, cov, np.nan) / np.where(positive, true_y, 1.0)
    return Disattenuated(cov / (_root(true_x) * _root(true_y)), slope)


def _aligned(*arrays: Floats) -> tuple[Floats, ...]:
    """All as floats of one shape."""
    try:
        aligned = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in arrays))
    except ValueError as error:
        message = f"x, y and their variances must pair up, not {', '.join(str(np.shape(array)) for array in arrays)}."
        raise ValueError(message) from error
    if aligned[0].shape[-1:] in ((), (0,)) or any(np.isinf(array).any() for array in aligned):
        message = "x, y and their variances must be finite (or NaN) with pairs on the last axis."
        raise ValueError(message)
    return tuple(aligned)


def _moments(x: Floats, y: Floats, used: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Variances of x and y and their covariance over the pairs in use, by n − 1; NaN with fewer than two."""
    dx, dy = _deviations(x, used), _deviations(y, used)
    n = used.sum(axis=-1)
    by = np.where(n > 1, n - 1.0, np.nan)
    return (dx * dx).sum(axis=-1) / by, (dy * dy).sum(axis=-1) / by, (dx * dy).sum(axis=-1) / by


def _deviations(value: Floats, used: np.ndarray) -> Floats:
    """Deviations from the mean of the pairs in use, exactly 0 for a constant and for the pairs left out."""
    first = np.take_along_axis(value, used.argmax(axis=-1)[..., None], axis=-1)
    shifted = np.where(used, value - first, 0.0)
    return np.where(used, shifted - _mean(shifted, used)[..., None], 0.0)


def _mean(value: Floats, used: np.ndarray) -> Floats:
    mean: Floats = np.where(used, value, 0.0).sum(axis=-1) / np.maximum(used.sum(axis=-1), 1)
    return mean


def _root(variance: Floats) -> Floats:
    """Standard deviation, NaN unless positive."""
    return np.sqrt(np.where(variance > 0, variance, np.nan))
