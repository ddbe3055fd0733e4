"""Can the panel stand in for annotators?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.stats import binom

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.annotators import annotated, column_of
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.selective import area_of_sums, augrc, aurc

MEANS: Mapping[str, tuple[str, str]] = {
    "agreement": ("share", "the panel's label (that of most of its answers) is that of a random annotator"),
    "ceiling": ("share", "the label of most other annotators is that of a random annotator"),
    "gap": ("difference", "agreement minus ceiling: the panel's majority against that of annotators"),
    "agreement.single": ("share", "one answer of one persona is the label of a random annotator"),
    "ceiling.single": ("share", "two annotators give the same label"),
    "gap.single": ("difference", "agreement.single minus ceiling.single: one persona against one annotator"),
    "advantage": ("difference", "agreement minus ceiling.single: the panel's label instead of one annotator's"),
    "excess.tv": ("share", "total variation between labels of panel and annotators, beyond what sampling alone makes"),
    "sets.coverage": ("share", "the label of a random annotator belongs to the set of labels left possible"),
    "sets.size": ("labels", "labels left possible"),
}
AREAS: Mapping[str, tuple[Callable[..., Floats], str]] = {
    "aurc": (aurc, "mean disagreement with a random annotator on the items of which the panel is surest, over all shares of items"),
    "augrc": (augrc, "mean share of items that are labelled and not as a random annotator labels them; small where doubt tells of error"),
}
LABELS = (
    (0, "fit", "as good as annotators' majority"),
    (1, "fit", "as good as one annotator"),
    (1, "unfit", "worse than one annotator"),
    (0, "unfit", "worse than annotators' majority"),
)
"""Verdicts, the first that holds: against the majority (0) or one annotator (1), what the panel is."""
SHOWN = 20
"""Items that the evidence shows."""


@dataclass(frozen=True)
class Annotation(Study):
    """Labels of a panel against those of several people for each item.

    The panel's label of an item is what most answers say, over personas and runs; tied labels count as a coin among them. Like is compared
    with like: the panel's majority with the majority of all other annotators, one persona's answer with one annotator's label, each time
    on the label of a random annotator, over the items that the panel labels. Intervals are over items: they hold for these personas and
    annotators.

    Attributes:
        human: labels of people; their persona is the annotator. Needed to estimate anything.
        group: attribute of items by which the figures are also shown; "": none.
        margin: as good is what is less than this below the annotators, with its whole interval.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    group: str = ""
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Can the panel stand in for annotators?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("agreement", "high")
    cite: ClassVar[tuple[str, ...]] = ("calderon2025", "geifman2018", "traub2024")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona and every item that people labelled."""
        known = set(self._people().items.names)
        asked = [item for item in items if item.id in known]
        if len(asked) < 2:
            message = f"annotation needs items that people labelled, such as {min(known)}; give them the same ids."
            raise DesignError(message)
        told = {item.id: {self.group: item.attributes.get(self.group, "")} if self.group else {} for item in asked}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, told[item.id])]

    def _people(self) -> Responses:
        """People's labels."""
        if self.human is None:
            message = "annotation compares with people's labels, and there are none; give a table of them as human."
            raise DesignError(message)
        return self.human

    def estimate(self, responses: Responses) -> Finding:
        """How often panel and annotators agree, beside how often annotators do."""
        people = self._people()
        rows, lost = self._rows(responses, people)
        summed, n = Summed(rows, self.level, ("item",)), int(rows["labelled"].sum())
        found = []
        for name, (unit, meaning) in MEANS.items():
            if name in rows.columns:
                found.append(summed.mean(name, Name(unit, "items", meaning), pl.col(name), n=n))
        covers = Name("share", "items", "items that people labelled, and the panel too")
        found.append(summed.mean("coverage", covers, pl.col("labelled")))
        found += self._curves(summed, n)
        said = [one for one in responses.notices if one.code == "abstained"]
        said.append(Notice("humans", f"Compared with labels of {len(people.personas.names)} people for {n} items."))
        if lost:
            said.append(
                Notice("one-annotator", f"{lost} items have one annotator only, with whom nobody can be compared; they are left out.")
            )
        evidence = {"items": _worst(rows)} | ({"groups": _by_group(rows)} if self.group else {})
        return Finding(
            "annotation", self.question, self._verdict({one.name: one for one in found}), tuple(found), tuple(said), evidence, self.cite
        )

    def _rows(self, responses: Responses, people: Responses) -> tuple[pl.DataFrame, int]:
        """A row an item, without those of one annotator where others have more, and how many these are."""
        rows = annotated(responses, people).with_columns(persona=pl.lit(""))
        group = column_of(responses, self.group)
        rows = rows.with_columns(group=pl.Series([group[name] for name in rows["item"]], dtype=pl.String))
        several = rows.filter(pl.col("annotators") > 1)
        return (several, len(rows) - len(several)) if several["labelled"].any() else (rows, 0)

    def _curves(self, summed: Summed, n: int) -> list[Estimate]:
        """Areas under the curves of disagreement against coverage; items of one certainty, in whole percent, are tied."""
        percent = (100 * pl.col("certainty")).round()
        levels = summed.rows.select(percent.drop_nulls().unique().sort(descending=True))[:, 0]
        at = [percent == one for one in levels]
        sums = [*at, *((1 - pl.col("agreement")) * part for part in at)]
        return [
            summed.estimate(name, Name("share", "items", says), sums, partial(area_of_sums, area=area), n=n)
            for name, (area, says) in AREAS.items()
        ]

    def _verdict(self, found: Mapping[str, Estimate]) -> Verdict:
        """What the gap to annotators says."""
        agreement, gap, advantage, covered = (found[name] for name in ("agreement", "gap", "advantage", "coverage"))
        share = "" if covered.value >= 1 else f" of the {covered.value:.0%} of items that the panel labels"
        alone, among = f"annotating without people{share}", f"one annotator among several{share}"
        said = f"The panel's label is a random annotator's in {agreement.value:.2f}"
        if math.isnan(gap.low) or math.isnan(advantage.low):
            return Verdict("no ceiling", f"{said}; what people reach needs two annotators for each of several items.", open=(alone,))
        said += f"; against the majority of other annotators {_ranged(gap)}, against one other annotator {_ranged(advantage)}."
        judged = {alone: self._judged(gap), among: self._judged(advantage)}
        label = next((name for use, side, name in LABELS if list(judged.values())[use] == side), "undecided")
        return Verdict(
            label, said, **{side: tuple(use for use, found in judged.items() if found == side) for side in ("fit", "unfit", "open")}
        )

    def _judged(self, difference: Estimate) -> str:
        """What a difference to annotators says of a use."""
        return "fit" if difference.low > -self.margin else "unfit" if difference.high < -self.margin else "open"

    def known(self) -> StudyWorld:
        """Five annotators for each of 60 items, who mostly agree, and a panel that is right in 35 % instead."""
        rng, personas, runs = np.random.default_rng(0), 5, 3
        labels = Nominal(("no", "yes"))
        items = [Item(f"item {at}", f"Is {at} so?", labels) for at in range(60)]
        clear = {item.id: (0.95, 0.85, 0.7)[at % 3] for at, item in enumerate(items)}
        gold = {item.id: labels.labels[at % 2] for at, item in enumerate(items)}
        other = {"yes": "no", "no": "yes"}
        right = {name: rng.random(5) < share for name, share in clear.items()}
        given = [
            (f"annotator {who}", name, gold[name] if one else other[gold[name]])
            for name, ones in right.items()
            for who, one in enumerate(ones)
        ]
        human = Responses.read(pl.DataFrame(given, ["persona", "item", "answer"], orient="row"), Columns(), labels)

        def world(request: Request, chance: float | None = 0.35) -> Mapping[str, float]:
            name = request.about["item"]
            share = clear[name] if chance is None else chance
            return {gold[name]: share, other[gold[name]]: 1 - share}

        met = float(np.mean([ones.mean() for ones in right.values()]))
        most = float(binom.sf(personas * runs // 2, personas * runs, 0.35))
        truth = {name: share * met + (1 - share) * (1 - met) for name, share in (("agreement", most), ("agreement.single", 0.35))}
        quiet = frozenset({"as good as annotators' majority", "as good as one annotator", "worse than annotators' majority", "undecided"})
        people = tuple(Persona(f"persona {at}", f"You are number {at}.") for at in range(personas))
        null = partial(world, chance=None)
        study = replace(self, human=human)
        return StudyWorld(people, tuple(items), world, truth, null, "worse than one annotator", quiet, Elicitation(runs=runs), study)


def _ranged(one: Estimate) -> str:
    """A difference with its interval."""
    return f"{one.value:+.2f}, {one.span('+.2f')}"


def _worst(rows: pl.DataFrame) -> Rows:
    """Items on which the panel falls furthest below annotators."""
    shown = ["item", "panel", "people", "agreement", "ceiling", "gap", "certainty", "annotators"]
    found = rows.filter("labelled").select(*shown, *(name for name in ("sets.size",) if name in rows.columns))
    return found.sort("gap", "item", nulls_last=True).head(SHOWN).to_dicts()


def _by_group(rows: pl.DataFrame) -> Rows:
    """The means of each group."""
    names = [name for name in MEANS if name in rows.columns]
    return (
        rows.group_by("group")
        .agg(items=pl.len(), coverage=pl.col("labelled").mean(), **{name: pl.col(name).mean() for name in names})
        .sort("group")
        .to_dicts()
    )
