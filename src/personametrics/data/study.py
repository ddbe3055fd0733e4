"""The shape of a study: what to ask, what the answers say, and a world where the truth is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY, Prompt
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, parse_scale, spell_scale

__all__ = ["Aim", "Elicitation", "Room", "Sign", "Study", "StudyWorld", "World", "one_scale"]
__all__ += ["NOBODY", "FreeText", "Item", "Message", "Nominal", "Numeric", "Ordinal", "Persona", "Prompt", "Request", "Responses"]
__all__ += ["Sampling", "parse_scale", "spell_scale"]

Aim = Literal["high", "low", "zero"]
"""Direction in which a number is better; zero: the nearer to 0, from either side, the better."""
World = Callable[[Request], Mapping[str, float]]
"""A function from a request to the probability of each possible answer."""


@dataclass(frozen=True)
class Room:
    """A limit on the length of a dialogue's prompts.

    Attributes:
        tokens: most tokens of a prompt; 0: no limit.
        overflow: `stop`: the dialogue ends at the limit; `truncate`: it goes on without its oldest turns, and a column `truncated` marks
            the turns asked in this way.
    """

    tokens: int = 0
    overflow: Literal["stop", "truncate"] = "stop"


@dataclass(frozen=True)
class Elicitation:
    """The settings with which a study turns its questions into requests.

    Attributes:
        runs: number of runs of each question; label probabilities need only one.
        score: True: ask for label probabilities instead of answers.
        prompt: templates that turn a persona and an item into a prompt.
        sampling: temperature and further settings of the draw.
        room: limit on the length of dialogues.
        conditions: conditions in which every question is asked, in addition to those of the study; see `Prompt.ask`.
    """

    runs: int = 5
    score: bool = False
    prompt: Prompt = field(default_factory=Prompt)
    sampling: Sampling = field(default_factory=Sampling)
    room: Room = field(default_factory=Room)
    conditions: Sequence[Mapping[str, str]] = ({},)

    def ask(
        self,
        persona: Persona | None,
        item: Item,
        columns: Mapping[str, str] | None = None,
        condition: Mapping[str, str] | None = None,
        before: Sequence[Message] | Callable[[int], Sequence[Message]] = (),
    ) -> list[Request]:
        """Return the requests of all runs of one question.

        Args:
            persona: who answers; None: the model without a persona.
            item: the item to answer.
            columns: values that the study reads later, such as `gold`; each becomes a column of the answers.
            condition: wording, order and place; see `Prompt.ask`.
            before: turns between the persona and the question, or a function from the run to these turns.
        """
        requests = []
        levels = [{**level, **(condition or {})} for level in self.conditions]
        for chosen in {frozenset(level.items()): level for level in levels}.values():  # two equal levels would pass for reruns
            about = {"scale": spell_scale(item.scale), **chosen, **(columns or {})}
            for run in range(1 if self.score else self.runs):
                request = self.prompt.ask(persona, item, run, chosen, sampling=self.sampling, score=self.score)
                turns = before(run) if callable(before) else before
                *first, question = self._after(persona, request) if turns else request.messages
                requests.append(replace(request, messages=(*first, *turns, question), about={**request.about, **about}))
        return requests

    def _after(self, persona: Persona | None, request: Request) -> tuple[Message, ...]:
        """Return the messages of a question that follows other turns; a persona given in a user turn was given in the first of them."""
        if persona is None or request.messages[0].role == "system":
            return request.messages
        head = self.prompt.persona.format(persona=persona.text)
        return (Message("user", request.messages[0].text.removeprefix(f"{head}\n\n")),)


@dataclass(frozen=True)
class StudyWorld:
    """A world with a known effect and one without an effect, in which a study proves itself.

    Attributes:
        personas: the personas of both worlds.
        items: the items of both worlds.
        world: the world with the effect.
        truth: true values of estimates in that world, by name.
        null: the world without the effect.
        verdict: label of the verdict that the study reaches in the world with the effect, given enough answers.
        quiet: labels of the verdicts that it may reach in the world without the effect.
        elicitation: settings of the requests, at the size at which the study promises to find the effect.
        study: the study with what it needs there, such as people's answers; None: the study as it is.
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
    """The meaning of one verdict of a study for the diagnosis of a panel.

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
    """A published measurement: the base class of every study.

    A study writes requests and reads replies; it never calls a model. Subclass it as a frozen dataclass in a file of its own: the fields
    are the study's knobs, and the file's name is the study's name. Every attribute that the verbs read is declared below; to let users
    set `level`, `margin`, `human` or `match`, declare it again as a field.

    Attributes:
        question: the study's question, in one sentence that ends with a question mark.
        reads: columns of the answers that the study reads in addition to persona, item, answer and run, with the meaning of each.
        aim: the estimate that a remedy should move, and the direction.
        cite: keys in references.bib.
        name: name of the study on the command line; "": the name of its file.
        signs: meaning of verdicts for the diagnosis, by the verdict's label.
        spread_group: the column within whose values personas are compared for their spread; "": all personas together.
        additive: True if every estimate follows from sums (`measures.sums`) over rows that depend on the answers of one persona alone:
            then `compare` leaves out personas and items by subtraction, and estimates nothing again.
        population: bundled personas of the embedded model that the study asks by default: a name in
            `models.embedded.society.panels.POPULATIONS`.
        guards: True: every comparison also reports how this study's aim changed, if the same answers can say.
        in_every_audit: True: every audit asks it as part of the panel, so that it is not among the further studies.
        level: coverage of the intervals, 0 to 1.
        margin: differences below this do not matter, in the unit of `aim`; `compare` uses it too.
        human: people's answers, for studies that compare with people; a study that declares no such field does not.
        match: pairing of groups of personas with groups of people: columns of the people's table by columns of the panel.
    """

    question: ClassVar[str]
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]]
    cite: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = ""
    signs: ClassVar[Mapping[str, Sign]] = {}
    spread_group: ClassVar[str] = ""
    additive: ClassVar[bool] = False
    population: ClassVar[str] = "strong"
    guards: ClassVar[bool] = False
    in_every_audit: ClassVar[bool] = False
    level: float = 0.9
    margin: float = 0.05
    human: Responses | None = None
    match: Mapping[str, str] = MappingProxyType({})

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> Sequence[Request]:
        """Return the requests of the study; of the items on offer, it takes those that carry what it needs.

        Raises:
            DesignError: no item carries what the study needs, or the personas lack it; the message says what to add.
        """
        raise NotImplementedError

    def estimate(self, responses: Responses) -> Finding:
        """Return the estimates and the verdict that follow from recorded answers with the columns of `reads`.

        Raises:
            InputError: a column is missing, or there are too few answers.
        """
        raise NotImplementedError

    def values(self, responses: Responses) -> Mapping[str, float]:
        """Return the values of the estimates by name, without intervals; NaN: undefined.

        `compare` calls this each time it leaves out a part of the answers. A study overrides it where the values alone take much less time
        than `estimate`; they must equal those of `estimate`, and estimates whose change means nothing may be left out.
        """
        return {estimate.name: estimate.value for estimate in self.estimate(responses).estimates}

    def known(self) -> StudyWorld:
        """Return worlds in which the truth is known."""
        raise NotImplementedError

    def knobs(self) -> dict[str, object]:
        """Return the fields of the study with their values."""
        study: Any = self
        return {knob.name: getattr(self, knob.name) for knob in fields(study)}

    def set(self, **knobs: object) -> Self:
        """Return the study with other values of its knobs; values of knobs that it does not have are left out."""
        study: Any = self
        own = {name: value for name, value in knobs.items() if name in self.knobs()}
        changed: Self = replace(study, **own) if own else study
        return changed

    @property
    def compares_with_people(self) -> bool:
        """True if the study has a knob for people's answers."""
        return "human" in self.knobs()


def one_scale(items: Sequence[Item]) -> list[Item]:
    """Return items that can be compared: opinions (or items without a kind) on the scale that most of them have, without controls."""
    candidates = [item for item in items if not item.is_control]
    candidates = [item for item in candidates if item.attributes.get("kind", "opinion") == "opinion"] or candidates
    scales = [spell_scale(item.scale) for item in candidates]
    return [item for item, scale in zip(candidates, scales, strict=True) if scale == max(scales, key=scales.count)]
