"""The ratio of two independent estimates, also where the numerator may be zero."""

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.intervals.jackknife import Interval


def fieller(above: tuple[float, float], below: tuple[float, float], freedom: float, level: float = 0.9) -> Interval:
    """Return the ratio x / y with Fieller's interval: all ratios q with |x − q y| ≤ t √(Vx + q² Vy).

    Args:
        above: x and its variance.
        below: y and its variance, independent of x.
        freedom: degrees of freedom of t.
        level: coverage of the interval.

    Returns:
        The ratio. Both ends are NaN if y does not differ from zero, so that the interval is unbounded; all is NaN if y is zero.

    References:
        Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.

    Examples:
        With an exact denominator the interval is that of x, divided by y; t of 10 degrees of freedom is 1.812.

        >>> [round(end, 4) for end in fieller((2.0, 0.04), (4.0, 0.0), 10)[:3]]
        [0.5, 0.4094, 0.5906]
    """
    (x, vx), (y, vy) = above, below
    t = float(stdtrit(freedom, (1 + level) / 2)) if freedom > 0 else np.nan
    if not (np.isfinite([x, vx, y, vy]).all() and y != 0):
        return Interval(np.nan, np.nan, np.nan)
    a, b, c = y**2 - t**2 * vy, -2 * x * y, x**2 - t**2 * vx
    if not a > 0:
        return Interval(x / y, np.nan, np.nan)
    half = np.sqrt(max(b**2 - 4 * a * c, 0.0))
    return Interval(x / y, float((-b - half) / (2 * a)), float((-b + half) / (2 * a)))
