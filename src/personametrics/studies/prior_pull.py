"""Does the prior win over the persona?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Numeric, Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.distributions.divergence import dealt_divergence, divergence, smoothed

ARMS = ("persona", "none")
WORST = 8
"""Rows of evidence."""
SLOPE = Name(
    "ratio", "cells", "how far a persona's mean answer moves with the model's own, over items: 1 the prior shines through, 0 no trace"
)
FLIP = Name("share", "cells", "answers of personas whose mode is not the prior's, where the model without a persona is sure")
NOISE = Name("share", "cells", "answers of the model itself that differ from its mode there: flips that single reruns make")
PERSUASION = Name("nats", "cells", "KL divergence of the answers with a persona from those without")
FLOOR = Name("nats", "cells", "the same divergence where personas change nothing: what reruns alone make")
EXCESS = Name("nats", "cells", "persuasion beyond its floor")


@dataclass(frozen=True)
class PriorPull(Study):
    """How much of what a model says without a persona is left in what it says as one.

    Where an answer is the prior with weight w and otherwise what the persona thinks, and these thoughts, averaged over the personas, go
    neither with the prior nor against it, the slope over items is w. Sampling noise of the prior would flatten it and is taken out (Fuller
    1987); that takes two answers of the model itself to an item. But opinions that most people share make the slope steep with any
    personas, and a fine scale makes many flips, so the verdict needs both to say the same. People who really think as the model does look
    like a prior that wins; and what wins against a prior need not be who the persona is, any text may. Drawn answers make divergences
    large by chance: read persuasion (Du et al. 2024) beside its floor.

    Attributes:
        kind: items with this attribute `kind`, or without one, are asked.
        strong: the model is sure where its modal answer has this share or more.
        half: the prior wins where the whole interval of the slope lies above this and that of the flips below it; the persona where that of
            the slope lies below it and that of the flips does not.
        smooth: answers added to each label before a divergence of drawn answers is taken.
        level: coverage of the intervals.
    """

    kind: str = "opinion"
    strong: float = 0.8
    half: float = 0.5
    smooth: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Does the prior win over the persona?"
    reads: ClassVar[Mapping[str, str]] = {"arm": "persona, or none for the model without one"}
    aim: ClassVar[tuple[str, Aim]] = ("slope", "low")
    cite: ClassVar[tuple[str, ...]] = ("du2024", "fuller1987", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every opinion without a persona, and of every persona."""
        asked = [item for item in items if item.attributes.get("kind", self.kind) == self.kind]
        asked = [item for item in asked if not isinstance(item.scale, Numeric | FreeText)]
        if len(asked) < 2 or len(personas) < 2:
            message = (
                f'prior_pull needs two or more personas, and two or more items with labels and the attribute kind "{self.kind}" or none.'
            )
            raise DesignError(message)
        if len({item.scale for item in asked}) > 1:
            message = (
                f'prior_pull needs items on one scale; "{asked[0].id}" and others differ, so give those to be asked an attribute kind.'
            )
            raise DesignError(message)
        return [
            request
            for item in asked
            for persona in (None, *personas)
            for request in elicitation.ask(persona, item, {"arm": "none" if persona is None else "persona"})
        ]

    def estimate(self, responses: Responses) -> Finding:
        """Slope, flips and persuasion."""
        pairs = self._pairs(responses)
        every = Summed(pairs, self.level)
        named = (("persuasion", PERSUASION), ("persuasion.floor", FLOOR), ("persuasion.excess", EXCESS))
        sure = pairs.filter(pl.col("sure") >= self.strong)
        found = [self._slope(pairs)]
        for name, means, column in (("flip", FLIP, "flip"), ("flip.noise", NOISE, "own")):
            found.append(self._mean(Summed(sure, self.level), name, means, column) if len(sure) else self._none(name, means))
        found += [self._mean(every, name, means, name) for name, means in named]
        return Finding(
            "prior_pull", self.question, self._verdict(*found[:2]), tuple(found), evidence={"items": _items(pairs)}, cite=self.cite
        )

    def _mean(self, summed: Summed, name: str, means: Name, column: str) -> Estimate:
        """The mean of a column over cells."""
        return summed.estimate(name, means, [pl.col(column), pl.col("one")], quotient, n=len(summed.rows))

    def _none(self, name: str, means: Name, status: EstimateStatus = EstimateStatus.UNDEFINED) -> Estimate:
        """No number, and why."""
        return Estimate(name, np.nan, np.nan, np.nan, self.level, 0, "none", status, means)

    def _slope(self, pairs: pl.DataFrame) -> Estimate:
        """Slope of the personas' answers on the prior, without the prior's sampling noise; on labels without order, of their shares."""
        known = pairs.filter(pl.col("noise").is_finite())
        if known.is_empty():
            return self._none("slope", SLOPE, EstimateStatus.NO_RERUNS)
        places = [name for name in pairs.columns if name.startswith(("x.", "y."))]
        noise = pl.col("noise") * (1 - 1 / known["item"].n_unique())  # the rest goes into the mean over items
        sums = [pl.col("one"), pl.col("xy"), pl.col("xx"), noise, *map(pl.col, places)]
        return Summed(known, self.level).estimate("slope", SLOPE, sums, _slope, n=len(known))

    def _pairs(self, responses: Responses) -> pl.DataFrame:
        """One row a persona and item: its answers beside those of the model itself."""
        scale = responses.labelled
        if scale is None or len(scale.labels) < 2:
            message = f"{responses.source}: prior_pull compares labels, two or more; read the answers on an ordinal or nominal scale."
            raise DesignError(message)
        rows = answers(responses, self.reads)
        _check(rows, scale.labels, responses.source)
        each = [(pl.col("weight") * (pl.col("answer") == label)).sum().alias(str(at)) for at, label in enumerate(scale.labels)]
        own = rows.filter(pl.col("arm") == "persona").group_by("persona", "item", maintain_order=True).agg(each)
        prior = rows.filter(pl.col("arm") == "none").group_by("item").agg(each)
        both = own.join(prior, "item", suffix=".none", maintain_order="left")
        if both.is_empty():
            message = f'{responses.source}: no item was answered both by personas (arm "persona") and without one (arm "none").'
            raise DesignError(message)
        places = [str(at) for at in range(len(scale.labels))]
        a, b = both.select(places).to_numpy(), both.select(f"{at}.none" for at in places).to_numpy()
        points = scale.points() - scale.points().mean(0)
        return both.select("persona", "item", one=pl.lit(1.0)).with_columns(
            **_places(a, b, points, exact=bool(responses.columns.probabilities)),
            **_modes(a, b),
            **self._persuasion(a, b, exact=bool(responses.columns.probabilities)),
            prior=pl.Series([scale.labels[at] for at in b.argmax(1)]),
        )

    def _persuasion(self, a: Floats, b: Floats, *, exact: bool) -> dict[str, pl.Series]:
        """Divergence of every cell, and what chance makes of it."""
        if exact:
            whole, floor = divergence(a / a.sum(1, keepdims=True), b / b.sum(1, keepdims=True)), np.zeros(len(a))
        else:
            whole, floor = divergence(smoothed(a, self.smooth), smoothed(b, self.smooth)), dealt_divergence(a, b, self.smooth)
        named = {"persuasion": whole, "persuasion.floor": floor, "persuasion.excess": whole - floor}
        return {name: pl.Series(values) for name, values in named.items()}

    def _verdict(self, slope: Estimate, flip: Estimate) -> Verdict:
        """What slope and flips say together."""
        use = "opinions of people who think otherwise than the model"
        said = f"A step of the model's own opinion moves the personas' by {slope:.2f}"
        turns = f"; where it is sure, {flip.value:.0%} of the personas' answers turn ({flip.span('.0%')})."
        said += turns if np.isfinite(flip.value) else "; it is sure of no answer, so that none can turn."
        if slope.low > self.half > flip.high:
            return Verdict("prior wins", said, unfit=(use,))
        if slope.high < self.half and not flip.high < self.half:
            return Verdict("persona wins", said, fit=(use,))
        return Verdict("undecided", said if np.isfinite(slope.value) else f"No slope is known: {slope.status}.", open=(use,))

    def known(self) -> StudyWorld:
        """Personas of whom the prior leaves a fifth."""
        labels = ("1", "2", "3", "4", "5")
        people = tuple(Persona(f"person {at}", f"You are person {at}.", {"turn": str(at)}) for at in range(15))
        items = tuple(Item(f"statement {at}", f"Statement {at}.", Ordinal(labels), {"kind": "opinion"}) for at in range(16))

        def told(favourite: int) -> Floats:
            return np.where(np.arange(5) == favourite, 0.9, 0.025)

        def world(request: Request, weight: float = 0.8) -> Mapping[str, float]:
            at = int(request.about["item"].split()[1])
            prior = told(at * 7 % 5)
            if request.about["arm"] == "persona":
                prior = weight * prior + (1 - weight) * told(
                    (int(request.about["persona"].split()[1]) + at) % 5
                )  # each opinion equally often
            return dict(zip(labels, prior.tolist(), strict=True))

        quiet = frozenset({"persona wins", "undecided"})
        return StudyWorld(people, items, world, {"slope": 0.8}, lambda request: world(request, 0.0), "prior wins", quiet)


