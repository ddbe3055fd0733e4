"""One interval for any statistic of the disagreements.

Two sources of uncertainty are told apart: who is in the panel, and what it was asked. The two-way jackknife leaves out each persona, each
item and each persona × item cell in turn, exactly and without refits; the two-way bootstrap draws weights. Both go through `interval`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.intervals.bootstrap import draw_weights, weighted
from personametrics.stats.variance.disagreement import Disagreements, Pairs

Statistic = Callable[[Disagreements], Floats]
"""A pure function of D[S] that keeps leading batch axes."""

Scale = Literal["share", "component", "positive", "plain"]
"""Where errors are made even: a share of variance is worked on as odds, a component as it is, both through asinh; a positive quantity
through its log; anything else as it is."""

BEND = 0.5
"""asinh turns from straight to log at this many cell-level standard errors per root of the smaller facet's degrees of freedom."""

HEAVY = 0.5
"""Variances are sums of squares, so their own variances are heavy-tailed: degrees of freedom of what lies between personas (or items) count
by this factor, but as 2 with three or four."""

FAR = 300.0
"""sinh beyond this overflows."""


class Interval(NamedTuple):
    """An estimate with its interval, and where its variance comes from.

    Attributes:
        value: the estimate.
        low: lower end; NaN where there is no interval.
        high: upper end.
        between: variance of the estimate that more personas and items would lower, but more runs would not.
        cells: variance at the level of single cells, which more runs lower too.
    """

    value: float
    low: float
    high: float
    between: float = np.nan
    cells: float = np.nan


@dataclass(frozen=True, eq=False)
class Deletions:
    """D[S] of everything, and of everything but one persona (P,), one item (I,), one persona × item cell (C,).

    `persona_of` and `item_of` (C,) say which cell was left out.
    """

    whole: Disagreements
    persona: Disagreements
    item: Disagreements
    cell: Disagreements
    persona_of: Ints
    item_of: Ints


@dataclass(frozen=True, eq=False)
class Replicates:
    """D[S] of everything, and of every bootstrap draw (B,)."""

    whole: Disagreements
    draws: Disagreements


def deletions(panel: Pairs) -> Deletions:
    """Leave out every persona, every item and every persona × item cell in turn."""
    persona_of, item_of = (panel.cells.codes[:, panel.cells.facets.index(facet)] for facet in ("persona", "item"))
    if len(panel.cells.facets) > 2:  # a persona × item cell is then several cells
        first = np.unique(panel.cells.groups(["persona", "item"])[0], return_index=True)[1]
        persona_of, item_of = persona_of[first], item_of[first]
    persona, item, cell = (panel.without(facets) for facets in (["persona"], ["item"], ["persona", "item"]))
    return Deletions(panel.whole(), persona, item, cell, persona_of, item_of)


def replicates(panel: Pairs, number: int = 1000, seed: int = 0) -> Replicates:
    """Draw personas and items with replacement, by weights."""
    rng = np.random.default_rng(seed)
    levels = dict(zip(panel.cells.facets, panel.cells.levels, strict=True))
    weights = {facet: draw_weights(levels[facet], number, rng) for facet in ("persona", "item")}
    return Replicates(panel.whole(), weighted(panel.cells, weights))


def interval(statistic: Statistic, source: Deletions | Replicates, level: float = 0.9, scale: Scale = "plain") -> Interval:
    """Interval of any smooth statistic of the disagreements.

    From deletions: V = max(V_persona + V_item − V_cell, V_persona, V_item), three jackknife variances of the statistic itself; both of the
    first contain the cell-level noise V_cell, which is taken off once. t with Satterthwaite degrees of freedom, in which what lies between
    personas, and between items, counts by half its levels − 1. The half-width is carried to a scale on which errors are even, by the
    delta method: with few personas a variance between them errs in proportion to itself, near zero by a constant; asinh(x/c) is
    straight below c and a log beyond it. From replicates: percentiles.

    Args:
        statistic: maps D[S] to a number.
        source: `deletions` or `replicates` of the panel.
        level: probability of covering the truth, 0 < level < 1.
        scale: what kind of number it is.

    Returns:
        The interval; low and high are NaN where the statistic, or its scale, is undefined. Coverage was simulated: see the documentation;
        with fewer than 5 personas do not rely on it.

    References:
        Efron & Stein (1981), doi:10.1214/aos/1176345462 (jackknife variance); Owen (2007), doi:10.1214/07-AOAS122 (two crossed factors);
        Satterthwaite (1946), doi:10.2307/3002019.

    Examples:
        >>> import numpy as np
        >>> from personametrics.stats import from_answers, pairs, signal
        >>> rng = np.random.default_rng(0)
        >>> p, i, r = np.indices((12, 10, 4)).reshape(3, -1)
        >>> y = rng.normal(size=12)[p] + rng.normal(size=(12, 10))[p, i] + rng.normal(size=480)  # true signal 2/3
        >>> found = interval(signal, deletions(pairs(from_answers(["persona", "item"], [p, i], y))), scale="share")
        >>> found.low < 2 / 3 < found.high
        True
    """
    value = float(statistic(source.whole))
    if isinstance(source, Replicates):
        draws = statistic(source.draws)
        draws = draws[np.isfinite(draws)]
        low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]) if len(draws) else (np.nan, np.nan)
        return Interval(value, float(low), float(high))
    if not np.isfinite(value):
        return Interval(value, np.nan, np.nan)
    persona, item = _jackknife(statistic(source.persona)), _jackknife(statistic(source.item))
    if min(persona.levels, item.levels) < 2 or not np.isfinite(persona.variance + item.variance):
        return Interval(value, np.nan, np.nan)
    cell = _cell_term(statistic(source.cell), source.persona_of, source.item_of)
    variance = max(persona.variance + item.variance - cell, persona.variance, item.variance)
    apart = [(max(one.variance - cell, 0.0), max(HEAVY * (one.levels - 1), min(one.levels - 1, 2))) for one in (persona, item)]
    parts = [*apart, (cell, float((persona.levels - 1) * (item.levels - 1)))]
    below = sum(part**2 / df for part, df in parts if part > 0)
    df = max(1.0, sum(part for part, _ in parts) ** 2 / below) if below > 0 else 1.0
    half = float(stdtrit(df, (1 + level) / 2)) * np.sqrt(variance)
    smaller = min(persona.levels, item.levels) - 1
    low, high = on_scale(value, half, BEND * np.sqrt(smaller * cell), scale)
    return Interval(value, low, high, variance - min(cell, variance), cell)


