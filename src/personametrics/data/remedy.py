"""The shape of a remedy: a panel goes through five stages, and a remedy changes the one where it acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar, Literal, Self

from personametrics.data.errors import DesignError
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.study import Elicitation, Study, World

Stage = Literal["personas", "requests", "model", "responses", "estimates"]
"""A stage at which a remedy acts: the methods of `Remedy` with the same names, in the order in which they are called."""
Split = Literal["items", "people"]
"""What a remedy learns from, and what is therefore held out when it is evaluated."""


@dataclass(frozen=True)
class RemedyWorld:
    """A world with the defect that a remedy is published against and one without it, in which a remedy proves itself.

    Attributes:
        study: the study that shows the defect, by name and knobs, as `members.study` reads it.
        personas: the personas of both worlds.
        items: the items of both worlds.
        world: the world with the defect.
        change: true changes of the study's estimates in that world, by name.
        null: the world in which none of these estimates changes.
        elicitation: settings of the requests.
        human: function from a seed, and whether the defect is there, to people's answers in that world; None: the remedy needs none.
        remedy: the remedy with what it needs there, such as documents; None: the remedy as it is.
    """

    study: str
    personas: tuple[Persona, ...]
    items: tuple[Item, ...]
    world: World
    change: Mapping[str, float]
    null: World
    elicitation: Elicitation = field(default_factory=Elicitation)
    human: Callable[[int, bool], Responses] | None = None
    remedy: "Remedy | None" = None


@dataclass(frozen=True)
class Remedy:
    """A published way to make a failure of a panel smaller: the base class of every remedy.

    A remedy changes one of five stages: who is asked, what is asked, what answers, which answers are read, and which numbers follow. It
    never measures whether it helps; `compare` does. Subclass it as a frozen dataclass in a file of its own and override the method of the
    stage: the fields are the remedy's knobs, and the file's name is the remedy's name. The base class itself changes nothing.

    Attributes:
        seen: ids of the items or people on which it was fitted; it is never evaluated on them.
        says: what it does, in one sentence that ends with a full stop.
        acts_on: the stage; None: nowhere, as the base class.
        against: failures of the diagnosis against which it is published, such as `instability`.
        cite: keys in references.bib.
        name: name of the remedy on the command line; "": the name of its file.
        splits: what `fit` learns from and evaluation leaves out; None: it learns nothing.
        replays: True if recorded answers show its effect although it acts before answers are given.
    """

    seen: frozenset[str] = field(default=frozenset(), kw_only=True, repr=False)
    says: ClassVar[str] = ""
    acts_on: ClassVar[Stage | None] = None
    against: ClassVar[tuple[str, ...]] = ()
    cite: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = ""
    splits: ClassVar[Split | None] = None
    replays: ClassVar[bool] = False

    @property
    def links(self) -> "tuple[Remedy, ...]":
        """The remedies of a chain, in order; of any other remedy, itself."""
        return (self,)

    def knobs(self) -> dict[str, object]:
        """Return the fields of the remedy with their values, without what it has learned (fields by keyword only)."""
        return {knob.name: getattr(self, knob.name) for knob in fields(self) if not knob.kw_only}

    def fit(self, responses: Responses, human: Responses | None) -> Self:  # noqa: ARG002 (most remedies learn nothing)
        """Return a fitted copy.

        Args:
            responses: answers of the panel; of calibration items only, where the remedy splits by items.
            human: people's answers, of calibration items or people; None: there are none.

        Raises:
            DesignError: the remedy cannot learn from these answers.
        """
        return self

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:  # noqa: ARG002 (most remedies need nothing written)
        """Return the requests for texts that a model writes before the study is asked.

        Args:
            personas: the panel without the remedy.
        """
        return []

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:  # noqa: ARG002
        """Return the personas to ask.

        Args:
            personas: the panel without the remedy.
            written: the texts that the model wrote, in the order of `drafts`.
        """
        return tuple(personas)

    def notices(self, written: Sequence[str]) -> list[Notice]:  # noqa: ARG002 (most remedies have nothing to report)
        """Return what a reader must know about the texts that the model wrote.

        Args:
            written: the texts, in the order of `drafts`.
        """
        return []

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests to make.

        Args:
            requests: the requests of the study without the remedy.
        """
        return list(requests)

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:  # noqa: ARG002
        """Return the model that answers, under another `id` if its answers differ.

        Args:
            model: the model without the remedy.
            personas: the personas to ask.

        Raises:
            StudyError: the model lacks what the remedy needs.
        """
        return model

    def responses(self, responses: Responses) -> Responses:
        """Return the answers that the study reads.

        Args:
            responses: the answers as they came.
        """
        return responses

    def estimates(self, study: Study) -> Study:
        """Return the study that makes the estimates.

        Args:
            study: the study without the remedy.
        """
        return study

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:  # noqa: ARG002
        """Return the values that theory predicts for estimates, by name.

        Args:
            before: values of the estimates without the remedy.
        """
        return {}

    def rival(self) -> "Remedy | str | None":
        """Return the baseline at equal cost: a remedy, or its name and knobs.

        It is asked in as many runs as the price of this remedy pays for. None: averaging, if this remedy makes more calls.
        """
        return None

    def known(self) -> RemedyWorld:
        """Return worlds in which the truth is known."""
        raise NotImplementedError


