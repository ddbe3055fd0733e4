"""The shape of a remedy: a panel goes through five stages, and a remedy changes the one where it acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import ClassVar, Literal, Self, TypeVar

from personametrics.data.errors import DesignError
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.study import Elicitation, Study, World

Stage = Literal["personas", "asks", "model", "responses", "estimates"]
Split = Literal["items", "people"]
T = TypeVar("T")


@dataclass(frozen=True)
class RemedyWorld:
    """A world with the defect that a remedy cures, and one in which it must do nothing.

    Attributes:
        study: that shows it, by name and knobs, as `members.study` reads it.
        personas: who is asked there.
        items: what they are asked.
        world: with the defect.
        change: by how much estimates of the study change there, by name.
        null: where none of these changes.
        elicitation: how the questions are put.
        human: from the seed of a world (with the defect, or not) to people's answers in it; None: the remedy needs none.
        remedy: with what it needs there, such as documents; None: as it is.
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
    """Five stages that change nothing; a remedy overrides the one where it acts. Its fields are its knobs.

    Attributes:
        seen: ids of the items or people that it was fitted on; it is never evaluated on them.
        says: what it does, in one sentence.
        acts_on: the stage.
        cite: keys in references.bib.
        splits: what `fit` learns from and evaluation must leave out: items, people, or nothing, where it learns nothing.
        replays: whether recorded answers can tell what it does, although it acts before they are given.
    """

    seen: frozenset[str] = field(default=frozenset(), kw_only=True, repr=False)
    says: ClassVar[str]
    acts_on: ClassVar[Stage]
    cite: ClassVar[tuple[str, ...]] = ()
    splits: ClassVar[Split | None] = None
    replays: ClassVar[bool] = False

    def fit(self, responses: Responses, human: Responses | None) -> Self:  # noqa: ARG002 (most learn nothing)
        """A fitted copy.

        Args:
            responses: of the panel, to calibration items where it splits by items.
            human: people's answers, of calibration items or people; None where there are none.

        Raises:
            DesignError: it cannot learn from these.
        """
        return self

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:  # noqa: ARG002 (most need nothing written)
        """What a model has to write before anybody is asked."""
        return []

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:  # noqa: ARG002
        """Whom to ask.

        Args:
            personas: whom one would ask without it.
            written: what the model wrote, in the order of `drafts`.
        """
        return tuple(personas)

    def notices(self, written: Sequence[str]) -> list[Notice]:  # noqa: ARG002 (most have nothing to say)
        """What a reader must know of what the model wrote."""
        return []

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """What to ask."""
        return list(requests)

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:  # noqa: ARG002
        """What answers; another `id` if it answers otherwise.

        Raises:
            StudyError: the model lacks what is needed.
        """
        return model

    def responses(self, responses: Responses) -> Responses:
        """The answers that are read."""
        return responses

    def estimates(self, study: Study) -> Study:
        """The study, as it estimates under this remedy."""
        return study

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:  # noqa: ARG002
        """What theory says that estimates will be, by name.

        Args:
            before: estimates without the remedy.
        """
        return {}

    def rival(self) -> "Remedy | str | None":
        """Return the baseline at equal cost: a remedy, or its name and knobs.

        It is asked in as many runs as the price of this remedy pays for. None: averaging, if this remedy makes more calls.
        """
        return None

    def known(self) -> RemedyWorld:
        """Worlds in which the truth is known."""
        raise NotImplementedError


@dataclass(frozen=True)
class Chain(Remedy):
    """Remedies one after the other.

    Attributes:
        remedies: in the order in which they act within a stage.
    """

    remedies: tuple[Remedy, ...] = ()
    says: ClassVar[str] = "Several remedies, one after the other."

    @property
    def cite(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of all."""
        return tuple(dict.fromkeys(key for one in self.remedies for key in one.cite))

    @property
    def splits(self) -> Split | None:  # type: ignore[override]
        """What any of them learns from.

        Raises:
            DesignError: one learns from items, another from people.
        """
        found = {one.splits for one in self.remedies} - {None}
        if len(found) > 1:
            message = "One remedy of this chain learns from items, another from people; compare them one at a time."
            raise DesignError(message)
        return found.pop() if found else None

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Of the one remedy that writes personas.

        Raises:
            DesignError: several do.
        """
        found = [requests for one in self.remedies if (requests := one.drafts(personas))]
        if len(found) > 1:
            message = "Two remedies of this chain have personas written; use one of them."
            raise DesignError(message)
        return found[0] if found else []

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """As `Remedy.personas`."""
        return self._fold(tuple(personas), lambda one, so_far: one.personas(so_far, written if one.drafts(personas) else ()))

    def notices(self, written: Sequence[str]) -> list[Notice]:
        """As `Remedy.notices`."""
        return [notice for one in self.remedies for notice in one.notices(written)]

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """As `Remedy.asks`."""
        return self._fold(list(requests), lambda one, so_far: one.requests(so_far))

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """As `Remedy.model`."""
        return self._fold(model, lambda one, so_far: one.model(so_far, personas))

    def responses(self, responses: Responses) -> Responses:
        """As `Remedy.responses`."""
        return self._fold(responses, lambda one, so_far: one.responses(so_far))

    def estimates(self, study: Study) -> Study:
        """As `Remedy.estimates`."""
        return self._fold(study, lambda one, so_far: one.estimates(so_far))

    def fit(self, responses: Responses, human: Responses | None) -> "Chain":
        """Each learns from the answers as those before it leave them."""
        found: list[Remedy] = []
        for one in self.remedies:
            responses = found[-1].responses(responses) if found else responses
            found.append(one.fit(responses, human))
        return replace(self, remedies=tuple(found))

    def _fold(self, start: T, step: Callable[[Remedy, T], T]) -> T:
        return reduce(lambda so_far, one: step(one, so_far), self.remedies, start)
