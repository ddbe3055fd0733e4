"""Group-sequential analysis: repeated looks at a growing panel that keep the error probability of a single one."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from personametrics.stats.arrays import Floats

Spending = Literal["obrien-fleming", "pocock"]
"""The spending of the error probability: hardly any of it early, or about evenly."""
NODES = 24
"""Gauss–Legendre nodes per section of the integrals."""
SECTION = 3.0
"""Largest width of a section, in standard deviations of the step between two looks."""
LEAST = 1e-4
"""A look that adds less than this share of the information does not decide."""
FAR = 37.0
"""Number of standard deviations beyond which the normal tail is 0 in double precision."""


class _Density(NamedTuple):
    """The density of the sum of increments if no previous look has decided."""

    node: Floats
    mass: Floats
    """Density × quadrature weight at each node."""


def spent_error(fractions: Sequence[float] | Floats, error: float, spending: Spending = "obrien-fleming") -> Floats:
    """Compute the two-sided error probability, (K,), that may be spent up to each share of the information, 0 < t ≤ 1.

    obrien-fleming: 4 − 4Φ(z(1 − error/4) / √t); pocock: error · log(1 + (e − 1) · t). Lan & DeMets (1983), doi:10.1093/biomet/70.3.659.

    Raises:
        ValueError: an unknown kind of spending.

    Examples:
        >>> spent_error([0.5, 1.0], 0.1).round(4).tolist()
        [0.0111, 0.1]
    """
    t = np.asarray(fractions, float)
    if spending == "obrien-fleming":
        return np.asarray(4 * ndtr(ndtri(error / 4) / np.sqrt(t)))
    if spending == "pocock":
        return np.asarray(error * np.log1p((np.e - 1) * t))
    message = f'Unknown spending "{spending}". Available: obrien-fleming, pocock.'
    raise ValueError(message)


def bounds(fractions: Sequence[float], error: float, spending: Spending = "obrien-fleming") -> Floats:
    """Compute the number of standard errors between an estimate and its null value that is needed for a decision at each look.

    The probability of the first crossing at a look equals the error that the spending function allows, by recursive integration of the
    density of estimates that have not crossed before. Estimates are assumed to be jointly normal with independent increments of
    information, Cov(first, later) = Var(later), which holds if later looks add answers to earlier ones. Bounds of early looks do not depend
    on later ones, so that looks need not be planned; but the estimate must not influence their timing. Sources: Lan & DeMets (1983),
    doi:10.1093/biomet/70.3.659; Armitage, McPherson & Rowe (1969), doi:10.2307/2343787 (the integration); Jennison & Turnbull (1999),
    doi:10.1201/9780367805326.

    Args:
        fractions: (K,) shares of the information of the full panel at each look, increasing, 0 < t ≤ 1.
        error: two-sided probability of any crossing under the null hypothesis.
        spending: "obrien-fleming" or "pocock".

    Returns:
        The bounds, (K,); ∞ for a look that adds less than .0001 of the information, whose error passes to the next look.

    Raises:
        ValueError: the fractions do not increase within (0, 1].

    Examples:
        >>> bounds([0.2, 0.4, 0.6, 0.8, 1.0], 0.05).round(3).tolist()
        [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    t = _checked(fractions)
    limits, density, before, used = np.full(len(t), np.inf), _Density(np.zeros(1), np.ones(1)), 0.0, 0.0
    for k, (now, allowed) in enumerate(zip(t, spent_error(t, error, spending), strict=True)):
        if now - before >= LEAST and allowed > used:
            step = np.sqrt(now - before)
            limits[k] = _bound(density, step, allowed - used) / np.sqrt(now)
            density, before, used = _next_density(density, step, limits[k] * np.sqrt(now)), now, allowed
    return limits


def crossing_probabilities(fractions: Sequence[float], limits: Sequence[float] | Floats) -> Floats:
    """Compute the probabilities (K,) that an estimate first exceeds its limit, in standard errors, at each look, under the null hypothesis.

    Limits are > 0, and ∞ for a look that never decides; the sum is the error probability of all looks.

    Raises:
        ValueError: the fractions do not increase within (0, 1].

    Examples:
        >>> round(float(crossing_probabilities([0.2, 0.4, 0.6, 0.8, 1.0], [2.413] * 5).sum()), 4)  # Pocock's constant for five looks
        0.05
    """
    t = _checked(fractions)
    crossed, density, before = np.zeros(len(t)), _Density(np.zeros(1), np.ones(1)), 0.0
    for k, (now, limit) in enumerate(zip(t, np.asarray(limits, float) * np.sqrt(t), strict=True)):
        if np.isfinite(limit) and now > before:
            step = np.sqrt(now - before)
            crossed[k] = _beyond(density, step, limit)
            density, before = _next_density(density, step, limit), now
    return crossed


def levels(fractions: Sequence[float], level: float = 0.9, spending: Spending = "obrien-fleming") -> Floats:
    """Compute the level of the interval at each look with which all intervals jointly have the nominal coverage.

    With these repeated confidence intervals the panel may be stopped at any look: the probability that any of them misses the true value is
    at most 1 − level. They are wider than at the nominal level, and an estimate at an early stop is still biased away from the null. The
    arguments are those of `bounds`, with the nominal level, 0 < level < 1, in place of the error. Source: Jennison & Turnbull (1999),
    doi:10.1201/9780367805326, chapter 9 (repeated confidence intervals).

    Returns:
        The levels, (K,), at least the nominal one; 1 for a look that adds almost no information.

    Raises:
        ValueError: the fractions do not increase within (0, 1].

    Examples:
        >>> levels([0.5, 1.0], 0.9).round(4).tolist()
        [0.9889, 0.9035]
    """
    return np.asarray(2 * ndtr(bounds(fractions, 1 - level, spending)) - 1)


def _checked(fractions: Sequence[float]) -> Floats:
    """Return the fractions as an array, or raise a ValueError if they do not increase within (0, 1]."""
    t = np.asarray(fractions, float)
    if not (np.isfinite(t).all() and (t > 0).all() and (t <= 1).all() and (np.diff(t) >= 0).all()):
        message = f"The shares of the information are {t.round(4).tolist()}. They must lie in 0 < t ≤ 1 and must not decrease."
        raise ValueError(message)
    return t


def _beyond(density: _Density, step: float, limit: float) -> float:
    """Compute the probability of crossing ± limit after a step."""
    return float((density.mass * (ndtr((density.node - limit) / step) + ndtr((-density.node - limit) / step))).sum())


def _bound(density: _Density, step: float, error: float) -> float:
    """Find the limit that is crossed with a given probability."""
    from scipy.optimize import brentq  # noqa: PLC0415 (slow to load)

    far = float(np.abs(density.node).max()) + FAR * step
    return float(brentq(lambda limit: _beyond(density, step, limit) - error, 0.0, far, xtol=1e-12))


def _next_density(density: _Density, step: float, limit: float) -> _Density:
    """Compute the density within ± limit after a step."""
    inside = min(limit, float(np.abs(density.node).max()) + 9 * step)
    sections = int(np.ceil(2 * inside / (SECTION * step)))
    place, weight = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-inside, inside, sections + 1)
    half = inside / sections
    node = (edges[:-1, None] + half * (place + 1)).ravel()
    kernel = np.exp(-(((node[:, None] - density.node) / step) ** 2) / 2) / (step * np.sqrt(2 * np.pi))
    return _Density(node, (kernel @ density.mass) * np.tile(half * weight, sections))
