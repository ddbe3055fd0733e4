"""Is the spread of a panel persona, or model uncertainty?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from personametrics.data import evidence
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Status
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.notice import Notice
from personametrics.data.outcome import Outcome
from personametrics.data.responses import Responses
from personametrics.data.traps import notices
from personametrics.stats.arrays import Floats
from personametrics.stats.components import components, signal
from personametrics.stats.disagreement import Disagreements, Pairs, pairs
from personametrics.stats.intervals import Deletions, Interval, Scale, Statistic, deletions, interval
from personametrics.stats.permutation import permutation_p
from personametrics.stats.reliability import designs, generalizability, runs_needed, spearman_brown

QUESTION = "Is the spread of the answers persona, or model uncertainty?"
DECIDES = 0.5
"""Persona dominates where the whole interval of the signal lies above this, model uncertainty where it lies below."""
FEW = 5
"""With fewer personas or items than this, intervals are marked unreliable."""
STEERED = 0.9
"""With more cells than this that never vary, reruns say nothing about how sure the model is."""
MOST_RUNS = 10
"""Reliability is shown for 1 to this many runs."""
WORK = 2e7
"""Numbers that the permutation test may shuffle: with more answers it makes fewer shuffles, at least 99."""
MOST_MORE = 10
"""An undecided panel is not told to grow more than this many times."""
METHOD = "two-way jackknife over personas and items"


@dataclass(frozen=True)
class Stability:
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
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "shrout1979", "spearman1910", "phipson2010", "helm2026")

    def estimate(self, responses: Responses) -> Finding:
        """Say what recorded answers show.

        Args:
            responses: answers of at least two personas to at least two items.

        Returns:
            The finding.

        Raises:
            DesignError: one persona or one item.
        """
        panel = _Panel(responses, self)
        estimates = [
            *panel.disagreements(),
            *panel.components(),
            *panel.reliabilities(),
            *panel.design(),
            panel.permutation(),
            *panel.shares(),
        ]
        found = {estimate.name: estimate for estimate in estimates}
        return Finding(
            study="stability",
            question=QUESTION,
            verdict=_verdict(panel, found),
            estimates=tuple(estimates),
            notices=(*notices(responses), *_notices(panel, found)),
            evidence=panel.evidence(),
            cite=self.cite,
        )


class _Panel:
    """The numbers of one panel, each worked out once."""

    def __init__(self, responses: Responses, study: Stability) -> None:
        self.responses, self.study = responses, study
        self.cells = responses.cells
        for role, names, facet in (("persona", responses.personas.names, 0), ("item", responses.items.names, 1)):
            if len(np.unique(self.cells.codes[:, facet])) < 2:
                message = f'{responses.source} holds answers for one {role}, "{names[self.cells.codes[0, facet]]}"; two or more are needed.'
                raise DesignError(message)
        self.facets = self.cells.facets
        self.levels = {facet: len(np.unique(column)) for facet, column in zip(self.facets, self.cells.codes.T, strict=True)}
        self.answers = int(responses.answered.sum())
        self.sums: Pairs = pairs(self.cells)
        self.deletions: Deletions = deletions(self.sums)

    @cached_property
    def runs(self) -> float:
        """Runs per cell: the harmonic mean, which is what noise of averages goes by; ∞ for exact probabilities."""
        rate = float(np.mean(1 / self.cells.n))
        return 1 / rate if rate > 0 else math.inf

    @cached_property
    def signal(self) -> Interval:
        """The persona signal."""
        found = interval(signal, self.deletions, self.study.level, "share")
        return found if not found.value >= 1 else found._replace(low=self._never_varying(), high=1.0)

    def _never_varying(self) -> float:
        """Lower end of the signal where no rerun ever disagreed: the rule of three for a cell whose reruns lie at both ends of the scale."""
        everything = frozenset(self.facets)
        reach = float((np.ptp(self.cells.mean, 0) ** 2).sum()) / 2
        rarely = -math.log(1 - self.study.level) / len(self.varying)
        return 1 - rarely * reach / float(self.deletions.whole[everything - {"persona"}])

    @cached_property
    def varying(self) -> Floats:
        """Variance of each cell that was asked twice or more."""
        return self.cells.within[np.isfinite(self.cells.within)]

    def status(self, value: float) -> Status:
        """What must be said of a statistic of the disagreements."""
        if math.isnan(value):
            if not len(self.varying):
                return Status.NO_RERUNS
            return Status.CONSTANT if not self.cells.scatter.any() and np.ptp(self.cells.mean, 0).max() == 0 else Status.UNDEFINED
        if value < 0:
            return Status.NEGATIVE
        if self.levels["persona"] < FEW:
            return Status.FEW_PERSONAS
        return Status.FEW_ITEMS if self.levels["item"] < FEW else Status.OK

    def named(self, name: str, found: Interval, n: int, method: str = METHOD) -> Estimate:
        """An interval as an estimate."""
        return Estimate(name, found.value, found.low, found.high, self.study.level, n, method, self.status(found.value))

    def bare(self, name: str, value: float, n: int, method: str, status: Status = Status.OK) -> Estimate:
        """A number that has no interval."""
        return Estimate(name, value, math.nan, math.nan, self.study.level, n, method, status)

    def interval(self, statistic: Statistic, scale: Scale) -> Interval:
        """Interval of any statistic of the disagreements."""
        return interval(statistic, self.deletions, self.study.level, scale)

    def disagreements(self) -> list[Estimate]:
        """Signal, and the two disagreements it compares."""
        everything = frozenset(self.facets)
        rerun = self.interval(lambda d: d[everything], "positive")
        persona = self.interval(lambda d: d[everything - {"persona"}], "positive")
        return [
            self.named("signal", self.signal, self.answers),
            self.named("disagreement.rerun", rerun, self.answers),
            self.named("disagreement.persona", persona, self.answers),
        ]

    def components(self) -> list[Estimate]:
        """Every variance component."""
        found = []
        for effect in components(self.deletions.whole, self.facets):
            facets = effect.split(":")
            n = self.answers if effect == "run" else self.levels[effect] if len(facets) == 1 else self._groups(facets)
            value = self.interval(partial(_component, effect=effect, facets=self.facets), _scale(effect))
            found.append(self.named(f"component.{effect}", value, n))
        return found

    def _groups(self, facets: list[str]) -> int:
        """How many groups of cells share these facets."""
        return len(np.unique(self.cells.groups(facets)[0]))

    def reliabilities(self) -> list[Estimate]:
        """Reliability of averaged runs, and of a persona's mean over everything."""
        found = []
        for k in range(1, MOST_RUNS + 1):
            averaged = Interval(*(float(spearman_brown(end, k)) for end in (self.signal.value, self.signal.low, self.signal.high)))
            found.append(self.named(f"reliability.k={k}", averaged, self.answers, "Spearman–Brown of the signal"))
        numbers = {facet: float(levels) for facet, levels in self.levels.items() if facet != "persona"} | {"run": self.runs}
        for name, absolute in (("g.rho", False), ("g.phi", True)):
            value = self.interval(partial(_coefficient, facets=self.facets, numbers=numbers, absolute=absolute), "share")
            found.append(self.named(name, value, self.levels["persona"]))
        return found

    @cached_property
    def plain_components(self) -> dict[str, float]:
        """Variance components without intervals."""
        return {effect: float(value) for effect, value in components(self.deletions.whole, self.facets).items()}

    def design(self) -> list[Estimate]:
        """D-study: runs for one answer, calls and price of the cheapest design for a persona's mean."""
        target, method = self.study.target, f"D-study for reliability {self.study.target:g}"
        needed = [runs_needed(value, target) for value in (self.signal.value, self.signal.high, self.signal.low)]
        value, low, high = (one if math.isfinite(one) else math.nan for one in needed)
        status = self.status(self.signal.value) if math.isnan(self.signal.value) else Status.UNREACHABLE if math.isnan(value) else Status.OK
        found = [Estimate("design.runs", value, low, high, self.study.level, self.answers, method, status)]
        best = [] if math.isnan(self.plain_components["run"]) else designs(self.plain_components, target, most=1)
        missing = Status.NO_RERUNS if math.isnan(self.plain_components["run"]) else Status.UNREACHABLE
        calls = float(best[0].calls) if best else math.nan
        found.append(self.bare("design.calls", calls, self.answers, method, Status.OK if best else missing))
        if self.study.price is not None:
            cost = calls * self.levels["persona"] * self.study.price
            found.append(
                self.bare("design.cost", cost, self.answers, f"{method} at {self.study.price:g} per call", Status.OK if best else missing)
            )
        return found

    def permutation(self) -> Estimate:
        """Test of no persona effect."""
        if self.responses.exact is not None:
            return self.bare("p.permutation", math.nan, self.answers, "none", Status.EXACT)
        facets = self.responses.facets
        block = (
            facets["item"]
            if len(facets) == 2
            else np.unique(facets["item"] * len(self.cells) + facets["condition"], return_inverse=True)[1]
        )
        points = self.responses.coded.at(self.responses.answered)
        shuffles = int(np.clip(WORK / points.size, 99, self.study.permutations))
        p = permutation_p(block, facets["persona"], points, shuffles)
        status = self.status(p) if math.isnan(p) else Status.OK
        return self.bare("p.permutation", p, self.answers, f"{shuffles} permutations between personas within item and condition", status)

    def shares(self) -> list[Estimate]:
        """Shares of cells that never vary, and of asks without an answer."""
        tried = len(self.varying)
        still = float((self.varying == 0).mean()) if tried else math.nan
        found = [self.bare("share.never_varying", still, tried, "count", Status.OK if tried else Status.NO_RERUNS)]
        outcomes = self.responses.outcomes
        for outcome in (Outcome.MISSING, Outcome.REFUSED, Outcome.UNPARSABLE, Outcome.FAILED):
            rows = int(outcomes[outcome].sum()) if outcome in outcomes else 0
            asks = len(self.responses.answered)
            found.append(self.bare(f"share.{outcome}", rows / asks, asks, "count"))
        return found

    def evidence(self) -> Mapping[str, Rows]:
        """The tables behind the numbers."""
        numbers = {facet: levels for facet, levels in self.levels.items() if facet != "persona"}
        known = not math.isnan(self.plain_components["run"])
        price = self.study.price
        curve = evidence.design_curve(self.plain_components, numbers, self.levels["persona"], price) if known else []
        best = designs(self.plain_components, self.study.target) if known else []
        tables: dict[str, Rows] = {
            "items": evidence.by_level(self.responses, self.sums, "item", self.study.level),
            "personas": evidence.by_level(self.responses, self.sums, "persona", self.study.level),
            "designs": evidence.designs(best, self.levels["persona"], price),
            "curve": curve,
            "cells": evidence.cell_means(self.responses),
            "answers": evidence.answers_by_persona(self.responses),
        }
        return {name: rows for name, rows in tables.items() if rows}


