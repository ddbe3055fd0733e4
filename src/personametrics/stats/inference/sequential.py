"""Looking at the same panel several times while it grows, without deciding wrongly more often than once."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from personametrics.stats.arrays import Floats

Spending = Literal["obrien-fleming", "pocock"]
"""How the chance of a wrong decision is spent: hardly any of it early, or about evenly."""

NODES = 24
"""Gauss–Legendre nodes per stretch of the integrals."""

STRETCH = 3.0
"""A stretch is at most so many standard deviations of the step between two looks."""

LEAST = 1e-4
"""A look that adds less than this share of the information decides nothing."""

FAR = 37.0
"""Beyond so many standard deviations the normal tail is 0 in double precision."""


class _Density(NamedTuple):
    """Where the sum of increments lies if no look has decided yet: nodes, and density × weight at each."""

    at: Floats
    mass: Floats


def spent(fractions: Sequence[float] | Floats, error: float, spending: Spending = "obrien-fleming") -> Floats:
    """Chance of a wrong decision that may have been spent once this share of the information is in.

    obrien-fleming: 4 − 4Φ(z(1 − error/4) / √t), both sides together; pocock: error · log(1 + (e − 1) · t).

    Args:
        fractions: (K,) shares t of the information of the full panel, 0 < t ≤ 1.
        error: to be spent at t = 1, both sides together, 0 < error < 1.
        spending: which of the two.

    Returns:
        (K,) cumulative error.

    Raises:
        ValueError: an unknown kind of spending.

    References:
        Lan & DeMets (1983), doi:10.1093/biomet/70.3.659.

    Examples:
        >>> spent([0.5, 1.0], 0.1).round(4).tolist()
        [0.0111, 0.1]
    """
    t = np.asarray(fractions, float)
    if spending == "obrien-fleming":
        return np.asarray(4 * ndtr(ndtri(error / 4) / np.sqrt(t)))
    if spending == "pocock":
        return np.asarray(error * np.log1p((np.e - 1) * t))
    message = f'The spending "{spending}" is unknown; there are: obrien-fleming, pocock.'
    raise ValueError(message)


def bounds(fractions: Sequence[float], error: float, spending: Spending = "obrien-fleming") -> Floats:
    """How many standard errors from its null an estimate must lie at each look to be decided.

    The chance of crossing first at a look equals what the spending function grants it: recursive integration of the density of what has not
    crossed yet. Assumes that estimates are jointly normal with independent increments of information, Cov(first, later) = Var(later),
    as where later looks add answers to the earlier ones. Bounds of early looks do not depend on later ones, so looks need not be
    planned; they must not be timed by what the estimate looked like.

    Args:
        fractions: (K,) shares of the information of the full panel at each look, rising, 0 < t ≤ 1.
        error: chance of ever crossing where the null is true, both sides together.
        spending: how it is spent.

    Returns:
        (K,) bounds; ∞ for a look that adds less than .0001 of the information, whose error is left to the next.

    Raises:
        ValueError: the fractions do not rise within (0, 1].

    References:
        Lan & DeMets (1983), doi:10.1093/biomet/70.3.659; Armitage, McPherson & Rowe (1969), doi:10.2307/2343787 (the integration);
        Jennison & Turnbull (1999), doi:10.1201/9780367805326.

    Examples:
        >>> bounds([0.2, 0.4, 0.6, 0.8, 1.0], 0.05).round(3).tolist()
        [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    t = _checked(fractions)
    found, density, before, gone = np.full(len(t), np.inf), _Density(np.zeros(1), np.ones(1)), 0.0, 0.0
    for k, (now, so_far) in enumerate(zip(t, spent(t, error, spending), strict=True)):
        if now - before >= LEAST and so_far > gone:
            step = np.sqrt(now - before)
            found[k] = _bound(density, step, so_far - gone) / np.sqrt(now)
            density, before, gone = _grown(density, step, found[k] * np.sqrt(now)), now, so_far
    return found


def crossing(fractions: Sequence[float], limits: Sequence[float] | Floats) -> Floats:
    """Chance that an estimate whose null is true lies beyond its limit for the first time at each look.

    Args:
        fractions: (K,) shares of the information, rising, 0 < t ≤ 1.
        limits: (K,) standard errors, > 0; ∞ never decides.

    Returns:
        (K,) chances; their sum is the error of all looks together.

    Raises:
        ValueError: the fractions do not rise within (0, 1].

    Examples:
        >>> round(float(crossing([0.2, 0.4, 0.6, 0.8, 1.0], [2.413] * 5).sum()), 4)  # Pocock's constant for five looks
        0.05
    """
    t = _checked(fractions)
    found, density, before = np.zeros(len(t)), _Density(np.zeros(1), np.ones(1)), 0.0
    for k, (now, limit) in enumerate(zip(t, np.asarray(limits, float) * np.sqrt(t), strict=True)):
        if np.isfinite(limit) and now > before:
            step = np.sqrt(now - before)
            found[k] = _beyond(density, step, limit)
            density, before = _grown(density, step, limit), now
    return found


def levels(fractions: Sequence[float], level: float = 0.9, spending: Spending = "obrien-fleming") -> Floats:
    """Level of the interval to be shown at each look, so that all of them hold the truth together with the nominal level.

    Intervals at these levels may be looked at each time, and the panel be ended whenever one likes: the chance that any of them misses the
    truth is at most 1 − level (repeated confidence intervals). They are wider than at the nominal level, and what is estimated at an early
    stop still lies too far out.

    Args:
        fractions: (K,) shares of the information of the full panel at each look, rising, 0 < t ≤ 1.
        level: nominal level, 0 < level < 1.
        spending: how the error is spent.

    Returns:
        (K,) levels ≥ the nominal one; 1 for a look that brought next to nothing new.

    Raises:
        ValueError: the fractions do not rise within (0, 1].

    References:
        Jennison & Turnbull (1999), doi:10.1201/9780367805326, chapter 9 (repeated confidence intervals).

    Examples:
        >>> levels([0.5, 1.0], 0.9).round(4).tolist()
        [0.9889, 0.9035]
    """
    return np.asarray(2 * ndtr(bounds(fractions, 1 - level, spending)) - 1)


def _checked(fractions: Sequence[float]) -> Floats:
    """Fractions that rise."""
    t = np.asarray(fractions, float)
    if not (np.isfinite(t).all() and (t > 0).all() and (t <= 1).all() and (np.diff(t) >= 0).all()):
        message = f"Shares of the information must rise within 0 < t ≤ 1, looks in order: {t.round(4).tolist()} do not."
        raise ValueError(message)
    return t


def _beyond(density: _Density, step: float, limit: float) -> float:
    """Chance that what has not crossed yet lies beyond ± limit after a step."""
    return float((density.mass * (ndtr((density.at - limit) / step) + ndtr((-density.at - limit) / step))).sum())


def _bound(density: _Density, step: float, grant: float) -> float:
    """The limit that is crossed with the chance granted."""
    far = float(np.abs(density.at).max()) + FAR * step
    return float(brentq(lambda limit: _beyond(density, step, limit) - grant, 0.0, far, xtol=1e-12))


def _grown(density: _Density, step: float, limit: float) -> _Density:
    """The density after a step, of what lies within ± limit."""
    inside = min(limit, float(np.abs(density.at).max()) + 9 * step)
    stretches = int(np.ceil(2 * inside / (STRETCH * step)))
    node, weight = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-inside, inside, stretches + 1)
    half = inside / stretches
    at = (edges[:-1, None] + half * (node + 1)).ravel()
    kernel = np.exp(-(((at[:, None] - density.at) / step) ** 2) / 2) / (step * np.sqrt(2 * np.pi))
    return _Density(at, (kernel @ density.mass) * np.tile(half * weight, stretches))
