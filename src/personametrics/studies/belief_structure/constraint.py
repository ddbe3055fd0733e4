"""Tables of personas by items whose columns are correlated, and estimates of how tightly, alone and compared with people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import stdtrit

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Cell, Estimate, EstimateStatus, Name, Rows
from personametrics.data.study import NOBODY, Responses
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.mover import fieller
from personametrics.stats.people import item_correlations

LEAST, SURE = 0.2, 0.01
"""Items are left out whose mean answers have less persona in them than this share, or perhaps none at all (F test at this level)."""
MOST_ROWS = 60
"""Pairs of items that the evidence shows."""


Named = tuple[list[str], item_correlations.Table]
"""Names of items, and their table."""
METHOD = "jackknife over personas"
RATIO = Name("ratio", "pairs", "constraint of the panel divided by constraint of people")
EXCESS = Name("correlation", "pairs", "distance.ties minus floor.ties")
DISTANCE = Name("correlation", "pairs", "mean absolute difference between the correlation of two items in the panel and in people")
FLOOR = Name("correlation", "pairs", "distance.ties as expected if panel and people were one population")
CEILING = Name("correlation", "pairs", "distance.ties between two random halves of the people")
CHANCE = Name("probability", "personas", "probability of such correlations if the answers to each item are shuffled among personas")


class Side(NamedTuple):
    """The correlations of items over a panel, or over people."""

    table: item_correlations.Table
    r: Floats
    """(I, I) correlations of items over personas."""
    square: float
    """Mean squared correlation of two items, without bias."""
    variance: float
    """Sampling variance of that over personas; NaN where it is unknown."""


class Sides(NamedTuple):
    """A panel, and people if there are any, on the items that can be compared."""

    items: list[str]
    left_out: list[str]
    """Common items on which personas differ by little more than noise."""
    sides: list[Side]
    runs: float
    """Correlations have the noise of the mean of this many answers; ∞: none."""
    reruns: bool
    """True if some cell on every side was asked again, so that noise is known."""


def read_sides(responses: Responses, human: Responses | None) -> Sides:
    """Return correlations of items, with the same noise on both sides."""
    tables = [_table(side) for side in (responses, human) if side is not None]
    reruns = all(np.isfinite(table.within).any() for _, table in tables)
    runs = math.inf if reruns or len(tables) == 1 else 1.0
    items, left_out = _comparable(tables, runs)
    message = f"{responses.source} needs two or more items on which {'both sides' if human else 'personas'} differ beyond noise."
    ensure(len(items) > 1, message)
    return Sides(items, left_out, [_side(table, items, runs) for table in tables], runs, reruns)


def _table(responses: Responses) -> Named:
    """Return items and answers, with conditions pooled and without answers of the model without a persona."""
    columns = responses.columns
    personas = pl.col(columns.persona).cast(pl.String) != NOBODY
    pooled = replace(responses, columns=replace(columns, condition=())).only(personas)
    cells = pooled.cells
    mean, within = cells.mean[:, -1], cells.within
    if cells.mean.shape[1] > 1:
        if pooled.labelled is None or len(pooled.labelled.labels) > 2:
            message = f"{responses.source} has answers that cannot be correlated. Use an ordered scale, or two labels."
            raise DesignError(message)
        within = within / 2  # with two labels, the shares of both vary
    shape = len(pooled.personas.names), len(pooled.items.names)
    table = item_correlations.Table(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape))
    for part, values in zip(table, (mean, within, cells.n), strict=True):
        part[cells.codes[:, 0], cells.codes[:, 1]] = values
    return list(pooled.items.names), table.only(np.flatnonzero((table.n > 0).any(1)))


def _comparable(tables: Sequence[Named], runs: float) -> tuple[list[str], list[str]]:
    """Return common items on which personas differ beyond noise on every side, and the remaining common items."""
    differ: list[Mapping[str, bool]] = []
    for items, table in tables:
        reliability = item_correlations.reliabilities(table)
        beyond = (reliability >= LEAST) & (item_correlations.noise_p(table) <= SURE) if math.isinf(runs) else reliability > -math.inf
        differ.append(dict(zip(items, beyond.tolist(), strict=True)))
    common = [item for item in tables[0][0] if all(item in side for side in differ)]
    kept = [item for item in common if all(side[item] for side in differ)]
    return kept, [item for item in common if item not in kept]


def _side(named: Named, items: Sequence[str], runs: float) -> Side:
    """Return the correlations of some items."""
    names, table = named
    table = table.only(items=np.array([names.index(item) for item in items]))
    r = item_correlations.correlations(table, runs)
    without_each = item_correlations.leave_one_out(table, item_correlations.mean_square, runs)
    return Side(table, r, *item_correlations.jackknife(float(item_correlations.mean_square(r)), without_each))


def pair_rows(items: Sequence[str], sides: Sequence[Side]) -> Rows:
    """Return pairs of items: those first whose correlations differ most from people's, or are highest; otherwise in the items' order."""
    rows: list[dict[str, Cell]] = []
    for first, second in combinations(range(len(items)), 2):
        r = [float(side.r[first, second]) for side in sides]
        rows.append({"item": items[first], "other": items[second], **dict(zip(("panel", "people"), r, strict=False))})
    return sorted(rows, key=lambda row: -round(abs(float(row["panel"] or 0) - float(row.get("people") or 0)), 9))[:MOST_ROWS]


class Alone(NamedTuple):
    """Estimates of one side."""

    constraint: Estimate
    dimension: Estimate


class Compared(NamedTuple):
    """Estimates of a panel compared with people."""

    ratio: Estimate
    excess: Estimate
    distance: Estimate
    floor: Estimate
    ceiling: Estimate


@dataclass(frozen=True)
class ConstraintEstimates:
    """Estimates at a level, with `deals` shuffles for tests, from correlations with the noise of the mean of `runs` answers (∞: none)."""

    level: float
    deals: int
    runs: float

    def alone(self, side: Side, suffix: str = "") -> Alone:
        """Return constraint and dimension of one side."""
        personas, items = side.table.mean.shape
        who, status = "people" if suffix else "personas", EstimateStatus.NEGATIVE if side.square < 0 else EstimateStatus.OK
        constraint = Name("correlation", "pairs", f"root mean square correlation of two items over {who}")
        dimension = Name("items", "items", f"number of independent items that would vary over {who} as much as these items do: (Σλ)² / Σλ²")
        half = self._half(side.variance or math.nan, personas)  # no variance at all: nothing is known
        low, value, high = np.clip(side.square + np.array([-half, 0.0, half]), 0.0, 1.0)
        widest, middle, narrowest = item_correlations.dimension(np.array([low, value, high]), items)
        roots, ends = np.sqrt([value, low, high]), (middle, narrowest, widest)
        square = self._estimate(f"constraint{suffix}", roots, math.comb(items, 2), constraint, personas, status)
        return Alone(square, self._estimate(f"dimension{suffix}", ends, items, dimension, personas, status))

    def chance(self, side: Side) -> Estimate:
        """Return the probability that shuffled answers are correlated as strongly (permutation test)."""
        observed, shuffles = item_correlations.mean_square(side.r) * (1 - 1e-9), item_correlations.shuffles(side.table, self.deals)
        squares = [float(item_correlations.mean_square(item_correlations.correlations(table, self.runs))) for table in shuffles]
        value = float((1 + (np.array(squares) >= observed).sum()) / (1 + self.deals))
        return self._dealt("p.ties", value, len(side.table.mean), CHANCE)

    def compared(self, panel: Side, people: Side) -> Compared:
        """Return the ratio of both constraints, and the distance of the correlations with its floor and its ceiling."""
        fewest, pairs = min(len(panel.table.mean), len(people.table.mean)), math.comb(len(panel.r), 2)
        squares = fieller((panel.square, panel.variance), (people.square, people.variance), fewest - 1, self.level)[:3]
        distance = float(item_correlations.distance(panel.r, people.r))
        variance = self._distance_variance(distance, panel, people) + self._distance_variance(distance, people, panel)
        reach = np.array([0.0, -1.0, 1.0]) * self._half(variance, fewest)
        floor = item_correlations.permutation_distance(panel.table, people.table, self.runs, self.deals)
        ceiling = item_correlations.split_half_distance(people.table, self.runs, self.deals)
        return Compared(
            self._estimate("constraint.ratio", np.sqrt(np.maximum(squares, 0.0)), pairs, RATIO, fewest),
            self._estimate("excess.ties", distance - floor + reach, pairs, EXCESS, fewest),
            self._estimate("distance.ties", np.maximum(distance + reach, 0.0), pairs, DISTANCE, fewest),
            self._dealt("floor.ties", floor, pairs, FLOOR),
            self._dealt("ceiling.ties", ceiling, pairs, CEILING),
        )

    def _distance_variance(self, distance: float, side: Side, other: Side) -> float:
        """Return the variance of the distance due to the people of one side."""
        without_each = item_correlations.leave_one_out(side.table, partial(item_correlations.distance, other.r), self.runs)
        return item_correlations.jackknife(distance, without_each)[1]

    def _half(self, variance: float, people: int) -> float:
        """Return half the length of an interval, by Student's t with the number of people less one."""
        return float(stdtrit(people - 1, (1 + self.level) / 2)) * math.sqrt(variance)

    def _estimate(
        self, name: str, ends: Floats | Sequence[float], n: int, means: Name, personas: int, status: EstimateStatus = EstimateStatus.OK
    ) -> Estimate:
        """Return value and interval, with the status that says why either is missing."""
        value, low, high = map(float, ends)
        if not low <= high:
            low = high = math.nan
        unsure = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_PERSONAS if personas < FEW else EstimateStatus.OK
        status = EstimateStatus.UNDEFINED if math.isnan(value) else unsure if status == EstimateStatus.OK else status
        return Estimate(name, value, low, high, self.level, n, METHOD, status, means)

    def _dealt(self, name: str, value: float, n: int, means: Name) -> Estimate:
        """Return a number that follows from shuffles, without an interval."""
        return Estimate(name, value, math.nan, math.nan, self.level, n, f"{self.deals} deals", means=means)
