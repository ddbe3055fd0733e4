"""Preference, constructed on the spot, or no attitude?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.special import ndtri

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.conditions import READS, conditioned, graded, label_points, posed
from personametrics.measures.sums import METHOD, Summed
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.conditions import Split, split

TYPES: Mapping[str, str] = {
    "preference": "steady when asked again, and the same in all conditions",
    "constructed": "steady when asked again, and moved by how it is asked",
    "no_attitude": "not steady when asked the very same again",
    "undecided": "too few answers to tell",
}
MOST = 0.5
"""A type is what most answers are where the whole interval of its share lies above this."""
SHOWN = 20
"""Items and personas in the tables."""


@dataclass(frozen=True)
class ResponseTypes(Study):
    """Every persona's answers to every item are of one type: steady or not when asked again, and equal or not when asked differently.

    Agreement of reruns is 1 − disagreement / that of answers at random: 0 for answers that are anything with the same probability.
    Where reruns never vary (temperature 0), only conditions can tell a preference from what is constructed on the spot. What is undecided
    counts for no type, so that with few runs the shares of all three are too low.

    Attributes:
        conditions: columns that say how an item was put; `wording` and `order` are asked, others read where recorded.
        steady: a cell is steady where the whole interval of its agreement lies above this, has no attitude where it lies below.
        margin: conditions are equal where the interval of their disagreement beyond reruns ends below this share of that at random.
        level: coverage of the intervals; tests are at (1 − level) / 2.
    """

    conditions: tuple[str, ...] = ("wording", "order")
    steady: float = 0.5
    margin: float = 0.1
    level: float = 0.9
    question: ClassVar[str] = "Preference, constructed on the spot, or no attitude?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("share.no_attitude", "low")
    cite: ClassVar[tuple[str, ...]] = ("ghafouri2026", "brennan1981", "hoeffding1948", "box1954", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every item with wordings (without any, every item with labels), as given, in each wording, and with its options reversed."""
        return posed(personas, items, elicitation, self.conditions, "response_types")

    def estimate(self, responses: Responses) -> Finding:
        """The type of every cell, and the share of each type."""
        known = conditioned(responses, self.conditions)
        cells = graded(known)
        if cells.counts is None:
            message = f"{responses.source} needs answers with labels, or of at most 64 different numbers."
            raise DesignError(message)
        where, tables, chance = _tables(cells, known)
        distance = _distance(label_points(known))
        found = split(tables, distance, chance, exact=bool(np.isinf(cells.n).all()))
        rows = self.typed(found, np.einsum("cl,lm,cm->c", chance, distance, chance))
        rows = rows.with_columns(persona=pl.Series(where[:, 0]).cast(pl.String), item=pl.Series(where[:, 1]).cast(pl.String))
        estimates = self._shares(rows, told=bool(np.isfinite(found.between).any()), asked=bool(np.isfinite(found.within).any()))
        evidence = {
            facet: _evidence(rows, name, names)
            for facet, name, names in (("items", "item", known.items.names), ("personas", "persona", known.personas.names))
        }
        return Finding("response_types", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def typed(self, found: Split, random: Floats) -> pl.DataFrame:
        """A row a cell: agreement of reruns, condition's part, and 1 in the column of its type."""
        z = float(ndtri((1 + self.level) / 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            agreement, reach = 1 - found.within / random, z * found.within_error / random
            shift, room = found.between / random, z * found.between_error / random
        low, steady = agreement + reach < self.steady, agreement - reach > self.steady
        equal = shift + room < self.margin
        moved = (found.p <= (1 - self.level) / 2) & ~equal
        types = {"preference": steady & equal, "constructed": steady & moved, "no_attitude": low}
        types["undecided"] = ~(types["preference"] | types["constructed"] | types["no_attitude"])
        table = {"agreement": agreement, "shift": shift} | {name: one.astype(float) for name, one in types.items()}
        return pl.DataFrame({**table, "one": np.ones(len(agreement))})

    def _shares(self, rows: pl.DataFrame, *, told: bool, asked: bool) -> list[Estimate]:
        """The share of each type among cells; what cannot be told apart is undefined."""
        summed = Summed(rows, self.level)
        estimates = []
        for name, meaning in TYPES.items():
            means = Name("share", "cells", f"answers of a persona to an item that are {meaning}")
            if asked and (told or name in {"no_attitude", "undecided"}):
                one = summed.estimate(f"share.{name}", means, [pl.col(name), pl.col("one")], quotient, n=len(rows))
                estimates.append(one if math.isnan(one.low) else replace(one, low=max(one.low, 0.0), high=min(one.high, 1.0)))
            else:
                status = EstimateStatus.UNDEFINED if asked else EstimateStatus.NO_RERUNS
                estimates.append(Estimate(f"share.{name}", math.nan, math.nan, math.nan, self.level, len(rows), METHOD, status, means))
        return estimates

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the shares say."""
        share = {one.name.removeprefix("share."): one for one in found}
        said = "; ".join(f"{name.replace('_', ' ')} {one:.2f}" for name, one in share.items() if math.isfinite(one.value))
        use = "reading an answer as what this persona prefers"
        if share["no_attitude"].low > MOST:
            return Verdict("mostly no attitude", f"Asked the same again, most cells answer something else: {said}.", unfit=(use,))
        if math.isnan(share["no_attitude"].value):
            return Verdict("undecidable", "Nothing was asked twice in the same way, so that nothing can be said.", open=(use,))
        if math.isnan(share["preference"].value):
            sentence = f"Only one way of asking was recorded, so that a preference cannot be told from a construction: {said}."
            return Verdict("undecidable", sentence, open=(use,))
        if share["constructed"].low > MOST:
            return Verdict("mostly constructed", f"Most cells are steady, and follow how they are asked: {said}.", unfit=(use,))
        if share["preference"].low > MOST:
            return Verdict("mostly preferences", f"Most cells are steady, however they are asked: {said}.", fit=(use,))
        return Verdict("undecided", f"No type is what most cells are: {said}.", open=(use,))

    def known(self) -> StudyWorld:
        """Of 16 items, 13 are answered as they are worded, two at random, one always the same."""
        people = [Persona(f"p{at}", f"You are person {at}.") for at in range(6)]
        items = [Item(f"i{at}", f"Is {at} so?", Nominal(("yes", "no")), {}, {"formal": f"Would {at} be so?"}) for at in range(16)]

        def world(request: Request, moved: str = "formal") -> Mapping[str, float]:
            at = int(request.about["item"][1:])
            turned = request.about["wording"] == moved and at > 2
            yes = 0.5 if at < 2 else 0.02 if turned else 0.98
            return {"yes": yes, "no": 1 - yes}

        truth = {"share.constructed": 13 / 16, "share.no_attitude": 2 / 16, "share.preference": 1 / 16}
        quiet = frozenset({"mostly preferences", "undecided"})
        return StudyWorld(
            tuple(people),
            tuple(items),
            world,
            truth,
            lambda request: world(request, "none"),
            "mostly constructed",
            quiet,
            Elicitation(runs=10),
        )


def _tables(cells: Cells, known: Responses) -> tuple[np.ndarray, Floats, Floats]:
    """Persona and item of each cell (C, 2), its answers by condition and label (C, K, L), and the share of each label at random (C, L)."""
    counts = np.zeros((0, 0)) if cells.counts is None else cells.counts
    places, at = np.unique(cells.codes[:, :2], axis=0, return_inverse=True)
    at = at.reshape(-1)
    order = np.argsort(at, kind="stable")
    first = np.searchsorted(at[order], np.arange(len(places)))
    rank = np.empty(len(at), np.int64)
    rank[order] = np.arange(len(at)) - first[at[order]]
    tables = np.zeros((len(places), int(rank.max()) + 1, counts.shape[1]))
    tables[at, rank] = counts
    if isinstance(known.scale, Nominal) and not known.scale.labels:
        seen = np.zeros((int(places[:, 1].max()) + 1, counts.shape[1]))  # items may have labels of their own
        np.add.at(seen, cells.codes[:, 1], counts)
        own = (seen > 0)[places[:, 1]]
    else:
        own = np.ones((len(places), counts.shape[1]), dtype=bool)
    return places, tables, own / own.sum(1, keepdims=True)


def _distance(points: Floats) -> Floats:
    """(L, L) disagreement of two labels."""
    found: Floats = ((points[:, None] - points[None]) ** 2).sum(-1) / 2
    return found


def _evidence(rows: pl.DataFrame, facet: str, names: Sequence[str]) -> Rows:
    """Items or personas with the fewest preferences."""
    columns = ["agreement", "shift", *TYPES]
    table = rows.group_by(facet, maintain_order=True).agg(pl.col(columns).fill_nan(None).mean()).sort("preference", maintain_order=True)
    shown = table.head(SHOWN).iter_rows(named=True)
    return [{facet: names[int(row[facet])]} | {name: row[name] for name in columns} for row in shown]
