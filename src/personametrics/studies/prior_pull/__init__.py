"""Is the model's own opinion stronger than the persona's opinion?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, FreeText, Item, Numeric, Persona, Request, Responses, Sign, Study
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient
from personametrics.studies.prior_pull.pairs import item_table, persona_prior_pairs, prior_slope
from personametrics.studies.prior_pull.world import known_world

USE = "simulating opinions of people who disagree with the model"
SLOPE = Name(
    "ratio", "cells", "slope of a persona's mean answer on the model's own mean answer, over items: 1 if only the model's opinion counts"
)
FLIP = Name("share", "cells", "personas' most frequent answers that differ from the model's own, on items on which the model is sure")
NOISE = Name("share", "cells", "answers of the model itself that differ from its most frequent answer on these items: the effect of reruns")
PERSUASION: Mapping[str, Name] = {
    "persuasion": Name("nats", "cells", "KL divergence of answers with a persona from answers without a persona"),
    "persuasion.floor": Name("nats", "cells", "persuasion as expected if personas change nothing: the effect of reruns alone"),
    "persuasion.excess": Name("nats", "cells", "persuasion minus persuasion.floor"),
}


@dataclass(frozen=True)
class PriorPull(Study):
    """The part of the model's answers without a persona that is left in its answers as a persona.

    Suppose an answer is the prior with weight w and otherwise the persona's own opinion, and these opinions, averaged over personas, do
    not depend on the prior. Then the slope over items is w. Sampling noise of the prior would flatten the slope and is removed (Fuller
    1987), which needs two answers of the model itself to an item. But opinions that most people share make the slope steep with any
    personas, and a fine scale makes many flips, so the verdict needs both to agree. It is not a proof that personas fail: people who
    really think as the model does look like a prior that wins, and any text, not only a persona, may win against a prior. Drawn answers
    make divergences large by chance, so read persuasion (Du et al. 2024) together with its floor.

    Attributes:
        kind: the attribute `kind` of the items to ask; items without that attribute are asked too.
        strong: the model is sure where its modal answer has this share or more.
        half: the prior wins if the whole interval of the slope lies above this and that of the flips below it; the persona wins if the
            interval of the slope lies below it and that of the flips does not.
        smooth: answers added to each label before a divergence of drawn answers is taken.
        level: coverage of the intervals.
    """

    kind: str = "opinion"
    strong: float = 0.8
    half: float = 0.5
    smooth: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Is the model's own opinion stronger than the persona's opinion?"
    reads: ClassVar[Mapping[str, str]] = {"arm": "persona, or none for the model without a persona"}
    aim: ClassVar[tuple[str, Aim]] = ("slope", "low")
    cite: ClassVar[tuple[str, ...]] = ("du2024", "fuller1987", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {"prior wins": Sign(shows=("resistance",), gravity=1)}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every opinion, once without a persona and once with each persona."""
        asked = [item for item in items if item.attributes.get("kind", self.kind) == self.kind]
        asked = [item for item in asked if not isinstance(item.scale, Numeric | FreeText)]
        message = f'prior_pull needs two or more personas and two or more items with labels. Give the items the kind "{self.kind}".'
        ensure(len(asked) > 1 and len(personas) > 1, message)
        message = f'prior_pull needs items on one scale. Give only the items on the scale of "{asked[0].id}" the kind "{self.kind}".'
        ensure(len({item.scale for item in asked}) == 1, message)
        cells = [(item, persona, "none" if persona is None else "persona") for item in asked for persona in (None, *personas)]
        return [request for item, persona, arm in cells for request in elicitation.ask(persona, item, {"arm": arm})]

    def estimate(self, responses: Responses) -> Finding:
        """Return slope, flips and persuasion."""
        pairs = persona_prior_pairs(responses, self.reads, self.smooth)
        sure = pairs.filter(pl.col("sure") >= self.strong)
        slope, flip = self._slope(pairs), self._mean(sure, "flip", FLIP, "flip")
        estimates = [slope, flip, self._mean(sure, "flip.noise", NOISE, "noisy")]
        estimates += [self._mean(pairs, name, means, name) for name, means in PERSUASION.items()]
        evidence = {"items": item_table(pairs)}
        return Finding("prior_pull", self.question, self._verdict(slope, flip), tuple(estimates), evidence=evidence, cite=self.cite)

    def _mean(self, pairs: pl.DataFrame, name: str, means: Name, column: str) -> Estimate:
        """Return the mean of a column over pairs."""
        if pairs.is_empty():
            return self._missing(name, means, EstimateStatus.UNDEFINED)
        return RowSums(pairs, self.level).estimate(name, means, [pl.col(column), pl.col("n")], quotient, n=len(pairs))

    def _slope(self, pairs: pl.DataFrame) -> Estimate:
        """Return the slope of the personas' answers on the prior, without the prior's noise; on labels without order, of their shares."""
        pairs = pairs.filter(pl.col("noise").is_finite())
        if pairs.is_empty():
            return self._missing("slope", SLOPE, EstimateStatus.NO_RERUNS)
        sums = {name: pl.col(name) for name in pairs.columns if name in {"n", "xy", "xx"} or name.startswith(("x.", "y."))}
        sums["noise"] = pl.col("noise") * (1 - 1 / pairs["item"].n_unique())  # the rest goes into the mean over items
        return RowSums(pairs, self.level).estimate("slope", SLOPE, sums, prior_slope, n=len(pairs))

    def _missing(self, name: str, means: Name, status: EstimateStatus) -> Estimate:
        """Return an estimate without a number."""
        return Estimate(name, np.nan, np.nan, np.nan, self.level, 0, "none", status, means)

    def _verdict(self, slope: Estimate, flip: Estimate) -> Verdict:
        """Return what slope and flips say together."""
        if np.isnan(slope.value):
            return Verdict("undecided", f"The slope cannot be computed: {slope.status}.", open=(USE,))
        sentence = f"If the model's own opinion is one point higher on an item, the personas' opinions are {slope:.2f} higher."
        turned = f" If the model is sure of an answer, {flip.clipped():.0%} of the personas' answers differ from it."
        sentence += (
            " The model is not sure of any answer, so it is unknown how often personas change its sure answers."
            if np.isnan(flip.value)
            else turned
        )
        if slope.side(about=self.half) == "above" and flip.side(about=self.half) == "below":
            return Verdict("prior wins", sentence, unfit=(USE,))
        if slope.side(about=self.half) == "below" and flip.side(about=self.half) != "below":
            return Verdict("persona wins", sentence, fit=(USE,))
        return Verdict("undecided", sentence, open=(USE,))

    known = staticmethod(known_world)
