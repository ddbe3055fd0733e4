"""Stakeholders of a document as a model reads them; only traits that the document shows are kept."""

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
"""A function from N texts to (N,) codes, from 0, equal for texts with the same meaning."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@dataclass(frozen=True)
class Trait:
    """A trait of a stakeholder that a document shows.

    Attributes:
        field: kind of trait; `dimension`: a criterion of the stakeholder.
        says: the trait in the model's words.
        passage: evidence in the document.
    """

    field: Field
    says: str
    passage: Passage


@dataclass(frozen=True)
class Stakeholder:
    """A stakeholder as one document shows it.

    Attributes:
        name: name of the stakeholder.
        description: one sentence that helps to recognise the same stakeholder in another document; it is not part of a persona.
        traits: traits with a quotation from the document.
        dropped: words of the other traits.
    """

    name: str
    description: str
    traits: tuple[Trait, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A stakeholder of several documents.

    Attributes:
        name: name in the first document.
        traits: traits by field, in groups with the same meaning.
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
    """The reply of the model."""

    stakeholders: Sequence[_Stakeholder]


def read_stakeholders(document: Document, reply: str) -> tuple[Stakeholder, ...]:
    """Read stakeholders from a model's reply about a document.

    Args:
        document: the document.
        reply: JSON, in a code fence or not, perhaps with words around it.

    Returns:
        Stakeholders with the traits whose quotation occurs in the document word for word, and with the words of the other traits.

    Raises:
        AnswerError: the reply does not hold such JSON; the message names the document.

    Examples:
        >>> note = Document("a.txt", "The bell rings, and nobody comes.")
        >>> reply = '''{"stakeholders": [{"name": "patients", "traits": [
        ...     {"field": "dimension", "says": "Somebody comes.", "quotation": "nobody comes."},
        ...     {"field": "demographics", "says": "They are old.", "quotation": "all of them past eighty"}]}]}'''
        >>> (patients,) = read_stakeholders(note, reply)
        >>> [trait.says for trait in patients.traits], patients.dropped
        (['Somebody comes.'], ('They are old.',))
    """
    try:
        written = _Reply.model_validate(json.JSONDecoder().raw_decode(reply[reply.index("{") :])[0])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise _unreadable(document, f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise _unreadable(document, "no JSON, or cut off") from error
    return tuple(_with_evidence(document, stakeholder) for stakeholder in written.stakeholders)


def merged_roles(stakeholders: Sequence[Stakeholder], alike: Alike) -> list[Role]:
    """Return the stakeholders of several documents, the same ones merged, in the order of their first appearance.

    Args:
        stakeholders: stakeholders of all documents.
        alike: function that finds equal names with descriptions, and equal traits of one stakeholder.
    """
    texts = [f"{stakeholder.name}. {stakeholder.description}" for stakeholder in stakeholders]
    groups = _grouped(stakeholders, texts, alike)
    return [Role(group[0].name, _merged_traits(group, alike), sum(len(member.dropped) for member in group)) for group in groups]


def _merged_traits(group: Sequence[Stakeholder], alike: Alike) -> dict[Field, list[list[Trait]]]:
    """Return the traits of a merged stakeholder by field."""
    by_field = {field: [trait for member in group for trait in member.traits if trait.field == field] for field in FIELDS}
    return {field: _grouped(traits, [trait.says for trait in traits], alike) for field, traits in by_field.items()}


def _grouped(members: Sequence[T], texts: Sequence[str], alike: Alike) -> list[list[T]]:
    """Return groups of members with equal texts."""
    groups: dict[int, list[T]] = {}
    for member, code in zip(members, alike(texts) if texts else (), strict=True):
        groups.setdefault(int(code), []).append(member)
    return list(groups.values())


def _with_evidence(document: Document, written: _Stakeholder) -> Stakeholder:
    """Return a stakeholder with the traits that the document shows."""
    passages = [(trait, document.find(trait.quotation or "")) for trait in written.traits]
    kept = tuple(Trait(trait.field, trait.says, passage) for trait, passage in passages if passage)
    return Stakeholder(written.name, written.description, kept, tuple(trait.says for trait, passage in passages if not passage))


def _unreadable(document: Document, reason: str) -> AnswerError:
    """Return the error about an unreadable reply."""
    problem = f"The model's reply about the document '{document.id}' is not the JSON it was asked for ({reason})"
    return AnswerError(f"{problem}. Use another model, or leave the document out.")
