"""How wide the signal's interval will be, and the cheapest panel that makes it narrow enough."""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr, stdtrit

from personametrics.stats.intervals.jackknife import BEND, HEAVY, deletions, interval, on_scale
from personametrics.stats.variance.components import PERSONA, RUN, components, signal
from personametrics.stats.variance.disagreement import Pairs

BOTH = "persona:item"

TYPICAL: Mapping[str, float] = MappingProxyType({PERSONA: 0.15, BOTH: 0.35, RUN: 0.5})
"""Components where nothing is known: a signal of ½, about where its interval is widest, with .3 of what is persona the same for all items.
That share is .24 to .33 in recorded answers of seven models to Moral Foundations items read as scores, 0 to .11 where they are read as
labels, and in Big Five items, of which half are reversed."""

UNEVEN: Mapping[str, float] = MappingProxyType({PERSONA: 0.7, "item": 0.5, BOTH: 1.7})
"""Standard deviations of the signal's log odds between personas, items and cells, beyond what normal effects of one size bring: the upper
quartiles of the 14 of those panels whose signal is below .95, so that a plan rather promises too little."""

MOST: Mapping[str, int] = MappingProxyType({PERSONA: 50, "item": 200, RUN: 20})
"""How many there may be."""

MANY = 100_001
"""So many personas are none that anybody asks."""

SHAKY = 0.7
"""Jackknife variances err as χ² does; theirs and the cells' err together, which takes this much off (fitted, see the tests)."""


@dataclass(frozen=True)
class Spread:
    """Where the variance of an estimated signal comes from.

    Attributes:
        value: the signal.
        persona: variance that only further personas lower.
        item: variance that only further items lower.
        cell: variance that more of anything lowers, further runs too.
    """

    value: float
    persona: float
    item: float
    cell: float

    @property
    def total(self) -> float:
        """Variance of the estimate; its reciprocal is the information that the panel holds."""
        return self.persona + self.item + self.cell


@dataclass(frozen=True)
class Cheapest:
    """A panel, and what it promises.

    Attributes:
        personas: how many.
        items: how many.
        runs: runs per cell.
        width: expected half-width of the signal's interval.
        cost: calls, or their price.
        reached: whether the half-width is the one wanted; if not, this is the narrowest within bounds.
    """

    personas: int
    items: int
    runs: int
    width: float
    cost: float
    reached: bool

    @property
    def calls(self) -> int:
        """Number of answers."""
        return self.personas * self.items * self.runs


def spread(known: Mapping[str, float], sizes: Mapping[str, float], uneven: Mapping[str, float] = UNEVEN) -> Spread:
    """Variance that the signal's estimate will have on a complete panel, by what would lower it.

    Delta method on the two mean squares, whose variances are exact for normal effects; to these come the variances between personas, items
    and cells whose own signals differ, uneven² · (s · (1 − s))² by how many of them there are.

    Args:
        known: variance components, as from `components`, of which those of personas and runs matter; all that a persona has with items or
            conditions counts together, and what is negative as 0.
        sizes: numbers of "persona", "item" (items × conditions) and "run" (per cell); ∞ runs where label probabilities are read.
        uneven: by how much signals differ, as in `UNEVEN`; {}: not at all.

    Returns:
        The parts; NaN with fewer than two of anything, or where nothing varies.

    Raises:
        ValueError: the component "persona" or "run" is missing.
    """
    a, b, r = _parts(known)
    P, I, R = (float(sizes[facet]) for facet in (PERSONA, "item", RUN))
    total = a + b + r
    if min(P, I, R) < 2 or total <= 0:
        return Spread(math.nan, math.nan, math.nan, math.nan)
    q = r / total  # 1 − the signal
    noise = b + r / R
    between = q**2 * (4 * a * noise + 2 * noise**2) / (I * (P - 1))
    within = (1 - q * (1 - 1 / R)) ** 2 * 2 * r**2 / (P * I * (R - 1))
    differ = {facet: (q * (1 - q) * uneven.get(facet, 0.0)) ** 2 for facet in (PERSONA, "item", BOTH)}
    persona = 2 * (q * a / total) ** 2 / (P - 1) + differ[PERSONA] / P
    return Spread(1 - q, persona, differ["item"] / I, (between + within) / total**2 + differ[BOTH] / (P * I))


