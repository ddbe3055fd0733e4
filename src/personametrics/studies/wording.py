"""Does a paraphrase, option order or language move the answers more than the persona?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.special import xlogy

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.conditions import READS, conditioned, graded, posed
from personametrics.measures.panel import FEW, METHOD
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.correlation import correlation_of_sums
from personametrics.stats.intervals.jackknife import Deletions, Scale, Statistic, deletions, interval
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.components import component
from personametrics.stats.variance.disagreement import Pairs, pairs

NOTHING: frozenset[str] = frozenset()
PERSON = frozenset({"persona", "item"})
PLACE = frozenset({"item", "condition"})
EVERYTHING = PERSON | PLACE
UNIT = "difference, 0 to 1"
PSS: Mapping[str, tuple[str, Scale, Statistic]] = {
    "pss.paraphrase": ("of a persona's answers to one item put in two ways (PromptSensiScore)", "positive", lambda d: d[PERSON]),
    "pss.rerun": ("of a persona's answers to one item put in the same way twice", "positive", lambda d: d[EVERYTHING]),
    "pss.persona": ("of two personas' answers to one item put in the same way", "positive", lambda d: d[PLACE]),
    "pss.excess": ("between two ways of putting an item, beyond reruns", "plain", lambda d: d[PERSON] - d[EVERYTHING]),
    "pss.gap": ("between two ways of putting an item, minus that between two personas", "plain", lambda d: d[PERSON] - d[PLACE]),
}
"""What each estimate means, on what scale its interval is made, and how it follows from the disagreements; the noise of reruns is in both
parts of the gap, and cancels."""
EFFECTS = ("condition", "persona:condition", "item:condition", "persona:item:condition")
SHOWN = 20
"""Items and personas in the tables."""


@dataclass(frozen=True)
class Wording(Study):
    """Differences between answers to one question put in several ways, beside those between reruns and between personas.

    Differences are absolute, on a scale from 0 to 1; labels without order differ or not. Every two ways of putting an item weigh the same.

    Attributes:
        conditions: columns that say how an item was put; `wording` and `order` are asked, others (such as `language`) read where recorded.
        margin: ways and personas move answers alike where the whole interval of their gap lies within ± this.
        level: coverage of the intervals.
    """

    conditions: tuple[str, ...] = ("wording", "order")
    margin: float = 0.02
    level: float = 0.9
    question: ClassVar[str] = "Does a paraphrase, option order or language move the answers more than the persona?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("pss.excess", "low")
    cite: ClassVar[tuple[str, ...]] = ("zhuo2024", "szekely2013", "brennan2001", "efron1981", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every item with wordings (without any, every item with labels), as given, in each wording, and with its options reversed."""
        return posed(personas, items, elicitation, self.conditions, "wording")

    def estimate(self, responses: Responses) -> Finding:
        """Sensitivity scores, the conditions' shares of all disagreement, and whether unsure answers are the sensitive ones."""
        known = conditioned(responses, self.conditions)
        cells = graded(known)
        if "condition" not in cells.facets or min(len(np.unique(column)) for column in cells.codes.T) < 2:
            message = f"{responses.source} needs answers of two or more personas to two or more items, put in two or more ways."
            raise DesignError(message)
        summed = pairs(cells)
        without = deletions(summed)
        found = [self._pss(name, cells, without) for name in PSS] + [self._share(effect, cells, without) for effect in EFFECTS]
        found.append(self._confidence(known, cells))
        tables = {"items": _worst(summed, "item", known.items.names), "personas": _worst(summed, "persona", known.personas.names)}
        return Finding("wording", self.question, self._verdict(found), tuple(found), evidence=tables, cite=self.cite)

    def _pss(self, name: str, cells: Cells, without: Deletions) -> Estimate:
        """One mean difference."""
        meaning, scale, statistic = PSS[name]
        return self._estimate(name, Name(UNIT, "cells", f"mean difference {meaning}"), cells, without, (statistic, scale))

    def _share(self, effect: str, cells: Cells, without: Deletions) -> Estimate:
        """The part of all disagreement that comes from one effect of the condition."""

        def statistic(d: Mapping[frozenset[str], Floats]) -> Floats:
            total = d[NOTHING]
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(total > 0, component(d, effect) / total, np.nan)

        means = Name("share", "cells", f"variance component {effect} as a share of the disagreement of two answers that share nothing")
        return self._estimate(f"share.{effect}", means, cells, without, (statistic, "plain"))

    def _estimate(self, name: str, means: Name, cells: Cells, without: Deletions, how: tuple[Statistic, Scale]) -> Estimate:
        """A statistic of the disagreements with its interval."""
        found = interval(how[0], without, self.level, how[1])
        there = math.isfinite(found.low) and math.isfinite(found.high)
        low, high = (float(found.low), float(found.high)) if there else (math.nan, math.nan)
        return Estimate(name, found.value, low, high, self.level, len(cells), METHOD, _status(found.value, low, cells), means)

    def _confidence(self, known: Responses, cells: Cells) -> Estimate:
        """Correlation over persona and item of entropy in the given condition with the excess among all others.

        The given condition itself is left out of the excess: its sampling error would be in both.
        """
        names = known.conditions.names if known.conditions else ()
        given = next((at for at, name in enumerate(names) if set(name.split(" / ")) == {GIVEN}), 0)
        here = cells.codes[:, cells.facets.index("condition")] == given
        means = Name("correlation", "cells", "entropy of answers to an item as given, with how far other ways of putting it differ")
        unknown = Estimate("entropy.excess", math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED, means)
        if cells.counts is None or len(names) < 3 or here.all() or not here.any():
            return unknown
        d = pairs(_part(cells, ~here)).within(["persona", "item"])
        excess = d[PERSON] - d[EVERYTHING]
        group, _ = _part(cells, ~here).groups(["persona", "item"])
        by_place = dict(zip(map(tuple, cells.codes[~here, :2].tolist()), group.tolist(), strict=True))
        share = cells.counts[here] / cells.counts[here].sum(1, keepdims=True)
        entropy = -xlogy(share, share).sum(1) / math.log(2)
        rows = [
            {"persona": str(place[0]), "item": str(place[1]), "one": 1.0, "x": float(x), "y": float(excess[by_place[place]])}
            for place, x in zip(map(tuple, cells.codes[here, :2].tolist()), entropy, strict=True)
            if place in by_place and math.isfinite(excess[by_place[place]])
        ]
        if len(rows) < 3:
            return unknown
        return self._correlation("entropy.excess", means, pl.DataFrame(rows))

    def _correlation(self, name: str, means: Name, rows: pl.DataFrame) -> Estimate:
        """Correlation of the columns x and y, clustered by persona and item."""
        x, y = pl.col("x") - pl.col("x").mean(), pl.col("y") - pl.col("y").mean()
        sums = [pl.col("one"), x, y, x * x, y * y, x * y]
        found = Summed(rows, self.level).estimate(name, means, sums, correlation_of_sums, n=len(rows))
        return replace(found, low=max(found.low, -1.0), high=min(found.high, 1.0)) if math.isfinite(found.low) else found

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the gap says."""
        by_name = {one.name: one for one in found}
        gap, excess = by_name["pss.gap"], by_name["pss.excess"]
        figures = (
            f"mean difference between ways of asking {by_name['pss.paraphrase'].value:.2f}, between personas "
            f"{by_name['pss.persona'].value:.2f}, gap {gap:+.3f}"
        )
        use = "comparing personas that were not asked in the very same words"
        alone = "taking one way of asking for all"
        steady = excess.high < self.margin
        fit = (alone,) if steady else ()
        if not math.isfinite(gap.low):
            return Verdict("undecided", f"Nothing can be said: {gap.status}.", open=(use, alone))
        if -self.margin < gap.low and gap.high < self.margin:
            return Verdict("both move alike", f"The gap lies within ±{self.margin:g}: {figures}.", fit=fit, unfit=(use,))
        if gap.low > 0:
            return Verdict("wording moves more than the persona", f"How it is asked matters more: {figures}.", fit=fit, unfit=(use,))
        if gap.high < 0:
            return Verdict("persona moves more", f"Who is asked matters more: {figures}.", fit=(use, *fit), open=() if steady else (alone,))
        return Verdict("undecided", f"The interval leaves it open: {figures}.", fit=fit, open=(use,))

    def known(self) -> StudyWorld:
        """Wordings move the share of "yes" by up to .5, personas by .2."""
        people = [Persona(f"p{at}", f"You are person {at}.", {"side": "left" if at % 2 else "right"}) for at in range(8)]
        items = [Item(f"i{at}", f"Is {at} right?", Nominal(("yes", "no")), {}, {"formal": f"Would {at} be right?"}) for at in range(12)]

        def world(request: Request, moved: float = 0.25) -> Mapping[str, float]:
            side = 1 if int(request.about["persona"][1:]) % 2 else -1
            shift = {(GIVEN, GIVEN): 1, ("formal", GIVEN): -1, (GIVEN, "reversed"): 0}[(request.about["wording"], request.about["order"])]
            yes = 0.5 + 0.1 * side + moved * shift
            return {"yes": yes, "no": 1 - yes}

        # Shares p and q of "yes" differ by p(1 − q) + q(1 − p) = (p(1 − p) + q(1 − q)) + (p − q)²; 16 of 28 pairs are of both sides.
        rerun = float(np.mean([2 * yes * (1 - yes) for side in (-0.1, 0.1) for shift in (-0.25, 0, 0.25) for yes in [0.5 + side + shift]]))
        excess, persona = (0.5**2 + 2 * 0.25**2) / 3, 0.2**2 * 16 / 28
        truth = {"pss.rerun": rerun, "pss.excess": excess, "pss.paraphrase": rerun + excess}
        truth |= {"pss.persona": rerun + persona, "pss.gap": excess - persona}
        alike = math.sqrt(persona / 2)
        quiet = frozenset({"both move alike", "undecided"})
        return StudyWorld(
            tuple(people), tuple(items), world, truth, lambda request: world(request, alike), "wording moves more than the persona", quiet
        )


def _status(value: float, low: float, cells: Cells) -> EstimateStatus:
    """What must be said of a statistic."""
    if math.isnan(value):
        return EstimateStatus.UNDEFINED if np.isfinite(cells.within).any() else EstimateStatus.NO_RERUNS
    if math.isnan(low):
        return EstimateStatus.CONSTANT if not cells.scatter.any() and np.ptp(cells.mean, 0).max() == 0 else EstimateStatus.NO_INTERVAL
    persona, item = (len(np.unique(cells.codes[:, at])) for at in (0, 1))
    return EstimateStatus.FEW_PERSONAS if persona < FEW else EstimateStatus.FEW_ITEMS if item < FEW else EstimateStatus.OK


def _part(cells: Cells, here: np.ndarray) -> Cells:
    """Some of the cells."""
    counts = None if cells.counts is None else cells.counts[here]
    return Cells(cells.facets, cells.codes[here], cells.n[here], cells.mean[here], cells.scatter[here], counts)


def _worst(summed: Pairs, facet: str, names: Sequence[str]) -> Rows:
    """Items or personas that the way of asking moves most."""
    d = summed.within([facet])
    table = {name: PSS[f"pss.{name}"][2](d) for name in ("paraphrase", "rerun", "persona", "excess")}
    order = [at for at in np.argsort(-table["paraphrase"], kind="stable") if math.isfinite(table["paraphrase"][at])][:SHOWN]
    return [
        {facet: names[at]} | {name: float(column[at]) if math.isfinite(column[at]) else None for name, column in table.items()}
        for at in order
    ]
