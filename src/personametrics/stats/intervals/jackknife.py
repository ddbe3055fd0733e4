"""One interval for any statistic of the disagreements, and for a number without parts of each facet.

It keeps two sources of uncertainty apart: which personas are in the panel, and which items they answered. The two-way jackknife leaves out
each persona, each item and each persona × item cell in turn, exactly and without refitting. The two-way bootstrap draws weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats, Ints, jackknife_variance, sums
from personametrics.stats.intervals.bootstrap import draw_weights, weighted_disagreements
from personametrics.stats.variance.disagreement import Disagreements, Pairs

Statistic = Callable[[Disagreements], Floats]
"""A pure function of D[S] that keeps leading batch axes."""
Scale = Literal["share", "component", "positive", "plain"]
"""The scale on which an interval is symmetric: asinh of the odds for a share of variance, asinh for a component, the log for a positive
quantity, and no transformation for anything else ("plain")."""
BEND = 0.5
"""asinh turns from linear to logarithmic at this many cell-level standard errors per root of the smaller facet's degrees of freedom."""
HEAVY = 0.5
"""Variances are sums of squares, so that their own variances are heavy-tailed: the degrees of freedom of the variance between personas
(or items) are multiplied by this factor, and are 2 with three or four levels."""
FAR = 300.0
"""sinh beyond this overflows."""


class Interval(NamedTuple):
    """An estimate with the ends of its interval (NaN without one) and the sources of its variance.

    `between` is the variance that more personas and items would lower, but more runs would not; `cells` is that at the level of single
    cells, which more runs would lower too.
    """

    value: float
    low: float
    high: float
    between: float = np.nan
    cells: float = np.nan


@dataclass(frozen=True, eq=False)
class Deletions:
    """The disagreements D[S] of a panel (0-d), and of the panel without each persona (P,), item (I,) and persona × item cell (C,).

    `persona_of` and `item_of` are the persona and the item of each of these cells, (C,).
    """

    whole: Disagreements
    persona: Disagreements
    item: Disagreements
    cell: Disagreements
    persona_of: Ints
    item_of: Ints

    def values(self, statistic: Statistic) -> "Values":
        """Compute a statistic of the panel and of the panel without each persona, item and cell."""
        return Values(statistic(self.whole), statistic(self.persona), statistic(self.item), statistic(self.cell))


class Values(NamedTuple):
    """A number computed from a whole panel, and from the panel without each persona (P,), item (I,) and cell (C,)."""

    whole: Floats
    persona: Floats
    item: Floats
    cell: Floats


@dataclass(frozen=True, eq=False)
class Replicates:
    """The disagreements of a panel, and those of every bootstrap draw (B,)."""

    whole: Disagreements
    draws: Disagreements


def deletions(panel: Pairs) -> Deletions:
    """Leave out each persona, each item and each persona × item cell in turn, without recomputing any pair.

    The facets of the panel are "persona" and "item", and possibly others.
    """
    persona_of, item_of = (panel.cells.codes[:, panel.cells.facets.index(facet)] for facet in ("persona", "item"))
    if len(panel.cells.facets) > 2:  # a persona × item cell is then several cells
        first = np.unique(panel.cells.groups(["persona", "item"])[0], return_index=True)[1]
        persona_of, item_of = persona_of[first], item_of[first]
    persona, item, cell = (panel.without(facets) for facets in (["persona"], ["item"], ["persona", "item"]))
    return Deletions(panel.whole(), persona, item, cell, persona_of, item_of)


def replicates(panel: Pairs, number: int = 1000, seed: int = 0) -> Replicates:
    """Draw personas and items with replacement, by weights: the disagreements of the panel and of each of `number` draws."""
    rng = np.random.default_rng(seed)
    levels = dict(zip(panel.cells.facets, panel.cells.levels, strict=True))
    weights = {facet: draw_weights(levels[facet], number, rng) for facet in ("persona", "item")}
    return Replicates(panel.whole(), weighted_disagreements(panel.cells, weights))


