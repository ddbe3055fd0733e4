"""Do simulated people answer, and differ, as the people they stand for?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.special import stdtrit

from personametrics.data.ask import Ask
from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Status
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.panels.paired import Side, pair_up
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Asking, Known
from personametrics.data.traps import notices
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.correlation import disattenuated
from personametrics.stats.distances import jensen_shannon, total_variation, wasserstein
from personametrics.stats.floors import exchanged, split_half

QUESTION = "Do simulated people answer, and differ, as the people they stand for?"
RELATED = 0.5
"""Groups are told apart as in people where the whole interval of the correlation lies above this."""
OVER_ITEMS = "jackknife over items"
OVER_BOTH = "jackknife over items, and over people of each group"
MOST_BLOCKS = 100
"""More items than this are left out by blocks."""
MOST_PARTS = 12
"""People of each group are left out in at most this many parts."""
SIMILAR = (0.8, 1.25)
"""A spread is like people's where its whole interval lies within this ratio."""
SAME_SIZE = (2 / 3, 3 / 2)
"""Group differences are of people's size where the whole interval of the slope lies within these."""
NEAR = 0.05
"""Distributions are alike where the whole interval of their distance beyond the floor lies below this total variation."""
Statistic = Callable[[Side, Side, Ints], float]


@dataclass(frozen=True)
class Fidelity:
    """Compares a panel with human answers to the same items.

    Attributes:
        human: answers of people; their persona is the respondent. Needed to estimate anything.
        match: {attribute of personas: attribute of respondents}: who forms a group on either side; empty: everyone is one group.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    level: float = 0.9
    question: ClassVar[str] = QUESTION
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("excess.tv", "low")
    cite: ClassVar[tuple[str, ...]] = ("spearman1904", "lin1991", "kish1965")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], asking: Asking) -> list[Ask]:
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
        return [ask for persona in personas for item in asked for ask in asking.ask(persona, item, groups[persona.id])]

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

        Args:
            responses: answers of a panel to items of which at least two were put to the people too.

        Returns:
            The finding.

        Raises:
            DesignError: fewer than two common items, no common group, scales that do not fit, or no people.
        """
        people = self._people()
        panel, human = pair_up(responses, people, self.match)
        tables: dict[str, Rows] = {}
        estimates = self._distances(panel, human, tables)
        if len(panel.groups) > 1:
            estimates += self._differences(panel, human, tables)
        estimates += [*self._spread(panel, human, tables), *self._tracking(panel, human, tables)]
        found = {estimate.name: estimate for estimate in estimates}
        return Finding(
            "fidelity",
            QUESTION,
            _verdict(found),
            tuple(estimates),
            (*_notices(responses, panel, human), *_of_people(people)),
            tables,
            self.cite,
        )

    def known(self) -> Known:
        """People of whom 40 to 60 % agree with each of 30 statements, and a panel that agrees more often."""
        shares = {f"statement {at}": 0.4 + 0.2 * (at % 11) / 10 for at in range(30)}
        rows = [(f"person {who}", name, "yes" if who < 100 * share else "no") for name, share in shares.items() for who in range(100)]
        scale = Nominal(("no", "yes"))
        human = Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), scale)
        personas = tuple(Persona(f"persona {at}", f"You are number {at}.") for at in range(20))

        def world(ask: Ask, more: float = 0.3) -> Mapping[str, float]:
            yes = shares[ask.about["item"]] + more
            return {"no": 1 - yes, "yes": yes}

        items = tuple(Item(name, f"{name}.", scale) for name in shares)
        quiet = frozenset({"answers like people's", "undecided"})
        study = replace(self, human=human)
        return Known(personas, items, world, {}, lambda ask: world(ask, 0), "answers unlike people's", quiet, study=study)

    def _distances(self, panel: Side, human: Side, tables: dict[str, Rows]) -> list[Estimate]:
        """Distance of the two distributions per item, beside what sampling alone makes and what two halves of the people show."""
        if panel.counts is None or human.counts is None or not panel.labels:
            return []
        mine, theirs = (side.counts / side.counts.sum(1, keepdims=True) for side in (panel, human) if side.counts is not None)
        kinds: dict[str, Callable[[Floats, Floats], Floats]] = {"tv": total_variation, "js": jensen_shannon}
        if panel.positions is not None:
            positions = panel.positions
            kinds["wasserstein"] = lambda p, q: wasserstein(p, q, positions)
        found: list[Estimate] = []
        columns: dict[str, Floats] = {}
        for kind, distance in kinds.items():
            values = distance(mine, theirs)
            floor = exchanged(panel.effective_counts(), human.counts, distance)
            ceiling = split_half(human.counts, distance)
            found += [
                self._mean(f"{name}.{kind}", numbers) for name, numbers in (("distance", values), ("floor", floor), ("ceiling", ceiling))
            ]
            if kind == "tv":
                found.append(self._mean("excess.tv", values - floor))
            columns |= {kind: values} | ({"floor": floor, "ceiling": ceiling} if kind == "tv" else {})
        columns |= {"answers": panel.answers, "humans": human.counts.sum(1)}
        rows = [{"item": item} | {name: _at(column[at]) for name, column in columns.items()} for at, item in enumerate(panel.items)]
        tables["distances"] = sorted(rows, key=lambda row: -float(row["tv"] or 0))
        return found

    def _differences(self, panel: Side, human: Side, tables: dict[str, Rows]) -> list[Estimate]:
        """Group means around their item's mean, on both sides, corrected for the noise of the means."""
        (x, vx), (y, vy) = panel.deviations, human.deviations
        known = np.isfinite(x + y + vx + vy)
        answers: Sequence[str | None] = panel.labels if x.shape[2] > 1 and panel.labels else [None] * x.shape[2]
        tables["differences"] = [
            {"group": group, "item": item, "answer": answers[k], "panel": float(x[i, g, k]), "human": float(y[i, g, k])}
            for i, item in enumerate(panel.items)
            for g, group in enumerate(panel.groups)
            for k in range(x.shape[2])
            if known[i, g, k]
        ]
        names = ("difference.correlation", "difference.slope")
        return [self._sampled(name, partial(_agreement, at=at), panel, human, Status.NO_SPREAD) for at, name in enumerate(names)]

    def _spread(self, panel: Side, human: Side, tables: dict[str, Rows]) -> list[Estimate]:
        """Standard deviation of single answers within a group, panel over humans."""
        mine, theirs = panel.within_groups, human.within_groups
        rows: list[dict[str, Cell]] = []
        for at, group in enumerate(panel.groups):
            spread = [_at(np.sqrt(np.maximum(side.by_group[at], 0.0))) for side in (mine, theirs)]
            ratio = spread[0] / spread[1] if spread[0] is not None and spread[1] else None
            rows.append({"group": group, "panel": spread[0], "human": spread[1], "ratio": ratio})
        tables["spread"] = rows
        return [self._sampled("spread.ratio", _spread_ratio, panel, human, Status.UNDEFINED)]

    def _tracking(self, panel: Side, human: Side, tables: dict[str, Rows]) -> list[Estimate]:
        """How much the panel disagrees where people disagree: through personas, and through reruns."""
        mine, theirs = panel.by_item(), human.by_item()
        parts = {"total": mine.between, "persona": mine.between - mine.rerun, "rerun": mine.rerun}
        tables["tracking"] = [
            {"item": item, "human": _at(theirs.between[at]), "persona": _at(parts["persona"][at]), "rerun": _at(mine.rerun[at])}
            for at, item in enumerate(panel.items)
        ]
        found = []
        for name, part in parts.items():
            known = np.isfinite(part) & np.isfinite(theirs.between)
            x, y = theirs.between[known], part[known]
            drops = np.array([_slope(np.delete(x, at), np.delete(y, at)) for at in range(len(x))])
            found.append(self._jackknifed(f"tracking.{name}", _slope(x, y), drops, Status.UNDEFINED))
        return found

    def _mean(self, name: str, values: Floats) -> Estimate:
        """Mean over items."""
        values = values[np.isfinite(values)]
        if not len(values):
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, "mean over items", Status.UNDEFINED)
        total = values.sum()
        return self._jackknifed(name, float(values.mean()), (total - values) / max(len(values) - 1, 1), Status.OK)

    def _sampled(self, name: str, statistic: Statistic, panel: Side, human: Side, undefined: Status) -> Estimate:
        """A number with what it becomes when items are left out, and people on either side: both were sampled."""
        items = len(panel.items)
        blocks = np.array_split(np.arange(items), min(items, MOST_BLOCKS))
        drops = [np.array([statistic(panel, human, left_out) for left_out in blocks])]
        nothing = np.zeros(0, np.int64)
        for at, side in enumerate((panel, human)):
            parts = min(side.smallest, MOST_PARTS)
            if parts > 1:
                sides = [[panel, human] for _ in range(parts)]
                for part, both in enumerate(sides):
                    both[at] = side.without_people(part, parts)
                drops.append(np.array([statistic(both[0], both[1], nothing) for both in sides]))
        return self._estimate(name, statistic(panel, human, nothing), drops, items, undefined)

    def _jackknifed(self, name: str, value: float, drops: Floats, undefined: Status) -> Estimate:
        """A number with the values it takes when one item is left out."""
        return self._estimate(name, value, [drops], len(drops), undefined)

    def _estimate(self, name: str, value: float, drops: Sequence[Floats], items: int, undefined: Status) -> Estimate:
        """Jackknife variances of several things that were sampled, added up; t with Satterthwaite degrees of freedom."""
        method = OVER_ITEMS if len(drops) == 1 else OVER_BOTH
        if not math.isfinite(value):
            return Estimate(name, math.nan, math.nan, math.nan, self.level, items, method, undefined)
        if items < 3 or not all(np.isfinite(some).all() for some in drops):
            return Estimate(name, value, math.nan, math.nan, self.level, items, method, Status.NO_INTERVAL)
        parts = [((len(some) - 1) / len(some) * ((some - some.mean()) ** 2).sum(), len(some) - 1) for some in drops]
        total = sum(variance for variance, _ in parts)
        below = sum(variance**2 / df for variance, df in parts)
        half = float(stdtrit(total**2 / below, (1 + self.level) / 2) * np.sqrt(total)) if below > 0 else 0.0
        return Estimate(name, value, value - half, value + half, self.level, items, method, Status.FEW_ITEMS if items < 5 else Status.OK)


