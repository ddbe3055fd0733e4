"""Documents, and the places of quotations in them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from personametrics.data.errors import ReadError
from personametrics.data.reading import unreadable
from personametrics.data.roster import read_personas

SUFFIXES = (".txt", ".md")
QUOTES = dict.fromkeys("\"'`´‘’‚‛“”„‟«»‹›″′「」『』", "'")
"""Quotation marks and apostrophes; all count as one, since a text and its quotation may use different ones."""
BOUNDARY = re.compile(r"[.!?…]['\"’”»)\]]*\s++(?![a-zß-öø-ÿ])|[。！？][」』”’]*|\n\s*\n")
"""The end of a sentence: no small letter follows."""
SHORTEST = 12
"""A quotation of fewer characters occurs in almost any text and is not evidence."""


@dataclass(frozen=True)
class Passage:
    """A place in a document.

    Attributes:
        document: id of the document.
        sentence: number of the sentence in which it begins, from 1.
        start: place of its first character, from 0.
        end: place after its last character.
        text: the document's own words from start to end.
    """

    document: str
    sentence: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes:
        id: file name or id, unique among the documents.
        text: words of the document.
    """

    id: str
    text: str

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        """The text with equal white space and quotation marks, and the place of each of its characters."""
        return _plain(self.text)

    def find(self, quotation: str) -> Passage | None:
        r"""Find the first place of a quotation, word for word; white space and the kind of quotation marks do not count.

        Returns:
            The place; None if the quotation does not occur, or is shorter than 12 characters.

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
    """Read documents from the .txt and .md files of a folder, or from a table (CSV, Parquet, NDJSON) with the columns id and text.

    Args:
        source: the path; a folder is read with its folders, without hidden files.

    Returns:
        Documents in the order of their names, or of the rows.

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
