"""Does an answer show a preference, an opinion constructed on the spot, or no attitude?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study
from personametrics.measures.conditions import READS, condition_requests, with_conditions
from personametrics.measures.sums import METHOD, RowSums
from personametrics.stats.arrays import quotient
from personametrics.studies.response_types.cell_types import TYPES, Limits, table_of, typed_cells
from personametrics.studies.response_types.world import known_world

MOST = 0.5
"""Most cells are of a type if the whole interval of its share lies above this."""
USE = "taking an answer as a preference of the persona"


@dataclass(frozen=True)
class ResponseTypes(Study):
    """The type of every persona's answers to every item: steady or not when asked again, and equal or not when asked differently.

    Agreement of reruns is 1 − disagreement / disagreement of answers at random: 0 if all answers are equally likely. Where reruns never
    vary (temperature 0), only conditions distinguish a preference from an answer constructed on the spot. Undecided cells count for no
    type, so that with few runs the shares of all three types are too low. A steady answer is not thereby a true one (Ghafouri and others
    2026).

    Attributes:
        conditions: columns that say how an item was asked. `wording` and `order` are varied; others are read if they were recorded.
        steady: a cell is steady if the whole interval of its agreement lies above this, and has no attitude if it lies below.
        margin: conditions are equal if the interval of their disagreement beyond reruns ends below this share of that at random.
        level: coverage of the intervals; tests are at (1 − level) / 2.
    """

    conditions: tuple[str, ...] = ("wording", "order")
    steady: float = 0.5
    margin: float = 0.1
    level: float = 0.9
    question: ClassVar[str] = "Does an answer show a preference, an opinion constructed on the spot, or no attitude?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("share.no_attitude", "low")
    cite: ClassVar[tuple[str, ...]] = ("ghafouri2026", "brennan1981", "hoeffding1948", "box1954", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item with wordings (if there are none, with labels) as given, in each wording, and with its options reversed."""
        return condition_requests(personas, items, elicitation, self.conditions, "response_types")

    def estimate(self, responses: Responses) -> Finding:
        """Return the share of each type among cells of a persona and an item."""
        responses = with_conditions(responses, self.conditions)
        rows, disagreement = typed_cells(responses, Limits(self.steady, self.margin, self.level))
        retested, varied = (bool(np.isfinite(values).any()) for values in (disagreement.within, disagreement.between))
        estimates = self._shares(rows, retested=retested, varied=varied)
        evidence = {"items": table_of(rows, "item", responses.items.names), "personas": table_of(rows, "persona", responses.personas.names)}
        return Finding("response_types", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _shares(self, rows: pl.DataFrame, *, retested: bool, varied: bool) -> list[Estimate]:
        """Return the share of each type among cells; a share is undefined if its type cannot be distinguished from another."""
        summed, estimates = RowSums(rows, self.level), []
        for name, meaning in TYPES.items():
            means = Name("share", "cells", f"answers of a persona to an item that are {meaning}")
            if retested and (varied or name in {"no_attitude", "undecided"}):
                share = summed.estimate(f"share.{name}", means, [pl.col(name), pl.col("n")], quotient, n=len(rows))
                estimates.append(share if math.isnan(share.low) else share.clipped())
            else:
                status, nan = EstimateStatus.UNDEFINED if retested else EstimateStatus.NO_RERUNS, math.nan
                estimates.append(Estimate(f"share.{name}", nan, nan, nan, self.level, len(rows), METHOD, status, means))
        return estimates

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the shares say."""
        share = {estimate.name.removeprefix("share."): estimate for estimate in estimates}
        most = {name for name in TYPES if share[name].side(about=MOST) == "above"}
        known = [(name.replace("_", " "), estimate) for name, estimate in share.items() if math.isfinite(estimate.value)]
        figures = ", ".join(f"{name} {estimate:.2f}" for name, estimate in known)
        if math.isnan(share["no_attitude"].value):
            return Verdict("undecidable", "No type can be assigned, since every item was asked only once in the same way.", open=(USE,))
        if "no_attitude" in most:
            return Verdict("mostly no attitude", f"Most cells give another answer when asked again: {figures}.", unfit=(USE,))
        if math.isnan(share["preference"].value):
            sentence = f"Only one way of asking was recorded, so preferences and constructed answers look alike: {figures}."
            return Verdict("undecidable", sentence, open=(USE,))
        if "constructed" in most:
            return Verdict("mostly constructed", f"Most cells are steady, but depend on the way of asking: {figures}.", unfit=(USE,))
        if "preference" in most:
            return Verdict("mostly preferences", f"Most cells are steady in every way of asking: {figures}.", fit=(USE,))
        return Verdict("undecided", f"It is undecided whether most cells have the same type: {figures}.", open=(USE,))

    known = staticmethod(known_world)
