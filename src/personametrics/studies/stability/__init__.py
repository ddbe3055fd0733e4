"""Is the spread of a panel persona, or model uncertainty?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld, one_scale
from personametrics.measures.panel import FEW, Panel
from personametrics.measures.spread import MOST_RUNS, components, disagreements, reliabilities, shares
from personametrics.measures.traps import notices
from personametrics.stats.variance.permutation import permutation_p
from personametrics.stats.variance.reliability import designs, runs_needed
from personametrics.studies.stability import evidence

QUESTION = "Is the spread of the answers persona, or model uncertainty?"
DECIDES = 0.5
"""Persona dominates where the whole interval of the signal lies above this, model uncertainty where it lies below."""
STEERED = 0.9
"""With more cells than this that never vary, reruns say nothing about how sure the model is."""
MOST_MORE = 10
"""An undecided panel is not told to grow more than this many times."""
UNEVEN = 0.02
"""The signal with every item weighing the same may lie this far outside the interval before it is said."""
WORK = 2e7
"""Numbers that the permutation test may shuffle: with more it makes fewer shuffles, and below 99 takes fewer items."""


@dataclass(frozen=True)
class Stability(Study):
    """Splits the disagreement of a panel into personas, items, conditions and reruns.

    Attributes:
        level: coverage of the intervals.
        target: reliability that the D-study aims at.
        price: money per call; None: designs are counted in calls alone.
        permutations: most shuffles of the permutation test.
    """

    level: float = 0.9
    target: float = 0.8
    price: float | None = None
    permutations: int = 999
    question: ClassVar[str] = QUESTION
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("signal", "high")
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "shrout1979", "spearman1910", "efron1981", "owen2007", "phipson2010", "helm2026")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona and every item, of those on the commonest scale."""
        return [request for persona in personas for item in one_scale(items) for request in elicitation.ask(persona, item)]

    def estimate(self, responses: Responses) -> Finding:
        """Say what recorded answers show.

        Raises:
            DesignError: one persona or one item.
        """
        panel = Panel(responses, self.level)
        estimates = [*disagreements(panel), *components(panel), *reliabilities(panel), *self._design(panel)]
        estimates += [self._permutation(panel), *shares(panel)]
        found = {estimate.name: estimate for estimate in estimates}
        return Finding(
            study="stability",
            question=QUESTION,
            verdict=_verdict(panel, found, self.target),
            estimates=tuple(estimates),
            notices=(*notices(responses), *_notices(panel, found)),
            evidence=self._evidence(panel),
            cite=self.cite,
        )

    def _design(self, panel: Panel) -> list[Estimate]:
        """D-study: runs for one answer, calls and price of the cheapest design for a persona's mean."""
        method = f"D-study for reliability {self.target:g}"
        ends = [runs_needed(end, self.target) for end in (panel.signal.value, panel.signal.high, panel.signal.low)]
        value, low, high = (end if math.isfinite(end) else math.nan for end in ends)
        missing = panel.status(panel.signal.value) if math.isnan(panel.signal.value) else EstimateStatus.UNREACHABLE
        runs = Estimate(
            "design.runs", value, low, high, self.level, panel.answers, method, missing if math.isnan(value) else EstimateStatus.OK
        )
        best = designs(panel.components, self.target, most=1)
        calls, status = (float(best[0].calls), EstimateStatus.OK) if best else (math.nan, missing)
        found = [runs, panel.bare("design.calls", calls, panel.answers, method, status)]
        if self.price is not None:
            cost = calls * panel.levels["persona"] * self.price
            found.append(panel.bare("design.cost", cost, panel.answers, f"{method} at {self.price:g} per call", status))
        return found

    def _permutation(self, panel: Panel) -> Estimate:
        """Test of no persona effect."""
        responses = panel.responses
        if responses.exact is not None:
            return panel.bare("p.permutation", math.nan, panel.answers, "none", EstimateStatus.EXACT)
        facets = responses.facets
        answered = np.flatnonzero(responses.answered)
        here = facets["item"] < _items_within(facets["item"], WORK / 99 / responses.coded.width)
        condition = facets.get("condition", np.zeros(1, np.int64))
        block = (facets["item"] * (condition.max() + 1) + condition)[here]
        points = responses.coded.at(answered[here])
        shuffles = int(np.clip(WORK / points.size, 99, self.permutations))
        p = permutation_p(block, facets["persona"][here], points, shuffles)
        some = "" if here.all() else f" of the first {len(np.unique(facets['item'][here]))} items"
        method = f"{shuffles} permutations{some} between personas within item and condition"
        return panel.bare("p.permutation", p, int(here.sum()), method, panel.status(p) if math.isnan(p) else EstimateStatus.OK)

    def _evidence(self, panel: Panel) -> Mapping[str, Rows]:
        """The tables behind the numbers."""
        numbers = {facet: levels for facet, levels in panel.levels.items() if facet != "persona"}
        personas = panel.levels["persona"]
        known = not math.isnan(panel.components["run"])
        tables: dict[str, Rows] = {
            "items": evidence.by_level(panel.responses, panel.sums, "item", self.level),
            "personas": evidence.by_level(panel.responses, panel.sums, "persona", self.level),
            "designs": evidence.designs(designs(panel.components, self.target), personas, self.price),
            "curve": evidence.design_curve(panel.components, numbers, personas, self.price) if known else [],
            "cells": evidence.cell_means(panel.responses),
            "answers": evidence.answers_by_persona(panel.responses),
        }
        return {name: rows for name, rows in tables.items() if rows}

    def known(self) -> StudyWorld:
        """Two camps: nine in ten answers are those of one's camp, and which camp holds with an item changes from item to item."""
        personas = tuple(Persona(f"persona {at}", f"You are number {at}.", {"camp": str(at % 2)}) for at in range(12))
        items = tuple(Item(f"item {at}", f"Statement {at}.", Nominal(("no", "yes")), {"with": str(at // 2 % 2)}) for at in range(12))
        camp, holds = ({one.id: next(iter(one.attributes.values())) for one in them} for them in (personas, items))

        def world(request: Request, held: float = 0.9) -> Mapping[str, float]:
            yes = held if camp[request.about["persona"]] == holds[request.about["item"]] else 1 - held
            return {"no": 1 - yes, "yes": yes}

        rerun, apart = 2 * 0.9 * 0.1, 6 / 11
        truth = {"disagreement.rerun": rerun, "signal": 1 - rerun / ((1 - apart) * rerun + apart * (0.9**2 + 0.1**2))}
        quiet = frozenset({"model uncertainty dominates", "undecided"})
        return StudyWorld(personas, items, world, truth, lambda request: world(request, 0.5), "persona dominates", quiet)


def _items_within(items: np.ndarray[tuple[int], np.dtype[np.int64]], rows: float) -> int:
    """How many items, in order, hold no more than so many answers; at least two."""
    return max(2, int(np.searchsorted(np.cumsum(np.bincount(items)), rows, "right")))


def _verdict(panel: Panel, found: Mapping[str, Estimate], target: float) -> Verdict:
    """What the intervals say."""
    s = found["signal"]
    if math.isnan(s.value):
        return Verdict("unknown", f"Nothing can be said: {s.status}.", unfit=("telling personas apart, or from noise",))
    figures = f"persona signal {s.value:.2f}, {s.level:.0%} interval {s.span()}"
    label, sentence = "undecided", f"The interval holds one half ({figures}); {_what_decides(panel)}."
    if math.isnan(s.low):
        sentence = f"No interval can be given (persona signal {s.value:.2f}); {_what_decides(panel)}."
    elif s.low > DECIDES:
        what = "Most of the disagreement between two personas is persona: less than half of it is there when one persona is asked twice"
        label, sentence = "persona dominates", f"{what} ({figures})."
    elif s.high < DECIDES:
        what = "Most of the disagreement between two personas is model uncertainty: it is there as well when one persona is asked twice"
        label, sentence = "model uncertainty dominates", f"{what} ({figures})."
    if _uneven(panel) and (panel.even_signal > DECIDES) != (s.value > DECIDES):
        label = "undecided"
        sentence = f"It depends on how items weigh: {panel.even_signal:.2f} if each weighs the same, against the {figures}."
    if found["share.never_varying"].value > STEERED:
        share = found["share.never_varying"].value
        sentence += f" {share:.0%} of cells never vary: the panel is steerable; that says nothing about validity."
    fit, unfit, undecided = _uses(panel, found, target)
    return Verdict(label, sentence, fit, unfit, undecided)


def _uneven(panel: Panel) -> bool:
    """Whether the signal changes if every item weighs the same: noise differs by item, and so does how often items were asked."""
    s = panel.signal
    return math.isfinite(s.low) and not (s.low - UNEVEN <= panel.even_signal <= s.high + UNEVEN)


def _what_decides(panel: Panel) -> str:
    """How many more runs would take one half out of the interval, if runs can: only the part of its variance within cells shrinks."""
    s = panel.signal
    if not s.high > s.low:
        return "no interval can be given"
    if math.isnan(s.between + s.cells):
        return "no rerun ever differed, so that more reruns would decide"
    distance, half = abs(s.value - DECIDES), (s.high - s.low) / 2
    between = s.between / (s.between + s.cells) if s.between + s.cells > 0 else 1.0
    room = (distance / half) ** 2 - between
    if room > 0 and math.isfinite(panel.runs):
        more = math.ceil(panel.runs * ((1 - between) / room - 1))
        if more <= MOST_MORE * panel.runs:
            return f"about {max(more, 1)} more {'runs' if more > 1 else 'run'} per cell would decide"
    larger = (half / distance) ** 2 if distance > 0 else math.inf
    if larger > MOST_MORE:
        return "it lies so close to one half that no affordable panel would decide"
    return f"more runs alone would not decide, about {max(2, math.ceil(larger))} times as many personas and items would"


def _uses(panel: Panel, found: Mapping[str, Estimate], target: float) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Uses whose reliability lies above the target with its whole interval, below it, and in between."""
    runs = min(MOST_RUNS, round(panel.runs)) if math.isfinite(panel.runs) else 1
    averaged = {f"reliability.k={runs}": f"comparing personas item by item on the mean of {runs} runs"} if runs > 1 else {}
    uses = {
        "reliability.k=1": "taking one single answer as what this persona says to this item",
        **averaged,
        "g.rho": "ranking personas by their mean over these items",
        "g.phi": "reading a persona's mean over these items as a score on the scale",
    }
    lines: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name, use in uses.items():
        e = found[name]
        if not math.isnan(e.value):
            figures = f"reliability {e.value:.2f}, {e.span()}; wanted {target:g}"
            lines[0 if e.low >= target else 1 if e.high < target else 2].append(f"{use} ({figures})")
    lines[1].append("conclusions about real people from these numbers alone: that needs human answers beside them")
    return tuple(lines[0]), tuple(lines[1]), tuple(lines[2])


def _notices(panel: Panel, found: Mapping[str, Estimate]) -> list[Notice]:
    """Traps that show in the numbers."""
    said, personas, items = [], panel.levels["persona"], panel.levels["item"]
    if personas < FEW:
        said.append(Notice("few-personas", f"Only {personas} personas: intervals are unreliable, the truth may lie far outside."))
    if items < FEW:
        said.append(Notice("few-items", f"Only {items} items: intervals are unreliable, the truth may lie far outside."))
    if _uneven(panel):
        text = f"With every item weighing the same the signal is {panel.even_signal:.2f}: noise differs by item, and so does how often"
        text += " it was asked; measure items that were asked alike, or believe the figure for this mix alone."
        said.append(Notice("uneven-items", text))
    below = [e for e in found.values() if e.name.startswith("component.") and e.value < 0]
    if below:
        listed = ", ".join(f"{e.name.removeprefix('component.')} {e.value:.3g}" for e in below)
        shared = "runs of one persona differ by more than chance allows: they share something with other personas' runs"
        why = shared if any(e.high < 0 for e in below) else "its truth is near zero"
        said.append(Notice("negative-component", f"Estimated below zero, and shown as it is: {listed}; {why}."))
    still = found["share.never_varying"].value
    if still > STEERED:
        text = f"{still:.0%} of the cells asked twice or more gave one answer throughout, as at temperature 0."
        said.append(Notice("never-varying", text))
    return said