def expected_width(
    known: Mapping[str, float], sizes: Mapping[str, float], level: float = 0.9, uneven: Mapping[str, float] = UNEVEN
) -> float:
    """Half-width that the signal's interval is expected to have: (high − low) / 2 of `interval(signal, …, scale="share")`.

    In normal panels (uneven = {}) within 10 % of the simulated mean, from 10 personas and 8 items on and for signals up to .8; with
    fewer, or beyond, intervals come out wider. On recorded panels it is 1.9 to 10 times too narrow without `uneven`; with the `unevenness`
    of a pilot of ten items and three runs, nine in ten pilots promise .63 to 1.62 times what the panel keeps.

    Args:
        known: variance components, as from `components`; `TYPICAL` where there is no pilot.
        sizes: numbers of "persona", "item" and "run".
        level: coverage of the interval.
        uneven: by how much signals of personas, items and cells differ; `unevenness` of a pilot.

    Returns:
        Half-width in units of the signal; NaN where there will be no interval.

    Raises:
        ValueError: the component "persona" or "run" is missing.

    Examples:
        >>> round(expected_width(TYPICAL, {"persona": 50, "item": 40, "run": 5}), 3)
        0.063
    """
    parts = spread(known, sizes, uneven)
    P, I = sizes[PERSONA], sizes["item"]
    if not 0 < parts.total < math.inf:
        return math.nan if math.isnan(parts.total) else 0.0
    # The interval never takes a variance between personas, or items, for negative: that makes it wider on average.
    wobble = [SHAKY * (part + parts.cell) * math.sqrt(2 / (n - 1)) for part, n in ((parts.persona, P), (parts.item, I))]
    apart = [(_positive(part, by), n) for part, by, n in zip((parts.persona, parts.item), wobble, (P, I), strict=True)]
    variance = parts.cell + sum(part for part, _ in apart)
    below = parts.cell**2 / ((P - 1) * (I - 1)) + sum(part**2 / max(HEAVY * (n - 1), min(n - 1, 2)) for part, n in apart)
    half = float(stdtrit(max(variance**2 / below, 1.0), (1 + level) / 2)) * math.sqrt(variance)
    low, high = on_scale(parts.value, half, BEND * math.sqrt((min(P, I) - 1) * parts.cell), "share")
    return (high - low) / 2


def cheapest(
    known: Mapping[str, float],
    width: float,
    most: Mapping[str, int] = MOST,
    *,
    price: Callable[[int], float] = float,
    level: float = 0.9,
    uneven: Mapping[str, float] = UNEVEN,
) -> Cheapest:
    """D-study the other way round: the numbers of items and runs that bring the interval of the signal to a half-width for the least money.

    Args:
        known: variance components, as from `components`; `TYPICAL` where there is no pilot.
        width: half-width wanted, in units of the signal.
        most: the personas that are asked, and how many items and runs there may be; what is left out is as in `MOST`.
        price: of the runs of one cell, by their number: where several answers are drawn from one prompt, the prompt is paid once.
        level: coverage of the interval.
        uneven: by how much signals of personas, items and cells differ; `unevenness` of a pilot.

    Returns:
        The cheapest plan, with the fewest calls if several cost the same; where none is narrow enough, the narrowest, with `reached` False.

    Raises:
        ValueError: the component "persona" or "run" is missing; fewer than two of anything.

    References:
        Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0, chapter 1.2 (D studies).

    Examples:
        >>> plan = cheapest(TYPICAL, 0.07, {"persona": 50, "item": 40})
        >>> plan.items, plan.runs, plan.reached
        (33, 2, True)
    """
    P, I, R = (int({**MOST, **most}[facet]) for facet in (PERSONA, "item", RUN))
    if min(P, I, R) < 2:
        message = f"most: {P} personas, {I} items and {R} runs leave nothing to compare; allow at least two of each."
        raise ValueError(message)
    costs = [(P * items * price(runs), items * runs, items, runs) for items, runs in product(range(2, I + 1), range(2, R + 1))]
    tried = []
    for cost, _, items, runs in sorted(costs):
        half = expected_width(known, {PERSONA: P, "item": items, RUN: runs}, level, uneven)
        plan = Cheapest(P, items, runs, half, cost, half <= width)
        if plan.reached:
            return plan
        tried.append(plan)
    return min(tried, key=lambda plan: plan.width)


