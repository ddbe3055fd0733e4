"""The reliability of averages, and the cheapest design that reaches a target."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from personametrics.stats.arrays import Floats
from personametrics.stats.variance.components import PERSONA, RUN

ROUNDING = 1e-9
"""Slack before a computed number of runs is rounded up, so that 4.0000000001 becomes 4."""
LARGEST = {"item": 400, "condition": 20}
"""Largest number of levels per facet in a D study."""


@dataclass(frozen=True)
class Design:
    """A number of runs per cell, items and conditions, with its calls per persona and its reliability in [0, 1]."""

    runs: int
    items: int
    conditions: int
    calls: int
    reliability: float


def spearman_brown(signal: npt.ArrayLike, runs: npt.ArrayLike) -> Floats:
    """Compute the reliability of the mean of k runs from that of one answer, s ≤ 1: k·s / (1 + (k − 1)·s); NaN where the divisor is ≤ 0.

    Sources: Spearman (1910), doi:10.1111/j.2044-8295.1910.tb00206.x; Brown (1910), doi:10.1111/j.2044-8295.1910.tb00207.x.

    Examples:
        >>> float(spearman_brown(0.5, 4))
        0.8
    """
    s, k = np.asarray(signal, float), np.asarray(runs, float)
    below = 1 + (k - 1) * s
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, k * s / below, np.nan)


def runs_needed(signal: float, target: float) -> float:
    """Compute the runs whose mean reaches a target reliability, 0 < ρ < 1: ⌈ρ/(1 − ρ) · (1 − s)/s⌉, with s the reliability of one answer.

    It is a whole number ≥ 1; ∞ where s ≤ 0, and NaN where s is NaN.

    Examples:
        >>> runs_needed(0.5, 0.8)
        4.0
    """
    if math.isnan(signal):
        return math.nan
    if signal <= 0:
        return math.inf
    return max(1.0, float(math.ceil(target / (1 - target) * (1 - signal) / signal - ROUNDING)))


def generalizability(
    components: Mapping[str, npt.ArrayLike], numbers: Mapping[str, npt.ArrayLike], *, absolute: bool = False, truncate: bool = True
) -> Floats:
    """Compute the G or Φ coefficient of a persona's mean over items, conditions and runs.

    G = σ²(persona) / (σ²(persona) + relative error). The relative error sums every effect of persona with other facets, each divided by the
    number of levels of these facets that are averaged, and the run noise divided by all of these numbers. Φ adds the effects without
    persona: it applies to scores on the scale itself, and not in comparison with other personas. Negative components count as 0 (Brennan's
    convention). G is not the signal: a persona's answers may be stable item by item while its mean over items does not set it apart.
    Source: Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0, equations 2.32 and 2.40.

    Args:
        components: {effect: (...)} with effects named "persona", "persona:item", …, "run".
        numbers: number of levels that are averaged, by facet; "run" per cell; scalars or arrays (...).
        absolute: True for Φ instead of G.
        truncate: True if negative components count as 0. With False the coefficient may leave [0, 1], as an interval needs it.

    Returns:
        The coefficient, (...), in [0, 1]; NaN where all components are 0.

    Examples:
        >>> variances = {"persona": 1.0, "item": 2.0, "persona:item": 1.0, "run": 2.0}
        >>> float(generalizability(variances, {"item": 4, "run": 2}))  # 1 / (1 + 1/4 + 2/8)
        0.6666666666666666
        >>> float(generalizability(variances, {"item": 4, "run": 2}, absolute=True))  # 1 / (1 + 1/4 + 2/8 + 2/4)
        0.5
    """
    averaged = {facet: np.asarray(number, float) for facet, number in numbers.items()}
    error, floor = np.zeros(()), 0.0 if truncate else -np.inf
    for effect, value in components.items():
        facets = effect.split(":")
        over = list(averaged) if effect == RUN else [facet for facet in facets if facet != PERSONA]
        if over and (absolute or effect == RUN or PERSONA in facets):
            error = error + np.maximum(value, floor) / math.prod(averaged[facet] for facet in over)
    universe = np.maximum(components[PERSONA], floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(universe + error > 0, universe / (universe + error), np.nan)


def designs(components: Mapping[str, float], target: float, *, absolute: bool = False, most: int = 6) -> list[Design]:
    """List the designs that reach a target reliability of a persona's mean score, cheapest first: a D study.

    For every number of items (at most 400) and conditions (at most 20), the smallest sufficient number of runs follows in closed form. A
    design is left out if another one needs fewer calls, and at most as many items and conditions. Source: Brennan (2001), Generalizability
    Theory, doi:10.1007/978-1-4757-3456-0, chapter 1.2 (D studies).

    Args:
        components: {effect: σ²}, as from `components`.
        target: target coefficient, 0 < target < 1.
        absolute: True to aim at Φ instead of G.
        most: largest number of designs to return.

    Returns:
        Designs by calls per persona, then runs; empty if no number of runs suffices.

    Examples:
        >>> designs({"persona": 1.0, "item": 0.0, "persona:item": 1.0, "run": 2.0}, 0.8, most=1)  # 1 / (1 + 1/12 + 2/12)
        [Design(runs=1, items=12, conditions=1, calls=12, reliability=0.8)]
    """
    if math.isnan(components[RUN]):
        return []
    numbers = _grid(components)
    runs = _fewest_runs(components, numbers, target, absolute=absolute)
    calls = runs * math.prod(numbers.values())
    with np.errstate(invalid="ignore"):
        reached = generalizability(components, numbers | {RUN: runs}, absolute=absolute)
    items, conditions = numbers["item"], numbers.get("condition", np.ones_like(runs))
    kept: list[Design] = []
    for index in np.lexsort((conditions.ravel(), runs.ravel(), calls.ravel())):
        if not math.isfinite(runs.ravel()[index]) or len(kept) == most:
            break
        run, item, condition, call = (int(array.ravel()[index]) for array in (runs, items, conditions, calls))
        design = Design(run, item, condition, call, float(reached.ravel()[index]))
        if not any(other.items <= design.items and other.conditions <= design.conditions for other in kept):
            kept.append(design)
    return kept


def _grid(components: Mapping[str, float]) -> dict[str, Floats]:
    """Return all combinations of numbers of items (rows) and conditions (columns)."""
    items = np.arange(1.0, LARGEST["item"] + 1)[:, None]
    if not any("condition" in effect for effect in components):
        return {"item": items}
    conditions = np.arange(1.0, LARGEST["condition"] + 1)
    return {"item": items + 0 * conditions, "condition": conditions + 0 * items}


def _fewest_runs(components: Mapping[str, float], numbers: Mapping[str, Floats], target: float, *, absolute: bool) -> Floats:
    """Compute the runs per cell that bring the coefficient to the target, for each number of items and conditions; ∞ if none do."""
    universe, noise = max(components[PERSONA], 0.0), max(components[RUN], 0.0)
    noiseless = generalizability(dict(components) | {RUN: 0.0}, dict(numbers) | {RUN: 1.0}, absolute=absolute)
    if noise == 0:
        return np.where(noiseless >= target, 1.0, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = (universe / target - universe / noiseless) * math.prod(numbers.values())
        return np.where(room > ROUNDING * universe, np.maximum(np.ceil(noise / room - ROUNDING), 1), np.inf)
