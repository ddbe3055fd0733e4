"""Is a persona judge reliable enough to grade?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers, cells
from personametrics.measures.panel import Panel
from personametrics.measures.spread import components
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.agreement import Level, krippendorff_alpha
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.stats.variance.reliability import runs_needed, spearman_brown
from personametrics.studies.judge_reliability.reruns import agreements, crossings

CELL = ("persona", "item", "order")
KEPT = {"persona", "item", "persona:item", "run"}
"""Components that are shown: how strict judges are, what is graded, what one judge sees in one thing, and noise."""
CELLS = Name("share", "cells", "")
WORST = 20
"""Things shown whose grades change most."""
ONCE = "grading each thing once"


@dataclass(frozen=True)
class JudgeReliability(Study):
    """Persona judges who grade the same things again and again, with the options in both orders.

    Attributes:
        kind: items that are graded have this attribute `kind`, or an attribute `quality`.
        target: reliability of a single grade that is enough.
        threshold: grades from here on pass; NaN: the middle of the scale.
        level: coverage of the intervals.
    """

    kind: str = "rating"
    target: float = 0.8
    threshold: float = math.nan
    level: float = 0.9
    question: ClassVar[str] = "Is a persona judge reliable enough to grade?"
    reads: ClassVar[Mapping[str, str]] = {"order": "the order in which the options were shown, such as given or reversed"}
    aim: ClassVar[tuple[str, Aim]] = ("omega.single", "high")
    cite: ClassVar[tuple[str, ...]] = ("schroeder2024", "mcdonald1999", "spearman1910", "hayes2007", "brennan2001")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every judge grades everything, with the options as given and reversed."""
        graded = [item for item in items if item.attributes.get("kind") == self.kind or item.attributes.get("quality")]
        graded = [item for item in graded if isinstance(item.scale, Nominal | Ordinal)]
        if len(graded) < 2 or len(personas) < 2:
            message = f"judge_reliability needs two or more personas, and two or more items with labels and the attribute kind={self.kind}."
            raise DesignError(message)
        orders = ("given", "reversed")
        return [
            request
            for order in orders
            for item in graded
            for who in personas
            for request in elicitation.ask(who, item, {}, {"order": order})
        ]

    def estimate(self, responses: Responses) -> Finding:
        """Reliability of a grade and of averaged ones, what the order of options does, and verdicts that change between runs."""
        given = answers(responses, self.reads)
        panel = Panel(_by_order(responses), self.level)
        exact = responses.exact is not None
        single = _single(panel)
        found = [single] if exact else [single, _averaged(single, panel.runs), *_alpha(panel)]
        found += [*self._orders(cells(given, *CELL), exact=exact), *self._flips(given, responses)]
        found += [one for one in components(panel) if one.name.removeprefix("component.") in KEPT]
        verdict = self._verdict(single)
        return Finding("judge_reliability", self.question, verdict, tuple(found), evidence=_evidence(panel), cite=self.cite)

    def _orders(self, shares: pl.DataFrame, *, exact: bool) -> list[Estimate]:
        """Agreement of two runs of a judge on one thing, and of two answers under different orders of the options."""
        pairs = Summed(agreements(shares, "order", exact=exact), self.level)
        again = CELLS._replace(meaning="two runs of a judge give one thing the same grade")
        found = [pairs.mean("agreement.rerun", again, pl.col("rerun"))]
        if pairs.rows["across"].null_count() < len(pairs.rows):
            across = CELLS._replace(meaning="a judge gives one thing the same grade under two orders of the options")
            loss = CELLS._replace(meaning="agreement of two runs minus that under two orders")
            found.append(pairs.mean("agreement.order", across, pl.col("across")))
            found.append(pairs.mean("order.loss", loss, pl.col("both") - pl.col("across")))
        return found

    def _flips(self, given: pl.DataFrame, responses: Responses) -> list[Estimate]:
        """How often verdicts at the threshold differ between runs; none on labels without order."""
        place = _positions(given, responses)
        if not place:
            return []
        ends = _ends(responses, list(place.values()))
        least = sum(ends) / 2 if math.isnan(self.threshold) else self.threshold
        passed = pl.col("answer").is_in([label for label, at in place.items() if at >= least])
        exact = responses.exact is not None
        cell = Summed(crossings(given, passed, *CELL, exact=exact), self.level)
        flip = CELLS._replace(meaning=f"two runs of a judge on one thing fall on different sides of {least:g}")
        straddle = CELLS._replace(meaning=f"the runs of a judge on one thing fall on both sides of {least:g}")
        found = [cell.mean("verdict.flip", flip, pl.col("flip"))]
        return found if exact else [*found, cell.mean("verdict.straddle", straddle, pl.col("straddle"))]

    def _verdict(self, single: Estimate) -> Verdict:
        """What the reliability of a single grade says."""
        if not math.isfinite(single.low):
            return Verdict("undecided", f"The reliability of a single grade is unknown: {single.status}.", open=(ONCE,))
        said, runs = f"The reliability of a single grade is {single:.2f}", runs_needed(single.value, self.target)
        enough = f"the mean of {runs:.0f} runs would reach" if math.isfinite(runs) else "no number of runs reaches"
        mean = f"{enough} {self.target:g}"
        if single.low >= self.target:
            return Verdict("reliable enough", f"{said}, {self.target:g} or more.", fit=(ONCE,))
        if single.high < self.target:
            return Verdict("not reliable enough", f"{said}, below {self.target:g}; {mean}.", unfit=(ONCE,))
        return Verdict("undecided", f"{said}; {mean}.", open=(ONCE,))

    def known(self) -> StudyWorld:
        """Six judges who nearly always see how good a thing is."""
        marks = ("1", "2", "3", "4", "5")
        items = tuple(Item(f"thing {at}", f"What mark for thing {at}?", Ordinal(marks), {"quality": marks[at % 5]}) for at in range(15))
        judges = tuple(Persona(f"judge {at}", f"You are judge {at}.") for at in range(6))
        quality = {item.id: item.attributes["quality"] for item in items}

        def world(request: Request, seen: float = 0.96) -> Mapping[str, float]:
            return {mark: seen * (mark == quality[request.about["item"]]) + (1 - seen) / 5 for mark in marks}

        right = np.arange(1, 6)
        noise = float(np.mean(0.96 * right**2 + 0.04 * 11 - (0.96 * right + 0.04 * 3) ** 2))
        between = 0.96**2 * 2 * 15 / 14
        agree = (0.96 + 0.04 / 5) ** 2 + 4 * (0.04 / 5) ** 2
        truth = {"omega.single": between / (between + noise), "agreement.rerun": agree, "agreement.order": agree, "order.loss": 0.0}
        quiet = frozenset({"not reliable enough", "undecided"})
        return StudyWorld(judges, items, world, truth, lambda request: world(request, 0.5), "reliable enough", quiet)


