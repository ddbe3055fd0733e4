"""Do differences come from personas or from noise?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from personametrics.data.finding import Estimate, EstimateStatus, Finding, Rows
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study, one_scale
from personametrics.measures.panel import Panel
from personametrics.measures.spread import components, disagreements, reliabilities, shares, values
from personametrics.measures.traps import notices
from personametrics.stats.variance.permutation import permutation_p
from personametrics.stats.variance.reliability import designs, runs_needed
from personametrics.studies.stability.conclusions import conclude, panel_notices
from personametrics.studies.stability.evidence import answer_table, cell_table, design_curve, design_table, level_table
from personametrics.studies.stability.world import known_world

ONE_FOR_ONE, HYPOTHESES = "one persona for one annotator", "model of bias, generator of hypotheses"
"""Uses of a panel that depend on the persona signal."""
WORK = 2e7
"""Numbers that the permutation test may shuffle; above this it makes fewer shuffles, and below 99 shuffles it uses fewer items."""


@dataclass(frozen=True)
class Stability(Study):
    """The disagreement of a panel, split into personas, items, conditions and reruns (generalizability theory, Brennan 2001).

    It is not a test of validity: a panel of stable personas may still answer unlike people.

    Attributes:
        level: coverage of the intervals.
        target: reliability that the D study aims at.
        price: money per call; None: designs are counted in calls only.
        permutations: largest number of shuffles in the permutation test.
    """

    level: float = 0.9
    target: float = 0.8
    price: float | None = None
    permutations: int = 999
    question: ClassVar[str] = "Do differences come from personas or from noise?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("signal", "high")
    guards: ClassVar[bool] = True
    in_every_audit: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "shrout1979", "spearman1910", "efron1981", "owen2007", "phipson2010", "helm2026")
    signs: ClassVar[Mapping[str, Sign]] = {
        "persona dominates": Sign(clears=("instability",), needed_for=(ONE_FOR_ONE, "simulated user", "personalised adapter", HYPOTHESES)),
        "model uncertainty dominates": Sign(shows=("instability",), spoils=(ONE_FOR_ONE, HYPOTHESES), gravity=3),
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every persona with every item on the commonest scale."""
        return [request for persona in personas for item in one_scale(items) for request in elicitation.ask(persona, item)]

    def estimate(self, responses: Responses) -> Finding:
        """Return signal, variance components, reliabilities, the D study, the permutation test, and shares of missing answers."""
        panel = Panel(responses, self.level)
        estimates = [*disagreements(panel), *components(panel), *reliabilities(panel), *self._d_study(panel)]
        estimates += [self._permutation(panel), *shares(panel)]
        by_name = {estimate.name: estimate for estimate in estimates}
        verdict, remarks = conclude(panel, by_name, self.target), (*notices(responses), *panel_notices(panel, by_name))
        return Finding("stability", self.question, verdict, tuple(estimates), remarks, self._evidence(panel), self.cite)

    def values(self, responses: Responses) -> Mapping[str, float]:
        """Return the values of what recorded answers show, without the D study and the permutation test."""
        return values(Panel(responses, self.level))

    def _d_study(self, panel: Panel) -> list[Estimate]:
        """Return the runs that one answer needs, and calls and price of the cheapest design for a persona's mean."""
        method = f"D-study for reliability {self.target:g}"
        ends = [runs_needed(end, self.target) for end in (panel.signal.value, panel.signal.high, panel.signal.low)]
        value, low, high = (end if math.isfinite(end) else math.nan for end in ends)
        missing = panel.status(panel.signal.value) if math.isnan(panel.signal.value) else EstimateStatus.UNREACHABLE
        status = missing if math.isnan(value) else EstimateStatus.OK
        runs = Estimate("design.runs", value, low, high, self.level, panel.answers, method, status)
        best = designs(panel.components, self.target, most=1)
        calls, status = (float(best[0].calls), EstimateStatus.OK) if best else (math.nan, missing)
        estimates = [runs, panel.bare("design.calls", calls, panel.answers, method, status)]
        if self.price is not None:
            cost = calls * panel.levels["persona"] * self.price
            estimates.append(panel.bare("design.cost", cost, panel.answers, f"{method} at {self.price:g} per call", status))
        return estimates

    def _permutation(self, panel: Panel) -> Estimate:
        """Return the test of no persona effect."""
        responses = panel.responses
        if responses.exact is not None:
            return panel.bare("p.permutation", math.nan, panel.answers, "none", EstimateStatus.EXACT)
        facets, answered = responses.facets, np.flatnonzero(responses.answered)
        answers_to = np.cumsum(np.bincount(facets["item"]))
        items = max(2, int(np.searchsorted(answers_to, WORK / 99 / responses.coded.width, "right")))
        used = facets["item"] < items
        condition = facets.get("condition", np.zeros(1, np.int64))
        block = (facets["item"] * (condition.max() + 1) + condition)[used]
        points = responses.coded.at(answered[used])
        shuffles = int(np.clip(WORK / points.size, 99, self.permutations))
        p = permutation_p(block, facets["persona"][used], points, shuffles)
        some = "" if used.all() else f" of the first {len(np.unique(facets['item'][used]))} items"
        method = f"{shuffles} permutations{some} between personas within item and condition"
        return panel.bare("p.permutation", p, int(used.sum()), method, panel.status(p) if math.isnan(p) else EstimateStatus.OK)

    def _evidence(self, panel: Panel) -> Mapping[str, Rows]:
        """Return the tables behind the numbers."""
        numbers = {facet: levels for facet, levels in panel.levels.items() if facet != "persona"}
        personas, noise_known = panel.levels["persona"], not math.isnan(panel.components["run"])
        tables: dict[str, Rows] = {
            "items": level_table(panel.responses, panel.sums, "item", self.level),
            "personas": level_table(panel.responses, panel.sums, "persona", self.level),
            "designs": design_table(designs(panel.components, self.target), personas, self.price),
            "curve": design_curve(panel.components, numbers, personas, self.price) if noise_known else [],
            "cells": cell_table(panel.responses),
            "answers": answer_table(panel.responses),
        }
        return {name: rows for name, rows in tables.items() if rows}

    known = staticmethod(known_world)