def _component(d: Disagreements, effect: str, facets: tuple[str, ...]) -> Floats:
    return components(d, facets)[effect]


def _scale(effect: str) -> Scale:
    """Where the interval of a component covers best, in simulation."""
    if effect == "run":
        return "positive"
    return "component" if effect in {"persona", "item"} else "plain"


def _coefficient(d: Disagreements, facets: tuple[str, ...], numbers: Mapping[str, float], *, absolute: bool) -> Floats:
    return generalizability(components(d, facets), numbers, absolute=absolute)


def _verdict(panel: _Panel, found: Mapping[str, Estimate]) -> Verdict:
    """What the intervals say."""
    s = found["signal"]
    if math.isnan(s.value):
        return Verdict("unknown", f"Nothing can be said: {s.status}.", unfit=("anything, before personas are asked more than once",))
    figures = f"persona signal {s.value:.2f}, {s.level:.0%} interval {s.low:.2f} to {s.high:.2f}"
    if s.low > DECIDES:
        label, sentence = (
            "persona dominates",
            f"Most of the disagreement between two personas is persona: less than half of it is there when one persona is asked twice ({figures}).",
        )
    elif s.high < DECIDES:
        label, sentence = (
            "model uncertainty dominates",
            f"Most of the disagreement between two personas is model uncertainty: it is there as well when one persona is asked twice ({figures}).",
        )
    else:
        label, sentence = "undecided", f"The interval holds one half ({figures}); {_what_decides(panel)}."
    if found["share.never_varying"].value > STEERED:
        share = found["share.never_varying"].value
        sentence += f" {share:.0%} of cells never vary: the panel is steerable; that says nothing about validity."
    fit, unfit, undecided = _uses(panel, found)
    return Verdict(label, sentence, fit, unfit, undecided)