def _check(rows: pl.DataFrame, labels: Sequence[str], source: str) -> None:
    """Arms and answers are known ones.

    Raises:
        AnswerError: they are not.
    """
    for column, known in (("arm", ARMS), ("answer", labels)):
        strange = rows.filter(~pl.col(column).is_in(list(known)).fill_null(value=False))
        if len(strange):
            message = f'{source}, column "{column}": "{strange[column][0]}" is none of {", ".join(known)} ({len(strange)} such answers).'
            raise AnswerError(message)


def _places(a: Floats, b: Floats, points: Floats, *, exact: bool) -> dict[str, pl.Series]:
    """Mean places of both answers, their products, and the sampling variance of the prior's."""
    m = b.sum(1)
    y, x = a / a.sum(1, keepdims=True) @ points, b / m[:, None] @ points
    spread = b / m[:, None] @ (points**2).sum(1) - (x**2).sum(1)
    noise = np.zeros(len(b)) if exact else np.where(m > 1, spread / np.where(m > 1, m - 1, 1), np.nan)
    named = {"noise": noise, "xy": (x * y).sum(1), "xx": (x**2).sum(1)}
    named |= {f"{name}.{at}": column for name, table in (("x", x), ("y", y)) for at, column in enumerate(table.T)}
    return {name: pl.Series(values) for name, values in named.items()}


