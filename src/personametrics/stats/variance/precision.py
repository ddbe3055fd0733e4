"""The expected width of the signal's interval, and the cheapest panel that makes it narrow enough."""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr, stdtrit

from personametrics.stats.arrays import jackknife_variance
from personametrics.stats.intervals.jackknife import BEND, HEAVY, deletions, interval, on_scale
from personametrics.stats.variance.components import PERSONA, RUN, components, signal
from personametrics.stats.variance.disagreement import Pairs

BOTH = "persona:item"

TYPICAL: Mapping[str, float] = MappingProxyType({PERSONA: 0.15, BOTH: 0.35, RUN: 0.5})
"""Components to assume without a pilot: a signal of ½, where its interval is about widest, of which .3 is the same for all items. That
share is .24 to .33 in recorded answers of seven models to Moral Foundations items as scores, and 0 to .11 in the same items as labels and
in Big Five items, of which half are reversed."""
UNEVEN: Mapping[str, float] = MappingProxyType({PERSONA: 0.7, "item": 0.5, BOTH: 1.7})
"""Standard deviations of the signal's log-odds between personas, items and cells, in addition to those of normal effects of one size: upper
quartiles of the 14 of these panels whose signal is below .95, so that a plan tends to promise too little."""
MOST: Mapping[str, int] = MappingProxyType({PERSONA: 50, "item": 200, RUN: 20})
"""Largest numbers of personas, items and runs in a plan."""
MANY = 100_001
"""A number of personas beyond any study."""
SHAKY = 0.7
"""Jackknife variances have χ²-like errors; because the errors of facets and cells are correlated, they are this much smaller (fitted, see
the tests)."""


@dataclass(frozen=True)
class SignalVariance:
    """The variance of an estimated signal by source; `persona` is what only more personas lower, `item` what only more items lower."""

    value: float
    persona: float
    item: float
    cell: float

    @property
    def total(self) -> float:
        """The variance of the estimate; its reciprocal is the information in the panel."""
        return self.persona + self.item + self.cell


@dataclass(frozen=True)
class Cheapest:
    """A panel with its expected precision and its cost.

    Attributes:
        width: expected half-width of the signal's interval.
        cost: number of calls, or their price.
        reached: True if the half-width is at most the target; False if this is the narrowest panel within the bounds.
    """

    personas: int
    items: int
    runs: int
    width: float
    cost: float
    reached: bool

    @property
    def calls(self) -> int:
        """The number of answers."""
        return self.personas * self.items * self.runs


def signal_variance(variances: Mapping[str, float], sizes: Mapping[str, float], uneven: Mapping[str, float] = UNEVEN) -> SignalVariance:
    """Compute the variance of the signal's estimate on a complete panel, by source.

    It is NaN with fewer than two of a facet, or without variance. The delta method on the two mean squares, whose variances are exact for
    normal effects, plus the variances between personas, items and cells whose own signals differ, uneven² · (s · (1 − s))² divided by the
    number of each. All interactions of persona are summed, and negative components count as 0. `sizes` are numbers of "persona", "item"
    (items × conditions) and "run" (∞ for label probabilities); `uneven` is {} if all signals are the same.

    Raises:
        ValueError: the component "persona" or "run" is missing.
    """
    a, b, r = _parts(variances)
    P, I, R = (float(sizes[facet]) for facet in (PERSONA, "item", RUN))
    total = a + b + r
    if min(P, I, R) < 2 or total <= 0:
        return SignalVariance(math.nan, math.nan, math.nan, math.nan)
    q = r / total  # 1 − the signal
    noise = b + r / R
    between = q**2 * (4 * a * noise + 2 * noise**2) / (I * (P - 1))
    within = (1 - q * (1 - 1 / R)) ** 2 * 2 * r**2 / (P * I * (R - 1))
    differ = {facet: (q * (1 - q) * uneven.get(facet, 0.0)) ** 2 for facet in (PERSONA, "item", BOTH)}
    persona = 2 * (q * a / total) ** 2 / (P - 1) + differ[PERSONA] / P
    return SignalVariance(1 - q, persona, differ["item"] / I, (between + within) / total**2 + differ[BOTH] / (P * I))


