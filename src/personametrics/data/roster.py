"""The roster: personas, items and tasks in tables."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from personametrics.data.errors import AnswerError, ReadError, StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona, Task
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.scale import parse_scale, spell_scale
from personametrics.data.writing import write

WORDING = "text."
"""A column `text.formal` holds the wording "formal" of every item."""
Named = TypeVar("Named", Persona, Item, Task)


def read_personas(source: Any) -> tuple[Persona, ...]:
    """Return personas from a table with the columns id and text; every other column is an attribute.

    Args:
        source: a path, a table, or personas, which are returned as they are.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
        StudyError: an id is empty or repeated, a text is empty, or the table has no rows.
    """
    return _read(source, Persona, ("id", "text"), lambda row, rest: Persona(row["id"], row["text"], rest))


def read_items(source: Any) -> tuple[Item, ...]:
    """Return items from a table with the columns id, text and scale, as `read_personas`; `text.NAME` is a wording.

    Raises:
        AnswerError: a scale cannot be read; and all errors of `read_personas`.
    """

    def item(row: Mapping[str, str], rest: Mapping[str, str]) -> Item:
        wordings = {name.removeprefix(WORDING): text for name, text in rest.items() if name.startswith(WORDING) and text.strip()}
        attributes = {name: value for name, value in rest.items() if not name.startswith(WORDING)}
        return Item(row["id"], row["text"], parse_scale(row["scale"]), attributes, wordings)

    return _read(source, Item, ("id", "text", "scale"), item)


def read_tasks(source: Any) -> tuple[Task, ...]:
    """Return tasks of simulated users from a table with the columns id and text, as `read_personas`."""
    return _read(source, Task, ("id", "text"), lambda row, rest: Task(row["id"], row["text"], rest))


def write_personas(personas: Sequence[Persona], path: str | Path) -> None:
    """Write personas as a table that `read_personas` reads; raises InputError as `Responses.write`."""
    write(_rows([{"id": persona.id, "text": persona.text, **persona.attributes} for persona in personas]), path)


def write_items(items: Sequence[Item], path: str | Path) -> None:
    """Write items, whose scales must have labels or limits, as a table that `read_items` reads; raises InputError as `Responses.write`."""
    rows = []
    for item in items:
        wordings = {WORDING + name: text for name, text in item.wordings.items()}
        rows.append({"id": item.id, "text": item.text, "scale": spell_scale(item.scale), **item.attributes, **wordings})
    write(_rows(rows), path)


def _read(
    source: Any, kind: type[Named], needed: Sequence[str], make: Callable[[Mapping[str, str], Mapping[str, str]], Named]
) -> tuple[Named, ...]:
    """Return rows as personas, items or tasks."""
    if isinstance(source, list | tuple) and all(isinstance(entry, kind) for entry in source):
        entries, name = tuple(source), f"the {kind.__name__.lower()}s"
        for number, entry in enumerate(entries, 1):
            _check_full({"id": entry.id, "text": entry.text}, f"{name}, number {number}")
    else:
        table, name = scan(_rows(source) if isinstance(source, list | tuple) else source)
        require(needed, column_names(table, name), name)
        rows = collect(table.select(pl.all().cast(pl.String)), name).iter_rows(named=True)
        entries = tuple(_row(row, needed, make, f"{name}, row {number}") for number, row in enumerate(rows, 1))
    _check_ids([entry.id for entry in entries], name)
    return entries


def _row(row: Mapping[str, str | None], needed: Sequence[str], make: Callable[..., Named], place: str) -> Named:
    """Return the entry of one row; the needed cells must not be empty."""
    _check_full({column: row[column] for column in needed}, place)
    try:
        return make(row, {name: value for name, value in row.items() if name not in needed and value is not None})
    except AnswerError as error:
        message = f"{place}: {error}"
        raise AnswerError(message) from error


def _rows(rows: Sequence[Any]) -> pl.DataFrame:
    """Return mappings as a table; every key of any mapping is a column."""
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            message = f"Row {number} is a {type(row).__name__}. Give only mappings from columns to values, or only objects of this library."
            raise ReadError(message)
    columns = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({str(name): [None if row.get(name) is None else str(row[name]) for row in rows] for name in columns}, strict=False)


def _check_full(cells: Mapping[str, str | None], place: str) -> None:
    """Check that no cell is empty."""
    for column, text in cells.items():
        if not (text or "").strip():
            message = f"{place}: {column} is empty. Fill it."
            raise StudyError(message)


def _check_ids(ids: Sequence[str], name: str) -> None:
    """Check that there are rows, and that their ids differ."""
    if not ids:
        message = f"{name} has no rows. Add at least one row."
        raise StudyError(message)
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            message = f'{name}: the id "{id_}" occurs twice. Change one of the two ids.'
            raise StudyError(message)
        seen.add(id_)
