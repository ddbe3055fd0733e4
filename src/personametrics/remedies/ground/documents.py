"""Documents, and where in them something is said."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from personametrics.data.errors import ReadError
from personametrics.data.reading import unreadable
from personametrics.data.roster import read_personas

SUFFIXES = (".txt", ".md")
QUOTES = dict.fromkeys("\"'`´‘’‚‛“”„‟«»‹›″′「」『』", "'")
"""Quotation marks and apostrophes: which of them are used differs between a text and its quotation, so that all count as one."""
BOUNDARY = re.compile(r"[.!?…]['\"’”»)\]]*\s++(?![a-zß-öø-ÿ])|[。！？][」』”’]*|\n\s*\n")
"""Where a sentence ends: no small letter follows."""
SHORTEST = 12
"""A quotation of fewer characters occurs nearly anywhere and is evidence of nothing."""


@dataclass(frozen=True)
class Passage:
    """A place in a document.

    Attributes:
        document: its id.
        sentence: in which it begins, from 1.
        start: first character, from 0.
        end: after its last character.
        text: the document's own words from start to end.
    """

    document: str
    sentence: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Document:
    """What somebody wrote.

    Attributes:
        id: file name or id, unique among the documents.
        text: its words.
    """

    id: str
    text: str

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        """The text with white space and quotation marks made alike, and where each of its characters stands."""
        return _plain(self.text)

    def find(self, quotation: str) -> Passage | None:
        r"""Where a quotation first stands, word for word; white space and the kind of quotation marks do not count.

        Returns:
            The place; None where it does not occur, or is shorter than 12 characters.

        Examples:
            >>> Document("a.txt", "It is late. “We don’t\n sleep” she said.").find('We don\'t sleep" she')
            Passage(document='a.txt', sentence=2, start=13, end=33, text='We don’t\n sleep” she')
        """
        sought = _plain(quotation)[0].strip(" '")
        text, places = self._plain
        at = text.find(sought) if len(sought) >= SHORTEST else -1
        if at < 0:
            return None
        start, end = places[at], places[at + len(sought) - 1] + 1
        sentence = 1 + sum(found.end() <= start for found in BOUNDARY.finditer(self.text))
        return Passage(self.id, sentence, start, end, self.text[start:end])


def _plain(text: str) -> tuple[str, list[int]]:
    """Text in which any white space is one blank and any quotation mark one apostrophe, with the place of each character."""
    characters: list[str] = []
    places = []
    for place, character in enumerate(text):
        one = " " if character.isspace() else QUOTES.get(character, character)
        if one != " " or characters[-1:] != [" "]:
            characters.append(one)
            places.append(place)
    return "".join(characters), places


def read_documents(source: str | Path) -> tuple[Document, ...]:
    """Documents from the .txt and .md files of a folder, or from a table (CSV, Parquet, NDJSON) with the columns id and text.

    Args:
        source: the path; in a folder, also the files of its folders are read, and hidden ones are not.

    Returns:
        In the order of their names, or of the rows.

    Raises:
        InputError: nothing there, an empty text, a file that is neither text nor hidden, a table without these columns or with an id twice.
    """
    folder = Path(source)
    if not folder.is_dir():
        return tuple(Document(row.id, row.text) for row in read_personas(str(source)))
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    found = tuple(_read(folder, name) for name in names if not any(part.startswith(".") for part in name.parts))
    if not found:
        message = f"{folder} holds no documents; put {' or '.join(SUFFIXES)} files into it."
        raise ReadError(message)
    return found


def _read(folder: Path, name: Path) -> Document:
    """One file."""
    path = folder / name
    if name.suffix.lower() not in SUFFIXES:
        message = f"{path} is no {' or '.join(SUFFIXES)} file; convert it to text, or move it out of the folder of documents."
        raise ReadError(message)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    if not text.strip():
        message = f"{path} is empty; write something into it, or move it out of the folder of documents."
        raise ReadError(message)
    return Document(name.as_posix(), text)
