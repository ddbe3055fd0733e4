"""Who has a stake in what a document is about, as a model reads it; only what the document says is kept."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, StringConstraints, ValidationError

from personametrics.data.errors import AnswerError
from personametrics.remedies.ground.documents import Document, Passage
from personametrics.stats.arrays import Ints

Field = Literal["demographics", "dimension", "specialty", "psychology", "relationships"]
FIELDS: tuple[Field, ...] = get_args(Field)
T = TypeVar("T")
Alike = Callable[[Sequence[str]], Ints]
"""From N texts to (N,) numbers, from 0, equal where two texts say the same."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@dataclass(frozen=True)
class Trait:
    """Something that a document says of a stakeholder.

    Attributes:
        field: what it is about; `dimension`: what the stakeholder judges by.
        says: in the model's words.
        passage: where the document says it.
    """

    field: Field
    says: str
    passage: Passage


@dataclass(frozen=True)
class Stakeholder:
    """A stakeholder as one document shows it.

    Attributes:
        name: what it is called.
        description: one sentence; it helps to recognise the same stakeholder in another document, and nobody is told it.
        traits: those whose quotation stands in the document.
        dropped: what the others say.
    """

    name: str
    description: str
    traits: tuple[Trait, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A stakeholder of several documents.

    Attributes:
        name: as it is called where it first appears.
        traits: by field, those that say the same together.
        dropped: number of traits without evidence.
    """

    name: str
    traits: Mapping[Field, Sequence[Sequence[Trait]]]
    dropped: int


class _Trait(BaseModel):
    """A trait as the model writes it."""

    field: Field
    says: Words
    quotation: str | None = None


class _Stakeholder(BaseModel):
    """A stakeholder as the model writes it."""

    name: Words
    description: str = ""
    traits: Sequence[_Trait] = ()


class _Reply(BaseModel):
    """What the model writes."""

    stakeholders: Sequence[_Stakeholder]


def read_stakeholders(document: Document, reply: str) -> tuple[Stakeholder, ...]:
    """Stakeholders from a model's reply about a document.

    Args:
        document: what it read.
        reply: JSON, in a code fence or not, perhaps with words around it.

    Returns:
        Each with the traits whose quotation stands in the document word for word, and with the number of the others.

    Raises:
        AnswerError: the reply holds no such JSON; the message names the document.

    Examples:
        >>> note = Document("a.txt", "The bell rings, and nobody comes.")
        >>> reply = '''{"stakeholders": [{"name": "patients", "traits": [
        ...     {"field": "dimension", "says": "Somebody comes.", "quotation": "nobody comes."},
        ...     {"field": "demographics", "says": "They are old.", "quotation": "all of them past eighty"}]}]}'''
        >>> (found,) = read_stakeholders(note, reply)
        >>> [trait.says for trait in found.traits], found.dropped
        (['Somebody comes.'], ('They are old.',))
    """
    try:
        written = _Reply.model_validate(json.JSONDecoder().raw_decode(reply[reply.index("{") :])[0])
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise _unreadable(document, f"{at}: {first['msg']}") from error
    except ValueError as error:
        raise _unreadable(document, "no JSON, or cut off") from error
    return tuple(_checked(document, one) for one in written.stakeholders)


def merged(stakeholders: Sequence[Stakeholder], alike: Alike) -> list[Role]:
    """The same stakeholders of several documents as one, in the order in which they first appear.

    Args:
        stakeholders: of all documents.
        alike: which of their names with descriptions, and which of the things said of one, are the same.
    """
    groups = _together(stakeholders, [f"{one.name}. {one.description}" for one in stakeholders], alike)
    return [Role(group[0].name, _traits(group, alike), sum(len(one.dropped) for one in group)) for group in groups]


def _traits(group: Sequence[Stakeholder], alike: Alike) -> dict[Field, list[list[Trait]]]:
    """What is said of a merged stakeholder."""
    by_field = {field: [trait for one in group for trait in one.traits if trait.field == field] for field in FIELDS}
    return {field: _together(traits, [trait.says for trait in traits], alike) for field, traits in by_field.items()}


def _together(members: Sequence[T], texts: Sequence[str], alike: Alike) -> list[list[T]]:
    """Members whose texts are the same."""
    found: dict[int, list[T]] = {}
    for member, at in zip(members, alike(texts) if texts else (), strict=True):
        found.setdefault(int(at), []).append(member)
    return list(found.values())


def _checked(document: Document, written: _Stakeholder) -> Stakeholder:
    """A stakeholder with what the document says of it."""
    found = [(trait, document.find(trait.quotation or "")) for trait in written.traits]
    kept = tuple(Trait(trait.field, trait.says, passage) for trait, passage in found if passage)
    return Stakeholder(written.name, written.description, kept, tuple(trait.says for trait, passage in found if not passage))


def _unreadable(document: Document, reason: str) -> AnswerError:
    """One sentence about a reply."""
    what = f"The model's reply about the document '{document.id}' is not the JSON it was asked for ({reason})"
    return AnswerError(f"{what}; use another model, or leave the document out.")
