"""Is it the persona that moves the answers, or any text in its place?"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Verdict
from personametrics.data.grid import ARM, CONTROL, IRRELEVANT, NONE, PANEL, SHUFFLED, Grid, Joined
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, spell_scale
from personametrics.data.sentences import IRRELEVANT_SENTENCES
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.panel import METHOD, Panel
from personametrics.stats.arrays import Floats
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Disagreements

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
    question: ClassVar[str] = "Is it the persona that moves the answers, or any text in its place?"
    reads: ClassVar[Mapping[str, str]] = {ARM: f"{PANEL}, {NONE}, {SHUFFLED} or {IRRELEVANT}; {CONTROL}: items that no persona can move"}
    aim: ClassVar[tuple[str, Aim]] = ("control.none", "high")
    cite: ClassVar[tuple[str, ...]] = ("brennan2001", "efron1981")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> Sequence[Request]:
        """Return the controls and then the panel, on the items of the commonest scale."""
        grids = self.grids(personas, items, elicitation)
        return Joined((*(grid for arm, grid in grids.items() if arm != PANEL), *(grid for arm, grid in grids.items() if arm == PANEL)))

    def grids(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> Mapping[str, Grid]:
        """Return the panel and its controls, by arm.

        Raises:
            DesignError: there are no items.
        """
        scales = [spell_scale(item.scale) for item in items]
        if not scales:
            message = "controls needs items; give some."
            raise DesignError(message)
        commonest = max(scales, key=scales.count)
        asked = [item for item, scale in zip(items, scales, strict=True) if scale == commonest]
        own = [item for item in asked if not item.is_control]
        fixed = [item for item in asked if item.is_control]
        several = len(personas) > 1
        names = [persona.id for persona in personas]
        grids = {
            PANEL: Grid(personas, own, elicitation, PANEL) if own else None,
            CONTROL: Grid(personas, fixed, elicitation, CONTROL) if fixed else None,
            NONE: Grid((None,), own, elicitation, NONE) if self.none and own else None,
            SHUFFLED: Grid([*personas[1:], *personas[:1]], own, elicitation, SHUFFLED, names)
            if self.shuffled and several and own
            else None,
            IRRELEVANT: Grid(irrelevant(personas[: self.irrelevant], self.seed), own, elicitation, IRRELEVANT)
            if self.irrelevant and several and own
            else None,
        }
        return {arm: grid for arm, grid in grids.items() if grid is not None}

    def estimate(self, responses: Responses) -> Finding:
        """Return what the controls show; a control that was not asked, or has no estimate, is left undecided.

        Raises:
            DesignError: the column `arm` is missing, or no answer is of the panel.
        """
        if ARM not in responses.frame.columns:
            message = f'{responses.source} has no column "{ARM}"; name the column that tells the panel from its controls.'
            raise DesignError(message)
        arms = {str(arm): responses.only(pl.col(ARM) == arm, f"{ARM} {arm}") for arm in responses.frame[ARM].unique(maintain_order=True)}
        if PANEL not in arms:
            message = f'{responses.source} has no row with {ARM} = "{PANEL}"; the controls are compared with these.'
            raise DesignError(message)
        return self.compare(arms)

    def compare(self, arms: Mapping[str, Responses]) -> Finding:
        """Return what the controls show.

        Args:
            arms: answers of the panel and of each control that was asked, by arm.
        """
        panel = arms[PANEL]
        own = Panel(panel, self.level)
        overall = own.named("signal", own.signal, own.answers)
        moved = {"control.none": _for_everyone(arms.get(NONE), panel), "control.shuffled": arms.get(SHUFFLED)}
        estimates = [self._moved(name, panel, arm) for name, arm in moved.items() if arm is not None]
        alone = {"control.irrelevant": arms.get(IRRELEVANT), "control.items": arms.get(CONTROL)}
        estimates += [self._signal(name, arm) for name, arm in alone.items() if arm is not None]
        return Finding("controls", self.question, _verdict(overall, estimates), (*estimates,), cite=self.cite)

    def _moved(self, name: str, panel: Responses, arm: Responses) -> Estimate:
        """Return the share of the disagreement between panel and control that exceeds reruns: the arms are two conditions of one table."""
        try:
            both = Panel(_stacked(panel, arm), self.level)
        except DesignError:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED)
        return both.named(name, both.interval(_between_arms, "share"), both.answers)

    def _signal(self, name: str, arm: Responses) -> Estimate:
        """Return the persona signal of a control."""
        try:
            panel = Panel(arm, self.level)
        except DesignError:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED)
        return panel.named(name, panel.interval(signal, "share"), panel.answers)

    def known(self) -> StudyWorld:
        """Return a world in which personas are sure of their answers and any other text leaves a coin toss; or all texts do."""
        personas = tuple(Persona(f"p{number}", f"You are number {number}.") for number in range(12))
        items = tuple(Item(f"q{number}", f"Is it {number}?", Nominal(("no", "yes"))) for number in range(12))
        draw = random.Random(0)  # noqa: S311 (a world, not a secret)
        sure = {(persona.text, item.id): draw.choice((0.1, 0.9)) for persona in personas for item in items}

        def world(request: Request, strength: float = 1.0) -> Mapping[str, float]:
            text = next((text for text, item in sure if text in request.messages[0].text and item == request.about["item"]), None)
            yes = 0.5 if text is None else 0.5 + strength * (sure[text, request.about["item"]] - 0.5)
            return {"no": 1 - yes, "yes": yes}

        study = replace(self, none=True, shuffled=True, irrelevant=5)
        truth = {"control.none": 1 - (0.18 + 0.5) / 2 / 0.5, "control.irrelevant": 0.0}
        quiet = frozenset({"undecided", "not the persona"})
        return StudyWorld(
            personas, items, world, truth, lambda request: world(request, 0.0), "personas are heard", quiet, Elicitation(5), study
        )


def irrelevant(personas: Sequence[Persona], seed: int = 0) -> tuple[Persona, ...]:
    """Return texts as long as those of personas, about nothing that a person is; those of 16 personas begin with different sentences.

    Args:
        personas: whose length is matched, to the word.
        seed: draws the sentences.

    Examples:
        >>> texts = irrelevant([Persona("p", "You are a nurse. " * 10), Persona("q", "You are 70.")])
        >>> [len(text.text.split()) for text in texts]
        [40, 3]
    """
    texts = []
    starts = random.Random(seed).sample(IRRELEVANT_SENTENCES, len(IRRELEVANT_SENTENCES))  # noqa: S311 (a draw, not a secret)
    for number, persona in enumerate(personas):
        order, start = random.Random(f"{seed}/{number}"), starts[number % len(starts)]  # noqa: S311 (a draw, not a secret)
        length, words = len(persona.text.split()), start.split()  # one start each: short texts that were equal would share their replies
        while len(words) < length:
            words += " ".join(
                order.sample([sentence for sentence in IRRELEVANT_SENTENCES if sentence != start], len(IRRELEVANT_SENTENCES) - 1)
            ).split()
        texts.append(Persona(f"irrelevant {number + 1}", " ".join(words[:length])))
    return tuple(texts)


def _between_arms(d: Disagreements) -> Floats:
    """Return 1 − D[all] / D[persona, item]: the signal of the arm."""
    everything = frozenset({"persona", "item", "condition"})
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing disagrees
        return 1 - d[everything] / d[everything - {"condition"}]


def _for_everyone(none: Responses | None, panel: Responses) -> Responses | None:
    """Return answers without a persona as answers of every persona."""
    if none is None:
        return None
    persona = panel.columns.persona
    everyone = pl.DataFrame({persona: list(panel.personas.names)}).join(none.frame.drop(persona), how="cross")
    return Responses(everyone, none.columns, none.scale, none.missing, none.source)


def _stacked(panel: Responses, arm: Responses) -> Responses:
    """Return both tables as one whose only condition is the arm; conditions become part of the item."""
    c = panel.columns
    parts = [_flat(one, name, c) for one, name in ((panel, "persona"), (arm, "control"))]
    columns = Columns(c.persona, c.item, c.answer, c.run, (ARM,), c.outcome, (), c.probabilities)
    return Responses(pl.concat(parts), columns, panel.scale, panel.missing, panel.source)


def _flat(responses: Responses, name: str, columns: Columns) -> pl.DataFrame:
    """Return the rows of one arm as plain text, with the arm's name."""
    aside = {columns.item, ARM, *columns.condition, *columns.attributes, *columns.more}
    kept = [column for column in columns.used() if column not in aside]
    asked = pl.concat_str([pl.col(one).cast(pl.String).fill_null("") for one in (columns.item, *columns.condition)], separator=" / ")
    texts = [pl.col(column).cast(pl.Float64 if column in columns.probabilities else pl.String) for column in kept]
    return responses.frame.select(asked.alias(columns.item), *texts, pl.lit(name).alias(ARM))