def interval(statistic: Statistic, source: Deletions | Replicates, level: float = 0.9, scale: Scale = "plain") -> Interval:
    """Return the interval of any smooth statistic of the disagreements.

    From deletions: V = max(V_persona + V_item − V_cell, V_persona, V_item), where each is a jackknife variance of the statistic itself.
    V_persona and V_item both contain the cell-level noise V_cell, which is subtracted once. The quantile is that of t with Satterthwaite
    degrees of freedom, in which the variance between personas, and that between items, counts half its levels − 1. The delta method
    carries the half-width to a scale on which errors are symmetric: with few personas the error of a variance between them is proportional
    to the variance, and near zero it is constant. asinh(x / c) is linear below c and logarithmic beyond it. From replicates: percentiles.
    Sources: Efron & Stein (1981), doi:10.1214/aos/1176345462 (jackknife variance); Owen (2007), doi:10.1214/07-AOAS122 (two crossed
    factors); Satterthwaite (1946), doi:10.2307/3002019.

    Args:
        statistic: function from D[S] to a number.
        source: `deletions` or `replicates` of the panel.
        level: probability of covering the truth, 0 < level < 1.
        scale: kind of number that the statistic is.

    Returns:
        The interval. Both ends are NaN where the statistic, or its scale, is undefined. The coverage is simulated in the documentation; do
        not rely on it with fewer than 5 personas.

    Examples:
        >>> from personametrics.stats import from_answers, pairs, signal
        >>> rng = np.random.default_rng(0)
        >>> p, i, r = np.indices((12, 10, 4)).reshape(3, -1)
        >>> y = rng.normal(size=12)[p] + rng.normal(size=(12, 10))[p, i] + rng.normal(size=480)  # true signal 2/3
        >>> estimate = interval(signal, deletions(pairs(from_answers(["persona", "item"], [p, i], y))), scale="share")
        >>> estimate.low < 2 / 3 < estimate.high
        True
    """
    if isinstance(source, Deletions):
        return two_way(source.values(statistic), source.persona_of, source.item_of, level, scale)
    value, draws = float(statistic(source.whole)), statistic(source.draws)
    draws = draws[np.isfinite(draws)]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]) if len(draws) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def two_way(values: Values, persona_of: Ints, item_of: Ints, level: float = 0.9, scale: Scale = "plain") -> Interval:
    """Return the two-way jackknife interval of `interval` for a number that was computed, in any way, without each persona, item and cell.

    `persona_of` and `item_of` are the persona and the item of each cell, (C,), codes ≥ 0.
    """
    value, levels = float(values.whole), (len(values.persona), len(values.item))
    if not np.isfinite(value) or min(levels) < 2:
        return Interval(value, np.nan, np.nan)
    main = [jackknife_variance(drops) for drops in (values.persona, values.item)]
    if not np.isfinite(sum(main)):  # without one of the levels the number is undefined
        return Interval(value, np.nan, np.nan)
    cell = _cell_variance(values.cell, persona_of, item_of)
    variance = max(sum(main) - cell, *main)
    between = [(max(part - cell, 0.0), max(HEAVY * (n - 1), min(n - 1, 2))) for part, n in zip(main, levels, strict=True)]
    parts = [*between, (cell, float((levels[0] - 1) * (levels[1] - 1)))]
    below = sum(part**2 / df for part, df in parts if part > 0)
    df = max(1.0, sum(part for part, _ in parts) ** 2 / below) if below > 0 else 1.0
    half = float(stdtrit(df, (1 + level) / 2) * np.sqrt(variance))
    low, high = on_scale(value, half, BEND * np.sqrt((min(levels) - 1) * cell), scale)
    return Interval(value, low, high, variance - min(cell, variance), cell)