@dataclass(frozen=True)
class Chain(Remedy):
    """A sequence of remedies that act, within each stage, one after the other.

    Attributes:
        remedies: the remedies, in order.
    """

    remedies: tuple[Remedy, ...] = ()
    says: ClassVar[str] = "Several remedies, one after the other."

    @property
    def links(self) -> tuple[Remedy, ...]:
        """The remedies, in order."""
        return self.remedies

    @property
    def cite(self) -> tuple[str, ...]:  # type: ignore[override]
        """The keys of all remedies."""
        return tuple(dict.fromkeys(key for remedy in self.remedies for key in remedy.cite))

    @property
    def splits(self) -> Split | None:  # type: ignore[override]
        """The kind of data that a remedy of the chain learns from.

        Raises:
            DesignError: a remedy learns from items, another from people.
        """
        splits = {remedy.splits for remedy in self.remedies} - {None}
        if len(splits) > 1:
            message = "One remedy of this chain learns from items, another from people. Compare them one at a time."
            raise DesignError(message)
        return splits.pop() if splits else None

    def fit(self, responses: Responses, human: Responses | None) -> "Chain":
        """Return a chain of fitted copies; each learns from the answers as the remedies before it leave them."""
        fitted: list[Remedy] = []
        for remedy in self.remedies:
            responses = fitted[-1].responses(responses) if fitted else responses
            fitted.append(remedy.fit(responses, human))
        return replace(self, remedies=tuple(fitted))

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Return the drafts of the remedy that has texts written.

        Raises:
            DesignError: several remedies do.
        """
        drafts = [requests for remedy in self.remedies if (requests := remedy.drafts(personas))]
        if len(drafts) > 1:
            message = "Two remedies of this chain have texts written. Use one of them."
            raise DesignError(message)
        return drafts[0] if drafts else []

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """Return the personas after all remedies; the texts go to the remedy that drafted them."""
        asked = tuple(personas)
        for remedy in self.remedies:
            asked = remedy.personas(asked, written if remedy.drafts(personas) else ())
        return asked

    def notices(self, written: Sequence[str]) -> list[Notice]:
        """Return the notices of all remedies."""
        return [notice for remedy in self.remedies for notice in remedy.notices(written)]

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests after all remedies."""
        changed = list(requests)
        for remedy in self.remedies:
            changed = remedy.requests(changed)
        return changed

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """Return the model after all remedies."""
        for remedy in self.remedies:
            model = remedy.model(model, personas)
        return model

    def responses(self, responses: Responses) -> Responses:
        """Return the answers after all remedies."""
        for remedy in self.remedies:
            responses = remedy.responses(responses)
        return responses

    def estimates(self, study: Study) -> Study:
        """Return the study after all remedies."""
        for remedy in self.remedies:
            study = remedy.estimates(study)
        return study
