"""Estimates of constraint: how tightly items are correlated, by themselves and compared with people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.ratios import fieller
from personametrics.stats.people import item_correlations
from personametrics.studies.belief_structure.correlation_tables import Side

METHOD = "jackknife over personas"
RATIO = Name("ratio", "pairs", "constraint of the panel over that of people")
EXCESS = Name("correlation", "pairs", "distance.ties beyond floor.ties")
DISTANCE = Name("correlation", "pairs", "mean |difference| between a correlation of two items in the panel and in people")
FLOOR = Name("correlation", "pairs", "the same distance if panel and people were one population")
CEILING = Name("correlation", "pairs", "the same distance between two random halves of the people")
CHANCE = Name("probability", "personas", "correlations as strong or stronger if the answers to each item are shuffled among personas")


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
    """Estimates at a level, from correlations with a given amount of noise.

    Attributes:
        level: coverage of the intervals.
        deals: number of shuffles for the test and for the floor.
        runs: number of answers whose mean has the noise of the correlations; ∞: none.
    """

    level: float
    deals: int
    runs: float

    def alone(self, side: Side, suffix: str = "") -> Alone:
        """Return constraint and dimension of one side.

        Args:
            side: the correlations.
            suffix: end of the estimates' names; ".human" for people.
        """
        personas, items = side.table.mean.shape
        who, status = "people" if suffix else "personas", EstimateStatus.NEGATIVE if side.square < 0 else EstimateStatus.OK
        constraint = Name("correlation", "pairs", f"root mean square correlation of two items over {who}")
        dimension = Name("items", "items", f"independent items that would vary over {who} as these do: (Σλ)² / Σλ²")
        half = self._half(side.variance or math.nan, personas)  # no variance at all: nothing is known
        low, value, high = np.clip(side.square + np.array([-half, 0.0, half]), 0.0, 1.0)
        widest, middle, narrowest = item_correlations.dimension(np.array([low, value, high]), items)
        return Alone(
            self._estimate(f"constraint{suffix}", np.sqrt([value, low, high]), math.comb(items, 2), constraint, personas, status),
            self._estimate(f"dimension{suffix}", (middle, narrowest, widest), items, dimension, personas, status),
        )

    def chance(self, side: Side) -> Estimate:
        """Return the probability that shuffled answers are correlated as strongly (permutation test)."""
        observed = item_correlations.mean_square(side.r) * (1 - 1e-9)
        shuffled = [
            float(item_correlations.mean_square(item_correlations.correlations(table, self.runs)))
            for table in item_correlations.shuffles(side.table, self.deals)
        ]
        value = float((1 + (np.array(shuffled) >= observed).sum()) / (1 + self.deals))
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
