"""Personas and items from tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

from personametrics.data.errors import AnswerError, StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.scale import parse_scale

WORDING = "text."
"""A column `text.formal` holds the wording "formal" of every item."""
Named = TypeVar("Named", Persona, Item)


def read_personas(source: Any) -> tuple[Persona, ...]:
    """Personas from a table with the columns id and text; every other column is an attribute.

    Args:
        source: a path, a table, or personas as they are.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
        StudyError: an empty or repeated id, an empty text, no rows.
    """
    return _read(source, Persona, ("id", "text"), lambda row, rest: Persona(row["id"], row["text"], rest))


def read_items(source: Any) -> tuple[Item, ...]:
    """Items from a table with the columns id, text and scale; `text.NAME` is a wording, every other column an attribute.

    Args:
        source: a path, a table, or items as they are.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
        AnswerError: a scale that is none.
        StudyError: an empty or repeated id, an empty text, no rows.
    """

    def item(row: Mapping[str, str], rest: Mapping[str, str]) -> Item:
        wordings = {name.removeprefix(WORDING): text for name, text in rest.items() if name.startswith(WORDING)}
        attributes = {name: value for name, value in rest.items() if not name.startswith(WORDING)}
        return Item(row["id"], row["text"], parse_scale(row["scale"]), attributes, wordings)

    return _read(source, Item, ("id", "text", "scale"), item)


def _read(
    source: Any, kind: type[Named], needed: Sequence[str], make: Callable[[Mapping[str, str], Mapping[str, str]], Named]
) -> tuple[Named, ...]:
    """Rows as personas or items."""
    if isinstance(source, Sequence) and not isinstance(source, str) and all(isinstance(one, kind) for one in source):
        found, name = tuple(source), f"the {kind.__name__.lower()}s"
    else:
        source = pl.DataFrame(list(source)) if isinstance(source, list | tuple) else source
        table, name = scan(source)
        require(needed, column_names(table, name), name)
        rows = collect(table.select(pl.all().cast(pl.String)), name).iter_rows(named=True)
        found = tuple(_row(row, needed, make, f"{name}, row {at}") for at, row in enumerate(rows, 1))
    _check_ids([one.id for one in found], name)
    return found


def _row(row: Mapping[str, str | None], needed: Sequence[str], make: Callable[..., Named], place: str) -> Named:
    """One row; cells that must not be empty are not."""
    for column in needed:
        if not (row[column] or "").strip():
            message = f"{place}: {column} is empty."
            raise StudyError(message)
    try:
        return make(row, {name: value for name, value in row.items() if name not in needed and value is not None})
    except AnswerError as error:
        message = f"{place}: {error}"
        raise AnswerError(message) from error


def _check_ids(ids: Sequence[str], name: str) -> None:
    """Some rows, each with an id of its own."""
    if not ids:
        message = f"{name} has no rows."
        raise StudyError(message)
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            message = f'{name}: the id "{one}" is given twice; ids must differ.'
            raise StudyError(message)
        seen.add(one)
