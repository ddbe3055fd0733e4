"""The shape of a study: what to ask, what the answers say, and a world where the truth is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Protocol

from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.responses import Responses
from personametrics.data.scale import spell_scale

Aim = Literal["high", "low", "zero"]
"""Where a number should lie; zero: neither below nor above."""
World = Callable[[Request], Mapping[str, float]]
"""From an ask to the probability of everything that may be answered."""


@dataclass(frozen=True)
class Room:
    """How long the prompt of a dialogue may grow.

    Attributes:
        tokens: at most; 0: as long as it gets.
        overflow: what happens beyond that: the dialogue `stop`s there, or it goes on without its oldest turns (`truncate`), which a column
            `truncated` says.
    """

    tokens: int = 0
    overflow: Literal["stop", "truncate"] = "stop"


@dataclass(frozen=True)
class Elicitation:
    """How a study's questions are put.

    Attributes:
        runs: how often each is asked; with label probabilities once is enough.
        score: ask for label probabilities instead of answers.
        prompt: how a persona and an item become a prompt.
        sampling: how answers are drawn.
        room: how long dialogues may grow.
    """

    runs: int = 5
    score: bool = False
    prompt: Prompt = field(default_factory=Prompt)
    sampling: Sampling = field(default_factory=Sampling)
    room: Room = field(default_factory=Room)

    def ask(
        self,
        persona: Persona | None,
        item: Item,
        columns: Mapping[str, str] | None = None,
        condition: Mapping[str, str] | None = None,
        before: Sequence[Message] | Callable[[int], Sequence[Message]] = (),
    ) -> list[Request]:
        """All runs of one question.

        Args:
            persona: who answers; None: the model itself.
            item: what is asked.
            columns: what the study reads of it later, such as `gold`; a column of the answers each.
            condition: wording, order, place; see `Prompt.request`.
            before: turns between the persona and the question; or a function from the run to these.
        """
        known = {"scale": spell_scale(item.scale), **(condition or {}), **(columns or {})}
        found = []
        for run in range(1 if self.score else self.runs):
            request = self.prompt.ask(persona, item, run, condition, sampling=self.sampling, score=self.score)
            said = before(run) if callable(before) else before
            *told, question = self._after(persona, request) if said else request.messages
            found.append(replace(request, messages=(*told, *said, question), about={**request.about, **known}))
        return found

    def _after(self, persona: Persona | None, request: Request) -> tuple[Message, ...]:
        """Messages of a question that others stand before: where the persona is told in a user turn, it was told in the first of those."""
        if persona is None or request.messages[0].role == "system":
            return request.messages
        head = self.prompt.persona.format(persona=persona.text)
        return (Message("user", request.messages[0].text.removeprefix(f"{head}\n\n")),)


@dataclass(frozen=True)
class StudyWorld:
    """A world in which the truth is known, and one in which there is nothing to find.

    Attributes:
        personas: who is asked there.
        items: what they are asked.
        world: where the effect is.
        truth: estimates by name, as they are in that world.
        null: where it is not.
        verdict: the label that the finding has in that world, given enough answers.
        quiet: labels that it may have in the other.
        elicitation: how the questions are put, at the size at which the study promises to find the effect.
        study: the study with what it needs there, such as people's answers; None: as it is.
    """

    personas: tuple[Persona, ...]
    items: tuple[Item, ...]
    world: World
    truth: Mapping[str, float]
    null: World
    verdict: str
    quiet: frozenset[str]
    elicitation: Elicitation = field(default_factory=Elicitation)
    study: "Study | None" = None


class Study(Protocol):
    """A published measurement; its fields are its knobs.

    Attributes:
        question: what it asks, in one sentence.
        reads: columns of the answers that it reads beside persona, item, answer, run, and what each means.
        aim: the estimate that a remedy should move, and where to.
        cite: keys in references.bib.
    """

    question: ClassVar[str]
    reads: ClassVar[Mapping[str, str]]
    aim: ClassVar[tuple[str, Aim]]
    cite: ClassVar[tuple[str, ...]]

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """What is asked; of items, those that carry what the study needs.

        Raises:
            DesignError: none does, or the personas lack what it needs; the message says what to add.
        """

    def estimate(self, responses: Responses) -> Finding:
        """What recorded answers say.

        Raises:
            InputError: a column is missing, or there is too little to say anything.
        """

    def known(self) -> StudyWorld:
        """A world in which the truth is known."""


def one_scale(items: Sequence[Item]) -> list[Item]:
    """Items that can be compared: opinions (or items of no kind) on the scale that most of them are on, without controls."""
    asked = [item for item in items if not item.is_control]
    asked = [item for item in asked if item.attributes.get("kind", "opinion") == "opinion"] or asked
    scales = [spell_scale(item.scale) for item in asked]
    return [item for item, scale in zip(asked, scales, strict=True) if scale == max(scales, key=scales.count)]