class _Jackknifed(NamedTuple):
    variance: float
    levels: int


def _jackknife(drops: Floats) -> _Jackknifed:
    """Jackknife variance over the levels of one facet; NaN where everything hangs on one level, so that leaving it out leaves nothing."""
    n = len(drops)
    return _Jackknifed(float((n - 1) / n * ((drops - drops.mean()) ** 2).sum()), n)


def _cell_term(drops: Floats, persona: Ints, item: Ints) -> float:
    """What both facets' variances contain: the jackknife over cells, with persona and item means taken out."""
    there = np.isfinite(drops)
    if not there.all():
        drops, persona, item = drops[there], persona[there], item[there]
    if not len(drops):
        return 0.0
    x = drops - drops.mean()
    rest, levels = x.copy(), 0
    for group in (persona, item):
        size = int(group.max()) + 1
        number = np.bincount(group, minlength=size)
        rest -= (sums(group, x, size) / np.maximum(number, 1))[group]
        levels += int((number > 0).sum())
    free = max(len(x) - levels + 1, 1)
    return float((rest**2).sum() * (len(x) - 1) ** 2 / len(x) / free)


def on_scale(value: float, half: float, bend: float, scale: Scale) -> tuple[float, float]:
    """Ends of an interval whose half-width at the estimate is `half`, even on the given scale."""
    if scale == "plain":
        return value - half, value + half
    if scale == "positive":
        width = half / value if value > 0 else np.nan
        return float(value * np.exp(-width)), float(value * np.exp(min(width, FAR)))
    if scale == "share" and value >= 1:
        return np.nan, np.nan
    odds = scale == "share"
    over = max(value, 0.0)
    # Noise in the odds of a share grows with the rerun disagreement's own noise: by 1 / (1 − share) there, once more at the estimate.
    c = max(bend / (1 - value) if odds else bend, 1e-9)
    x = over / (1 - over) if odds else over
    centre = np.arcsinh(x / c) if value > 0 else value / c
    steep = (1 / (1 - over) ** 2 if odds else 1.0) / np.hypot(x, c) if value > 0 else 1 / c
    ends = []
    for y in (centre - half * steep, centre + half * steep):
        far = c * np.sinh(np.clip(y, 0.0, FAR))
        ends.append(float((far / (1 + far) if odds else far) if y > 0 else c * y))
    # No share is negative: an interval reaches below zero only where the estimate does, which says that the runs share something.
    return (max(ends[0], min(value, 0.0)) if odds else ends[0]), ends[1]


def by_level(panel: Pairs, facet: str, over: str, statistic: Statistic, level: float = 0.9) -> tuple[Floats, Floats, Floats]:
    """The signal (or another share) of each level of one facet, with a jackknife over the levels of the other.

    The half-width is carried to Fisher's scale of an intraclass correlation, log((1 + (n − 1)·s) / (1 − s)) with n runs a cell.

    Args:
        panel: sums over pairs.
        facet: `item` or `persona`: whose levels are looked at one by one.
        over: the other one, whose levels are left out in turn.
        statistic: maps D[S] to a share of at most 1.
        level: probability of covering the truth.

    Returns:
        Value, low and high, each (levels of facet,); NaN where undefined, low and high also where the share is 1.

    References:
        Fisher (1925), Statistical Methods for Research Workers, §39 (transformation of the intraclass correlation).
    """
    value, drops = statistic(panel.within([facet])), statistic(panel.within_without(facet, over))
    rate = np.mean(1 / panel.cells.n)  # one over the runs per cell; 0 where answers are known exactly
    number = np.isfinite(drops).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lift = rate / (1 - rate)  # 1 / (n − 1); up to a constant the scale is log((lift + s) / (1 − s))
        mean = np.nansum(drops, -1) / number
        variance = (number - 1) / number * np.nansum((drops - mean[:, None]) ** 2, -1)
        steep = 1 / (lift + value) + 1 / (1 - value)
        half = stdtrit(np.maximum(number - 1, 1), (1 + level) / 2) * np.sqrt(variance) * steep
        half = np.where((number > 1) & (lift + value > 0) & (value < 1), half, np.nan)
        ends = [np.log((lift + value) / (1 - value)) + sign * half for sign in (-1, 1)]
        low, high = ((np.exp(end) - lift) / (np.exp(end) + 1) for end in ends)
    return value, low, high