def _modes(a: Floats, b: Floats) -> dict[str, pl.Series]:
    """Whether the prior's modal answer is none of the persona's modal answers, and how sure the prior is of it."""
    rows, mode = np.arange(len(b)), b.argmax(1)
    sure = b[rows, mode] / b.sum(1)
    return {"flip": pl.Series(a[rows, mode] < a.max(1) - 1e-12), "sure": pl.Series(sure), "own": pl.Series(1 - sure)}


def _slope(sums: Floats) -> Floats:
    """Covariance over variance, from n, Σxy, Σx², noise, Σx and Σy."""
    n, width = sums[..., 0], (sums.shape[-1] - 4) // 2
    x, y = sums[..., 4 : 4 + width], sums[..., 4 + width :]
    variance = sums[..., 2] - sums[..., 3] - (x**2).sum(-1) / n
    return np.asarray((sums[..., 1] - (x * y).sum(-1) / n) / np.where(variance > 1e-12, variance, np.nan), dtype=np.float64)


def _items(pairs: pl.DataFrame) -> Rows:
    """The items on which the model is surest and personas turn least."""
    mean = pairs.group_by("item", "prior").agg(
        share=pl.col("sure").first(), flips=pl.col("flip").mean(), persuasion=pl.col("persuasion").mean()
    )
    return mean.sort("flips", "share", "item", descending=[False, True, False]).head(WORST).to_dicts()
