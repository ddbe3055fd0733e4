"""The shape of a remedy: a panel goes through five stages, and a remedy changes the one where it acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from personametrics.data.errors import DesignError, StudyError, ensure, options
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
    stage: the fields are the remedy's knobs, and the file's name is the remedy's name. The base class itself changes nothing. A knob whose
    type is a `Literal` (not postponed by `from __future__ import annotations`) takes only these values; every stage may raise an
    `InputError` that says what it lacks.

    Attributes:
        seen: ids of the items or people on which it was fitted; it is never evaluated on them.
        says: what it does, in one sentence that ends with a full stop.
        acts_on: the stage; None: nowhere, as the base class.
        against: failures of the diagnosis against which it is published, such as `instability`.
        cite: keys in references.bib.
        name: name of the remedy on the command line; "": the name of its file.
        splits: what `fit` learns from and evaluation leaves out; None: it learns nothing.
        replays: True if recorded answers show its effect although it acts before answers are given.
        budget: knob that sets how many runs it makes of each; the remedy that has one is the baseline of all that make more requests.
        on_labels: knobs with which it is tried where all answers are labels, which have no mean.
    """

    seen: frozenset[str] = field(default=frozenset(), kw_only=True, repr=False)
    says: ClassVar[str] = ""
    acts_on: ClassVar[Stage | None] = None
    against: ClassVar[tuple[str, ...]] = ()
    cite: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = ""
    splits: ClassVar[Split | None] = None
    replays: ClassVar[bool] = False
    budget: ClassVar[str] = ""
    on_labels: ClassVar[Mapping[str, Any]] = {}

    def __post_init__(self) -> None:
        """Refuse unknown values of knobs."""
        for knob in fields(self):
            value, valid = getattr(self, knob.name), get_args(knob.type)
            if get_origin(knob.type) is Literal and value not in valid:
                name = self.name or type(self).__module__.rpartition(".")[2]
                message = f'{name}.{knob.name}: unknown value "{value}". {options(str(value), map(str, valid))}.'
                raise StudyError(message)

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
        """Return the requests for texts that a model writes before the study is asked, for the panel without the remedy."""
        return []

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:  # noqa: ARG002
        """Return the personas to ask, for the panel without the remedy and the written texts, in the order of `drafts`."""
        return tuple(personas)

    def notices(self, written: Sequence[str]) -> list[Notice]:  # noqa: ARG002 (most remedies have nothing to report)
        """Return what a reader must know about the texts that the model wrote, in the order of `drafts`."""
        return []

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests to make, for the requests of the study without the remedy."""
        return list(requests)

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:  # noqa: ARG002
        """Return the model that answers, under another `id` if its answers differ; raises StudyError if it lacks what the remedy needs."""
        return model

    def responses(self, responses: Responses) -> Responses:
        """Return the answers that the study reads, for the answers as they came."""
        return responses

    def estimates(self, study: Study) -> Study:
        """Return the study that makes the estimates; a remedy that acts on estimates becomes the estimator of a study about people."""
        if self.acts_on != "estimates":
            return study
        if "estimator" not in study.knobs():
            name, remedy = (member.name or type(member).__module__.rpartition(".")[2] for member in (study, self))
            message = f"The study {name} does not estimate numbers about people. Use the remedy {remedy} with the study population."
            raise DesignError(message)
        return study.set(estimator=self)

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:  # noqa: ARG002
        """Return the values that theory predicts for estimates, by name, from those without the remedy."""
        return {}

    def rival(self) -> "Remedy | str | None":
        """Return the baseline at equal cost: a remedy, or its name and knobs. None: averaging, if this remedy makes more calls.

        It is asked in as many runs as the price of this remedy pays for.
        """
        return None

    def known(self) -> RemedyWorld:
        """Return worlds in which the truth is known."""
        raise NotImplementedError


@dataclass(frozen=True)
class Chain(Remedy):
    """A sequence of remedies that act, within each stage, one after the other."""

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
        """The kind of data that a remedy of the chain learns from; raises DesignError if one learns from items and another from people."""
        splits = {remedy.splits for remedy in self.remedies} - {None}
        ensure(len(splits) < 2, "One remedy of this chain learns from items, and another learns from people. Compare them one at a time.")
        return splits.pop() if splits else None

    def fit(self, responses: Responses, human: Responses | None) -> "Chain":
        """Return a chain of fitted copies; each learns from the answers as the remedies before it leave them."""
        fitted: list[Remedy] = []
        for remedy in self.remedies:
            responses = fitted[-1].responses(responses) if fitted else responses
            fitted.append(remedy.fit(responses, human))
        return replace(self, remedies=tuple(fitted))

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Return the drafts of the remedy that has texts written; raises DesignError if several do."""
        drafts = [requests for remedy in self.remedies if (requests := remedy.drafts(personas))]
        ensure(len(drafts) < 2, "Two remedies of this chain ask a model to write texts. Use only one of these remedies.")
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
        return reduce(lambda changed, remedy: remedy.requests(changed), self.remedies, list(requests))

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """Return the model after all remedies."""
        return reduce(lambda changed, remedy: remedy.model(changed, personas), self.remedies, model)

    def responses(self, responses: Responses) -> Responses:
        """Return the answers after all remedies."""
        return reduce(lambda changed, remedy: remedy.responses(changed), self.remedies, responses)

    def estimates(self, study: Study) -> Study:
        """Return the study after all remedies."""
        return reduce(lambda changed, remedy: remedy.estimates(changed), self.remedies, study)