def _verdict(own: Estimate, estimates: Sequence[Estimate]) -> Verdict:
    """Return what the intervals of the controls say."""
    controls = {estimate.name.removeprefix("control."): estimate for estimate in estimates}
    fit, unfit, undecided = list[str](), list[str](), list[str]()
    none, other, items = (controls.get(name) for name in (NONE, IRRELEVANT, "items"))
    if none is not None:
        shown = f"with and without the persona, {none:.2f} of the disagreement exceeds reruns"
        (fit if none.low > 0 else undecided).append(f"reading a difference from the model's own answers as the persona's ({shown})")
    if other is not None:
        lines = fit if own.low > other.high else unfit if other.low > own.high else undecided
        lines.append(
            f"attributing the answers to the persona's content rather than to any text (signal {own:.2f}, of irrelevant texts {other:.2f})"
        )
    if items is not None and items.low > LEAK:
        unfit.append(f"trusting items one by one: items that cannot depend on the persona do (signal {items:.2f})")
    heard = none is None or none.low > 0
    if heard and fit and not unfit and not undecided:
        return Verdict("personas are heard", f"{'; '.join(fit).capitalize()}.", tuple(fit), tuple(unfit), tuple(undecided))
    if unfit:
        return Verdict("not the persona", f"The controls move as well: not fit for {unfit[0]}.", tuple(fit), tuple(unfit), tuple(undecided))
    sentence = "The controls do not decide what moves the answers."
    return Verdict("undecided", sentence, tuple(fit), tuple(unfit), tuple(undecided))
