"""Do wording, option order or language change the answers more than the persona does?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Rows, Verdict, number_or_none
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study
from personametrics.measures.conditions import READS, condition_requests, graded_cells, with_conditions
from personametrics.measures.panel import FEW, METHOD
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.correlation import correlation_of_sums
from personametrics.stats.intervals.jackknife import Deletions, Scale, Statistic, deletions, interval
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.components import component
from personametrics.stats.variance.disagreement import Disagreements, Pairs, pairs
from personametrics.studies.wording.entropy import EVERYTHING, PERSON, entropy_and_excess
from personametrics.studies.wording.world import known_world

PLACE = frozenset({"item", "condition"})
UNIT = "difference, 0 to 1"
PSS: Mapping[str, tuple[str, Scale, Statistic]] = {
    "pss.paraphrase": ("of a persona's answers to one item asked in two ways (PromptSensiScore)", "positive", lambda d: d[PERSON]),
    "pss.rerun": ("of a persona's answers to one item asked in the same way twice", "positive", lambda d: d[EVERYTHING]),
    "pss.persona": ("of two personas' answers to one item asked in the same way", "positive", lambda d: d[PLACE]),
    "pss.excess": ("between two ways of asking an item, minus the difference between reruns", "plain", lambda d: d[PERSON] - d[EVERYTHING]),
    "pss.gap": ("between two ways of asking an item, minus the difference between two personas", "plain", lambda d: d[PERSON] - d[PLACE]),
}
"""Meaning of each estimate, the scale of its interval, and its formula; the noise of reruns is in both parts of the gap, and cancels."""
EFFECTS = ("condition", "persona:condition", "item:condition", "persona:item:condition")
ENTROPY = Name("correlation", "cells", "correlation of the entropy of answers (item as given) and the disagreement of other ways of asking")
SHOWN = 20
"""Items and personas in the tables."""
COMPARING = "comparing personas that were not asked in the same words"
SINGLE = "generalising from one way of asking to others"


@dataclass(frozen=True)
class Wording(Study):
    """Differences between answers to one question asked in several ways, compared with those between reruns and between personas.

    Differences are absolute, on a scale from 0 to 1; for labels without order a difference is 0 or 1. All pairs of ways of asking an item
    have the same weight. The study does not say which way of asking is the right one (Zhuo and others 2024).

    Attributes:
        conditions: columns that say how an item was asked. `wording` and `order` are varied; others, such as `language`, are read if they
            were recorded.
        margin: ways of asking and personas move answers alike if the whole interval of their gap lies within ± this.
        level: coverage of the intervals.
    """

    conditions: tuple[str, ...] = ("wording", "order")
    margin: float = 0.02
    level: float = 0.9
    question: ClassVar[str] = "Do wording, option order or language change the answers more than the persona does?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("pss.excess", "low")
    cite: ClassVar[tuple[str, ...]] = ("zhuo2024", "szekely2013", "brennan2001", "efron1981", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {
        "wording moves more than the persona": Sign(shows=("instability",), spoils=("one persona for one annotator",), gravity=2)
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item with wordings (if there are none, with labels) as given, in each wording, and with its options reversed."""
        return condition_requests(personas, items, elicitation, self.conditions, "wording")

    def estimate(self, responses: Responses) -> Finding:
        """Return sensitivity scores, the conditions' shares of all disagreement, and whether unsure answers are the sensitive ones."""
        responses = with_conditions(responses, self.conditions)
        cells = graded_cells(responses)
        message = f"{responses.source} needs answers of two or more personas to two or more items, asked in two or more ways."
        ensure("condition" in cells.facets and min(len(np.unique(column)) for column in cells.codes.T) > 1, message)
        summed = pairs(cells)
        without = deletions(summed)
        estimates = []
        for name, (meaning, scale, statistic) in PSS.items():
            estimates.append(self._estimate(name, Name(UNIT, "cells", f"mean difference {meaning}"), cells, without, (statistic, scale)))
        for effect in EFFECTS:
            meaning = f"variance component {effect}, divided by the disagreement of two answers that differ in persona, item and condition"
            means = Name("share", "cells", meaning)
            estimates.append(self._estimate(f"share.{effect}", means, cells, without, (partial(_share_of, effect=effect), "plain")))
        estimates.append(self._entropy(entropy_and_excess(responses, cells)))
        evidence = {"items": _table(summed, "item", responses.items.names), "personas": _table(summed, "persona", responses.personas.names)}
        return Finding("wording", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _estimate(self, name: str, means: Name, cells: Cells, without: Deletions, how: tuple[Statistic, Scale]) -> Estimate:
        """Return a statistic of the disagreements with its interval."""
        value, *ends = interval(how[0], without, self.level, how[1])[:3]
        low, high = (float(end) for end in ends) if np.isfinite(ends).all() else (math.nan, math.nan)
        return Estimate(name, value, low, high, self.level, len(cells), METHOD, _status(value, low, cells), means)

    def _entropy(self, rows: pl.DataFrame) -> Estimate:
        """Return the correlation of entropy and excess, clustered by persona and item."""
        if len(rows) < 3:
            return Estimate("entropy.excess", math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED, ENTROPY)
        x, y = (pl.col(name) - pl.col(name).mean() for name in ("entropy", "excess"))
        sums = [pl.col("n"), x, y, x * x, y * y, x * y]
        estimate = RowSums(rows, self.level).estimate("entropy.excess", ENTROPY, sums, correlation_of_sums, n=len(rows))
        return estimate if math.isnan(estimate.low) else estimate.clipped(-1.0)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the gap says."""
        by_name = {estimate.name: estimate for estimate in estimates}
        gap, steady = by_name["pss.gap"], by_name["pss.excess"].high < self.margin
        if math.isnan(gap.low):
            return Verdict("undecided", f"The gap cannot be computed: {gap.status}.", open=(COMPARING, SINGLE))
        paraphrase, persona = (by_name[name].value for name in ("pss.paraphrase", "pss.persona"))
        figures = f"mean difference between ways of asking {paraphrase:.2f}, between personas {persona:.2f}, gap {gap:+.3f}"
        fit, left = ((SINGLE,), ()) if steady else ((), (SINGLE,))
        side = "within" if gap.side(self.margin) == "within" else gap.side()
        return {
            "within": Verdict("both move alike", f"The gap lies within ±{self.margin:g}: {figures}.", fit, (COMPARING,)),
            "above": Verdict("wording moves more than the persona", f"Wording matters more than personas: {figures}.", fit, (COMPARING,)),
            "below": Verdict("persona moves more", f"Personas matter more than wording: {figures}.", (COMPARING, *fit), open=left),
        }.get(side, Verdict("undecided", f"The interval of the gap includes 0: {figures}.", fit, open=(COMPARING,)))

    known = staticmethod(known_world)


def _share_of(disagreements: Disagreements, effect: str) -> Floats:
    """Return a variance component as a share of all disagreement."""
    total = disagreements[frozenset()]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, component(disagreements, effect) / total, np.nan)


def _status(value: float, low: float, cells: Cells) -> EstimateStatus:
    """Return what a reader must know of a statistic."""
    if math.isnan(value):
        return EstimateStatus.UNDEFINED if np.isfinite(cells.within).any() else EstimateStatus.NO_RERUNS
    if math.isnan(low):
        return EstimateStatus.CONSTANT if not cells.scatter.any() and np.ptp(cells.mean, 0).max() == 0 else EstimateStatus.NO_INTERVAL
    personas, items = (len(np.unique(cells.codes[:, column])) for column in (0, 1))
    return EstimateStatus.FEW_PERSONAS if personas < FEW else EstimateStatus.FEW_ITEMS if items < FEW else EstimateStatus.OK


def _table(summed: Pairs, facet: str, names: Sequence[str]) -> Rows:
    """Return the items or personas that the way of asking moves most."""
    disagreements = summed.within([facet])
    table = {name: PSS[f"pss.{name}"][2](disagreements) for name in ("paraphrase", "rerun", "persona", "excess")}
    order = [row for row in np.argsort(-table["paraphrase"], kind="stable") if math.isfinite(table["paraphrase"][row])][:SHOWN]
    return [{facet: names[row]} | {name: number_or_none(column[row]) for name, column in table.items()} for row in order]