def _what_decides(panel: _Panel) -> str:
    """How many more runs would take one half out of the interval, if runs can: only the part of its variance within cells shrinks."""
    s = panel.signal
    if math.isnan(s.low) or math.isnan(s.high):
        return "no interval can be given"
    distance, half = abs(s.value - DECIDES), (s.high - s.low) / 2
    between = s.between / (s.between + s.cells) if s.between + s.cells > 0 else 1.0
    room = (distance / half) ** 2 - between
    if room > 0 and math.isfinite(panel.runs):
        more = math.ceil(panel.runs * ((1 - between) / room - 1))
        if more <= MOST_MORE * panel.runs:
            return f"about {max(more, 1)} more {'runs' if more > 1 else 'run'} per cell would decide"
    if distance * MOST_MORE < half:
        return "it lies so close to one half that no affordable panel would decide"
    return f"more runs alone would not decide, about {(half / distance) ** 2:.1f} times as many personas and items would"


def _uses(panel: _Panel, found: Mapping[str, Estimate]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Uses whose reliability lies above the target with its whole interval, below it, and in between."""
    runs = min(MOST_RUNS, max(1, round(panel.runs))) if math.isfinite(panel.runs) else 1
    uses = {
        "reliability.k=1": "taking one single answer as what this persona says to this item",
        f"reliability.k={runs}": f"comparing personas item by item on the mean of {runs} runs",
        "g.rho": "ranking personas by their mean over these items",
        "g.phi": "reading a persona's mean over these items as a score on the scale",
    }
    lines: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name, use in uses.items():
        e, target = found[name], panel.study.target
        if not math.isnan(e.value):
            figures = f"reliability {e.value:.2f}, {e.low:.2f} to {e.high:.2f}"
            lines[0 if e.low >= target else 1 if e.high < target else 2].append(f"{use} ({figures}; wanted {target:g})")
    lines[1].append("conclusions about real people: that needs human answers beside it")
    return tuple(lines[0]), tuple(lines[1]), tuple(lines[2])


def _notices(panel: _Panel, found: Mapping[str, Estimate]) -> list[Notice]:
    """Traps that show in the numbers."""
    said = []
    if panel.levels["persona"] < FEW:
        said.append(
            Notice("few-personas", f"Only {panel.levels['persona']} personas: intervals are unreliable, the truth may lie far outside.")
        )
    if panel.levels["item"] < FEW:
        said.append(Notice("few-items", f"Only {panel.levels['item']} items: intervals are unreliable, the truth may lie far outside."))
    below = [e for e in found.values() if e.name.startswith("component.") and e.value < 0]
    clear = [e for e in below if e.high < 0]
    if below:
        listed = ", ".join(f"{e.name.removeprefix('component.')} {e.value:.3g}" for e in below)
        why = (
            "runs of one persona differ by more than chance allows: they share something with other personas' runs"
            if clear
            else "its truth is near zero"
        )
        said.append(Notice("negative-component", f"Estimated below zero, and shown as it is: {listed}; {why}."))
    still = found["share.never_varying"]
    if still.value > STEERED:
        said.append(
            Notice("never-varying", f"{still.value:.0%} of the cells asked twice or more gave one answer throughout, as at temperature 0.")
        )
    return said
