"""Do simulated people answer, and differ, as the people they stand for?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.panel import FEW
from personametrics.measures.people import ByItem, Side, pair_up
from personametrics.measures.traps import notices
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.distances import jensen_shannon, normalise, total_variation, wasserstein
from personametrics.stats.distributions.floors import exchanged, split_half
from personametrics.stats.inference.correlation import disattenuated
from personametrics.stats.intervals.facets import jackknives

RELATED = 0.5
"""Groups are told apart as in people where the whole interval of the correlation lies above this."""
OVER_ITEMS = "jackknife over items"
OVER_BOTH = "jackknife over items, and over people of each group"
MOST_BLOCKS = 100
"""More items than this are left out by blocks."""
SIMILAR = (0.8, 1.25)
"""A spread is like people's where its whole interval lies within this ratio."""
SAME_SIZE = (2 / 3, 3 / 2)
"""Group differences are of people's size where the whole interval of the slope lies within these."""
NEAR = 0.05
"""Distributions are alike where the whole interval of their distance beyond the floor lies below this total variation."""
GOOD = frozenset({"groups differ as in people", "answers like people's"})
OPEN = frozenset({"undecided", "unknown"})
Statistic = Callable[[Side, Side, Ints], float]
"""Of a panel and people, without some of the items."""
Part = tuple[list[Estimate], Rows]
PARTS: Mapping[str, Callable[[ByItem], Floats]] = {
    "total": lambda d: d.between,
    "persona": lambda d: d.between - d.rerun,
    "rerun": lambda d: d.rerun,
}
"""Disagreement of two personas, and the parts of it that come through personas and through reruns."""


