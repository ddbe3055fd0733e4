"""The interval of a number for which several facets were sampled, such as items and people, from the sum of their jackknife variances."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, jackknife_variance
from personametrics.stats.intervals.jackknife import Interval


def jackknives(value: float, drops: Sequence[Floats], level: float = 0.9, shared: Sequence[float] = ()) -> Interval:
    """Return a number with the interval that follows from leaving out parts of each facet that was sampled.

    V = Σ Vₖ, where Vₖ = (n − 1)/n · Σ (drop − mean drop)², minus the part that an earlier facet's variance contains. The limits are ± t √V,
    with Satterthwaite's degrees of freedom V² / Σ Vₖ² / (n − 1). The facets count as sampled independently.

    Args:
        value: the number.
        drops: per facet, (n,) the number without each of its n levels.
        level: coverage of the interval.
        shared: per facet, the part of its variance that is noise contained in another facet's variance too; (): 0 for all.

    Returns:
        The interval. Both ends are NaN if a facet has fewer than two levels, or the number is undefined without one of them.

    References:
        Efron & Stein 1981, doi:10.1214/aos/1176345462; Satterthwaite 1946, doi:10.2307/3002019.

    Examples:
        The mean of four numbers: t of 3 degrees of freedom is 2.353, the standard error 0.913.

        >>> x = np.array([1.0, 2.0, 4.0, 5.0])
        >>> [round(end, 3) for end in jackknives(3.0, [(x.sum() - x) / 3])[:3]]
        [3.0, 0.852, 5.148]
    """
    each = np.array([jackknife_variance(levels) if len(levels) > 1 else np.nan for levels in drops])
    each = np.maximum(each - (np.array(shared) if shared else 0.0), 0.0)
    total, below = each.sum(), sum(part**2 / max(len(levels) - 1, 1) for part, levels in zip(each, drops, strict=True))
    half = float(stdtrit(total**2 / below, (1 + level) / 2) * np.sqrt(total)) if total != 0 else 0.0
    return Interval(value, value - half, value + half)