def expected_width(
    variances: Mapping[str, float], sizes: Mapping[str, float], level: float = 0.9, uneven: Mapping[str, float] = UNEVEN
) -> float:
    """Compute the expected half-width of the signal's interval, (high − low) / 2 of `interval(signal, …, scale="share")`.

    For normal effects (uneven = {}), it is within 10 % of the simulated mean with at least 10 personas, 8 items and a signal of at most .8;
    otherwise intervals are wider. On recorded panels it is 1.9 to 10 times too narrow without `uneven`. With the `unevenness` of a pilot of
    ten items and three runs, nine in ten pilots predict .63 to 1.62 times the width of the panel.

    Args:
        variances: variance components, as from `components`; `TYPICAL` without a pilot.
        sizes: numbers of "persona", "item" and "run".
        level: coverage of the interval.
        uneven: standard deviations of the log-odds of signals, as from the `unevenness` of a pilot.

    Returns:
        The half-width in units of the signal; NaN for a panel whose interval is undefined.

    Raises:
        ValueError: the component "persona" or "run" is missing.

    Examples:
        >>> round(expected_width(TYPICAL, {"persona": 50, "item": 40, "run": 5}), 3)
        0.063
    """
    parts = signal_variance(variances, sizes, uneven)
    P, I = sizes[PERSONA], sizes["item"]
    if not 0 < parts.total < math.inf:
        return math.nan if math.isnan(parts.total) else 0.0
    # The interval truncates variances between personas, or items, at 0, which makes it wider on average.
    errors = [SHAKY * (part + parts.cell) * math.sqrt(2 / (n - 1)) for part, n in ((parts.persona, P), (parts.item, I))]
    between = [(_positive(part, error), n) for part, error, n in zip((parts.persona, parts.item), errors, (P, I), strict=True)]
    variance = parts.cell + sum(part for part, _ in between)
    below = parts.cell**2 / ((P - 1) * (I - 1)) + sum(part**2 / max(HEAVY * (n - 1), min(n - 1, 2)) for part, n in between)
    half = float(stdtrit(max(variance**2 / below, 1.0), (1 + level) / 2)) * math.sqrt(variance)
    low, high = on_scale(parts.value, half, BEND * math.sqrt((min(P, I) - 1) * parts.cell), "share")
    return (high - low) / 2


def cheapest(
    variances: Mapping[str, float],
    width: float,
    most: Mapping[str, int] = MOST,
    *,
    price: Callable[[int], float] = float,
    level: float = 0.9,
    uneven: Mapping[str, float] = UNEVEN,
) -> Cheapest:
    """Find the cheapest numbers of items and runs that bring the interval of the signal to a half-width.

    Source: Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0, chapter 1.2 (D studies).

    Args:
        variances: variance components, as for `expected_width`.
        width: target half-width, in units of the signal.
        most: number of personas, and largest numbers of items and runs; missing facets are taken from `MOST`.
        price: function from a number of runs to the price of one cell, since several answers to one prompt pay for the prompt once.
        level: coverage of the interval.
        uneven: differences between signals, as for `expected_width`.

    Returns:
        The cheapest plan, with the fewest calls among those of equal cost. If none is narrow enough, the narrowest, with `reached` False.

    Raises:
        ValueError: the component "persona" or "run" is missing, or a facet has fewer than two levels.

    Examples:
        >>> plan = cheapest(TYPICAL, 0.07, {"persona": 50, "item": 40})
        >>> plan.items, plan.runs, plan.reached
        (33, 2, True)
    """
    P, I, R = (int({**MOST, **most}[facet]) for facet in (PERSONA, "item", RUN))
    if min(P, I, R) < 2:
        message = f"{P} personas, {I} items and {R} runs are too few for a comparison. Set at least two of each in `most`."
        raise ValueError(message)
    costs = [(P * items * price(runs), items * runs, items, runs) for items, runs in product(range(2, I + 1), range(2, R + 1))]
    tried = []
    for cost, _, items, runs in sorted(costs):
        half = expected_width(variances, {PERSONA: P, "item": items, RUN: runs}, level, uneven)
        plan = Cheapest(P, items, runs, half, cost, half <= width)
        if plan.reached:
            return plan
        tried.append(plan)
    return min(tried, key=lambda plan: plan.width)