@dataclass(frozen=True)
class Fidelity(Study):
    """Compares a panel with human answers to the same items.

    Attributes:
        human: answers of people; their persona is the respondent. Needed to estimate anything.
        match: {attribute of personas: attribute of respondents}: who forms a group on either side; empty: everyone is one group.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    level: float = 0.9
    question: ClassVar[str] = "Do simulated people answer, and differ, as the people they stand for?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("excess.tv", "low")
    cite: ClassVar[tuple[str, ...]] = ("spearman1904", "lin1991", "kish1965", "hoeffding1948")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona and every item that the people answered; groups are columns.

        Raises:
            DesignError: there are no people's answers, or none to two of the items.
        """
        known = set(self._people().items.names)
        asked = [item for item in items if item.id in known]
        if len(asked) < 2:
            message = f"fidelity needs items that the people answered, such as {min(known)}; give them the same ids."
            raise DesignError(message)
        groups = {persona.id: {name: persona.attributes.get(name, "") for name in self.match} for persona in personas}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, groups[persona.id])]

    def _people(self) -> Responses:
        """People's answers.

        Raises:
            DesignError: there are none.
        """
        if self.human is None:
            message = "fidelity compares with people's answers, and there are none; give a table of them as human."
            raise DesignError(message)
        return self.human

    def estimate(self, responses: Responses) -> Finding:
        """Say how close recorded answers come to those of people.

        Raises:
            DesignError: fewer than two common items, no common group, scales that do not fit, or no people.
        """
        people = self._people()
        panel, human = pair_up(responses, people, self.match)
        parts = {"distances": self._distances(panel, human)} if panel.labels else {}
        parts |= {"differences": self._differences(panel, human)} if len(panel.groups) > 1 else {}
        parts |= {"spread": self._spread(panel, human), "tracking": self._tracking(panel, human)}
        found = tuple(one for estimates, _ in parts.values() for one in estimates)
        said = (*_compared(responses, panel, human), *_of_people(people))
        tables = {name: table for name, (_, table) in parts.items()}
        return Finding("fidelity", self.question, _verdict({one.name: one for one in found}), found, said, tables, self.cite)

    def _distances(self, panel: Side, human: Side) -> Part:
        """Distance of the two distributions per item, beside what sampling alone makes and what two halves of the people show."""
        kinds: dict[str, Callable[[Floats, Floats], Floats]] = {"tv": total_variation, "js": jensen_shannon}
        if (positions := panel.positions) is not None:
            kinds["wasserstein"] = lambda p, q: wasserstein(p, q, positions)
        found: list[Estimate] = []
        columns: dict[str, Floats] = {}
        for kind, distance in kinds.items():
            apart = distance(normalise(panel.counts), normalise(human.counts))
            floor, ceiling = exchanged(panel.effective_counts(), human.counts, distance), split_half(human.counts, distance)
            numbers = {f"distance.{kind}": apart, f"floor.{kind}": floor, f"ceiling.{kind}": ceiling}
            columns[kind] = apart
            if kind == "tv":
                numbers["excess.tv"] = apart - floor
                columns |= {"floor": floor, "ceiling": ceiling}
            found += [self._mean(name, values) for name, values in numbers.items()]
        columns |= {"answers": panel.answers, "humans": human.counts.sum(1)}
        table = pl.DataFrame({"item": list(panel.items), **columns}).fill_nan(None)
        return found, table.sort("tv", descending=True, nulls_last=True, maintain_order=True).to_dicts()

    def _differences(self, panel: Side, human: Side) -> Part:
        """Group means around their item's mean, on both sides, corrected for the noise of the means."""
        (x, vx), (y, vy) = panel.deviations, human.deviations
        answers = panel.labels if x.shape[2] > 1 and panel.labels else [None] * x.shape[2]
        table: Rows = [
            {"group": panel.groups[g], "item": panel.items[i], "answer": answers[k], "panel": float(x[i, g, k]), "human": float(y[i, g, k])}
            for i, g, k in np.argwhere(np.isfinite(x + y + vx + vy))
        ]
        names = ("difference.correlation", "difference.slope")
        return [
            self._sampled(name, partial(_agreement, at=at), panel, human, EstimateStatus.NO_SPREAD) for at, name in enumerate(names)
        ], table

    def _spread(self, panel: Side, human: Side) -> Part:
        """Standard deviation of single answers within a group, panel over humans."""
        mine, theirs = (np.sqrt(np.maximum(side.within_groups.by_group, 0.0)) for side in (panel, human))
        ratio = mine / np.where(theirs > 0, theirs, np.nan)
        table = pl.DataFrame({"group": list(panel.groups), "panel": mine, "human": theirs, "ratio": ratio}).fill_nan(None).to_dicts()
        return [self._sampled("spread.ratio", _spread_ratio, panel, human, EstimateStatus.UNDEFINED)], table

    def _tracking(self, panel: Side, human: Side) -> Part:
        """How much the panel disagrees where people disagree: through personas, and through reruns."""
        known = int(np.isfinite(panel.by_item.between + human.by_item.between + human.noise).sum())
        slopes = {f"tracking.{name}": partial(_slope, part=part) for name, part in PARTS.items()}
        found = [replace(self._sampled(name, slope, panel, human, EstimateStatus.NO_SPREAD), n=known) for name, slope in slopes.items()]
        mine = {name: PARTS[name](panel.by_item) for name in ("persona", "rerun")}
        columns = {"item": list(panel.items), "human": human.by_item.between, **mine}
        return found, pl.DataFrame(columns).fill_nan(None).to_dicts()

    def _mean(self, name: str, values: Floats) -> Estimate:
        """Mean over items."""
        values = values[np.isfinite(values)]
        drops = (values.sum() - values) / max(len(values) - 1, 1)
        mean = float(values.mean()) if len(values) else math.nan
        return self._estimate(name, mean, [drops], len(values), EstimateStatus.UNDEFINED)

    def _sampled(self, name: str, statistic: Statistic, panel: Side, human: Side, undefined: EstimateStatus) -> Estimate:
        """A number with what it becomes without some items, and without some people of either side: all were sampled."""
        items, nothing = len(panel.items), np.zeros(0, np.int64)
        blocks = np.array_split(np.arange(items), min(items, MOST_BLOCKS))
        drops = [np.array([statistic(panel, human, block) for block in blocks])]
        sides = [(part, human) for part in panel.without_parts], [(panel, part) for part in human.without_parts]
        drops += [np.array([statistic(*both, nothing) for both in parts]) for parts in sides if parts]
        return self._estimate(name, statistic(panel, human, nothing), drops, items, undefined)

    def _estimate(self, name: str, value: float, drops: Sequence[Floats], items: int, undefined: EstimateStatus) -> Estimate:
        """A number with the interval over everything that was sampled."""
        _, low, high, *_ = jackknives(value, drops, self.level) if items > 2 else (value, math.nan, math.nan)
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_ITEMS if items < FEW else EstimateStatus.OK
        method = OVER_ITEMS if len(drops) == 1 else OVER_BOTH
        return Estimate(name, value, low, high, self.level, items, method, undefined if math.isnan(value) else status)

    def known(self) -> StudyWorld:
        """People of whom 40 to 60 % agree with each of 30 statements, and a panel that agrees more often."""
        shares = {f"statement {at}": 0.4 + 0.2 * (at % 11) / 10 for at in range(30)}
        rows = [(f"person {who}", name, "yes" if who < 100 * share else "no") for name, share in shares.items() for who in range(100)]
        scale = Nominal(("no", "yes"))
        human = Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), scale)
        personas = tuple(Persona(f"persona {at}", f"You are number {at}.") for at in range(20))

        def world(request: Request, more: float = 0.3) -> Mapping[str, float]:
            yes = shares[request.about["item"]] + more
            return {"no": 1 - yes, "yes": yes}

        items = tuple(Item(name, f"{name}.", scale) for name in shares)
        quiet = frozenset({"answers like people's", "undecided"})
        study = replace(self, human=human)
        return StudyWorld(personas, items, world, {}, lambda request: world(request, 0), "answers unlike people's", quiet, study=study)


