"""The panel and its controls, as asks."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from personametrics.data.errors import AnswerError, StudyError
from personametrics.data.item import Item
from personametrics.data.neutral import SENTENCES
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt, conditions
from personametrics.data.request import Message, Sampling
from personametrics.data.scale import FreeText, Scale, parse_scale, spell_scale
from personametrics.elicit.adaptive import Adaptive, Sizes
from personametrics.elicit.grid import Grid, Joined
from personametrics.elicit.plan.audit import Plan

PANEL, NONE, SHUFFLED, IRRELEVANT = "panel", "none", "shuffled", "irrelevant"
CONTROL = "control"
"""The arm of items whose answer cannot depend on the persona."""
TAKEN = {"arm", "persona", "item", "run", "answer", "outcome", "rule", "scale", "wording", "order", "place"} | {
    "tokens_in", "tokens_out", "seconds", "finish", "text", "detail",
}  # fmt: skip
"""Columns of the table that no attribute may be called."""


@dataclass(frozen=True)
class Arms:
    """Everything a plan asks, made from its tables.

    Attributes:
        plan: the plan.
        personas: the panel.
        items: the questionnaire.
    """

    plan: Plan
    personas: tuple[Persona, ...]
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        for item in self.items:
            self._check_conditions(item)
            if (said := item.attributes.get("control", "")).strip().casefold() not in {"", "yes", "no"}:
                message = f'The item "{item.id}" has control "{said}"; write yes or no.'
                raise StudyError(message)
            if not _is_spelled(item.scale):
                message = f'The item "{item.id}" has a scale that cannot be written down: leave "|", ":" and outer spaces out of labels.'
                raise StudyError(message)
        if sum(item.is_control for item in self.items) == 1:
            message = "One item alone cannot show whether the persona moves what it should not; mark two or more as control, or none."
            raise StudyError(message)
        first: dict[str, Persona] = {}
        for persona in self.personas:
            if taken := sorted(TAKEN & set(persona.attributes)):
                message = f'The persona "{persona.id}" has the attribute "{taken[0]}", which is a column of the answers; rename it.'
                raise StudyError(message)
            if (twin := first.setdefault(persona.text, persona)) is not persona:
                message = f'The personas "{twin.id}" and "{persona.id}" have the same text and would share their answers; leave one out.'
                raise StudyError(message)
        if self.plan.score and (loose := [item.id for item in self.items if not self.prompt.ask(None, item).choices]):
            message = f'score: the item "{loose[0]}" has no labels to score; give it a scale such as 1|2|3|4|5 or ask without score.'
            raise StudyError(message)

    def _check_conditions(self, item: Item) -> None:
        """Every wording, order and scale of the plan exists, and every condition changes the prompt: replies are shared where it does not.

        Raises:
            StudyError: one does not.
        """
        seen: dict[tuple[Message, ...], Mapping[str, str]] = {}
        for condition in conditions(self.plan.conditions):
            asked = self.prompt.ask(Persona("", "a person"), item, 0, condition).messages
            if (before := seen.setdefault(asked, condition)) is not condition:
                one, other = (" / ".join(levels.values()) for levels in (before, condition))
                message = f'conditions: the item "{item.id}" is asked in the very same words under {one} and under {other}; leave one out.'
                raise StudyError(message)

    @property
    def prompt(self) -> Prompt:
        """How a persona and an item become a prompt."""
        return self.plan.prompt.prompt()

    @property
    def runs(self) -> int:
        """Runs of every cell; label probabilities need one."""
        return 1 if self.plan.score else self.plan.runs

    def grids(self) -> Mapping[str, Grid]:
        """The panel and each control that the plan wants, by the name of its arm."""
        panel = self._grid(self.personas, PANEL)
        found, wanted = {PANEL: panel}, self.plan.controls
        if wanted.none:
            found[NONE] = self._grid((None,), NONE)
        if wanted.shuffled and len(self.personas) > 1:
            turned = self.personas[1:] + self.personas[:1]
            found[SHUFFLED] = replace(self._grid(turned, SHUFFLED), names=[persona.id for persona in self.personas])
        if wanted.irrelevant and len(self.personas) > 1:
            found[IRRELEVANT] = self._grid(irrelevant(self.personas[: wanted.irrelevant], self.plan.seed), IRRELEVANT)
        return found

    def requests(self) -> Joined:
        """Every ask, controls first: should they fail, little is spent."""
        grids = self.grids()
        return Joined((*(grid for arm, grid in grids.items() if arm != PANEL), grids[PANEL]))

    def steps(self) -> Adaptive:
        """How adaptive asking grows the panel.

        Raises:
            StudyError: items on several scales, of which each would end at another point.
        """
        if len({spell_scale(item.scale) for item in self.items}) > 1:
            message = "adaptive: the items are on several scales; make a study of each, or ask the full grid."
            raise StudyError(message)
        most = Sizes(len(self.personas), len([item for item in self.items if not item.is_control]), self.runs)
        return Adaptive(most, level=self.plan.level, seed=self.plan.seed)

    def first(self, sizes: Sizes) -> "Arms":
        """The first so many personas, items and runs, in the order of adaptive asking; items that are controls are always asked."""
        personas, items = self.steps().order()
        asked = [item for item in self.items if not item.is_control]
        aside = tuple(item for item in self.items if item.is_control)
        return Arms(
            self.plan.model_copy(update={"runs": sizes.runs}),
            tuple(self.personas[at] for at in personas[: sizes.personas]),
            (*(asked[at] for at in items[: sizes.items]), *aside),
        )

    def _grid(self, personas: Sequence[Persona | None], arm: str) -> Grid:
        """Personas in one arm."""
        sampling: Sampling = self.plan.sampling.sampling()
        return Grid(
            personas, self.items, self.runs, self.prompt, conditions(self.plan.conditions), sampling, score=self.plan.score, arm=arm
        )

    def manifest(self, model: str) -> dict[str, object]:
        """Everything that decides what is asked, as JSON values; where it is kept and how hard the server is used do not."""
        aside = {"model", "personas", "items", "out", "limits", "caps", "prices", "level", "target", "check", "key_variable"}
        aside |= {"human", "studies", "remedies"}  # they ask further, in the same journal
        items = [{**vars(item), "scale": spell_scale(item.scale)} for item in self.items]
        return {
            "model": model,
            "study": self.plan.model_dump(by_alias=True, exclude=aside),
            "prompt": vars(self.prompt),
            "personas": [vars(persona) for persona in self.personas],
            "items": items,
        }


def _is_spelled(scale: Scale) -> bool:
    """Whether a run directory can remember a scale."""
    try:
        return isinstance(scale, FreeText) or parse_scale(spell_scale(scale)) == scale
    except AnswerError:
        return False


def irrelevant(personas: Sequence[Persona], seed: int = 0) -> tuple[Persona, ...]:
    """Texts as long as those of personas, about nothing that a person is; those of 16 personas begin with different sentences.

    Args:
        personas: whose length is matched, to the word.
        seed: draws the sentences.

    Examples:
        >>> texts = irrelevant([Persona("p", "You are a nurse. " * 10), Persona("q", "You are 70.")])
        >>> [len(text.text.split()) for text in texts]
        [40, 3]
    """
    found = []
    starts = random.Random(seed).sample(SENTENCES, len(SENTENCES))  # noqa: S311 (a draw, no secret)
    for at, persona in enumerate(personas):
        order, start = random.Random(f"{seed}/{at}"), starts[at % len(starts)]  # noqa: S311 (a draw, no secret)
        length, words = len(persona.text.split()), start.split()  # one start each: short texts that were equal would share their replies
        while len(words) < length:
            words += " ".join(order.sample([one for one in SENTENCES if one != start], len(SENTENCES) - 1)).split()
        found.append(Persona(f"irrelevant {at + 1}", " ".join(words[:length])))
    return tuple(found)
