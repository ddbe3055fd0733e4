"""Earlier questions to people with their answers: the memory of a persona."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from personametrics.data.errors import AnswerError, StudyError
from personametrics.data.item import Item
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.scale import FreeText, Numeric, Scale, parse_scale

COLUMNS = ("persona", "item", "text", "scale", "answer")


@dataclass(frozen=True)
class Interaction:
    """A question to a person, the person's own answer, and the id of the persona that represents the person."""

    persona: str
    item: Item
    answer: str

    @property
    def words(self) -> str:
        """The question and the answer, as one text."""
        return f"{self.item.text} {self.answer}"


def read_interactions(source: Any) -> tuple[Interaction, ...]:
    """Read interactions, the oldest first, from a path or a table with the columns persona, item, text (the question), scale and answer.

    Raises:
        InputError: the table cannot be read or has no rows, a cell is empty, a scale is not valid, or an answer is not on its scale.
    """
    table, name = scan(source)
    require(COLUMNS, column_names(table, name), name)
    rows = collect(table.select(pl.col(COLUMNS).cast(pl.String)), name).iter_rows(named=True)
    interactions = tuple(_interaction(row, f"{name}, row {number}") for number, row in enumerate(rows, 1))
    if not interactions:
        message = f"{name} has no rows. Write one interaction in each row."
        raise StudyError(message)
    return interactions


def _interaction(row: Mapping[str, str | None], place: str) -> Interaction:
    """Return the interaction of a row."""
    for column, text in row.items():
        if not (text or "").strip():
            message = f"{place}: {column} is empty. Fill it in."
            raise StudyError(message)
    cells = {column: str(text) for column, text in row.items()}
    try:
        scale = parse_scale(cells["scale"])
    except AnswerError as error:
        message = f"{place}: {error}"
        raise AnswerError(message) from error
    if math.isnan(loss(scale, cells["answer"], cells["answer"])):
        message = f'{place}: the answer "{cells["answer"]}" is not on its scale, {cells["scale"]}. Correct it.'
        raise AnswerError(message)
    return Interaction(cells["persona"], Item(cells["item"], cells["text"], scale), cells["answer"])


def loss(scale: Scale, answer: str, reply: str | None) -> float:
    """Return the distance of a reply from a person's own answer: half the squared distance of the points, as a share of the largest one.

    It lies between 0 (the same) and 1; for free text it is one minus the cosine, by wording. It is NaN without a reply, or if either is not
    on the scale.

    Examples:
        >>> loss(parse_scale("nominal:no|yes"), "yes", "no"), loss(parse_scale("1|2|3"), "3", "2"), loss(parse_scale("0..10"), "0", "5")
        (1.0, 0.25, 0.25)
    """
    if reply is None:
        return math.nan
    if isinstance(scale, FreeText):
        points = scale.embed([answer, reply])
        return float(1 - points[0] @ points[1])
    if isinstance(scale, Numeric):
        try:
            ends = [float(answer), float(reply)]
        except ValueError:
            return math.nan
        inside = all(scale.low <= end <= scale.high for end in ends)
        return ((ends[0] - ends[1]) / (scale.high - scale.low)) ** 2 if inside else math.nan
    if not {answer, reply} <= set(scale.labels):
        return math.nan
    points = scale.points()
    apart = points[scale.labels.index(answer)] - points[scale.labels.index(reply)]
    most = max(float(((point - points) ** 2).sum(1).max()) for point in points)
    return float((apart**2).sum()) / most if most else 0.0
