"""Personas, items and tasks from tables."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from personametrics.data.errors import AnswerError, ReadError, StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.scale import parse_scale, spell_scale
from personametrics.data.task import Task
from personametrics.data.writing import write

WORDING = "text."
"""A column `text.formal` holds the wording "formal" of every item."""
Named = TypeVar("Named", Persona, Item, Task)


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
        wordings = {name.removeprefix(WORDING): text for name, text in rest.items() if name.startswith(WORDING) and text.strip()}
        attributes = {name: value for name, value in rest.items() if not name.startswith(WORDING)}
        return Item(row["id"], row["text"], parse_scale(row["scale"]), attributes, wordings)

    return _read(source, Item, ("id", "text", "scale"), item)


def read_tasks(source: Any) -> tuple[Task, ...]:
    """What simulated users want, from a table with the columns id and text; every other column is an attribute.

    Args:
        source: a path, a table, or tasks as they are.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
        StudyError: an empty or repeated id, an empty text, no rows.
    """
    return _read(source, Task, ("id", "text"), lambda row, rest: Task(row["id"], row["text"], rest))


def write_personas(personas: Sequence[Persona], path: str | Path) -> None:
    """Write personas as a table that `read_personas` reads.

    Raises:
        InputError: an ending that is neither .csv, .parquet nor .ndjson, or a place that cannot be written.
    """
    _write([{"id": one.id, "text": one.text, **one.attributes} for one in personas], path)


def write_items(items: Sequence[Item], path: str | Path) -> None:
    """Write items as a table that `read_items` reads; their scales must have labels or limits.

    Raises:
        InputError: an ending that is neither .csv, .parquet nor .ndjson, or a place that cannot be written.
    """
    rows = []
    for one in items:
        wordings = {WORDING + name: text for name, text in one.wordings.items()}
        rows.append({"id": one.id, "text": one.text, "scale": spell_scale(one.scale), **one.attributes, **wordings})
    _write(rows, path)


def _write(rows: Sequence[Mapping[str, str]], path: str | Path) -> None:
    """Rows as a table, in which every key of any row is a column."""
    write(_rows(rows), path)


def _read(
    source: Any, kind: type[Named], needed: Sequence[str], make: Callable[[Mapping[str, str], Mapping[str, str]], Named]
) -> tuple[Named, ...]:
    """Rows as personas, items or tasks."""
    if isinstance(source, list | tuple) and all(isinstance(one, kind) for one in source):
        found, name = tuple(source), f"the {kind.__name__.lower()}s"
        for at, one in enumerate(found, 1):
            _check_full({"id": one.id, "text": one.text}, f"{name}, number {at}")
    else:
        table, name = scan(_rows(source) if isinstance(source, list | tuple) else source)
        require(needed, column_names(table, name), name)
        rows = collect(table.select(pl.all().cast(pl.String)), name).iter_rows(named=True)
        found = tuple(_row(row, needed, make, f"{name}, row {at}") for at, row in enumerate(rows, 1))
    _check_ids([one.id for one in found], name)
    return found


def _row(row: Mapping[str, str | None], needed: Sequence[str], make: Callable[..., Named], place: str) -> Named:
    """One row; cells that must not be empty are not."""
    _check_full({column: row[column] for column in needed}, place)
    try:
        return make(row, {name: value for name, value in row.items() if name not in needed and value is not None})
    except AnswerError as error:
        message = f"{place}: {error}"
        raise AnswerError(message) from error


def _rows(rows: Sequence[Any]) -> pl.DataFrame:
    """Mappings as a table, in which every key of any row is a column."""
    for at, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            message = f"Row {at} is a {type(row).__name__}; give all rows as mappings with the columns, or all as objects of this library."
            raise ReadError(message)
    columns = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({str(name): [None if row.get(name) is None else str(row[name]) for row in rows] for name in columns}, strict=False)


def _check_full(cells: Mapping[str, str | None], place: str) -> None:
    """Cells that must not be empty are not."""
    for column, text in cells.items():
        if not (text or "").strip():
            message = f"{place}: {column} is empty."
            raise StudyError(message)


def _check_ids(ids: Sequence[str], name: str) -> None:
    """Some rows, each with an id of its own."""
    if not ids:
        message = f"There are no rows in {name}."
        raise StudyError(message)
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            message = f'{name}: the id "{one}" is given twice; ids must differ.'
            raise StudyError(message)
        seen.add(one)