def _agreement(panel: Side, human: Side, left_out: Ints, at: int) -> float:
    """Correlation (at 0) or slope (at 1) of group differences, corrected for the noise of the means, without some items."""
    (x, vx), (y, vy) = panel.deviations, human.deviations
    return float(disattenuated(*(np.delete(part, left_out, 0).ravel() for part in (x, y, vx, vy)))[at])


def _spread_ratio(panel: Side, human: Side, left_out: Ints) -> float:
    """Standard deviation within groups, panel over humans, every item weighing the same on both sides, without some items."""
    mine, theirs = panel.within_groups.by_item, human.within_groups.by_item
    kept = np.isfinite(mine) & np.isfinite(theirs)
    kept[left_out] = False
    below = theirs[kept].sum()
    return float(np.sqrt(mine[kept].sum() / below)) if below > 0 else math.nan


def _slope(panel: Side, human: Side, left_out: Ints, part: Callable[[ByItem], Floats]) -> float:
    """Slope of a part of the panel's disagreement on people's, corrected for the noise of theirs, without some items.

    NaN where people's disagreement varies no more than its noise.
    """
    x, y, vy = (np.delete(one, left_out) for one in (part(panel.by_item), human.by_item.between, human.noise))
    known = np.isfinite(x + y + vy)
    return float(disattenuated(x[known], y[known], 0.0, max(float(vy[known].mean()), 0.0)).slope) if known.any() else math.nan


def _verdict(found: Mapping[str, Estimate]) -> Verdict:
    """What the intervals say about groups, or without groups about distributions; and about the spread of answers."""
    if "difference.slope" in found:
        label, sentence = _groups(found["difference.correlation"], found["difference.slope"])
        use = "differences between groups, in direction and size"
    elif "distance.tv" in found:
        label, sentence = _distribution(found["distance.tv"], found["floor.tv"], found["excess.tv"])
        use = "shares of answers in the population"
    else:
        return Verdict("unknown", "Numbers can be compared by groups alone; name --match to say what forms a group.")
    lines = [("fit" if label in GOOD else "open" if label in OPEN else "unfit", use)]
    spread = found["spread.ratio"]
    if math.isfinite(spread.low):
        alike = SIMILAR[0] <= spread.low and spread.high <= SIMILAR[1]
        told = f"the spread of answers within a group (standard deviation {spread.value:.2f} times the humans', {spread.span()})"
        lines.append(("fit" if alike else "unfit" if spread.high < 1 or spread.low > 1 else "open", told))
    return Verdict(label, sentence, *(tuple(use for one, use in lines if one == kind) for kind in ("fit", "unfit", "open")))


