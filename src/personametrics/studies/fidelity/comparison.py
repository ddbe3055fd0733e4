"""Numbers of a panel against those of people: distances, group differences, spread, and the tracking of disagreement."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from personametrics.data.finding import Estimate, EstimateStatus, Notice, Rows
from personametrics.data.study import Responses
from personametrics.measures import traps
from personametrics.measures.panel import FEW
from personametrics.measures.people import ByItem, Side
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.distances import jensen_shannon, normalise, total_variation, wasserstein
from personametrics.stats.distributions.floors import permutation_floor, split_half
from personametrics.stats.inference.correlation import disattenuated
from personametrics.stats.intervals.jackknife import jackknives

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
OF_PEOPLE = frozenset({"missing-code", "outside-scale", "missing", "missing-by-persona", "duplicates"})
"""Codes of traps that are reported for people's answers too."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A panel and people on the same items, groups and labels, and the coverage of the intervals."""

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
        numbers = {name: partial(_group_agreement, name=name) for name in ("correlation", "slope")}
        return [self._sampled(f"difference.{name}", number, EstimateStatus.NO_SPREAD) for name, number in numbers.items()], table

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
        slopes = {f"tracking.{name}": partial(_tracking_slope, part=part) for name, part in DISAGREEMENTS.items()}
        estimates = [replace(self._sampled(name, slope, EstimateStatus.NO_SPREAD), n=n) for name, slope in slopes.items()]
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


def _group_agreement(panel: Side, human: Side, left_out: Ints, name: str) -> float:
    """Return correlation or slope of group differences, corrected for the noise of the means, without some items."""
    (x, vx), (y, vy) = panel.deviations, human.deviations
    return float(getattr(disattenuated(*(np.delete(part, left_out, 0).ravel() for part in (x, y, vx, vy))), name))


def _spread_ratio(panel: Side, human: Side, left_out: Ints) -> float:
    """Return the standard deviation within groups, panel over people, with the same weight for every item, without some items."""
    mine, theirs = panel.within_groups.by_item, human.within_groups.by_item
    kept = np.isfinite(mine) & np.isfinite(theirs)
    kept[left_out] = False
    variance = theirs[kept].sum()
    return float(np.sqrt(mine[kept].sum() / variance)) if variance > 0 else math.nan


def _tracking_slope(panel: Side, human: Side, left_out: Ints, part: Callable[[ByItem], Floats]) -> float:
    """Return the slope of a part of the panel's disagreement on people's without their noise, NaN where nothing else is left of it."""
    x, y, vy = (np.delete(column, left_out) for column in (part(panel.by_item), human.by_item.between, human.noise))
    defined = np.isfinite(x + y + vy)
    return float(disattenuated(x[defined], y[defined], 0.0, max(float(vy[defined].mean()), 0.0)).slope) if defined.any() else math.nan


def comparison_notices(responses: Responses, panel: Side, human: Side) -> list[Notice]:
    """Return how many people the panel is compared with, and which answers are left out."""
    several = len(panel.groups) > 1
    groups = f" in {len(panel.groups)} groups" if several else ""
    notices = [Notice("humans", f"The panel is compared with {human.people} people{groups} on {len(panel.items)} common items.")]
    used = [{label for label, count in zip(panel.labels, side.counts.sum(0), strict=True) if count > 0} for side in (panel, human)]
    if len(used[0] & used[1]) < min(len(used[0]), len(used[1])) / 2:
        texts = (", ".join(sorted(labels)[:6]) for labels in used)
        text = "The panel answers {}, and people answer {}. Check that both were asked on the same scale."
        notices.append(Notice("scales-differ", text.format(*texts)))
    if several and panel.smallest == 1:
        text = "Some groups have only one persona. Intervals of group differences hold for these personas, not for others of their group."
        notices.append(Notice("one-persona-groups", text))
    if missing := [name for name in responses.items.names if name not in set(panel.items)]:
        text = f"The comparison leaves out items without human answers: {len(missing)}, such as {missing[0]}."
        notices.append(Notice("items-without-humans", text))
    if panel.lost or human.lost:
        text = f"The comparison leaves out {panel.lost} personas and {human.lost} people whose group is missing on the other side."
        notices.append(Notice("without-group", text))
    return notices


def people_notices(human: Responses) -> list[Notice]:
    """Return the traps in people's answers."""
    return [Notice(notice.code, f"People's answers: {notice.text}") for notice in traps.notices(human) if notice.code in OF_PEOPLE]
