"""Documents, and their stakeholders as a model reads them; only traits that a quotation shows are kept."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, StringConstraints, ValidationError

from personametrics.data.errors import AnswerError, DesignError, ReadError
from personametrics.data.persona import Persona
from personametrics.data.reading import unreadable
from personametrics.data.roster import read_personas
from personametrics.stats.arrays import Ints

SUFFIXES = (".txt", ".md")
QUOTES = dict.fromkeys("\"'`´‘’‚‛“”„‟«»‹›″′「」『』", "'")
"""Quotation marks and apostrophes; all count as one, since a text and its quotation may use different ones."""
BOUNDARY = re.compile(r"[.!?…]['\"’”»)\]]*\s++(?![a-zß-öø-ÿ])|[。！？][」』”’]*|\n\s*\n")
"""The end of a sentence: no small letter follows."""
SHORTEST = 12
"""A quotation of fewer characters occurs in almost any text and is not evidence."""
Field = Literal["demographics", "dimension", "specialty", "psychology", "relationships"]
FIELDS: tuple[Field, ...] = get_args(Field)
T = TypeVar("T")
Alike = Callable[[Sequence[str]], Ints]
"""A function from N texts to (N,) codes, from 0, equal for texts with the same meaning."""
TOLD: Mapping[Field, str] = {
    "demographics": "Who you are",
    "dimension": "What you judge by",
    "specialty": "What you know",
    "psychology": "What you are like",
    "relationships": "Whom you deal with",
}
"""The label of each field in a persona's text."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@dataclass(frozen=True)
class Passage:
    """A place in a document: its id, the sentence (from 1) in which it begins, and the characters (from 0) from start to before end."""

    document: str
    sentence: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Document:
    """A document: its words under a file name or another id, unique among the documents."""

    id: str
    text: str

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        """The text with equal white space and quotation marks, and the place of each of its characters."""
        return _plain(self.text)

    def find(self, quotation: str) -> Passage | None:
        r"""Find the first place of a quotation, word for word; white space and the kind of quotation marks do not count.

        It is None if the quotation does not occur, or is shorter than 12 characters.

        Examples:
            >>> Document("a.txt", "It is late. “We don’t\n sleep” she said.").find('We don\'t sleep" she')
            Passage(document='a.txt', sentence=2, start=13, end=33, text='We don’t\n sleep” she')
        """
        sought = _plain(quotation)[0].strip(" '")
        text, places = self._plain
        first = text.find(sought) if len(sought) >= SHORTEST else -1
        if first < 0:
            return None
        start, end = places[first], places[first + len(sought) - 1] + 1
        sentence = 1 + sum(boundary.end() <= start for boundary in BOUNDARY.finditer(self.text))
        return Passage(self.id, sentence, start, end, self.text[start:end])


def _plain(text: str) -> tuple[str, list[int]]:
    """Return a text with a blank for white space and an apostrophe for any quotation mark, and the place of each character."""
    characters: list[str] = []
    places = []
    for place, character in enumerate(text):
        plain = " " if character.isspace() else QUOTES.get(character, character)
        if plain != " " or characters[-1:] != [" "]:
            characters.append(plain)
            places.append(place)
    return "".join(characters), places


def read_documents(source: str | Path) -> tuple[Document, ...]:
    """Read documents from a table (CSV, Parquet, NDJSON) with the columns id and text, or from the .txt and .md files of a folder, by name.

    A folder is read with its folders, without hidden files.

    Raises:
        InputError: documents are missing, a text is empty, a file is neither text nor hidden, or the table lacks a column or repeats an id.
    """
    folder = Path(source)
    if not folder.is_dir():
        return tuple(Document(row.id, row.text) for row in read_personas(str(source)))
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    documents = tuple(_read(folder, name) for name in names if not any(part.startswith(".") for part in name.parts))
    if not documents:
        message = f"{folder} holds no documents. Put {' or '.join(SUFFIXES)} files into it."
        raise ReadError(message)
    return documents


def _read(folder: Path, name: Path) -> Document:
    """Read one file."""
    path = folder / name
    if name.suffix.lower() not in SUFFIXES:
        message = f"{path} is not a {' or '.join(SUFFIXES)} file. Convert it to text, or move it out of the folder of documents."
        raise ReadError(message)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    if not text.strip():
        message = f"{path} is empty. Write a text into it, or move it out of the folder of documents."
        raise ReadError(message)
    return Document(name.as_posix(), text)


@dataclass(frozen=True)
class Trait:
    """A trait of a stakeholder in the model's words, with the passage of a document that shows it; a `dimension` is a criterion."""

    field: Field
    says: str
    passage: Passage


@dataclass(frozen=True)
class Stakeholder:
    """A stakeholder as one document shows it: the traits with a quotation, and the words of those that were dropped.

    The description helps to recognise the same stakeholder in another document; it is not part of a persona.
    """

    name: str
    description: str
    traits: tuple[Trait, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A stakeholder of several documents: its first name, its traits by field in groups with the same meaning, and the number dropped."""

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
    """Read stakeholders from a model's reply about a document: JSON, in a code fence or not, perhaps with words around it.

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
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise _unreadable(document, f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise _unreadable(document, "it has no JSON, or was cut off") from error
    return tuple(_with_evidence(document, stakeholder) for stakeholder in written.stakeholders)


def merged_roles(stakeholders: Sequence[Stakeholder], alike: Alike) -> list[Role]:
    """Return the stakeholders of all documents in the order of their first appearance; those that are `alike`, and their traits, merged."""
    texts = [f"{stakeholder.name}. {stakeholder.description}" for stakeholder in stakeholders]
    roles = []
    for group in _grouped(stakeholders, texts, alike):
        by_field = {field: [trait for member in group for trait in member.traits if trait.field == field] for field in FIELDS}
        traits = {field: _grouped(shown, [trait.says for trait in shown], alike) for field, shown in by_field.items()}
        roles.append(Role(group[0].name, traits, sum(len(member.dropped) for member in group)))
    return roles


def read_replies(documents: Sequence[Document], replies: Sequence[str]) -> list[tuple[Stakeholder, ...]]:
    """Return the stakeholders of each document from the model's reply about it."""
    if len(replies) != len(documents):
        numbers = f"there are {len(replies)} for {len(documents)}"
        message = f"ground needs one reply for each document, but {numbers}. Let the model write them first."
        raise DesignError(message)
    return [read_stakeholders(document, reply) for document, reply in zip(documents, replies, strict=True)]


def personas_of(number: int, role: Role) -> list[Persona]:
    """Return the personas of a merged stakeholder: one for each criterion, each with all other traits."""
    personas = []
    for index, dimension in enumerate(role.traits["dimension"], 1):
        fields = {field: groups for field, groups in (dict(role.traits) | {"dimension": [dimension]}).items() if groups}
        lines = [f"{TOLD[field]}: {' '.join(group[0].says for group in groups)}" for field, groups in fields.items()]
        evidence = [trait for groups in fields.values() for group in groups for trait in group]
        attributes = {
            "stakeholder": role.name,
            "dimension": dimension[0].says,
            "documents": "; ".join(dict.fromkeys(trait.passage.document for trait in evidence)),
            "dropped": str(role.dropped),
            "evidence": json.dumps([asdict(trait) for trait in evidence], ensure_ascii=False),
        }
        text = "\n".join([f"You speak as: {role.name}.", *lines])
        personas.append(Persona(f"{number}.{index} {role.name}", text, attributes))
    return personas


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
    problem = f"The model's reply about the document '{document.id}' is not the requested JSON ({reason})"
    return AnswerError(f"{problem}. Use another model, or leave the document out.")
