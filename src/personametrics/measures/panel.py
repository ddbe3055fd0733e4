"""The panel: the disagreements of its answers, and their estimates."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals.jackknife import Deletions, Interval, Scale, Statistic, deletions, interval
from personametrics.stats.variance.components import components, signal
from personametrics.stats.variance.disagreement import Disagreements, Pairs, pairs

FEW = 5
"""The number of personas or items below which intervals are marked as unreliable."""
MOST_PERSONAS = 2000
"""The number of personas for which common items are counted."""
METHOD = "two-way jackknife over personas and items"


class Panel:
    """The numbers of one panel, each computed once, with their conversion to estimates.

    Attributes:
        responses: the answers.
        level: coverage of the intervals, 0 to 1.
        cells: sufficient statistics of the answers.
        facets: names of the crossed facets.
        levels: number of levels with answers, by facet.
        answers: number of answers.
        sums: sums over pairs of cells.
    """

    def __init__(self, responses: Responses, level: float) -> None:
        """Sum up the answers; raises DesignError if they are of one persona only, or to one item only."""
        self.responses, self.level = responses, level
        self.cells = responses.cells
        for role, names, facet in (("persona", responses.personas.names, 0), ("item", responses.items.names, 1)):
            if len(np.unique(self.cells.codes[:, facet])) < 2:
                only = names[self.cells.codes[0, facet]]
                message = f'{responses.source} has answers for only one {role}, "{only}". Give answers for two or more {role}s.'
                raise DesignError(message)
        self.facets = self.cells.facets
        self.levels = {facet: len(np.unique(column)) for facet, column in zip(self.facets, self.cells.codes.T, strict=True)}
        self.answers = int(responses.answered.sum())
        self.sums: Pairs = pairs(self.cells)

    @cached_property
    def whole(self) -> Disagreements:
        """D[S] of all cells."""
        return self.sums.whole()

    @cached_property
    def deletions(self) -> Deletions:
        """D[S], whole and without each persona, item and cell."""
        return deletions(self.sums)

    @cached_property
    def runs(self) -> float:
        """The harmonic mean of the runs per cell, which determines the noise of averages; ∞ for exact probabilities."""
        rate = float(np.mean(1 / self.cells.n))
        return 1 / rate if rate > 0 else math.inf

    @cached_property
    def averaged(self) -> dict[str, float]:
        """The numbers of items, conditions and runs in a persona's mean: harmonic means over personas."""
        each = {"run": self.runs}
        for facet in self.facets[1:]:
            number = np.bincount(self._levels_of_personas(facet)[:, 0])
            each[facet] = float(1 / np.mean(1 / number[number > 0]))
        return each

    @cached_property
    def apart(self) -> float:
        """The part of the items' variance that lies between two personas' means because they answered different items.

        It is the mean over pairs of personas of half the variance of a difference, (1/n + 1/n' − 2 · common/(n · n')) / 2, and 0 on a
        complete panel.
        """
        pairs = self._levels_of_personas("item")
        personas = np.unique(pairs[:, 0])[:MOST_PERSONAS]
        answered = np.zeros((len(personas), int(pairs[:, 1].max()) + 1))
        pairs = pairs[np.isin(pairs[:, 0], personas)]
        answered[np.searchsorted(personas, pairs[:, 0]), pairs[:, 1]] = 1
        mean = answered / answered.sum(1, keepdims=True)
        together = mean @ mean.T
        P = len(personas)
        return float(max(0.0, (np.trace(together) - (together.sum() - np.trace(together)) / (P - 1)) / P))

    def _levels_of_personas(self, facet: str) -> Ints:
        """Return the (n, 2) pairs of a persona and a level of another facet that were answered."""
        pairs = self.cells.codes[:, [0, self.facets.index(facet)]]
        return pairs if len(self.facets) == 2 else np.unique(pairs, axis=0)  # with two facets, cells are these pairs

    @cached_property
    def signal(self) -> Interval:
        """The persona signal."""
        share = interval(signal, self.deletions, self.level, "share")
        return share if not share.value >= 1 else share._replace(low=self.never_varying("persona"), high=1.0)

    @cached_property
    def even_signal(self) -> float:
        """The signal with the same weight for every item in both disagreements, over items with both disagreements.

        D[all] weights an item by its cells, D[all but persona] by its pairs. If noise differs by item and some items have more personas
        or runs than others, this alone can look like signal. On complete panels both signals are equal.
        """
        d = self.sums.within(["item"])
        everything = frozenset(self.facets)
        rerun, persona = d[everything], d[everything - {"persona"}]
        both = np.isfinite(rerun) & np.isfinite(persona)
        return float(1 - rerun[both].sum() / persona[both].sum()) if persona[both].sum() > 0 else math.nan

    def never_varying(self, facet: str) -> float:
        """Return the lower end of 1 − D[all] / D[all but a facet] if no rerun ever disagreed, by the rule of three.

        A cell that varies is assumed to have its runs at both ends of the scale.
        """
        everything = frozenset(self.facets)
        reach = float((np.ptp(self.cells.mean, 0) ** 2).sum()) / 2
        rarely = -math.log(1 - self.level) / len(self.varying)
        return max(0.0, 1 - rarely * reach / float(self.deletions.whole[everything - {facet}]))

    @cached_property
    def components(self) -> dict[str, float]:
        """The variance components, without intervals."""
        return {effect: float(value) for effect, value in components(self.whole, self.facets).items()}

    @cached_property
    def varying(self) -> Floats:
        """The variances of the cells that were asked at least twice."""
        return self.cells.within[np.isfinite(self.cells.within)]

    def status(self, value: float) -> EstimateStatus:
        """Return the status of a statistic of the disagreements."""
        if math.isnan(value):
            if not len(self.varying):
                return EstimateStatus.NO_RERUNS
            return (
                EstimateStatus.CONSTANT
                if not self.cells.scatter.any() and np.ptp(self.cells.mean, 0).max() == 0
                else EstimateStatus.UNDEFINED
            )
        if value < 0:
            return EstimateStatus.NEGATIVE
        if self.levels["persona"] < FEW:
            return EstimateStatus.FEW_PERSONAS
        return EstimateStatus.FEW_ITEMS if self.levels["item"] < FEW else EstimateStatus.OK

    def named(self, name: str, interval: Interval, n: int, method: str = METHOD) -> Estimate:
        """Return an interval as an estimate; an interval with one end only counts as no interval."""
        status, (low, high) = self.status(interval.value), interval[1:3]
        if status == EstimateStatus.OK and "condition" in self.facets and ("condition" in name or name.startswith("g.")):
            status = EstimateStatus.THESE_CONDITIONS
        if not (math.isfinite(low) and math.isfinite(high)):
            low = high = math.nan
            status = EstimateStatus.NO_INTERVAL if status == EstimateStatus.OK else status
        return Estimate(name, interval.value, low, high, self.level, n, method, status)

    def bare(self, name: str, value: float, n: int, method: str, status: EstimateStatus = EstimateStatus.OK) -> Estimate:
        """Return a number without an interval as an estimate."""
        return Estimate(name, value, math.nan, math.nan, self.level, n, method, status)

    def interval(self, statistic: Statistic, scale: Scale) -> Interval:
        """Return the interval of a statistic of the disagreements."""
        return interval(statistic, self.deletions, self.level, scale)

    def groups(self, facets: Sequence[str]) -> int:
        """Return the number of combinations of levels of these facets that occur."""
        return len(np.unique(self.cells.groups(facets)[0]))
