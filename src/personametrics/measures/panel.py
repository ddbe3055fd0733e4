"""One panel's numbers, worked out once."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Deletions, Interval, Scale, Statistic, deletions, interval
from personametrics.stats.variance.components import components, signal
from personametrics.stats.variance.disagreement import Pairs, pairs

FEW = 5
"""With fewer personas or items than this, intervals are marked unreliable."""
MOST_PERSONAS = 2000
"""The items that personas have in common are counted for this many personas."""
METHOD = "two-way jackknife over personas and items"


class Panel:
    """The numbers of one panel, each worked out once, and how they become estimates.

    Attributes:
        responses: the answers.
        level: coverage of the intervals.
        cells: their sufficient statistics.
        facets: names of the crossed facets.
        levels: how many levels of each facet hold answers.
        answers: number of answers.
        sums: sums over pairs of cells.
        deletions: D[S], whole and without each persona, item and cell.
    """

    def __init__(self, responses: Responses, level: float) -> None:
        """Sum up the answers.

        Raises:
            DesignError: one persona or one item.
        """
        self.responses, self.level = responses, level
        self.cells = responses.cells
        for role, names, facet in (("persona", responses.personas.names, 0), ("item", responses.items.names, 1)):
            if len(np.unique(self.cells.codes[:, facet])) < 2:
                only = names[self.cells.codes[0, facet]]
                message = f'{responses.source} holds answers for one {role}, "{only}"; two or more are needed.'
                raise DesignError(message)
        self.facets = self.cells.facets
        self.levels = {facet: len(np.unique(column)) for facet, column in zip(self.facets, self.cells.codes.T, strict=True)}
        self.answers = int(responses.answered.sum())
        self.sums: Pairs = pairs(self.cells)
        self.deletions: Deletions = deletions(self.sums)

    @cached_property
    def runs(self) -> float:
        """Runs per cell: the harmonic mean, which is what noise of averages goes by; ∞ for exact probabilities."""
        rate = float(np.mean(1 / self.cells.n))
        return 1 / rate if rate > 0 else math.inf

    @cached_property
    def averaged(self) -> dict[str, float]:
        """How many items, conditions and runs a persona's mean averages: harmonic means over personas."""
        each = {"run": self.runs}
        for facet in self.facets[1:]:
            own = np.unique(self.cells.codes[:, [0, self.facets.index(facet)]], axis=0)[:, 0]
            number = np.bincount(own)
            each[facet] = float(1 / np.mean(1 / number[number > 0]))
        return each

    @cached_property
    def apart(self) -> float:
        """What of the items' variance lies between two personas' means because they answered different items; 0 on a complete panel.

        The mean over pairs of personas of half the variance of a difference, (1/n + 1/n' − 2 · common/(n · n')) / 2.
        """
        own = np.unique(self.cells.codes[:, :2], axis=0)
        personas = np.unique(own[:, 0])[:MOST_PERSONAS]
        answered = np.zeros((len(personas), int(own[:, 1].max()) + 1))
        own = own[np.isin(own[:, 0], personas)]
        answered[np.searchsorted(personas, own[:, 0]), own[:, 1]] = 1
        mean = answered / answered.sum(1, keepdims=True)
        together = mean @ mean.T
        P = len(personas)
        return float(max(0.0, (np.trace(together) - (together.sum() - np.trace(together)) / (P - 1)) / P))

    @cached_property
    def signal(self) -> Interval:
        """The persona signal."""
        found = interval(signal, self.deletions, self.level, "share")
        return found if not found.value >= 1 else found._replace(low=self.never_varying("persona"), high=1.0)

    @cached_property
    def even_signal(self) -> float:
        """The signal with every item weighing the same in both disagreements, over items that know both.

        D[all] weighs an item by its cells, D[all but persona] by its pairs; where noise differs by item and some items have more
        personas or reruns than others, that alone can look like signal. On complete panels it equals the signal.
        """
        d = self.sums.within(["item"])
        everything = frozenset(self.facets)
        rerun, persona = d[everything], d[everything - {"persona"}]
        known = np.isfinite(rerun) & np.isfinite(persona)
        return float(1 - rerun[known].sum() / persona[known].sum()) if persona[known].sum() > 0 else math.nan

    def never_varying(self, facet: str) -> float:
        """Lower end of 1 − D[all] / D[all but a facet] where no rerun ever disagreed: the rule of three.

        A cell that did vary would have had its reruns at both ends of the scale.

        Args:
            facet: which is told apart, such as `persona`.
        """
        everything = frozenset(self.facets)
        reach = float((np.ptp(self.cells.mean, 0) ** 2).sum()) / 2
        rarely = -math.log(1 - self.level) / len(self.varying)
        return max(0.0, 1 - rarely * reach / float(self.deletions.whole[everything - {facet}]))

    @cached_property
    def components(self) -> dict[str, float]:
        """Variance components without intervals."""
        return {effect: float(value) for effect, value in components(self.deletions.whole, self.facets).items()}

    @cached_property
    def varying(self) -> Floats:
        """Variance of each cell that was asked twice or more."""
        return self.cells.within[np.isfinite(self.cells.within)]

    def status(self, value: float) -> EstimateStatus:
        """What must be said of a statistic of the disagreements."""
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

    def named(self, name: str, found: Interval, n: int, method: str = METHOD) -> Estimate:
        """An interval as an estimate; no half of one."""
        status, (low, high) = self.status(found.value), found[1:3]
        if status == EstimateStatus.OK and "condition" in self.facets and ("condition" in name or name.startswith("g.")):
            status = EstimateStatus.THESE_CONDITIONS
        if not (math.isfinite(low) and math.isfinite(high)):
            low = high = math.nan
            status = EstimateStatus.NO_INTERVAL if status == EstimateStatus.OK else status
        return Estimate(name, found.value, low, high, self.level, n, method, status)

    def bare(self, name: str, value: float, n: int, method: str, status: EstimateStatus = EstimateStatus.OK) -> Estimate:
        """A number that has no interval."""
        return Estimate(name, value, math.nan, math.nan, self.level, n, method, status)

    def interval(self, statistic: Statistic, scale: Scale) -> Interval:
        """Interval of any statistic of the disagreements."""
        return interval(statistic, self.deletions, self.level, scale)

    def groups(self, facets: Sequence[str]) -> int:
        """How many groups of cells share these facets."""
        return len(np.unique(self.cells.groups(facets)[0]))
