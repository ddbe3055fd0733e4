"""The interval of a difference, or of a ratio of survival probabilities, from the intervals of its two independent parts (MOVER)."""

import numpy as np

from personametrics.stats.intervals.jackknife import Interval


def difference(one: Interval, other: Interval) -> Interval:
    """Subtract one estimate from another by variance estimates recovered from their limits (MOVER).

    low = θ₁ − θ₂ − √((θ₁ − l₁)² + (u₂ − θ₂)²) and high = θ₁ − θ₂ + √((u₁ − θ₁)² + (θ₂ − l₂)²), so that skewed limits, such as those of
    roots near 0, stay skewed. The parts count as independent; if they are positively correlated, the interval is too wide (see `paired`).

    Args:
        one: estimate with its limits.
        other: estimate that is subtracted, at the same level.

    Returns:
        The difference; both ends are NaN if those of a part are.

    References:
        Zou & Donner (2008), doi:10.1002/sim.3095.

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

    Args:
        whole: probability of an end in a step, by any of two causes.
        other: probability of an end by the other cause alone.

    Returns:
        The hazard of the first cause; negative where the other one alone ends more; both ends are NaN if those of a part are.

    Examples:
        60 % end, of which 20 % would have ended by the other cause:

        >>> [round(end, 3) for end in net(Interval(0.6, 0.5, 0.7), Interval(0.2, 0.2, 0.2))[:3]]
        [0.5, 0.375, 0.625]
    """
    survival = (Interval(*np.log(np.maximum([1 - part.value, 1 - part.high, 1 - part.low], 1e-9))) for part in (whole, other))
    ratio = difference(*survival)
    return Interval(*(float(-np.expm1(end)) for end in (ratio.value, ratio.high, ratio.low)))