def _agreement(panel: Side, human: Side, left_out: Ints, at: int) -> float:
    """Correlation (at 0) or slope (at 1) of group differences, corrected for the noise of the means, without some items."""
    (x, vx), (y, vy) = panel.deviations, human.deviations
    kept = np.setdiff1d(np.arange(len(x)), left_out)
    return float(disattenuated(*(part[kept].ravel() for part in (x, y, vx, vy)))[at])


def _spread_ratio(panel: Side, human: Side, left_out: Ints) -> float:
    """Standard deviation within groups, panel over humans, every item weighing the same on both sides, without some items."""
    mine, theirs = panel.within_groups.by_item, human.within_groups.by_item
    kept = np.isfinite(mine) & np.isfinite(theirs)
    kept[left_out] = False
    below = theirs[kept].sum()
    return float(np.sqrt(mine[kept].sum() / below)) if below > 0 else math.nan


def _slope(x: Floats, y: Floats) -> float:
    """Slope of y on x; NaN where x does not vary."""
    spread = ((x - x.mean()) ** 2).sum() if len(x) > 1 else 0.0
    return float(((x - x.mean()) * (y - y.mean())).sum() / spread) if spread > 0 else math.nan


def _verdict(found: Mapping[str, Estimate]) -> Verdict:
    """What the intervals say about groups, or without groups about distributions."""
    if "difference.slope" in found:
        label, sentence = _groups(found["difference.correlation"], found["difference.slope"])
        good, use = "groups differ as in people", "differences between groups, in direction and size"
    elif "distance.tv" in found:
        label, sentence = _distribution(found["distance.tv"], found["floor.tv"], found["excess.tv"])
        good, use = "answers like people's", "shares of answers in the population"
    else:
        return Verdict("unknown", "Numbers can be compared by groups alone; name --match to say what forms a group.")
    lines: dict[str, list[str]] = {"fit": [], "unfit": [], "open": []}
    lines["fit" if label == good else "open" if label in {"undecided", "unknown"} else "unfit"].append(use)
    spread = found["spread.ratio"]
    if math.isfinite(spread.low):
        alike = SIMILAR[0] <= spread.low and spread.high <= SIMILAR[1]
        kind = "fit" if alike else "unfit" if spread.high < 1 or spread.low > 1 else "open"
        lines[kind].append(
            f"the spread of answers within a group (standard deviation {spread.value:.2f} times the humans', {_range(spread)})"
        )
    return Verdict(label, sentence, tuple(lines["fit"]), tuple(lines["unfit"]), tuple(lines["open"]))