def _by_order(responses: Responses) -> Responses:
    """Answers whose order of options is a condition."""
    c = responses.columns
    more = tuple(name for name in c.more if name != "order")
    return replace(responses, columns=replace(c, condition=tuple(dict.fromkeys((*c.condition, "order"))), more=more))


def _of_items(d: Disagreements) -> Floats:
    """1 − D[all] / D[all but the item]: what of the disagreement of a judge's grades of different things is not noise."""
    everything = max(d, key=len)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - d[everything] / d[everything - {"item"}]


def _single(panel: Panel) -> Estimate:
    """ω of one run. Reruns of a judge are exchangeable, so all have one loading and error: ω₁ = λ² / (λ² + ψ)."""
    found = panel.interval(_of_items, "share")
    if found.value >= 1:
        found = found._replace(low=1.0 if np.isinf(panel.cells.n).all() else panel.never_varying("item"), high=1.0)
    means = Name("share", "answers", "McDonald's ω of a single run: reliability with which one grade of a judge tells things apart")
    return replace(panel.named("signal", found, panel.answers), name="omega.single", means=means)


def _averaged(single: Estimate, runs: float) -> Estimate:
    """ω of the mean of the runs."""
    value, low, high = (float(spearman_brown(end, runs)) for end in single.interval[:3])
    means = Name("share", "answers", f"McDonald's ω of the mean of {runs:.3g} runs")
    status = EstimateStatus.UNDEFINED if math.isnan(value) and single.status == EstimateStatus.OK else single.status
    return Estimate("omega.mean", value, low, high, single.level, single.n, "Spearman–Brown of omega.single", status, means)


def _alpha(panel: Panel) -> list[Estimate]:
    """Krippendorff's α of the runs of each judge, mean over judges; none for numbers and texts."""
    counts, judge = panel.cells.counts, panel.cells.codes[:, 0]
    if counts is None or panel.responses.labelled is None:
        return []
    level: Level = "ordinal" if isinstance(panel.responses.labelled, Ordinal) else "nominal"
    value = [float(krippendorff_alpha(counts[judge == one], level)) for one in np.unique(judge)]
    table = pl.DataFrame({"persona": [panel.responses.personas.names[one] for one in np.unique(judge)], "item": "", "alpha": value})
    means = Name("alpha", "judges", f"Krippendorff's α ({level}) of a judge's runs on the same thing, mean over judges")
    return [Summed(table, panel.level, ("persona",)).mean("alpha", means, pl.col("alpha").fill_nan(None))]


def _positions(given: pl.DataFrame, responses: Responses) -> dict[str, float]:
    """Where each answer lies; empty on labels without order."""
    seen = given["answer"].unique().to_list()
    if isinstance(responses.scale, Numeric):
        return {label: float(label) for label in seen}
    if not isinstance(responses.labelled, Ordinal):
        return {}
    where = dict(zip(map(plain, responses.labelled.labels), responses.labelled.positions().tolist(), strict=True))
    return {label: where[plain(label)] for label in seen}


def _ends(responses: Responses, places: Sequence[float]) -> tuple[float, float]:
    """Ends of the scale; of what occurs, where a scale of numbers has none."""
    scale = responses.scale
    if isinstance(scale, Numeric) and math.isfinite(scale.high - scale.low):
        return scale.low, scale.high
    if isinstance(responses.labelled, Ordinal):
        places = responses.labelled.positions().tolist()
    return min(places), max(places)


def _evidence(panel: Panel) -> Mapping[str, Rows]:
    """Things whose grades change most between runs, and judges, with their mean grade on an ordered scale."""
    table: dict[str, Floats | list[str]] = {
        "item": [panel.responses.items.names[at] for at in panel.cells.codes[:, 1]],
        "persona": [panel.responses.personas.names[at] for at in panel.cells.codes[:, 0]],
        "noise": panel.cells.within,
    }
    if panel.cells.mean.shape[1] == 1:
        table["grade"] = panel.cells.mean[:, 0]
    rows, numbers = pl.DataFrame(table).fill_nan(None), [name for name in table if name in {"noise", "grade"}]
    found = {}
    for facet, name in (("item", "items"), ("persona", "judges")):
        means = rows.group_by(facet).agg(pl.col(numbers).mean()).sort("noise", facet, descending=[True, False], nulls_last=True)
        found[name] = means.head(WORST).to_dicts()
    return found
