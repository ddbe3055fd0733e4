"""Adaptive designs: the next requests, and when to stop, so that calls go where they narrow the signal's interval most."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtr

from personametrics.data.errors import StudyError, ensure
from personametrics.data.responses import Responses
from personametrics.measures.panel import Panel
from personametrics.stats.arrays import Ints
from personametrics.stats.inference.sequential import Spending, bounds
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.variance.precision import TYPICAL, UNEVEN, expected_width, signal_variance, unevenness

DECIDES = 0.5
"""Persona dominates if the whole interval of the signal lies above this; model uncertainty dominates if it lies below."""
ITEMS, RUNS = 8, 2
"""The first block, for all personas: enough items for a variance between them, and the fewest runs that show rerun disagreement."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of a complete panel: personas, items, and runs of each cell."""

    personas: int
    items: int
    runs: int

    @property
    def calls(self) -> int:
        """The number of requests, in one condition."""
        return self.personas * self.items * self.runs


@dataclass(frozen=True)
class Look:
    """The result of one interim look at the answers.

    Attributes:
        sizes: the panel asked so far.
        fraction: share of the full panel's information, estimated from these answers.
        level: level of the interval, such that the intervals of all looks together cover the truth at the nominal level.
        signal: the persona signal, its interval at that level.
        hope: chance that the full panel will decide, if the signal equals its estimate.
    """

    sizes: Sizes
    fraction: float
    level: float
    signal: Interval
    hope: float

    @property
    def decided(self) -> bool:
        """True if the interval excludes 0.5."""
        return self.signal.low > DECIDES or self.signal.high < DECIDES


