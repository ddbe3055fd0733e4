"""Is it the persona that moves the answers, or any text in its place?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Verdict
from personametrics.data.responses import Responses
from personametrics.measures.panel import METHOD, Panel
from personametrics.stats.arrays import Floats
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Disagreements

QUESTION = "Is it the persona that moves the answers, or any text in its place?"
WHERE = "arm"
"""The column that tells answers with the persona from those of a control."""
LEAK = 0.1
"""Items that cannot depend on the persona may have this much signal by chance before it is said."""


@dataclass(frozen=True)
class Controls:
    """Compares a panel with answers in which there is no persona to hear.

    Attributes:
        none: answers of the model without any persona (one "persona").
        shuffled: answers of each persona under another persona's text.
        irrelevant: answers under irrelevant texts of the same length.
        items: answers of the panel to items whose answer cannot depend on the persona.
        level: coverage of the intervals.
    """

    none: Responses | None = None
    shuffled: Responses | None = None
    irrelevant: Responses | None = None
    items: Responses | None = None
    level: float = 0.9
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "efron1981")

    def estimate(self, responses: Responses) -> Finding:
        """Say what the controls show.

        Args:
            responses: answers of the panel itself, read like those of the controls.

        Returns:
            The finding; a control that was not asked, or cannot be estimated, is left undecided.
        """
        found = [Panel(responses, self.level)]
        own = found[0].named("signal", found[0].signal, found[0].answers)
        beside = {"control.none": _for_everyone(self.none, responses), "control.shuffled": self.shuffled}
        estimates = [self._moved(name, responses, arm) for name, arm in beside.items() if arm is not None]
        alone = {"control.irrelevant": self.irrelevant, "control.items": self.items}
        estimates += [self._signal(name, arm) for name, arm in alone.items() if arm is not None]
        return Finding("controls", QUESTION, _verdict(own, estimates), (*estimates,), cite=self.cite)

    def _moved(self, name: str, panel: Responses, arm: Responses) -> Estimate:
        """How much of the disagreement between panel and control is more than reruns: arms as two conditions of one table."""
        try:
            both = Panel(_stacked(panel, arm), self.level)
        except DesignError:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED)
        return both.named(name, both.interval(_between_arms, "share"), both.answers)

    def _signal(self, name: str, arm: Responses) -> Estimate:
        """Persona signal of a control."""
        try:
            panel = Panel(arm, self.level)
        except DesignError:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED)
        return panel.named(name, panel.interval(signal, "share"), panel.answers)


def _between_arms(d: Disagreements) -> Floats:
    """1 − D[all] / D[persona, item]: the signal of the arm."""
    everything = frozenset({"persona", "item", "condition"})
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing disagrees
        return 1 - d[everything] / d[everything - {"condition"}]


def _for_everyone(none: Responses | None, panel: Responses) -> Responses | None:
    """Answers without a persona, as answers beside those of every persona."""
    if none is None:
        return None
    persona = panel.columns.persona
    everyone = pl.DataFrame({persona: list(panel.personas.names)}).join(none.frame.drop(persona), how="cross")
    return Responses(everyone, none.columns, none.scale, none.missing, none.source)


def _stacked(panel: Responses, arm: Responses) -> Responses:
    """Both tables as one whose only condition is the arm; conditions become part of the item."""
    c = panel.columns
    parts = [_flat(one, name, c) for one, name in ((panel, "persona"), (arm, "control"))]
    columns = Columns(c.persona, c.item, c.answer, c.run, (WHERE,), c.outcome, (), c.probabilities)
    return Responses(pl.concat(parts), columns, panel.scale, panel.missing, panel.source)


def _flat(responses: Responses, name: str, columns: Columns) -> pl.DataFrame:
    """Rows of one arm as plain text, with the arm's name."""
    kept = [column for column in columns.used() if column not in {columns.item, *columns.condition, *columns.attributes}]
    asked = pl.concat_str([pl.col(one).cast(pl.String).fill_null("") for one in (columns.item, *columns.condition)], separator=" / ")
    texts = [pl.col(column).cast(pl.Float64 if column in columns.probabilities else pl.String) for column in kept]
    return responses.frame.select(asked.alias(columns.item), *texts, pl.lit(name).alias(WHERE))


def _verdict(own: Estimate, estimates: Sequence[Estimate]) -> Verdict:
    """What the intervals of the controls say."""
    found = {estimate.name.removeprefix("control."): estimate for estimate in estimates}
    fit, unfit, undecided = list[str](), list[str](), list[str]()
    none, other, items = (found.get(name) for name in ("none", "irrelevant", "items"))
    if none is not None:
        said = f"with and without the persona, {none:.2f} of the disagreement is more than reruns"
        (fit if none.low > 0 else undecided).append(f"reading a difference from the model's own answers as the persona's ({said})")
    if other is not None:
        said = f"signal {own:.2f}, of irrelevant texts {other:.2f}"
        apart = own.low > other.high
        lines = fit if apart else unfit if other.low > own.high else undecided
        lines.append(f"crediting what the personas say, not that a text stands there ({said})")
    if items is not None and items.low > LEAK:
        unfit.append(f"trusting items one by one: those that cannot depend on the persona do (signal {items:.2f})")
    heard = none is None or none.low > 0
    if heard and fit and not unfit and not undecided:
        return Verdict("personas are heard", f"{'; '.join(fit).capitalize()}.", tuple(fit), tuple(unfit), tuple(undecided))
    if unfit:
        return Verdict("not the persona", f"The controls move as well: not fit for {unfit[0]}.", tuple(fit), tuple(unfit), tuple(undecided))
    return Verdict("undecided", "The controls leave open what moves the answers.", tuple(fit), tuple(unfit), tuple(undecided))
