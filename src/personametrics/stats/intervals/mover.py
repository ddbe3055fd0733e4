"""The interval of a difference, or of a ratio of what remains, from the intervals of its two parts."""

import numpy as np

from personametrics.stats.intervals.jackknife import Interval


def difference(one: Interval, other: Interval) -> Interval:
    """One minus the other, by variance estimates recovered from their limits (MOVER).

    low = θ₁ − θ₂ − √((θ₁ − l₁)² + (u₂ − θ₂)²), high = θ₁ − θ₂ + √((u₁ − θ₁)² + (θ₂ − l₂)²): skewed limits, such as those of roots near 0,
    stay skewed. The parts count as independent; where they go together the interval is too wide.

    Args:
        one: estimate with its limits.
        other: what is taken off, at the same level.

    Returns:
        NaN limits where a part has none.

    References:
        Zou & Donner 2008, doi:10.1002/sim.3095.

    Examples:
        From Wilson's limits this is Newcombe's hybrid score interval; his example 56/70 − 48/80 has .0524 and .3339:

        >>> from scipy.stats import binomtest
        >>> wilson = [binomtest(k, n).proportion_ci(0.95, "wilson") for k, n in ((56, 70), (48, 80))]
        >>> found = difference(Interval(0.8, *wilson[0]), Interval(0.6, *wilson[1]))
        >>> [round(float(end), 4) for end in found[:3]]
        [0.2, 0.0524, 0.3339]
    """
    value = one.value - other.value
    low = value - np.hypot(one.value - one.low, other.high - other.value)
    return Interval(value, float(low), float(value + np.hypot(one.high - one.value, other.value - other.low)))


def net(whole: Interval, other: Interval) -> Interval:
    """What is left of a hazard without another one that competes with it: 1 − (1 − whole) / (1 − other), by `difference` of logarithms.

    Args:
        whole: probability that something ends in a step, for whichever of both reasons.
        other: probability that the other reason alone ends it.

    Returns:
        NaN limits where a part has none; negative where the other reason alone ends more.

    Examples:
        Of 60 % that end, 20 % would have ended anyway:

        >>> [round(end, 3) for end in net(Interval(0.6, 0.5, 0.7), Interval(0.2, 0.2, 0.2))[:3]]
        [0.5, 0.375, 0.625]
    """
    lasting, lasting_other = (Interval(*np.log(np.maximum([1 - one.value, 1 - one.high, 1 - one.low], 1e-9))) for one in (whole, other))
    found = difference(lasting, lasting_other)
    return Interval(*(float(-np.expm1(end)) for end in (found.value, found.high, found.low)))