def personas_needed(
    known: Mapping[str, float], width: float, sizes: Mapping[str, float], level: float = 0.9, uneven: Mapping[str, float] = UNEVEN
) -> float:
    """How many personas bring the interval of the signal to a half-width while "item" and "run" stay as they are.

    Args:
        known: variance components, as from `components`.
        width: half-width wanted, in units of the signal.
        sizes: numbers of "item" and "run".
        level: coverage of the interval.
        uneven: by how much signals of personas, items and cells differ.

    Returns:
        A whole number ≥ 2; ∞ where a hundred thousand are too few, NaN where there will be no interval.

    Raises:
        ValueError: the component "persona" or "run" is missing.

    Examples:
        >>> personas_needed(TYPICAL, 0.05, {"item": 40, "run": 5})
        101.0
    """
    if math.isnan(spread(known, {**sizes, PERSONA: 2}, uneven).total):
        return math.nan
    enough = bisect_left(
        range(MANY), x=True, lo=2, key=lambda number: expected_width(known, {**sizes, PERSONA: number}, level, uneven) <= width
    )
    return float(enough) if enough < MANY else math.inf


def unevenness(panel: Pairs) -> dict[str, float]:
    """By how much signals of personas, items and cells differ in a pilot: its jackknife variances beyond those of even normal effects.

    Args:
        panel: sums over pairs of a pilot with reruns.

    Returns:
        Standard deviations of the log odds of the signal, ≥ 0, as `UNEVEN` holds them; NaN where the signal or an interval is undefined,
        or the signal does not lie between 0 and 1.
    """
    left, cells = deletions(panel), panel.cells
    found = interval(signal, left, scale="share")
    if not 0 < found.value < 1 or math.isnan(found.cells):
        return dict.fromkeys(UNEVEN, math.nan)
    known = {effect: float(value) for effect, value in components(left.whole, cells.facets).items()}
    P, I = len(left.persona[frozenset()]), len(left.item[frozenset()])
    plain = spread(known, {PERSONA: P, "item": len(cells) / P, RUN: 1 / max(float(np.mean(1 / cells.n)), 1e-9)}, {})
    persona, item = ((n - 1) * float(np.var(signal(drops))) for n, drops in ((P, left.persona), (I, left.item)))
    extra = {PERSONA: (persona - found.cells - plain.persona) * P, "item": (item - found.cells) * len(cells) / P}
    extra[BOTH] = (found.cells - plain.cell) * len(cells)
    return {facet: math.sqrt(max(one, 0.0)) / (found.value * (1 - found.value)) for facet, one in extra.items()}


def _parts(known: Mapping[str, float]) -> list[float]:
    """Persona alone, persona with anything, and run: none below 0."""
    for effect in (PERSONA, RUN):
        if effect not in known:
            message = f'The component "{effect}" is missing; give persona, persona:item and run.'
            raise ValueError(message)
    mixed = sum(value for effect, value in known.items() if effect != PERSONA and PERSONA in effect.split(":"))
    return [math.nan if math.isnan(one) else max(one, 0.0) for one in (known[PERSONA], mixed, known[RUN])]


def _positive(mean: float, deviation: float) -> float:
    """Expectation of the positive part of a normal variable."""
    if deviation <= 0:
        return max(mean, 0.0)
    z = mean / deviation
    return float(mean * ndtr(z) + deviation * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))
