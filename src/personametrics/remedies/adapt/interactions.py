"""What people were asked before, and what they answered: the memory of a persona."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from personametrics.data.errors import AnswerError, StudyError
from personametrics.data.item import Item
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.scale import FreeText, Numeric, Scale, character_ngrams, parse_scale

COLUMNS = ("persona", "item", "text", "scale", "answer")


@dataclass(frozen=True)
class Interaction:
    """A question that somebody was asked, and the answer.

    Attributes:
        persona: id of whom.
        item: what was asked.
        answer: the person's own.
    """

    persona: str
    item: Item
    answer: str

    @property
    def words(self) -> str:
        """Question and answer."""
        return f"{self.item.text} {self.answer}"


def read_interactions(source: Any) -> tuple[Interaction, ...]:
    """Interactions from a table with the columns persona, item, text (what was asked), scale (as of items) and answer, the oldest first.

    Args:
        source: a path, or a table.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
        AnswerError: a scale that is none, or an answer that is not on its scale.
        StudyError: an empty cell, or no rows.
    """
    table, name = scan(source)
    require(COLUMNS, column_names(table, name), name)
    rows = collect(table.select(pl.col(COLUMNS).cast(pl.String)), name).iter_rows(named=True)
    found = tuple(_row(row, f"{name}, row {at}") for at, row in enumerate(rows, 1))
    if not found:
        message = f"There are no rows in {name}."
        raise StudyError(message)
    return found


def _row(row: Mapping[str, str | None], place: str) -> Interaction:
    """One of them."""
    for column, text in row.items():
        if not (text or "").strip():
            message = f"{place}: {column} is empty."
            raise StudyError(message)
    cells = {column: str(text) for column, text in row.items()}
    try:
        scale = parse_scale(cells["scale"])
    except AnswerError as error:
        message = f"{place}: {error}"
        raise AnswerError(message) from error
    if math.isnan(loss(scale, cells["answer"], cells["answer"])):
        message = f'{place}: the answer "{cells["answer"]}" is not on its scale, {cells["scale"]}.'
        raise AnswerError(message)
    return Interaction(cells["persona"], Item(cells["item"], cells["text"], scale), cells["answer"])


def loss(scale: Scale, answer: str, reply: str | None) -> float:
    """How far a reply is from a person's own answer: half the squared distance of the two points, as a share of the largest there is.

    Args:
        scale: how both are read; with its labels or limits.
        answer: the person's.
        reply: its label, number or words; None: it cannot be read.

    Returns:
        0 the same to 1; of free text, which is placed by its wording, one minus the cosine. NaN where either is not on the scale.

    Examples:
        >>> loss(parse_scale("nominal:no|yes"), "yes", "no"), loss(parse_scale("1|2|3"), "3", "2"), loss(parse_scale("0..10"), "0", "5")
        (1.0, 0.25, 0.25)
    """
    if reply is None:
        return math.nan
    if isinstance(scale, FreeText):
        one, other = scale.embed([answer, reply])
        return float(1 - one @ other)
    if isinstance(scale, Numeric):
        try:
            ends = [float(answer), float(reply)]
        except ValueError:
            return math.nan
        inside = all(scale.low <= one <= scale.high for one in ends)
        return ((ends[0] - ends[1]) / (scale.high - scale.low)) ** 2 if inside else math.nan
    if not {answer, reply} <= set(scale.labels):
        return math.nan
    points = scale.points()
    one, other = (points[scale.labels.index(label)] for label in (answer, reply))
    most = max(float(((point - points) ** 2).sum(1).max()) for point in points)
    return float(((one - other) ** 2).sum()) / most if most else 0.0


def remembered(known: Sequence[Interaction], question: str, most: int) -> list[Interaction]:
    """Of what somebody was asked before, what is worded most like a question, in the order in which it was asked; the later among equals.

    Args:
        known: of one person, the oldest first.
        question: its words.
        most: how many, at most.
    """
    points = character_ngrams([question, *(one.item.text for one in known)])
    like = points[1:] @ points[0]
    best = sorted(range(len(known)), key=lambda at: (-like[at], -at))[:most]
    return [known[at] for at in sorted(best)]
