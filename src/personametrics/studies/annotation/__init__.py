"""Can the panel replace annotators?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.finding import Estimate, Finding, Name, Notice, Side, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study, StudyWorld
from personametrics.measures.people import items_of_people, require_people
from personametrics.measures.sums import DIGITS, RowSums
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.calibration import area_of_sums, augrc, aurc
from personametrics.studies.annotation.item_table import MEANS, group_means, item_rows, worst_rows
from personametrics.studies.annotation.world import ITEMS, PERSONAS, RUNS, annotators, humanlike_panel, poor_panel

AREAS: Mapping[str, tuple[Callable[..., Floats], str]] = {
    "aurc": (aurc, "disagreement with a random annotator on the most certain items, averaged over all shares of items that are kept"),
    "augrc": (augrc, "share of all items that are kept and that a random annotator labels differently, averaged over all shares kept"),
}
MAJORITY, SINGLE = "annotating without people", "one annotator among several"
"""The uses that the gap to annotators' majority and to one annotator decide on."""
SPOILED = Sign(spoils=("annotation by majority",))


@dataclass(frozen=True)
class Annotation(Study):
    """Labels of a panel against those of several people for each item.

    The panel's label of an item is that of most answers, over personas and runs; tied labels count as a coin toss among them. The panel's
    majority is compared with the majority of all other annotators, and one persona's answer with one annotator's label, each time on the
    label of a random annotator, over the items that the panel labels. Intervals are over items: they hold for these personas and
    annotators.

    Attributes:
        human: labels of people; their persona is the annotator. Needed to estimate anything.
        group: attribute of items by which the figures are shown in addition; "": none.
        margin: a panel is as good as annotators if its whole interval lies less than this below theirs.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    group: str = ""
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Can the panel replace annotators?"
    aim: ClassVar[tuple[str, Aim]] = ("agreement", "high")
    cite: ClassVar[tuple[str, ...]] = ("calderon2025", "geifman2018", "traub2024")
    signs: ClassVar[Mapping[str, Sign]] = {
        "as good as annotators' majority": Sign(needed_for=("annotation by majority",)),
        "worse than one annotator": SPOILED,
        "worse than annotators' majority": SPOILED,
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every persona and every item that people labelled."""
        asked = items_of_people("annotation", items, self.human)
        columns = {item.id: {self.group: item.attributes.get(self.group, "")} if self.group else {} for item in asked}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, columns[item.id])]

    def estimate(self, responses: Responses) -> Finding:
        """Return how often panel and annotators agree, and how often annotators do."""
        people = require_people("annotation", self.human)
        rows, left_out = item_rows(responses, people, self.group)
        sums, n = RowSums(rows, self.level, ("item",)), int(rows["labelled"].sum())
        means = {name: Name(unit, "items", meaning) for name, (unit, meaning) in MEANS.items() if name in rows.columns}
        estimates = [sums.mean(name, mean, pl.col(name), n=n) for name, mean in means.items()]
        labelled = Name("share", "items", "items that the panel labelled, of all items that people labelled")
        estimates += [sums.mean("coverage", labelled, pl.col("labelled")), *self._curves(sums, n)]
        notices = [notice for notice in responses.notices if notice.code == "abstained"]
        notices.append(Notice("humans", f"The panel is compared with labels of {len(people.personas.names)} people for {n} items."))
        if left_out:
            text = f"{left_out} of {left_out + len(rows)} items are left out: with one annotator, annotators cannot be compared."
            notices.append(Notice("one-annotator", text))
        evidence = {"items": worst_rows(rows)} | ({"groups": group_means(rows)} if self.group else {})
        verdict = self._verdict({estimate.name: estimate for estimate in estimates})
        return Finding("annotation", self.question, verdict, tuple(estimates), tuple(notices), evidence, self.cite)

    def values(self, responses: Responses) -> Mapping[str, float]:
        """Return the values of the estimates, without their intervals."""
        rows, _ = item_rows(responses, require_people("annotation", self.human), self.group)
        means = rows.select(pl.col([name for name in MEANS if name in rows.columns]).mean(), coverage=pl.col("labelled").mean())
        certain = rows.filter(pl.col("certainty").is_not_null()).group_by((100 * pl.col("certainty")).round().alias("percent"))
        tied = certain.agg(pl.len(), wrong=(1 - pl.col("agreement")).sum()).sort("percent", descending=True)
        sums = np.concatenate([tied["len"].to_numpy(), tied["wrong"].to_numpy()])
        areas = {name: round(float(area_of_sums(sums, area=area)), DIGITS) for name, (area, _) in AREAS.items()}
        return {name: math.nan if mean is None else round(float(mean), DIGITS) for name, mean in means.row(0, named=True).items()} | areas

    def _curves(self, sums: RowSums, n: int) -> list[Estimate]:
        """Return areas under the curves of disagreement against coverage; items of one certainty, in whole percent, are tied."""
        percent = (100 * pl.col("certainty")).round()
        certainties = sums.rows.select(percent.drop_nulls().unique().sort(descending=True))[:, 0]
        items = [percent == certainty for certainty in certainties]
        errors = [(1 - pl.col("agreement")) * tied for tied in items]
        return [
            sums.estimate(name, Name("share", "items", meaning), [*items, *errors], partial(area_of_sums, area=area), n=n)
            for name, (area, meaning) in AREAS.items()
        ]

    def _verdict(self, estimates: Mapping[str, Estimate]) -> Verdict:
        """Return the verdict from the gaps to annotators' majority and to one annotator."""
        agreement, gap, advantage, covered = (estimates[name] for name in ("agreement", "gap", "advantage", "coverage"))
        share = "" if covered.value >= 1 else f" (only the {covered.value:.0%} of items that the panel labels)"
        text = f"The panel agrees with a random annotator in {agreement.value:.0%} of cases"
        if math.isnan(agreement.value):
            text = "The panel labelled none of the items"
        if math.isnan(gap.low) or math.isnan(advantage.low):
            text += ". A comparison needs several items, each with labels of two or more annotators."
            return Verdict("no ceiling", text, open=(f"{MAJORITY}{share}",))
        differences = f"{_signed(gap)} from the other annotators' majority, and {_signed(advantage)} from one annotator"
        text += f". The difference in agreement is {differences}."
        sides = {f"{MAJORITY}{share}": gap.side(about=-self.margin), f"{SINGLE}{share}": advantage.side(about=-self.margin)}
        fit, unfit, left = (tuple(use for use in sides if sides[use] == side) for side in ("above", "below", "undecided"))
        return Verdict(_label(*sides.values()), text, fit, unfit, left)

    def known(self) -> StudyWorld:
        """Return a world whose panel is right on 35 % of the items, and one whose personas are as good as annotators."""
        human, truth = annotators()
        labels = ("as good as annotators' majority", "as good as one annotator", "worse than annotators' majority", "undecided")
        expected, elicitation, study = "worse than one annotator", Elicitation(runs=RUNS), replace(self, human=human)
        return StudyWorld(PERSONAS, ITEMS, poor_panel, truth, humanlike_panel, expected, frozenset(labels), elicitation, study)


def _label(majority: Side, single: Side) -> str:
    """Return the label of the verdict: the highest standard that the panel reaches, or else the lowest that it misses."""
    if majority == "above":
        return "as good as annotators' majority"
    if single != "undecided":
        return "as good as one annotator" if single == "above" else "worse than one annotator"
    return "worse than annotators' majority" if majority == "below" else "undecided"


def _signed(difference: Estimate) -> str:
    """Return a difference with its interval."""
    return f"{difference.value:+.2f} ({difference.clipped(-1.0).span('+.2f')})"