@dataclass(frozen=True)
class Step:
    """The next step of an adaptive design.

    Attributes:
        sizes: the panel after this step.
        request: (n, 3) persona, item and run of each request, 0-based within the full grid; empty at the end.
        looks: the looks so far; the last one has the interval to report.
        reason: why asking ended; "" before that.
    """

    sizes: Sizes
    request: Ints = field(repr=False, compare=False)
    looks: tuple[Look, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Adaptive:
    """A design that starts with a first block and grows where that narrows the interval most, until the verdict is clear or all is asked.

    The panel grows as a complete one: by further items, further runs of every cell, or further personas where the first block left some
    out, whichever lowers the expected half-width most per call, one level at a time. Items and personas come in a seeded random order,
    so that a panel ended early is a sample of the full one. Calls grow by a constant factor from look to look.

    At each look the interval has the level that error spending grants it for the share of the full panel's information at hand: the
    chance to ever decide wrongly, all looks together, is at most 1 − level in theory; the documentation says what it was in simulation.
    An estimate at an early stop lies too far from 0.5 on average. The design also stops if even the full grid would probably not give
    a verdict, which cannot cause a wrong decision.

    Attributes:
        most: the full grid.
        first: the first block; by default all personas, 8 items, 2 runs.
        looks: number of looks at most.
        level: nominal coverage, 0 < level < 1.
        spending: the error spending function.
        seed: draws the order of items and personas.
        hopeless: asking stops if the chance that the full grid decides is smaller; 0: never.

    References:
        Lan & DeMets (1983), doi:10.1093/biomet/70.3.659; Brennan (2001), doi:10.1007/978-1-4757-3456-0.

    Examples:
        >>> from personametrics.data.world import simulate
        >>> plan = Adaptive(Sizes(12, 20, 6))
        >>> step = plan.start()
        >>> while len(step.request):  # an engine would request them; here, a panel of which only the sizes matter
        ...     sizes = {"persona": step.sizes.personas, "item": step.sizes.items, "run": step.sizes.runs}
        ...     step = plan.next(simulate({"persona": 1.0, "persona:item": 8.0, "run": 1.0}, sizes), step)
        >>> step.reason, step.sizes.calls
        ('decided', 192)
    """

    most: Sizes
    first: Sizes | None = None
    looks: int = 5
    level: float = 0.9
    spending: Spending = "obrien-fleming"
    seed: int = 0
    hopeless: float = 0.05

    def start(self) -> Step:
        """Return the first block; refuse one that is too small for the question or larger than the grid."""
        message = f"adaptive: looks must be at least 1 and level between 0 and 1, not {self.looks} and {self.level:g}."
        ensure(self.looks >= 1 and 0 < self.level < 1, message, StudyError)
        first = self._first()
        for name, least in (("personas", 2), ("items", 2), ("runs", 1)):
            asked, most = getattr(first, name), getattr(self.most, name)
            message = f"adaptive: the first block has {asked} of the {most} {name}. It must have at least {least}, and not more than all."
            ensure(least <= asked <= most, message)
        return self._step(None, first if self.looks > 1 else self.most, ())

    def order(self) -> tuple[Ints, Ints]:
        """Return personas and items in the order in which they join the panel."""
        rng = np.random.default_rng(self.seed)
        return rng.permutation(self.most.personas), rng.permutation(self.most.items)

    def next(self, answers: Responses, step: Step) -> Step:
        """Look at all answers so far, and return the step after the one that they answer; at the end it has no requests.

        Raises:
            DesignError: fewer than two personas or items answered, or one run of each and no label probabilities.
        """
        panel = Panel(answers, self.level)
        outlook = _Outlook.of(panel)
        message = f"{answers.source}: one run of each request cannot show noise. Give the first block two runs."
        ensure(step.sizes.runs >= 2 or math.isinf(panel.runs), message)
        look = self._look(answers, step, outlook)
        reasons = {
            "decided": look.decided,
            "all planned requests were made": step.sizes == self.most,
            "even all planned requests would probably not give a verdict": look.hope < self.hopeless,
        }
        for reason, holds in reasons.items():
            if holds:
                return Step(step.sizes, np.zeros((0, 3), np.int64), (*step.looks, look), reason)
        return self._step(step.sizes, self._grown(step.sizes, len(step.looks) + 1, outlook), (*step.looks, look))

    def _first(self) -> Sizes:
        """Return the first block."""
        most = self.most
        return self.first or Sizes(most.personas, min(ITEMS, most.items), min(RUNS, most.runs))

    def _look(self, answers: Responses, step: Step, outlook: "_Outlook") -> Look:
        """Return the interval at the level that this look is granted."""
        here, full = outlook.variance(step.sizes), outlook.variance(self.most)
        before = [look.fraction for look in step.looks]
        fraction = min(max(full / here, *before[-1:], 0.0), 1.0)  # re-estimated; looks must not go back
        *_, now, end = bounds([*before, fraction, 1.0], 1 - self.level, self.spending)
        level = float(2 * ndtr(now) - 1)
        signal = Panel(answers, level).signal if level < 1 else Interval(outlook.value, -math.inf, 1.0)
        return Look(step.sizes, fraction, level, signal, _hope((outlook.value - DECIDES) / math.sqrt(here), fraction, float(end)))

    def _grown(self, sizes: Sizes, looks: int, outlook: "_Outlook") -> Sizes:
        """Return the panel at the next look: one more item, run or persona at a time, the one that narrows most per call."""
        if looks >= self.looks - 1:
            return self.most
        begin = self._first().calls
        while sizes.calls < begin * (self.most.calls / begin) ** (looks / (self.looks - 1)):
            each = {name: getattr(sizes, name) for name in ("items", "runs", "personas")}
            moves = [replace(sizes, **{name: now + 1}) for name, now in each.items() if now < getattr(self.most, name)]
            narrows = [(outlook.width(sizes) - outlook.width(to)) / (to.calls - sizes.calls) for to in moves]
            sizes = moves[int(np.argmax(narrows))]
        return sizes

    def _step(self, before: Sizes | None, sizes: Sizes, looks: tuple[Look, ...]) -> Step:
        """Return the step from a smaller panel to a larger one."""
        persona, item, run = np.indices((sizes.personas, sizes.items, sizes.runs)).reshape(3, -1)
        if before is not None:
            new = (persona >= before.personas) | (item >= before.items) | (run >= before.runs)
            persona, item, run = persona[new], item[new], run[new]
        personas, items = self.order()
        return Step(sizes, np.stack([personas[persona], items[item], run], -1), looks)


@dataclass(frozen=True)
class _Outlook:
    """The precision of larger panels, predicted from the answers so far.

    Attributes:
        value: the signal.
        components: variance components.
        uneven: unevenness of the signals.
        conditions: number of conditions of each item.
        exact: whether label probabilities are read, so that runs do not matter.
    """

    value: float
    components: Mapping[str, float]
    uneven: Mapping[str, float]
    conditions: int
    exact: bool

    @classmethod
    def of(cls, panel: Panel) -> "_Outlook":
        """Return the prediction from a panel; typical values where its estimates are undefined, such as where no rerun differs."""
        components, uneven = dict(panel.components), unevenness(panel.sums)
        if any(map(math.isnan, uneven.values())):
            components, uneven = dict(TYPICAL), dict(UNEVEN)
        conditions = math.prod(levels for facet, levels in panel.levels.items() if facet not in {"persona", "item"})
        return cls(panel.signal.value, components, uneven, conditions, math.isinf(panel.runs))

    def variance(self, sizes: Sizes) -> float:
        """Return the variance of the signal's estimate on a panel of these sizes."""
        return signal_variance(self.components, self._numbers(sizes), self.uneven).total

    def width(self, sizes: Sizes) -> float:
        """Return the expected half-width of its interval."""
        return expected_width(self.components, self._numbers(sizes), uneven=self.uneven)

    def _numbers(self, sizes: Sizes) -> dict[str, float]:
        """Return the sizes by facet."""
        return {"persona": sizes.personas, "item": sizes.items * self.conditions, "run": math.inf if self.exact else sizes.runs}


def _hope(z: float, fraction: float, bound: float) -> float:
    """Return the chance that an estimate z standard errors from 0.5 ends beyond the last bound, if its trend goes on."""
    if fraction >= 1:
        return float(abs(z) > bound)
    mean, deviation = z / math.sqrt(fraction), math.sqrt(1 - fraction)
    return float(ndtr((mean - bound) / deviation) + ndtr((-mean - bound) / deviation))
