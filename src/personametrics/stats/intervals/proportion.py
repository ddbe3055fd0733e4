"""A share of successes, with its interval."""

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.intervals.jackknife import Interval


def wilson(successes: float, number: float, level: float = 0.9, freedom: float = np.inf) -> Interval:
    """A share of independent trials, with the interval of all shares that a score test does not reject.

    Its ends are (k + z²/2 ± z √(k (n − k) / n + z²/4)) / (n + z²); they never leave 0 to 1, and none or all of them is no special case
    (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Args:
        successes: k, how many trials succeeded; a trial may succeed in part.
        number: n, how many there were, or were worth.
        level: coverage of the interval.
        freedom: degrees of freedom that the worth of the trials is known with; z is then the quantile of t with as many.

    Returns:
        NaN without a trial.

    Examples:
        As statsmodels 0.15 gives them:

        >>> [round(end, 4) for end in wilson(84, 111, 0.95)[:3]]
        [0.7568, 0.6692, 0.8271]
    """
    if not number:
        return Interval(np.nan, np.nan, np.nan)
    z = float(stdtrit(freedom, (1 + level) / 2))
    share = successes / number
    middle = (successes + z**2 / 2) / (number + z**2)
    half = z * np.sqrt(successes * (number - successes) / number + z**2 / 4) / (number + z**2)
    return Interval(share, min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half))))  # but for rounding
