"""Survival over discrete steps, and the probability of an end at each step."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from personametrics.stats.arrays import Flags, Floats, Ints, jackknife_variance
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.proportion import wilson


class Survival(NamedTuple):
    """A Kaplan–Meier curve: each array, (T,), has an entry for each step from 1 to the last observed one.

    `risk` is the number observed at the step that had lasted until then, `events` the number of them that ended, and `share` the
    probability of lasting beyond the step, with its interval from `low` to `high`.
    """

    risk: Floats
    events: Floats
    share: Floats
    low: Floats
    high: Floats


def kaplan_meier(times: Ints, events: Flags, clusters: Ints | None = None, level: float = 0.9) -> Survival:
    """Estimate the probability of lasting beyond each step, where some observations are censored.

    With n at risk at a step and d of them ending there, S = Π (1 − d/n). The variance of log S is Greenwood's Σ d / (n (n − d)) or, if it
    is larger, the jackknife variance over clusters. The ends are S^exp(± z σ / |log S|), symmetric on the scale log(−log S), so that they
    stay within 0 and 1. Where S is 1 or 0 this scale is undefined; the other end is then Wilson's, for 0 successes of those at risk at the
    step. Sources: Kaplan & Meier (1958), doi:10.1080/01621459.1958.10501452; Greenwood (1926), The Natural Duration of Cancer; Kalbfleisch
    & Prentice (2002), doi:10.1002/9781118032985, section 1.4 (the scale).

    Args:
        times: (N,) last step at which each was observed, from 1; 0: never observed.
        events: (N,) True if it ended at that step; False if it was censored after it.
        clusters: (N,) cluster of each, codes from 0; None: all are independent.
        level: pointwise coverage of the intervals.

    Returns:
        The curve; empty without observations.

    Examples:
        Of ten, two end at step 1, one is censored after it, three end at step 2; statsmodels 0.15 gives the same shares:

        >>> times, events = np.array([1, 1, 1, 2, 2, 2, 3, 3, 3, 3]), np.array([1, 1, 0, 1, 1, 1, 0, 0, 0, 0], bool)
        >>> curve = kaplan_meier(times, events)
        >>> curve.share.round(4).tolist(), curve.risk.tolist()
        ([0.8, 0.4571, 0.4571], [10.0, 7.0, 4.0])
        >>> curve.low.round(3).tolist(), curve.high.round(3).tolist()
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
            clustered = (number - 1) / number * ((without - without.mean(0)) ** 2).sum(0)
            variance = np.where(np.isfinite(clustered), np.maximum(variance, clustered), variance)
        spread = float(ndtri((1 + level) / 2)) * np.sqrt(variance) / np.abs(np.log(share))
        low, high = share ** np.exp(spread), share ** np.exp(-spread)
    for step in range(last):
        limit = wilson(0, n[step], level).high
        if share[step] == 1:
            low[step], high[step] = 1 - limit, 1.0
        elif share[step] == 0:
            low[step], high[step] = 0.0, limit if not step or not share[step - 1] else min(limit, high[step - 1])
    return Survival(n, d, share, low, high)


def hazard(ended: Flags, clusters: Ints, level: float = 0.9) -> Interval:
    """Estimate the probability of an end at a step, from all steps at risk; NaN without a step.

    The interval is Wilson's, with an effective number of trials: n divided by the design effect, which is the jackknife variance of the
    share over clusters divided by the variance of n independent steps, and at least 1. Sources: Wilson (1927),
    doi:10.1080/01621459.1927.10502953; Korn & Graubard (1998), Survey Methodology 24(2), 193–201 (effective number).

    Args:
        ended: (N,) True for each step at risk at which it ended.
        clusters: (N,) cluster of each step, such as its persona.
        level: coverage of the interval.

    Examples:
        If both personas fade equally often, all steps count; if one always fades and the other one never, all steps count as one:

        >>> equal, opposite = np.tile([True, False], 10), np.repeat([True, False], 10)
        >>> [[round(end, 2) for end in hazard(ended, np.repeat([0, 1], 10))[:3]] for ended in (equal, opposite)]
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
        variance = jackknife_variance((counts.sum() - counts) / (n - steps))
        effect = max(1.0, variance / (share * (1 - share) / n))
    return wilson(float(counts.sum()) / effect, n / effect, level)