def _distribution(distance: Estimate, floor: Estimate, excess: Estimate) -> tuple[str, str]:
    """Label and sentence about distributions."""
    if not math.isfinite(excess.low):
        return "unknown", "Distributions cannot be compared: too few answers or items."
    figures = f"total variation {distance.value:.2f}, {floor.value:.2f} if panel and people were one population; beyond it {_range(excess)}"
    if excess.low > NEAR:
        return "answers unlike people's", f"The panel's answers are distributed otherwise than the people's ({figures})."
    if excess.high < NEAR:
        return "answers like people's", f"The panel's answers are distributed as the people's, within {NEAR:g} ({figures})."
    return "undecided", f"The panel's answers may be distributed as the people's or not ({figures})."


def _groups(r: Estimate, slope: Estimate) -> tuple[str, str]:
    """Label and sentence about group differences."""
    if not (math.isfinite(r.low) and math.isfinite(slope.low)):
        return "unknown", "Group differences cannot be compared: beside the noise of their means, nothing or too little is left of them."
    figures = f"slope {slope.value:.2f}, {_range(slope)}; correlation {r.value:.2f}, {_range(r)}, both corrected for noise"
    if r.high < RELATED:
        return "groups differ otherwise than in people", f"Where people's groups differ, the panel's do not ({figures})."
    if r.low <= RELATED:
        return "undecided", f"More items or people would show whether groups differ as in people ({figures})."
    return _size(slope, figures)


