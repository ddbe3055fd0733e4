"""Does the persona change the answers, or does any other text change them as much?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Verdict
from personametrics.data.grid import ARM, CONTROL, IRRELEVANT, NONE, PANEL, SHUFFLED, Grid, Joined
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study, StudyWorld, spell_scale
from personametrics.measures.panel import METHOD, Panel
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Statistic
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.studies.controls.arms import for_everyone, irrelevant, stacked
from personametrics.studies.controls.world import texts_world

LEAK = 0.1
"""Items that cannot depend on the persona may have this much signal by chance before it is said."""


@dataclass(frozen=True)
class Controls(Study):
    """A comparison of a panel with answers that cannot depend on a persona.

    Attributes:
        none: ask the model without any persona.
        shuffled: compare with the answers under another persona's text; the replies are shared with the panel.
        irrelevant: ask under irrelevant texts of the same length as this many personas; 0: none.
        seed: draws the irrelevant texts.
        level: coverage of the intervals.
    """

    none: bool = True
    shuffled: bool = True
    irrelevant: int = 5
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Does the persona change the answers, or does any other text change them as much?"
    reads: ClassVar[Mapping[str, str]] = {ARM: f"{PANEL}, {NONE}, {SHUFFLED} or {IRRELEVANT}; {CONTROL}: items without a persona effect"}
    aim: ClassVar[tuple[str, Aim]] = ("control.none", "high")
    in_every_audit: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "efron1981")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> Sequence[Request]:
        """Return the controls and then the panel, on the items of the commonest scale."""
        grids = self.grids(personas, items, elicitation)
        return Joined((*(grid for arm, grid in grids.items() if arm != PANEL), *(grid for arm, grid in grids.items() if arm == PANEL)))

    def grids(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> Mapping[str, Grid]:
        """Return the panel and its controls, by arm; there must be items."""
        scales = [spell_scale(item.scale) for item in items]
        ensure(scales, "controls needs items. Add them.")
        asked = [item for item, scale in zip(items, scales, strict=True) if scale == max(scales, key=scales.count)]
        own, fixed = ([item for item in asked if item.is_control == control] for control in (False, True))
        compared = own if len(personas) > 1 else []
        arms: dict[str, tuple[Sequence[Persona | None], Sequence[Item]]] = {
            PANEL: (personas, own),
            CONTROL: (personas, fixed),
            NONE: ((None,), own if self.none else []),
            SHUFFLED: ((*personas[1:], *personas[:1]), compared if self.shuffled else []),
            IRRELEVANT: (irrelevant(personas[: self.irrelevant], self.seed), compared if self.irrelevant else []),
        }
        names = [persona.id for persona in personas]
        grids = {arm: Grid(people, shown, elicitation, arm) for arm, (people, shown) in arms.items() if shown}
        return {arm: replace(grid, names=names) if arm == SHUFFLED else grid for arm, grid in grids.items()}

    def estimate(self, responses: Responses) -> Finding:
        """Return what the controls show; a control that was not asked, or has no estimate, is left undecided."""
        ensure(ARM in responses.frame.columns, f'{responses.source} has no column "{ARM}". Add it: it separates panel and controls.')
        arms = {str(arm): responses.only(pl.col(ARM) == arm, f"{ARM} {arm}") for arm in responses.frame[ARM].unique(maintain_order=True)}
        ensure(PANEL in arms, f'{responses.source} has no answers of the panel. Add rows with {ARM} = "{PANEL}".')
        return self.compare(arms)

    def compare(self, arms: Mapping[str, Responses]) -> Finding:
        """Return what the controls show, from the answers of the panel and of each control that was asked, by arm."""
        panel = arms[PANEL]
        own = Panel(panel, self.level)
        overall = own.named("signal", own.signal, own.answers)
        moved = {"control.none": for_everyone(arms[NONE], panel) if NONE in arms else None, "control.shuffled": arms.get(SHUFFLED)}
        estimates = [self._share(name, stacked(panel, arm), _between_arms) for name, arm in moved.items() if arm is not None]
        alone = {"control.irrelevant": arms.get(IRRELEVANT), "control.items": arms.get(CONTROL)}
        estimates += [self._share(name, arm, signal) for name, arm in alone.items() if arm is not None]
        return Finding("controls", self.question, _verdict(overall, estimates), (*estimates,), cite=self.cite)

    def _share(self, name: str, responses: Responses, statistic: Statistic) -> Estimate:
        """Return a share of disagreement; undefined with one persona or item only."""
        try:
            panel = Panel(responses, self.level)
        except DesignError:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED)
        return panel.named(name, panel.interval(statistic, "share"), panel.answers)

    def known(self) -> StudyWorld:
        """Return a world in which personas are sure of their answers and any other text leaves a coin toss; or all texts do."""
        return texts_world(replace(self, none=True, shuffled=True, irrelevant=5))


def _between_arms(d: Disagreements) -> Floats:
    """Return 1 − D[all] / D[persona, item]: the signal of the arm."""
    everything = frozenset({"persona", "item", "condition"})
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing disagrees
        return 1 - d[everything] / d[everything - {"condition"}]


def _verdict(own: Estimate, estimates: Sequence[Estimate]) -> Verdict:
    """Return what the intervals of the controls say."""
    controls = {estimate.name.removeprefix("control."): estimate for estimate in estimates}
    fit, unfit, undecided = list[str](), list[str](), list[str]()
    none, other, items = (controls.get(name) for name in (NONE, IRRELEVANT, "items"))
    if none is not None:
        shown = f"{none:.2f} of the disagreement with and without the persona exceeds reruns"
        (fit if none.low > 0 else undecided).append(f"attributing differences from the model's own answers to the persona ({shown})")
    if other is not None:
        lines = fit if own.low > other.high else unfit if other.low > own.high else undecided
        signals = f"signal of personas {own:.2f}, of irrelevant texts {other:.2f}"
        lines.append(f"attributing the answers to the persona's content rather than to any text ({signals})")
    if items is not None and items.low > LEAK:
        unfit.append(f"trusting single items, since items that cannot depend on the persona do depend on it (signal {items:.2f})")
    uses = tuple(fit), tuple(unfit), tuple(undecided)
    if fit and (none is None or none.low > 0) and not unfit and not undecided:
        return Verdict("personas are heard", f"The controls support {' and '.join(fit)}.", *uses)
    if unfit:
        return Verdict("not the persona", f"The answers change under the controls as well. The panel is not fit for {unfit[0]}.", *uses)
    return Verdict("undecided", "The controls do not show whether the persona or any other text changes the answers.", *uses)