def _cell_variance(drops: Floats, persona: Ints, item: Ints) -> float:
    """Return the variance that both facets' variances contain: the jackknife over cells, without persona and item means."""
    defined = np.isfinite(drops)
    if not defined.all():
        drops, persona, item = drops[defined], persona[defined], item[defined]
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
    """Return the ends of an interval, with half-width `half` at the estimate, that is symmetric on the given scale.

    asinh turns from linear to logarithmic at `bend`, in units of a component or of a share's own error. The ends are NaN for a share of 1,
    or for a positive quantity that is not positive.
    """
    if scale == "plain":
        return value - half, value + half
    if scale == "positive":
        width = half / value if value > 0 else np.nan
        return float(value * np.exp(-width)), float(value * np.exp(min(width, FAR)))
    if scale == "share" and value >= 1:
        return np.nan, np.nan
    odds = scale == "share"
    over = max(value, 0.0)
    # Noise in the odds of a share grows with the noise of the rerun disagreement: by 1 / (1 − share) at 0, and once more at the estimate.
    c = max(bend / (1 - value) if odds else bend, 1e-9)
    x = over / (1 - over) if odds else over
    centre = np.arcsinh(x / c) if value > 0 else value / c
    steep = (1 / (1 - over) ** 2 if odds else 1.0) / np.hypot(x, c) if value > 0 else 1 / c
    ends = []
    for y in (centre - half * steep, centre + half * steep):
        far = c * np.sinh(np.clip(y, 0.0, FAR))
        ends.append(float((far / (1 + far) if odds else far) if y > 0 else c * y))
    # A share is never negative: the interval reaches below zero only where the estimate does, a sign that the runs are not independent.
    return (max(ends[0], min(value, 0.0)) if odds else ends[0]), ends[1]


def by_level(panel: Pairs, facet: str, over: str, statistic: Statistic, level: float = 0.9) -> tuple[Floats, Floats, Floats]:
    """Return the signal (or another share of at most 1) of each level of one facet, with a jackknife over the levels of the other.

    The half-width is carried to Fisher's scale of an intraclass correlation (1925, Statistical Methods for Research Workers, §39),
    log((1 + (n − 1)·s) / (1 − s)) with n runs per cell.

    Args:
        panel: sums over pairs.
        facet: "item" or "persona", the facet whose levels are measured one by one.
        over: the other facet, whose levels are left out in turn.
        statistic: function from D[S] to a share of at most 1.
        level: probability of covering the truth.

    Returns:
        Value, low and high, each (levels of facet,). NaN where undefined; low and high are NaN also where the share is 1.
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


def jackknives(value: float, drops: Sequence[Floats], level: float = 0.9, shared: Sequence[float] = ()) -> Interval:
    """Return a number with the interval that follows from leaving out parts of each facet that was sampled.

    V = Σ Vₖ, where Vₖ = (n − 1)/n · Σ (drop − mean drop)², minus the part that an earlier facet's variance contains. The limits are ± t √V,
    with Satterthwaite's degrees of freedom V² / Σ Vₖ² / (n − 1). The facets count as sampled independently. Efron & Stein 1981,
    doi:10.1214/aos/1176345462; Satterthwaite 1946, doi:10.2307/3002019.

    Args:
        value: the number.
        drops: per facet, (n,) the number without each of its n levels.
        level: coverage of the interval.
        shared: per facet, the part of its variance that is noise contained in another facet's variance too; (): 0 for all.

    Returns:
        The interval. Both ends are NaN if a facet has fewer than two levels, or the number is undefined without one of them.

    Examples:
        >>> x = np.array([1.0, 2.0, 4.0, 5.0])  # for their mean, t of 3 degrees of freedom is 2.353, the standard error 0.913
        >>> [round(end, 3) for end in jackknives(3.0, [(x.sum() - x) / 3])[:3]]
        [3.0, 0.852, 5.148]
    """
    each = np.array([jackknife_variance(levels) if len(levels) > 1 else np.nan for levels in drops])
    each = np.maximum(each - (np.array(shared) if shared else 0.0), 0.0)
    total, below = each.sum(), sum(part**2 / max(len(levels) - 1, 1) for part, levels in zip(each, drops, strict=True))
    half = float(stdtrit(total**2 / below, (1 + level) / 2) * np.sqrt(total)) if total != 0 else 0.0
    return Interval(value, value - half, value + half)
