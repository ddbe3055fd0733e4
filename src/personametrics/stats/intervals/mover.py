"""Intervals of differences and ratios of two independent estimates."""

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.intervals.jackknife import Interval


def difference(one: Interval, other: Interval) -> Interval:
    """Subtract one estimate from another by variance estimates recovered from their limits (MOVER).

    low = θ₁ − θ₂ − √((θ₁ − l₁)² + (u₂ − θ₂)²) and high = θ₁ − θ₂ + √((u₁ − θ₁)² + (θ₂ − l₂)²), so that skewed limits, such as those of
    roots near 0, stay skewed; both are NaN if those of a part are. The parts, at the same level, count as independent; if they are
    positively correlated, the interval is too wide (see `paired`). Source: Zou & Donner (2008), doi:10.1002/sim.3095.

    Examples:
        From Wilson's limits this is Newcombe's hybrid score interval; his example 56/70 − 48/80 has the limits .0524 and .3339:

        >>> from scipy.stats import binomtest
        >>> wilson = [binomtest(k, n).proportion_ci(0.95, "wilson") for k, n in ((56, 70), (48, 80))]
        >>> [round(float(end), 4) for end in difference(Interval(0.8, *wilson[0]), Interval(0.6, *wilson[1]))[:3]]
        [0.2, 0.0524, 0.3339]
    """
    value = one.value - other.value
    low = value - np.hypot(one.value - one.low, other.high - other.value)
    return Interval(value, float(low), float(value + np.hypot(one.high - one.value, other.value - other.low)))


def net(whole: Interval, other: Interval) -> Interval:
    """Remove a competing hazard: 1 − (1 − whole) / (1 − other), by `difference` of logarithms.

    `whole` is the probability of an end in a step by any of two causes, `other` that of an end by the other cause alone. The hazard of the
    first cause is negative where the other one alone ends more; both ends are NaN if those of a part are.

    Examples:
        >>> [round(end, 3) for end in net(Interval(0.6, 0.5, 0.7), Interval(0.2, 0.2, 0.2))[:3]]
        [0.5, 0.375, 0.625]
    """
    survival = (Interval(*np.log(np.maximum([1 - part.value, 1 - part.high, 1 - part.low], 1e-9))) for part in (whole, other))
    ratio = difference(*survival)
    return Interval(*(float(-np.expm1(end)) for end in (ratio.value, ratio.high, ratio.low)))


def fieller(above: tuple[float, float], below: tuple[float, float], freedom: float, level: float = 0.9) -> Interval:
    """Return the ratio x / y with Fieller's interval: all ratios q with |x − q y| ≤ t √(Vx + q² Vy).

    Source: Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.

    Args:
        above: x and its variance.
        below: y and its variance, independent of x.
        freedom: degrees of freedom of t.
        level: coverage of the interval.

    Returns:
        The ratio. Both ends are NaN if y does not differ from zero, so that the interval is unbounded; all is NaN if y is zero.

    Examples:
        >>> [round(end, 4) for end in fieller((2.0, 0.04), (4.0, 0.0), 10)[:3]]  # y is exact; t of 10 degrees of freedom is 1.812
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
