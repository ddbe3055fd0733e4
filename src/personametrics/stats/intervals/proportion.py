"""A share of successes, with its interval."""

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.intervals.jackknife import Interval


def wilson(successes: float, number: float, level: float = 0.9, freedom: float = np.inf) -> Interval:
    """Return a share of independent trials with Wilson's interval: all shares that a score test does not reject.

    The ends are (k + z²/2 ± z √(k (n − k) / n + z²/4)) / (n + z²). They stay within 0 to 1, also for 0 or n successes. Source: Wilson
    (1927), doi:10.1080/01621459.1927.10502953.

    Args:
        successes: number k of successes; may be fractional.
        number: number n of trials, or an effective number; without a trial all is NaN.
        level: coverage of the interval.
        freedom: degrees of freedom of an estimated effective number; z is then the quantile of t.

    Examples:
        >>> [round(end, 4) for end in wilson(84, 111, 0.95)[:3]]  # the limits of statsmodels 0.15
        [0.7568, 0.6692, 0.8271]
    """
    if not number:
        return Interval(np.nan, np.nan, np.nan)
    z = float(stdtrit(freedom, (1 + level) / 2))
    share = successes / number
    middle = (successes + z**2 / 2) / (number + z**2)
    half = z * np.sqrt(successes * (number - successes) / number + z**2 / 4) / (number + z**2)
    return Interval(share, min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half))))  # rounding
