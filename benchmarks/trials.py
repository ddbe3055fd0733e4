"""The coverage of intervals over many panels of one setting."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from worlds import Sizes, World, draw, truths

from personametrics.stats import components, deletions, generalizability, interval, pairs, replicates, signal
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Scale
from personametrics.stats.variance.disagreement import Disagreements

LEVEL = 0.9
REPLICATES = 200
"""The number of bootstrap draws per panel."""
EFFECTS: dict[str, Scale] = {"persona": "component", "item": "component", "persona:item": "plain", "run": "positive"}
"""The variance components, and the scales on which their intervals are made."""


class Setting(NamedTuple):
    """A setting of the simulation."""

    sizes: Sizes
    world: World
    missing: float = 0.0


@dataclass(frozen=True)
class Trial:
    """The intervals of many panels, and the truth.

    Attributes:
        ends: (panels, 2) lower and upper limits; NaN: the panel has no interval.
        truth: true value.
    """

    ends: Floats
    truth: float

    @property
    def existing(self) -> Floats:
        """The intervals that exist."""
        return self.ends[np.isfinite(self.ends).all(1)]

    @property
    def none(self) -> float:
        """The share of panels without an interval, as when no retest disagrees."""
        return 1 - len(self.existing) / len(self.ends)

    @property
    def below(self) -> float:
        """The share of intervals that end below the truth."""
        return _share(self.existing[:, 1] < self.truth)

    @property
    def above(self) -> float:
        """The share of intervals that begin above the truth."""
        return _share(self.existing[:, 0] > self.truth)

    @property
    def covered(self) -> float:
        """The share of intervals that contain the truth."""
        return 1 - self.below - self.above

    @property
    def width(self) -> float:
        """The median width."""
        return float(np.median(self.existing[:, 1] - self.existing[:, 0])) if len(self.existing) else np.nan

    def first(self, panels: int) -> "Trial":
        """Return the intervals of the first panels alone."""
        return Trial(self.ends[:panels], self.truth)


def _share(hits: npt.NDArray[np.bool_]) -> float:
    """Return the share of hits; NaN without intervals."""
    return float(hits.mean()) if len(hits) else np.nan


def trial(setting: Setting, panels: int, drawn: int) -> tuple[Trial, Trial]:
    """Simulate intervals of the persona signal.

    Args:
        setting: setting to simulate.
        panels: number of panels.
        drawn: number of panels that are also bootstrapped.

    Returns:
        The jackknife intervals of all panels, and bootstrap intervals of the first ones.
    """
    rng, drawn = stream(setting), min(drawn, panels)
    jackknifed, bootstrapped = np.empty((panels, 2)), np.empty((drawn, 2))
    for index in range(panels):
        panel = pairs(draw(rng, setting.world, setting.sizes, setting.missing))
        estimate = interval(signal, deletions(panel), LEVEL, "share")
        jackknifed[index] = estimate.low, estimate.high
        if index < drawn:
            estimate = interval(signal, replicates(panel, REPLICATES, seed=index), LEVEL, "share")
            bootstrapped[index] = estimate.low, estimate.high
    return Trial(jackknifed, setting.world.signal), Trial(bootstrapped, setting.world.signal)


def trial_others(setting: Setting, panels: int) -> dict[str, Trial]:
    """Simulate jackknife intervals of all other estimates of a card, on balanced panels."""
    rng, methods = stream(setting), _others(setting)
    ends = {name: np.empty((panels, 2)) for name in methods}
    for index in range(panels):
        left = deletions(pairs(draw(rng, setting.world, setting.sizes)))
        for name, (statistic, scale, _) in methods.items():
            bounds = interval(statistic, left, LEVEL, scale)
            ends[name][index] = bounds.low, bounds.high
    return {name: Trial(ends[name], truth) for name, (_, _, truth) in methods.items()}


def stream(setting: Setting) -> np.random.Generator:
    """Return a random generator for a setting, the same in every run."""
    world = setting.world
    thousandths = [round(1000 * value) for value in (world.signal, world.share, setting.missing)]
    return np.random.default_rng([*setting.sizes, *thousandths, *world.answers.encode()])


def _others(setting: Setting) -> dict[str, tuple[Callable[[Disagreements], Floats], Scale, float]]:
    """Return statistic, scale and truth, by name."""
    truth = truths(setting.world)
    facets, numbers = ("persona", "item"), {"item": float(setting.sizes.items), "run": float(setting.sizes.runs)}
    methods: dict[str, tuple[Callable[[Disagreements], Floats], Scale, float]] = {}
    for effect, scale in EFFECTS.items():
        methods[f"component.{effect}"] = partial(_component, effect=effect), scale, truth[effect]
    both = truth["persona"] + truth["persona:item"] + truth["run"]
    methods["disagreement.persona"] = lambda d: d[frozenset({"item"})], "positive", both
    for name, absolute in (("g.rho", False), ("g.phi", True)):

        def coefficient(d: Disagreements, absolute: bool = absolute) -> Floats:  # noqa: FBT001
            return generalizability(components(d, facets), numbers, absolute=absolute, truncate=False)

        methods[name] = coefficient, "share", float(generalizability(truth, numbers, absolute=absolute))
    return methods


def _component(d: Disagreements, effect: str) -> Floats:
    return components(d, ("persona", "item"))[effect]
