"""Is a persona judge reliable enough to grade?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Nominal, Ordinal, Persona, Request, Responses, Sign, Study
from personametrics.measures.answers import answers, cells
from personametrics.measures.panel import Panel
from personametrics.measures.spread import components
from personametrics.measures.sums import RowSums
from personametrics.stats.variance.reliability import runs_needed
from personametrics.studies.judge_reliability import grades
from personametrics.studies.judge_reliability.world import known_world

CELL, ORDERS = ("persona", "item", "order"), ("given", "reversed")
SHOWN = {"persona", "item", "persona:item", "run"}
"""Components on the card: strictness of judges, differences between items, one judge's view of one item, and noise."""
USE = "grading each thing once"


@dataclass(frozen=True)
class JudgeReliability(Study):
    """Persona judges who grade the same items again and again, with the options in both orders (Schroeder & Wood-Doughty 2024).

    Reliable is not right: a judge who always gives the same wrong grade to an item is reliable.

    Attributes:
        kind: items to grade have this attribute `kind`, or an attribute `quality`.
        target: reliability of a single grade that is enough, 0 to 1.
        threshold: grades from here on pass; NaN: the middle of the scale.
        level: coverage of the intervals.
    """

    kind: str = "rating"
    target: float = 0.8
    threshold: float = math.nan
    level: float = 0.9
    question: ClassVar[str] = "Is a persona judge reliable enough to grade?"
    reads: ClassVar[Mapping[str, str]] = {"order": "order in which the options were shown, such as given or reversed"}
    aim: ClassVar[tuple[str, Aim]] = ("omega.single", "high")
    cite: ClassVar[tuple[str, ...]] = ("schroeder2024", "mcdonald1999", "spearman1910", "hayes2007", "brennan2001")
    signs: ClassVar[Mapping[str, Sign]] = {
        "reliable enough": Sign(needed_for=("evaluation panel",)),
        "not reliable enough": Sign(spoils=("evaluation panel",)),
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item for every judge, with the options as given and reversed."""
        graded = [item for item in items if item.attributes.get("kind") == self.kind or item.attributes.get("quality")]
        graded = [item for item in graded if isinstance(item.scale, Nominal | Ordinal)]
        message = f"judge_reliability needs two or more personas, and two or more items with labels and the attribute kind={self.kind}."
        ensure(len(graded) > 1 and len(personas) > 1, message)
        asked = ((order, item, persona) for order in ORDERS for item in graded for persona in personas)
        return [request for order, item, persona in asked for request in elicitation.ask(persona, item, {}, {"order": order})]

    def estimate(self, responses: Responses) -> Finding:
        """Return the reliability of single and averaged grades, the effect of the order, and verdicts that change between runs."""
        given, exact = answers(responses, self.reads), responses.exact is not None
        panel = Panel(grades.with_order_as_condition(responses), self.level)
        single = grades.single_grade(panel)
        estimates = [single] if exact else [single, grades.averaged_grades(single, panel.runs), *grades.mean_alpha(panel)]
        estimates += [*self._orders(given, exact=exact), *self._flips(given, responses)]
        estimates += [component for component in components(panel) if component.name.removeprefix("component.") in SHOWN]
        verdict, evidence = self._verdict(single), grades.least_stable(panel)
        return Finding("judge_reliability", self.question, verdict, tuple(estimates), evidence=evidence, cite=self.cite)

    def _orders(self, given: pl.DataFrame, *, exact: bool) -> list[Estimate]:
        """Return the agreement of two runs of a judge on one item, and that of two answers under different orders of the options."""
        pairs = RowSums(grades.agreements(cells(given, *CELL), "order", exact=exact), self.level)
        rerun, across, both = pl.col("rerun"), pl.col("across"), pl.col("both")
        estimates = [pairs.mean("agreement.rerun", _share("how often two runs of a judge give one item the same grade"), rerun)]
        if pairs.rows["across"].null_count() < len(pairs.rows):
            meaning = "how often a judge gives one item the same grade under two orders of the options"
            estimates.append(pairs.mean("agreement.order", _share(meaning), across))
            estimates.append(pairs.mean("order.loss", _share("agreement of two runs minus agreement under two orders"), both - across))
        return estimates

    def _flips(self, given: pl.DataFrame, responses: Responses) -> list[Estimate]:
        """Return the share of verdicts at the threshold that differ between runs; nothing for labels without an order."""
        labels, least = grades.passing_grades(given, responses, self.threshold)
        if math.isnan(least):
            return []
        exact = responses.exact is not None
        sides = RowSums(grades.crossings(given, pl.col("answer").is_in(labels), *CELL, exact=exact), self.level)
        flip = _share(f"how often two runs of a judge on one item fall on different sides of {least:g}")
        straddle = _share(f"how often the runs of a judge on one item fall on both sides of {least:g}")
        estimates = [sides.mean("verdict.flip", flip, pl.col("flip"))]
        return estimates if exact else [*estimates, sides.mean("verdict.straddle", straddle, pl.col("straddle"))]

    def _verdict(self, single: Estimate) -> Verdict:
        """Return the verdict by the reliability of a single grade."""
        if not math.isfinite(single.low):
            return Verdict("undecided", f"The reliability of a single grade is unknown: {single.status}.", open=(USE,))
        number, runs = f"The reliability of a single grade is {single:.2f}", runs_needed(single.value, self.target)
        means = f"the mean of {runs:.0f} runs would reach" if math.isfinite(runs) else "no number of runs reaches"
        if single.low >= self.target:
            return Verdict("reliable enough", f"{number}, which is at least {self.target:g}.", fit=(USE,))
        if single.high < self.target:
            return Verdict("not reliable enough", f"{number}, below {self.target:g}; {means} {self.target:g}.", unfit=(USE,))
        return Verdict("undecided", f"{number}; {means} {self.target:g}.", open=(USE,))

    known = staticmethod(known_world)


def _share(meaning: str) -> Name:
    """Return the meaning of a share of cells."""
    return Name("share", "cells", meaning)