def _size(slope: Estimate, figures: str) -> tuple[str, str]:
    """Label and sentence about the size of group differences that have the right direction."""
    if slope.low > 1:
        return "group differences exaggerated", f"Simulated groups differ more than people's groups do ({figures})."
    if slope.high < 1:
        return "group differences flattened", f"Simulated groups differ less than people's groups do ({figures})."
    if slope.low < SAME_SIZE[0] or slope.high > SAME_SIZE[1]:
        return "undecided", f"Simulated groups differ in the direction of people's groups; by how much is open ({figures})."
    return "groups differ as in people", f"Simulated groups differ as people's groups do, within the interval ({figures})."


def _range(estimate: Estimate) -> str:
    """An interval in words."""
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


def _notices(responses: Responses, panel: Side, human: Side) -> list[Notice]:
    """How many people were used, and what could not be compared."""
    groups = f" in {len(panel.groups)} groups" if len(panel.groups) > 1 else ""
    said = [Notice("humans", f"Compared with {human.people} people{groups} on {len(panel.items)} common items.")]
    if panel.counts is not None and human.counts is not None:
        used = [
            {label for label, count in zip(panel.labels, side.sum(0), strict=True) if count > 0} for side in (panel.counts, human.counts)
        ]
        if len(used[0] & used[1]) < min(map(len, used)) / 2:
            mine, theirs = (", ".join(sorted(labels)[:6]) for labels in used)
            said.append(Notice("scales-differ", f"The panel answers {mine}, people {theirs}: are they asked on the same scale?"))
    if len(panel.groups) > 1 and panel.smallest == 1:
        text = "A group is one persona: intervals of group differences hold for these personas, not for others of their group."
        said.append(Notice("one-persona-groups", text))
    left: Sequence[str] = [name for name in responses.items.names if name not in set(panel.items)]
    if left:
        said.append(
            Notice("items-without-humans", f"{len(left)} items were not put to the people, such as {left[0]}; they are left out here.")
        )
    if panel.lost or human.lost:
        text = f"{panel.lost} personas and {human.lost} people belong to no group found on both sides; they are left out here."
        said.append(Notice("without-group", text))
    return said


def _of_people(human: Responses) -> list[Notice]:
    """Traps in the people's answers."""
    wanted = {"missing-code", "outside-scale", "missing", "missing-by-persona", "duplicates"}
    return [Notice(notice.code, f"People's answers: {notice.text}") for notice in notices(human) if notice.code in wanted]


def _at(value: float | Floats) -> float | None:
    """A number, or None where it is undefined."""
    return float(value) if math.isfinite(value) else None
