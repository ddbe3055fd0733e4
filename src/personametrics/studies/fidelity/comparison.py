"""Numbers of a panel against those of people: distances, group differences, spread, and the tracking of disagreement."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Rows
from personametrics.measures.panel import FEW
from personametrics.measures.people import ByItem, Side
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.distances import jensen_shannon, normalise, total_variation, wasserstein
from personametrics.stats.distributions.floors import permutation_floor, split_half
from personametrics.stats.inference.correlation import Disattenuated, disattenuated
from personametrics.stats.intervals.facets import jackknives

OVER_ITEMS = "jackknife over items"
OVER_BOTH = "jackknife over items, and over people of each group"
MOST_BLOCKS = 100
"""More items than this are left out in blocks."""
Statistic = Callable[[Side, Side, Ints], float]
"""A number of a panel and people, without some of the items."""
Distance = Callable[[Floats, Floats], Floats]
Part = tuple[list[Estimate], Rows]
"""Estimates, and the table of their evidence."""
DISAGREEMENTS: Mapping[str, Callable[[ByItem], Floats]] = {
    "total": lambda by_item: by_item.between,
    "persona": lambda by_item: by_item.between - by_item.rerun,
    "rerun": lambda by_item: by_item.rerun,
}
"""Disagreement of two personas, and its parts due to personas and to reruns."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A panel and people on the same items, groups and labels.

    Attributes:
        panel: answers of the panel.
        human: answers of people.
        level: coverage of the intervals.
    """

    panel: Side
    human: Side
    level: float

    def distances(self) -> Part:
        """Return the distance of both distributions per item, its floor (sampling alone) and its ceiling (two halves of the people)."""
        panel, human = self.panel, self.human
        distances: dict[str, Distance] = {"tv": total_variation, "js": jensen_shannon}
        if (positions := panel.positions) is not None:
            distances["wasserstein"] = lambda p, q: wasserstein(p, q, positions)
        estimates: list[Estimate] = []
        columns: dict[str, Floats] = {}
        for kind, distance in distances.items():
            apart = distance(normalise(panel.counts), normalise(human.counts))
            floor, ceiling = permutation_floor(panel.effective_counts(), human.counts, distance), split_half(human.counts, distance)
            numbers = {f"distance.{kind}": apart, f"floor.{kind}": floor, f"ceiling.{kind}": ceiling}
            columns[kind] = apart
            if kind == "tv":
                numbers["excess.tv"] = apart - floor
                columns |= {"floor": floor, "ceiling": ceiling}
            estimates += [self._mean(name, values) for name, values in numbers.items()]
        columns |= {"answers": panel.answers, "humans": human.counts.sum(1)}
        table = pl.DataFrame({"item": list(panel.items), **columns}).fill_nan(None)
        return estimates, table.sort("tv", descending=True, nulls_last=True, maintain_order=True).to_dicts()

    def differences(self) -> Part:
        """Return correlation and slope of the groups' deviations from their item's mean, both corrected for the noise of the means."""
        (x, vx), (y, vy) = self.panel.deviations, self.human.deviations
        groups, items = self.panel.groups, self.panel.items
        answers = self.panel.labels if x.shape[2] > 1 and self.panel.labels else [None] * x.shape[2]
        table: Rows = [
            {"group": groups[g], "item": items[i], "answer": answers[k], "panel": float(x[i, g, k]), "human": float(y[i, g, k])}
            for i, g, k in np.argwhere(np.isfinite(x + y + vx + vy))
        ]
        statistics: dict[str, Statistic] = {
            "correlation": lambda panel, human, left_out: float(_group_agreement(panel, human, left_out).correlation),
            "slope": lambda panel, human, left_out: float(_group_agreement(panel, human, left_out).slope),
        }
        return [self._sampled(f"difference.{name}", number, EstimateStatus.NO_SPREAD) for name, number in statistics.items()], table

    def spread(self) -> Part:
        """Return the standard deviation of single answers within a group, panel over people."""
        panel, human = (np.sqrt(np.maximum(side.within_groups.by_group, 0.0)) for side in (self.panel, self.human))
        columns = {"panel": panel, "human": human, "ratio": panel / np.where(human > 0, human, np.nan)}
        table = pl.DataFrame({"group": list(self.panel.groups), **columns}).fill_nan(None)
        return [self._sampled("spread.ratio", _spread_ratio, EstimateStatus.UNDEFINED)], table.to_dicts()

    def tracking(self) -> Part:
        """Return how much the panel disagrees where people disagree, in all, through personas, and through reruns."""
        panel, human = self.panel.by_item, self.human.by_item
        n = int(np.isfinite(panel.between + human.between + self.human.noise).sum())
        estimates = [
            replace(self._sampled(f"tracking.{name}", partial(_tracking_slope, part=part), EstimateStatus.NO_SPREAD), n=n)
            for name, part in DISAGREEMENTS.items()
        ]
        columns = {name: DISAGREEMENTS[name](panel) for name in ("persona", "rerun")}
        table = pl.DataFrame({"item": list(self.panel.items), "human": human.between, **columns})
        return estimates, table.fill_nan(None).to_dicts()

    def _mean(self, name: str, values: Floats) -> Estimate:
        """Return a mean over items."""
        values = values[np.isfinite(values)]
        without_each = (values.sum() - values) / max(len(values) - 1, 1)
        mean = float(values.mean()) if len(values) else math.nan
        return self._estimate(name, mean, [without_each], len(values), EstimateStatus.UNDEFINED)

    def _sampled(self, name: str, statistic: Statistic, undefined: EstimateStatus) -> Estimate:
        """Return a number with the interval over items and over the people of either side, since all of them were sampled."""
        items, no_items = len(self.panel.items), np.zeros(0, np.int64)
        blocks = np.array_split(np.arange(items), min(items, MOST_BLOCKS))
        panels = [statistic(part, self.human, no_items) for part in self.panel.without_parts]
        people = [statistic(self.panel, part, no_items) for part in self.human.without_parts]
        without_items = np.array([statistic(self.panel, self.human, block) for block in blocks])
        drops = [without_items, *(np.array(values) for values in (panels, people) if values)]
        return self._estimate(name, statistic(self.panel, self.human, no_items), drops, items, undefined)

    def _estimate(self, name: str, value: float, drops: Sequence[Floats], items: int, undefined: EstimateStatus) -> Estimate:
        """Return a number with the interval over everything that was left out in turn."""
        _, low, high, *_ = jackknives(value, drops, self.level) if items > 2 else (value, math.nan, math.nan)
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_ITEMS if items < FEW else EstimateStatus.OK
        method = OVER_ITEMS if len(drops) == 1 else OVER_BOTH
        return Estimate(name, value, low, high, self.level, items, method, undefined if math.isnan(value) else status)


def _group_agreement(panel: Side, human: Side, left_out: Ints) -> Disattenuated:
    """Return correlation and slope of group differences, corrected for the noise of the means, without some items."""
    (x, vx), (y, vy) = panel.deviations, human.deviations
    return disattenuated(*(np.delete(part, left_out, 0).ravel() for part in (x, y, vx, vy)))


def _spread_ratio(panel: Side, human: Side, left_out: Ints) -> float:
    """Return the standard deviation within groups, panel over people, with the same weight for every item, without some items."""
    mine, theirs = panel.within_groups.by_item, human.within_groups.by_item
    kept = np.isfinite(mine) & np.isfinite(theirs)
    kept[left_out] = False
    variance = theirs[kept].sum()
    return float(np.sqrt(mine[kept].sum() / variance)) if variance > 0 else math.nan


def _tracking_slope(panel: Side, human: Side, left_out: Ints, part: Callable[[ByItem], Floats]) -> float:
    """Return the slope of a part of the panel's disagreement on people's, corrected for the noise of theirs, without some items.

    NaN where people's disagreement varies no more than its noise.
    """
    x, y, vy = (np.delete(column, left_out) for column in (part(panel.by_item), human.by_item.between, human.noise))
    defined = np.isfinite(x + y + vy)
    return float(disattenuated(x[defined], y[defined], 0.0, max(float(vy[defined].mean()), 0.0)).slope) if defined.any() else math.nan
