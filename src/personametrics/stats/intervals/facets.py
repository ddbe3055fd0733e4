"""The interval of a number for which several things were sampled, such as items and people: their jackknife variances, added up."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Interval


def jackknives(value: float, drops: Sequence[Floats], level: float = 0.9, shared: Sequence[float] = ()) -> Interval:
    """A number with what it becomes when parts of each thing that was sampled are left out.

    V = Σ Vₖ with Vₖ = (n − 1)/n · Σ (drop − mean drop)², less what an earlier one holds already; limits are ± t √V, with Satterthwaite's
    degrees of freedom V² / Σ Vₖ² / (n − 1). The things count as sampled independently.

    Args:
        value: of everything.
        drops: for each thing that was sampled, (n,) the number without each of its n parts.
        level: coverage of the interval.
        shared: for each of them, what of its variance is noise that another one's holds as well; none: nothing is.

    Returns:
        NaN limits where a thing has fewer than two parts, or leaving one out leaves the number undefined.

    References:
        Efron & Stein 1981, doi:10.1214/aos/1176345462; Satterthwaite 1946, doi:10.2307/3002019.

    Examples:
        The mean of four numbers: t of 3 degrees of freedom is 2.353, the standard error 0.913.

        >>> x = np.array([1.0, 2.0, 4.0, 5.0])
        >>> [round(end, 3) for end in jackknives(3.0, [(x.sum() - x) / 3])[:3]]
        [3.0, 0.852, 5.148]
    """
    each = np.array([(len(some) - 1) * some.var() if len(some) > 1 else np.nan for some in drops])
    each = np.maximum(each - (np.array(shared) if shared else 0.0), 0.0)
    total, below = each.sum(), sum(one**2 / max(len(some) - 1, 1) for one, some in zip(each, drops, strict=True))
    half = float(stdtrit(total**2 / below, (1 + level) / 2) * np.sqrt(total)) if total != 0 else 0.0
    return Interval(value, value - half, value + half)