def personas_needed(
    variances: Mapping[str, float], width: float, sizes: Mapping[str, float], level: float = 0.9, uneven: Mapping[str, float] = UNEVEN
) -> float:
    """Find the number of personas that brings the interval of the signal to a half-width, for given numbers of "item" and "run".

    The arguments are those of `expected_width`, with the target `width` in units of the signal.

    Returns:
        A whole number ≥ 2; ∞ if 100,000 are too few, NaN for a panel whose interval is undefined.

    Raises:
        ValueError: the component "persona" or "run" is missing.

    Examples:
        >>> personas_needed(TYPICAL, 0.05, {"item": 40, "run": 5})
        101.0
    """
    if math.isnan(signal_variance(variances, {**sizes, PERSONA: 2}, uneven).total):
        return math.nan
    enough = bisect_left(
        range(MANY), x=True, lo=2, key=lambda number: expected_width(variances, {**sizes, PERSONA: number}, level, uneven) <= width
    )
    return float(enough) if enough < MANY else math.inf


def unevenness(panel: Pairs) -> dict[str, float]:
    """Estimate from a pilot with reruns by how much signals of personas, items and cells differ.

    These are the jackknife variances of the signal in addition to those that normal effects of one size would have.

    Returns:
        Standard deviations ≥ 0 of the log-odds of the signal, by facet as in `UNEVEN`; NaN where the signal or its interval is undefined,
        or the signal is not between 0 and 1.
    """
    panel_deletions, cells = deletions(panel), panel.cells
    estimate, drops = interval(signal, panel_deletions, scale="share"), panel_deletions.values(signal)
    if not 0 < estimate.value < 1 or math.isnan(estimate.cells):
        return dict.fromkeys(UNEVEN, math.nan)
    variances = {effect: float(value) for effect, value in components(panel_deletions.whole, cells.facets).items()}
    P = len(drops.persona)
    plain = signal_variance(variances, {PERSONA: P, "item": len(cells) / P, RUN: 1 / max(float(np.mean(1 / cells.n)), 1e-9)}, {})
    persona, item = jackknife_variance(drops.persona), jackknife_variance(drops.item)
    extra = {PERSONA: (persona - estimate.cells - plain.persona) * P, "item": (item - estimate.cells) * len(cells) / P}
    extra[BOTH] = (estimate.cells - plain.cell) * len(cells)
    return {facet: math.sqrt(max(part, 0.0)) / (estimate.value * (1 - estimate.value)) for facet, part in extra.items()}


def _parts(variances: Mapping[str, float]) -> list[float]:
    """Return the variances of persona alone, of all interactions of persona, and of run; at least 0."""
    for effect in (PERSONA, RUN):
        if effect not in variances:
            message = f'The component "{effect}" is missing. Give the components persona, persona:item and run.'
            raise ValueError(message)
    mixed = sum(value for effect, value in variances.items() if effect != PERSONA and PERSONA in effect.split(":"))
    return [math.nan if math.isnan(part) else max(part, 0.0) for part in (variances[PERSONA], mixed, variances[RUN])]


def _positive(mean: float, deviation: float) -> float:
    """Compute the expectation of the positive part of a normal variable."""
    if deviation <= 0:
        return max(mean, 0.0)
    z = mean / deviation
    return float(mean * ndtr(z) + deviation * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))
