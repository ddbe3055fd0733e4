"""How long something lasts in steps that are counted, and how probable its end is at each of them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.proportion import wilson

Flags = npt.NDArray[np.bool_]


class Survival(NamedTuple):
    """A curve of Kaplan and Meier: each array has an entry for each step from 1 to the last one that was seen."""

    risk: Floats
    """(T,) how many were seen at the step and had lasted up to it."""
    events: Floats
    """(T,) how many of them ended there."""
    share: Floats
    """(T,) probability of lasting beyond the step."""
    low: Floats
    """(T,) lower end of its interval."""
    high: Floats
    """(T,) upper end."""


def kaplan_meier(times: Ints, events: Flags, clusters: Ints | None = None, level: float = 0.9) -> Survival:
    """Probability of lasting beyond each step, where some were lost from sight before they ended.

    With n at risk at a step and d of them ending there, S = Π (1 − d/n). The variance of log S is Greenwood's Σ d / (n (n − d)) or, where
    that is larger, the jackknife's over clusters, since what hangs together says less than as much apart. Ends are S^exp(± z σ / |log S|),
    even on the scale log(−log S), so that they stay within 0 and 1. Where nothing has ended yet, or nothing lasts, that scale has no place
    for S: the end on the other side is then Wilson's, of none of those at risk at the step.

    Args:
        times: (N,) the last step at which each was seen, from 1; 0: never.
        events: (N,) whether it ended there; otherwise it was lost from sight after the step.
        clusters: (N,) codes from 0 of those that hang together; None: each stands alone.
        level: coverage of the intervals, each on its own.

    Returns:
        The curve; empty where nothing was ever seen.

    References:
        Kaplan & Meier (1958), doi:10.1080/01621459.1958.10501452; Greenwood (1926), The Natural Duration of Cancer; Kalbfleisch & Prentice
        (2002), doi:10.1002/9781118032985, section 1.4 (the scale).

    Examples:
        Of ten, two end at step 1, one is lost after it, three end at step 2; statsmodels 0.15 gives the same shares:

        >>> times, events = np.array([1, 1, 1, 2, 2, 2, 3, 3, 3, 3]), np.array([1, 1, 0, 1, 1, 1, 0, 0, 0, 0], bool)
        >>> found = kaplan_meier(times, events)
        >>> found.share.round(4).tolist(), found.risk.tolist()
        ([0.8, 0.4571, 0.4571], [10.0, 7.0, 4.0])
        >>> found.low.round(3).tolist(), found.high.round(3).tolist()
        ([0.489, 0.186, 0.186], [0.933, 0.694, 0.694])
    """
    last = int(times.max(initial=0))
    steps = np.arange(1, last + 1)
    codes = np.arange(len(times)) if clusters is None else np.unique(clusters, return_inverse=True)[1].reshape(-1)
    number = int(codes.max(initial=-1)) + 1
    risk, ended = np.zeros((2, number, last))
    np.add.at(risk, codes, (times[:, None] >= steps).astype(float))
    np.add.at(ended, codes, ((times[:, None] == steps) & events[:, None]).astype(float))
    n, d = risk.sum(0), ended.sum(0)
    share = np.cumprod(1 - d / n) if last else np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(d / (n * (n - d)))
        if clusters is not None and number > 1:
            without = np.cumsum(np.log1p(-(d - ended) / (n - risk)), axis=1)
            apart = (number - 1) / number * ((without - without.mean(0)) ** 2).sum(0)
            variance = np.where(np.isfinite(apart), np.maximum(variance, apart), variance)
        spread = float(ndtri((1 + level) / 2)) * np.sqrt(variance) / np.abs(np.log(share))
        low, high = share ** np.exp(spread), share ** np.exp(-spread)
    for at in range(last):
        never = wilson(0, n[at], level).high
        if share[at] == 1:
            low[at], high[at] = 1 - never, 1.0
        elif share[at] == 0:
            low[at], high[at] = 0.0, never if not at or not share[at - 1] else min(never, high[at - 1])
    return Survival(n, d, share, low, high)


def hazard(ended: Flags, clusters: Ints, level: float = 0.9) -> Interval:
    """Probability that what has lasted so far ends at a step, from steps at which it might have.

    Wilson's interval, with as many trials as steps that hang together are worth: n over the design effect, which is the jackknife variance
    of the share over clusters by that of as many independent steps, and at least 1.

    Args:
        ended: (N,) whether it ended, at each step at which it might have.
        clusters: (N,) codes of steps that hang together, such as those of one persona.
        level: coverage of the interval.

    Returns:
        NaN without a step.

    References:
        Wilson (1927), doi:10.1080/01621459.1927.10502953; Korn & Graubard (1998), Survey Methodology 24(2), 193–201 (effective number).

    Examples:
        Where every persona fades alike, steps count in full; where one fades always and another never, all steps count as one:

        >>> alike, apart = np.tile([True, False], 10), np.repeat([True, False], 10)
        >>> [[round(end, 2) for end in hazard(one, np.repeat([0, 1], 10))[:3]] for one in (alike, apart)]
        [[0.5, 0.33, 0.67], [0.5, 0.07, 0.93]]
    """
    n = len(ended)
    if not n:
        return wilson(0, 0, level)
    _, codes = np.unique(clusters, return_inverse=True)
    steps = np.bincount(codes.reshape(-1)).astype(float)
    counts = np.bincount(codes.reshape(-1), ended.astype(float))
    share, effect = float(ended.mean()), 1.0
    if 0 < share < 1 and len(steps) > 1:
        without = (counts.sum() - counts) / (n - steps)
        variance = (len(steps) - 1) / len(steps) * float(((without - without.mean()) ** 2).sum())
        effect = max(1.0, variance / (share * (1 - share) / n))
    return wilson(float(counts.sum()) / effect, n / effect, level)
