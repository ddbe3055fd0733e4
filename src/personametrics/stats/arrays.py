"""The array types of the ground floor, and sums and variances that several modules need."""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
"""An array of numbers, NaN where a value is undefined."""
Ints = npt.NDArray[np.int64]
"""An array of codes or counts."""
Flags = npt.NDArray[np.bool_]
"""An array of truth values."""


def sums(group: Ints, values: Floats, size: int) -> Floats:
    """Sum (N,) values by group, (size,): 0 for an empty group; `group` (N,) holds codes from 0 to size − 1.

    Examples:
        >>> sums(np.array([0, 2, 0]), np.array([1.0, 5.0, 2.0]), 3).tolist()
        [3.0, 0.0, 5.0]
    """
    return np.asarray(np.bincount(group, values, size), dtype=np.float64)


def ratio(total: Floats | float, count: Floats | float, least: float = 0.0) -> Floats:
    """Divide totals by counts, elementwise; NaN where the count is not above `least`."""
    total, count = np.asarray(total, float), np.asarray(count, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > least, total / count, np.nan)


def jackknife_variance(drops: Floats) -> float:
    """Return the jackknife variance (n − 1)/n · Σ (drop − mean drop)² of a number, from (n,) its values without each of n parts.

    It is NaN without parts, or where the number without a part is NaN. Efron & Stein (1981), doi:10.1214/aos/1176345462.

    Examples:
        >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
        >>> round(jackknife_variance((x.sum() - x) / 4), 6)  # for a mean, the variance of the values over their number, 2.5 / 5
        0.5
    """
    n = len(drops)
    return float((n - 1) / n * ((drops - drops.mean()) ** 2).sum()) if n else float("nan")


def log_choose(n: Floats | Ints, k: Floats | Ints) -> Floats:
    """Return the logarithm of n over k, elementwise, for n and k ≥ 0; −∞ for k > n."""
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0), dtype=np.float64)


def quotient(sums: Floats) -> Floats:
    """Divide the first of (…, k) sums by the second, as in a mean or a share; a statistic for `cluster_jackknife`.

    Examples:
        >>> quotient(np.array([[3.0, 4.0], [1.0, 2.0]])).tolist()
        [0.75, 0.5]
    """
    return np.asarray(sums[..., 0] / sums[..., 1], dtype=np.float64)


def quotient_difference(sums: Floats) -> Floats:
    """Subtract the quotient of the third and fourth of (…, k) sums from that of the first two, as in a difference of means.

    Examples:
        >>> quotient_difference(np.array([3.0, 4.0, 1.0, 2.0])).tolist()
        0.25
    """
    return quotient(sums) - quotient(sums[..., 2:])
