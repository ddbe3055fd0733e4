"""The shape of a study: what to ask, what the answers say, and a world where the truth is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import ClassVar, Literal, Self

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


@dataclass(frozen=True)
class Sign:
    """What one verdict of a study means for the diagnosis of a panel.

    Attributes:
        shows: failures that the verdict shows, such as `instability`.
        clears: failures that the verdict rules out.
        needed_for: uses for which a panel is not fit without this verdict.
        spoils: uses for which this verdict makes a panel unfit.
        gravity: rank among the studies that show a failure: the study with the highest is named first, and remedies are measured by it.
    """

    shows: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    needed_for: tuple[str, ...] = ()
    spoils: tuple[str, ...] = ()
    gravity: int = 0


class Study:
    """A published measurement: the base of every study.

    Subclass it as a frozen dataclass in a file of its own; the fields are the study's knobs, and the file's name is the study's name. A
    knob below is read by every verb: to let users set it, declare it again as a field.

    Attributes:
        question: what the study asks, in one sentence.
        reads: columns of the answers that the study reads in addition to persona, item, answer and run, with the meaning of each.
        aim: the estimate that a remedy should move, and the direction.
        cite: keys in references.bib.
        signs: meaning of verdicts for the diagnosis, by the verdict's label.
        spread_group: the column within whose values personas are compared for their spread; "": all personas together.
        idle: knobs that change no estimate but take time, with the values that they have where a study is estimated again and again.
        population: which bundled personas of the embedded model the study is asked of by default: a name in
            `models.embedded.society.panels.POPULATIONS`.
        level: coverage of the intervals, 0 to 1.
        margin: differences below this do not matter, in the unit of `aim`; `compare` uses it too.
        human: people's answers, for studies that compare with people; a study that declares no such field does not.
        match: how people's groups are found in the panel: columns of both, from the panel's to the people's.
    """

    question: ClassVar[str]
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]]
    cite: ClassVar[tuple[str, ...]] = ()
    signs: ClassVar[Mapping[str, Sign]] = {}
    spread_group: ClassVar[str] = ""
    idle: ClassVar[Mapping[str, object]] = {}
    population: ClassVar[str] = "strong"
    level: float = 0.9
    margin: float = 0.05
    human: Responses | None = None
    match: Mapping[str, str] = MappingProxyType({})

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return the requests of the study; of the items, it takes those that carry what it needs.

        Args:
            personas: who is asked.
            items: what they are asked.
            elicitation: how often and how the questions are put.

        Raises:
            DesignError: no item does, or the personas lack what the study needs; the message says what to add.
        """
        raise NotImplementedError

    def estimate(self, responses: Responses) -> Finding:
        """Return what recorded answers say.

        Args:
            responses: the answers, with the columns of `reads`.

        Raises:
            InputError: a column is missing, or there are too few answers.
        """
        raise NotImplementedError

    def known(self) -> StudyWorld:
        """Return a world in which the truth is known."""
        raise NotImplementedError

    def knobs(self) -> dict[str, object]:
        """Return the fields of the study with their values."""
        return dict(vars(self))

    def set(self, **knobs: object) -> Self:
        """Return the study with other knobs; of these, knobs that it does not have are left out."""
        return replace(self, **{name: value for name, value in knobs.items() if name in vars(self)})  # type: ignore[type-var]


def one_scale(items: Sequence[Item]) -> list[Item]:
    """Items that can be compared: opinions (or items of no kind) on the scale that most of them are on, without controls."""
    asked = [item for item in items if not item.is_control]
    asked = [item for item in asked if item.attributes.get("kind", "opinion") == "opinion"] or asked
    scales = [spell_scale(item.scale) for item in asked]
    return [item for item, scale in zip(asked, scales, strict=True) if scale == max(scales, key=scales.count)]
