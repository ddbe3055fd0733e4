"""Are opinions tied together as in people?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, product
from typing import ClassVar, NamedTuple

import numpy as np
import polars as pl
from scipy.special import stdtrit

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal, spell_scale
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.ratios import fieller
from personametrics.stats.people import item_correlations as ties

LOOSE = 0.2
"""Items are not tied together where the whole interval of the constraint lies below this correlation."""
SIMILAR = (0.8, 1.25)
"""Items are tied as tightly as in people where the whole interval of the ratio lies within these …"""
NEAR = 0.1
"""… and tied alike where that of the distance beyond the floor lies below this."""
LEAST, SURE = 0.2, 0.01
"""Items whose mean answers hold less persona than this share, or perhaps none (F test), are left out: too little is left without noise."""
ALPHA = 0.05
"""Largest probability by chance at which ties are called ties."""
METHOD = "jackknife over personas"
MOST_ROWS = 60
"""Rows that the tables show, the worst first."""
USE = "conclusions from how opinions hang together"


class Side(NamedTuple):
    """The ties of a panel, or of people."""

    table: ties.Table
    r: Floats
    """(I, I) correlations of items over personas."""
    square: float
    """Mean squared correlation of two items, without bias."""
    variance: float
    """Sampling variance of that, over personas; NaN where it is unknown."""


@dataclass(frozen=True)
class BeliefStructure(Study):
    """Correlations of items over personas, by themselves or beside those of people.

    Constraint is the root mean square correlation of two items; dimension says the same as a number: how many independent items would vary
    like these. Noise of single answers is taken out where items were asked twice. People are asked once; beside them, therefore, both
    sides show what single answers do. Squared correlations of few personas run high by chance, which the jackknife takes out. Panel and
    people are taken for samples drawn apart: where personas were made from those very people, the floor is too high. Items are taken as
    they are; intervals speak of other personas, not of other items.

    Attributes:
        human: answers of people to the same items; their persona is the respondent. None: the panel by itself.
        kind: of items that have an attribute `kind`, those of this one are asked.
        deals: how often personas are dealt anew, for the test and for the floor.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    kind: str = "opinion"
    deals: int = 200
    level: float = 0.9
    question: ClassVar[str] = "Are opinions tied together as in people?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("constraint", "high")
    cite: ClassVar[tuple[str, ...]] = (
        "converse1964", "bretherton1999", "spearman1904", "efron1981", "fieller1954", "phipson2010", "good2005"
    )  # fmt: skip

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every item on an ordered scale, controls left out, of every persona."""
        asked = [
            item for item in items if item.attributes.get("kind", self.kind) == self.kind and isinstance(item.scale, Ordinal | Numeric)
        ]
        if self.human is not None:
            asked = [item for item in asked if item.id in set(self.human.items.names)]
        if len(asked) < 2 or len(personas) < 3:
            where = "" if self.human is None else ", put to the people too"
            message = (
                f'belief_structure needs three or more personas and two or more items on an ordered scale (kind "{self.kind}"){where}.'
            )
            raise DesignError(message)
        if len({spell_scale(item.scale) for item in asked}) > 1:
            message = "belief_structure needs its items on one scale; pass those of one questionnaire."
            raise DesignError(message)
        return [request for item, persona in product(asked, personas) for request in elicitation.ask(persona, item)]

    def estimate(self, responses: Responses) -> Finding:
        """Constraint and dimension of the panel, and how its ties differ from those of people."""
        tables = [_table(responses)] + ([] if self.human is None else [_table(self.human)])
        reruns = all(np.isfinite(table.within).any() for _, table in tables)
        runs = math.inf if reruns or len(tables) == 1 else 1.0
        names, left_out = _common(tables, runs)
        if len(names) < 2:
            message = (
                f"{responses.source} has fewer than two items on which {'both sides' if self.human else 'personas'} differ beyond noise."
            )
            raise DesignError(message)
        sides = [_side(table.only(items=np.array([known.index(name) for name in names])), runs) for known, table in tables]
        found = [one for side, of in zip(sides, ("", ".human"), strict=False) for one in self._alone(side, of)]
        if self.human is None:
            chance = self._chance(sides[0], runs)
            found, verdict = [*found, chance], _alone(found[0], chance)
        else:
            beside = self._beside(sides[0], sides[1], runs)
            found, verdict = [*found, *beside], _beside(*beside[:2])
        said = _notices(left_out, reruns=reruns, people=self.human is not None)
        return Finding("belief_structure", self.question, verdict, tuple(found), tuple(said), {"pairs": _pairs(names, sides)}, self.cite)

    def _alone(self, side: Side, of: str) -> list[Estimate]:
        """Constraint and dimension of one side."""
        P, I = side.table.mean.shape
        half = self._half(side.variance or math.nan, P)  # nothing varies: nothing is known
        ends = np.clip(side.square + np.array([0.0, -half, half]), 0.0, 1.0)
        who, status = "people" if of else "personas", EstimateStatus.NEGATIVE if side.square < 0 else EstimateStatus.OK
        tied = Name("correlation", "pairs", f"root mean square correlation of two items over {who}")
        wide = Name("items", "items", f"independent items that would vary over {who} as these do: (Σλ)² / Σλ²")
        return [
            self._estimate(f"constraint{of}", np.sqrt(ends), math.comb(I, 2), tied, P, status),
            self._estimate(f"dimension{of}", ties.dimension(ends, I)[[0, 2, 1]], I, wide, P, status),
        ]

    def _chance(self, side: Side, runs: float) -> Estimate:
        """Whether chance alone ties items as much."""
        dealt = np.array([float(ties.mean_square(ties.correlations(table, runs))) for table in ties.shuffles(side.table, self.deals)])
        value = float((1 + (dealt >= ties.mean_square(side.r) * (1 - 1e-9)).sum()) / (1 + self.deals))
        means = Name("probability", "personas", "ties as tight or tighter where answers to each item are dealt anew among personas")
        return self._dealt("p.ties", value, len(side.table.mean), means)

    def _beside(self, panel: Side, people: Side, runs: float) -> list[Estimate]:
        """Ratio of the constraints, and distance of the correlations with its floor and its ceiling."""
        least, pairs = min(len(panel.table.mean), len(people.table.mean)), math.comb(len(panel.r), 2)
        squares = fieller((panel.square, panel.variance), (people.square, people.variance), least - 1, self.level)[:3]
        apart = float(ties.distance(panel.r, people.r))
        drops = [ties.without_each(one.table, partial(ties.distance, other.r), runs) for one, other in ((panel, people), (people, panel))]
        reach = np.array([0.0, -1.0, 1.0]) * self._half(sum(ties.jackknife(apart, some)[1] for some in drops), least)
        floor, ceiling = ties.exchanged(panel.table, people.table, runs, self.deals), ties.halves(people.table, runs, self.deals)
        ratio = Name("ratio", "pairs", "constraint of the panel over that of people")
        beyond = Name("correlation", "pairs", "distance.ties beyond floor.ties")
        far = beyond._replace(meaning="mean |difference| between a correlation of two items in the panel and in people")
        one = beyond._replace(meaning="the same distance if panel and people were one population")
        half = beyond._replace(meaning="the same distance between two random halves of the people")
        return [
            self._estimate("constraint.ratio", np.sqrt(np.maximum(squares, 0.0)), pairs, ratio, least),
            self._estimate("excess.ties", apart - floor + reach, pairs, beyond, least),
            self._estimate("distance.ties", np.maximum(apart + reach, 0.0), pairs, far, least),
            self._dealt("floor.ties", floor, pairs, one),
            self._dealt("ceiling.ties", ceiling, pairs, half),
        ]

    def _half(self, variance: float, people: int) -> float:
        """Half of an interval, t by the number of people."""
        return float(stdtrit(people - 1, (1 + self.level) / 2)) * math.sqrt(variance)

    def _estimate(
        self, name: str, ends: Floats, n: int, means: Name, personas: int, status: EstimateStatus = EstimateStatus.OK
    ) -> Estimate:
        """Value and interval, or why there is none."""
        value, low, high = map(float, ends)
        if not low <= high:
            low = high = math.nan
        unsure = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_PERSONAS if personas < FEW else EstimateStatus.OK
        status = EstimateStatus.UNDEFINED if math.isnan(value) else unsure if status == EstimateStatus.OK else status
        return Estimate(name, value, low, high, self.level, n, METHOD, status, means)

    def _dealt(self, name: str, value: float, n: int, means: Name) -> Estimate:
        """A number found by dealing people anew."""
        return Estimate(name, value, math.nan, math.nan, self.level, n, f"{self.deals} deals", means=means)

    def known(self) -> StudyWorld:
        """Two blocks of items, each with a line of its own that they share; or no two items that share anything."""
        people = [Persona(f"person {at}", f"You are person {at}.") for at in range(32)]
        items = [Item(f"item {at}", f"Statement {at}.", Ordinal(tuple("12345"))) for at in range(8)]

        def opinion(request: Request, shared: float) -> Mapping[str, float]:
            person, item = (int(request.about[role].split()[1]) for role in ("persona", "item"))
            own, line = (1 - 2 * ((person & bits).bit_count() % 2) for bits in (item + 3, 1 + item // 4))
            agree = 0.5 + shared * line + math.sqrt(0.08 - shared**2) * own
            return {choice: math.comb(4, at) * agree**at * (1 - agree) ** (4 - at) for at, choice in enumerate(request.choices)}

        square = (0.05 / 0.08) ** 2 * 12 / 28
        truth = {"constraint": math.sqrt(square), "dimension": float(ties.dimension(square, 8))}
        tied, free = (lambda request: opinion(request, math.sqrt(0.05))), (lambda request: opinion(request, 0.0))
        return StudyWorld(tuple(people), tuple(items), tied, truth, free, "structured", frozenset({"unstructured", "undecided"}))


def _table(responses: Responses) -> tuple[list[str], ties.Table]:
    """Items and answers, those of the model itself left out, conditions taken together."""
    c = responses.columns
    own = replace(responses, columns=replace(c, condition=())).only(pl.col(c.persona).cast(pl.String) != NOBODY)
    cells = own.cells
    mean, within = cells.mean[:, -1], cells.within
    if cells.mean.shape[1] > 1:
        if own.labelled is None or len(own.labelled.labels) > 2:
            message = f"{responses.source} needs answers on an ordered scale, or of two labels, to correlate them."
            raise DesignError(message)
        within = within / 2  # of two labels the shares of both vary
    shape = len(own.personas.names), len(own.items.names)
    found = ties.Table(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape))
    for part, values in zip(found, (mean, within, cells.n), strict=True):
        part[cells.codes[:, 0], cells.codes[:, 1]] = values
    return list(own.items.names), found.only(np.flatnonzero((found.n > 0).any(1)))


def _common(tables: Sequence[tuple[list[str], ties.Table]], runs: float) -> tuple[list[str], list[str]]:
    """Items that all sides can tell personas apart by, and the common ones that they cannot."""
    told = []
    for names, table in tables:
        held = ties.reliabilities(table)
        enough = (held >= LEAST) & (ties.by_chance(table) <= SURE) if math.isinf(runs) else held > -math.inf
        told.append(dict(zip(names, enough, strict=True)))
    common = [name for name in tables[0][0] if all(name in one for one in told)]
    kept = [name for name in common if all(one[name] for one in told)]
    return kept, [name for name in common if name not in kept]


def _side(table: ties.Table, runs: float) -> Side:
    """Ties of one side."""
    r = ties.correlations(table, runs)
    square, variance = ties.jackknife(float(ties.mean_square(r)), ties.without_each(table, ties.mean_square, runs))
    return Side(table, r, square, variance)


def _pairs(names: Sequence[str], sides: Sequence[Side]) -> Rows:
    """Pairs of items, those first that differ most from people, or that are tied most; ties stand in the order of the items."""
    rows: list[dict[str, Cell]] = []
    for one, other in combinations(range(len(names)), 2):
        found = [float(side.r[one, other]) for side in sides]
        rows.append({"item": names[one], "other": names[other], **dict(zip(("panel", "people"), found, strict=False))})
    return sorted(rows, key=lambda row: -round(abs(float(row["panel"] or 0) - float(row.get("people") or 0)), 9))[:MOST_ROWS]


def _notices(left_out: Sequence[str], *, reruns: bool, people: bool) -> list[Notice]:
    """What is compared, and what is not."""
    found = []
    if not reruns:
        text = "as single answers show them on both sides" if people else "as single answers show them, and looser than opinions are tied"
        found.append(Notice("with-noise", f"Not everybody was asked twice, so that noise cannot be told apart: ties are {text}."))
    if left_out:
        listed = ", ".join(left_out[:5]) + (" …" if len(left_out) > 5 else "")
        found.append(
            Notice("no-spread", f"{len(left_out)} items are left out, for personas differ on them by little more than noise: {listed}.")
        )
    return found


def _alone(tied: Estimate, p: Estimate) -> Verdict:
    """What constraint and test say of a panel by itself."""
    said = f"root mean square correlation {tied:.2f}, p {p.value:.3f} by chance"
    if tied.low > 0 and p.value <= ALPHA:
        return Verdict(
            "structured", f"Opinions are tied together: {said}.", open=(f"{USE}: whether as in people, human answers would show",)
        )
    if tied.high < LOOSE:
        return Verdict("unstructured", f"Opinions hang together by less than {LOOSE:g}: {said}.", unfit=(USE,))
    return Verdict("undecided", f"More personas would show whether opinions hang together: {said}.", open=(USE,))


def _beside(ratio: Estimate, excess: Estimate) -> Verdict:
    """What the intervals say of a panel beside people."""
    if math.isnan(ratio.low) or math.isnan(excess.low):
        return Verdict("undecided", "More personas or people would show how tightly opinions hang together.", open=(USE,))
    said = f"constraint {ratio.value:.2f} times the people's ({ratio.span()})"
    said += f"; correlations {excess:.2f} further apart than sampling makes them"
    if ratio.low > 1:
        return Verdict("tied tighter than in people", f"Opinions hang together more than people's do: {said}.", unfit=(USE,))
    if ratio.high < 1:
        return Verdict("looser", f"Opinions hang together less than people's do: {said}.", unfit=(USE,))
    if excess.low > NEAR:
        return Verdict("tied otherwise than in people", f"Other opinions hang together than in people: {said}.", unfit=(USE,))
    if SIMILAR[0] < ratio.low and ratio.high < SIMILAR[1] and excess.high < NEAR:
        return Verdict("tied as in people", f"Opinions hang together as people's do: {said}.", fit=(USE,))
    return Verdict("undecided", f"The intervals leave it open: {said}.", open=(USE,))
