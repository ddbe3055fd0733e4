"""The published effects that a panel reproduces."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study
from personametrics.stats.arrays import quotient
from personametrics.stats.intervals.cluster import cluster_jackknife
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.logistic import log_odds_slope
from personametrics.stats.intervals.proportion import wilson
from personametrics.studies.replication.effects import (
    SIGNS,
    PanelEffect,
    Table,
    cell,
    effect_notices,
    effect_table,
    experiment_items,
    panel_effects,
)
from personametrics.studies.replication.world import known_world

USE = "forecasting whether an experiment with people would find its effect"
SLOPE = Name("ratio", "experiments", "slope of panel effects on published effects, through the origin: above 1, panel effects are larger")
STRENGTH = Name("log odds", "experiments", "change of the log odds of replication per unit of −log10 of the published p")


@dataclass(frozen=True)
class Replication(Study):
    """Published experiments on the panel; an effect is replicated if it has the same direction and p below alpha.

    Every persona sees one cell of an experiment, drawn at random so that cells have equal numbers, as participants do. The panel's effect
    is the difference of the arms' means; for an interaction, the difference with the moderator minus that without it. Its test is a t test
    over personas. The slope of panel effects on published effects goes through the origin, so that it does not matter which arm is called
    the treatment; where n is known, the slope is corrected for sampling error of the published effect. It is not corrected for publication
    bias: effects that were published because they were significant are too large (Yeykelis and others 2024).

    Attributes:
        experiments: a table with the columns experiment, kind, effect, p, n (a path, or rows); empty: these are attributes of the items.
        standardised: True if published effects are in standard deviations (Cohen's d), False if in units of the answers.
        alpha: level of significance.
        needed: a panel replicates if the whole interval of the share lies above this.
        level: coverage of the intervals.
        seed: seed of the random cells.
    """

    experiments: Table = ""
    standardised: bool = True
    alpha: float = 0.05
    needed: float = 0.5
    level: float = 0.9
    seed: int = 0
    question: ClassVar[str] = "Which published effects would this panel reproduce?"
    reads: ClassVar[Mapping[str, str]] = {
        "experiment": "the published experiment",
        "arm": "treatment or control",
        "kind": "main or interaction",
        "effect": "the published effect, above 0 if treatment has the higher mean",
        "p": "the p value of the published test",
    }
    aim: ClassVar[tuple[str, Aim]] = ("share.replicated", "high")
    cite: ClassVar[tuple[str, ...]] = ("yeykelis2024", "wilson1927", "firth1993", "heinze2002")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return one cell of every experiment for every persona."""
        requests, described = list[Request](), experiment_items(items, self.experiments)
        names = list(dict.fromkeys(columns["experiment"] for _, columns in described))
        for index, name in enumerate(names):
            in_experiment = [(item, columns) for item, columns in described if columns["experiment"] == name]
            cells = list(SIGNS[in_experiment[0][1]["kind"]])
            ensure(len(personas) >= 2 * len(cells), f'replication needs {2 * len(cells)} personas or more, two for each cell of "{name}".')
            order = np.random.default_rng([self.seed, index]).permutation(len(personas))
            for persona, place in zip(personas, order, strict=True):
                for item, columns in in_experiment:
                    if cell(columns) == cells[int(place) % len(cells)]:
                        requests += elicitation.ask(persona, item, columns)
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return shares that replicate, and how they depend on published effect and p. Columns moderator, counts and n may be missing."""
        effects = panel_effects(responses, self.reads, self.alpha)
        tested = [effect for effect in effects if not math.isnan(effect.difference.low)]
        ensure(tested, f"{responses.source} has no experiment with answers of two or more personas in each of its cells.")
        estimates = (*self._shares(tested), self._slope(tested), self._strength(tested))
        left_out = [effect.published.name for effect in effects if effect not in tested]
        notices = effect_notices(tested, left_out, exact=bool(responses.columns.probabilities))
        evidence = {"experiments": effect_table(tested)}
        return Finding("replication", self.question, self._verdict(estimates), estimates, notices, evidence, self.cite)

    def _shares(self, effects: Sequence[PanelEffect]) -> list[Estimate]:
        """Return shares of experiments, with Wilson's intervals."""
        outcomes = {"share.replicated": ("experiments with equal direction and p below alpha", [effect.replicated for effect in effects])}
        for kind in SIGNS:
            if of_kind := [effect.replicated for effect in effects if effect.published.kind == kind]:
                outcomes[f"share.{kind}"] = (f"{kind} effects with equal direction and p below alpha", of_kind)
        outcomes["share.same_direction"] = ("experiments with equal direction", [effect.same_direction for effect in effects])
        estimates = []
        for name, (meaning, hits) in outcomes.items():
            ends, means = wilson(sum(hits), len(hits), self.level)[:3], Name("share", "experiments", meaning)
            estimates.append(Estimate(name, *ends, self.level, len(hits), "Wilson's interval", means=means))
        return estimates

    def _slope(self, effects: Sequence[PanelEffect]) -> Estimate:
        """Return the slope of panel effects on published effects."""
        panel = np.array([effect.standardised if self.standardised else effect.difference.value for effect in effects])
        published, noise = np.array([(effect.published.effect, effect.published.noise) for effect in effects])[np.isfinite(panel)].T
        panel, noise = panel[np.isfinite(panel)], noise * self.standardised
        sums = np.stack([panel * published, published**2 - noise], axis=1)
        unknown = Interval(math.nan, math.nan, math.nan)
        slope = cluster_jackknife(sums, quotient, [np.arange(len(panel))], self.level) if len(panel) else unknown
        method = "jackknife over experiments" + (", corrected for sampling error" if noise.any() else "")
        return self._estimate("slope.effect", slope, SLOPE, len(panel), method)

    def _strength(self, effects: Sequence[PanelEffect]) -> Estimate:
        """Return how replication depends on the strength of the published evidence."""
        with_p = [effect for effect in effects if math.isfinite(effect.published.p)]
        x = np.array([-math.log10(effect.published.p) for effect in with_p])
        y = np.array([float(effect.replicated) for effect in with_p])
        slope, penalised = log_odds_slope(x, y, self.level)
        penalty = " with Firth's penalty, since a threshold of p separates successes from failures"
        method = "logistic regression, profile likelihood" + (penalty if penalised else "")
        return self._estimate("slope.p", slope, STRENGTH, len(with_p), method)

    def _estimate(self, name: str, interval: Interval, means: Name, n: int, method: str) -> Estimate:
        """Return an interval as an estimate with the status that its gaps require."""
        missing = EstimateStatus.NO_INTERVAL if math.isnan(interval.low) else EstimateStatus.OK
        status = EstimateStatus.UNDEFINED if math.isnan(interval.value) else missing
        return Estimate(name, *interval[:3], self.level, n, method, status, means)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the interval of the share says."""
        shown = [estimate for estimate in estimates if estimate.name in {"share.replicated", "share.main", "share.interaction"}]
        share, needed = shown[0], f"{self.needed:.0%}"
        figures = ", ".join(f"{part.name.removeprefix('share.')} {part.value:.0%} of {part.n} ({part.span('.0%')})" for part in shown)
        return {
            "above": Verdict("most effects replicate", f"More than {needed} of the effects replicate: {figures}.", fit=(USE,)),
            "below": Verdict("most effects do not replicate", f"Fewer than {needed} of the effects replicate: {figures}.", unfit=(USE,)),
        }.get(share.side(about=self.needed), Verdict("undecided", f"The interval includes {needed}: {figures}.", open=(USE,)))

    known = staticmethod(known_world)