def _distribution(distance: Estimate, floor: Estimate, excess: Estimate) -> tuple[str, str]:
    """Label and sentence about distributions."""
    if math.isnan(excess.low):
        return "unknown", "Distributions cannot be compared: too few answers or items."
    figures = f"total variation {distance.value:.2f}, {floor.value:.2f} if panel and people were one population; beyond it {excess.span()}"
    if excess.low > NEAR:
        return "answers unlike people's", f"The panel's answers are distributed otherwise than the people's ({figures})."
    if excess.high < NEAR:
        return "answers like people's", f"The panel's answers are distributed as the people's, within {NEAR:g} ({figures})."
    return "undecided", f"The panel's answers may be distributed as the people's or not ({figures})."


def _groups(r: Estimate, slope: Estimate) -> tuple[str, str]:
    """Label and sentence about group differences: their direction, then their size; what holds first counts."""
    if math.isnan(r.low) or math.isnan(slope.low):
        return "unknown", "Group differences cannot be compared: beside the noise of their means, nothing or too little is left of them."
    open_ = slope.low < SAME_SIZE[0] or slope.high > SAME_SIZE[1]
    cases = (
        (r.high < RELATED, "groups differ otherwise than in people", "Where people's groups differ, the panel's do not"),
        (r.low <= RELATED, "undecided", "More items or people would show whether groups differ as in people"),
        (slope.low > 1, "group differences exaggerated", "Simulated groups differ more than people's groups do"),
        (slope.high < 1, "group differences flattened", "Simulated groups differ less than people's groups do"),
        (open_, "undecided", "Simulated groups differ in the direction of people's groups; by how much is open"),
        (True, "groups differ as in people", "Simulated groups differ as people's groups do, within the interval"),
    )
    label, said = next((label, said) for holds, label, said in cases if holds)
    figures = f"slope {slope.value:.2f}, {slope.span()}; correlation {r.value:.2f}, {r.span()}, both corrected for noise"
    return label, f"{said} ({figures})."


def _compared(responses: Responses, panel: Side, human: Side) -> list[Notice]:
    """How many people were used, and what could not be compared."""
    several = len(panel.groups) > 1
    groups = f" in {len(panel.groups)} groups" if several else ""
    said = [Notice("humans", f"Compared with {human.people} people{groups} on {len(panel.items)} common items.")]
    mine, theirs = ([label for label, count in zip(panel.labels, side.counts.sum(0), strict=True) if count > 0] for side in (panel, human))
    if len(set(mine) & set(theirs)) < min(len(mine), len(theirs)) / 2:
        told = ", people ".join(", ".join(sorted(labels)[:6]) for labels in (mine, theirs))
        said.append(Notice("scales-differ", f"The panel answers {told}: are they asked on the same scale?"))
    if several and panel.smallest == 1:
        text = "A group is one persona: intervals of group differences hold for these personas, not for others of their group."
        said.append(Notice("one-persona-groups", text))
    if left := [name for name in responses.items.names if name not in set(panel.items)]:
        text = f"{len(left)} items were not put to the people, such as {left[0]}; they are left out here."
        said.append(Notice("items-without-humans", text))
    if panel.lost or human.lost:
        text = f"{panel.lost} personas and {human.lost} people belong to no group found on both sides; they are left out here."
        said.append(Notice("without-group", text))
    return said


def _of_people(human: Responses) -> list[Notice]:
    """Traps in the people's answers."""
    wanted = {"missing-code", "outside-scale", "missing", "missing-by-persona", "duplicates"}
    return [Notice(notice.code, f"People's answers: {notice.text}") for notice in notices(human) if notice.code in wanted]
