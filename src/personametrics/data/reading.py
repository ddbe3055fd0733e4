"""The lazy reading of tables from files and frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from personametrics.data.errors import ColumnError, InputError, ReadError, options

SUFFIXES = {
    ".csv": "CSV", ".tsv": "TSV", ".tab": "TSV", ".parquet": "Parquet", ".pq": "Parquet", ".ndjson": "NDJSON", ".jsonl": "NDJSON",
}  # fmt: skip


TEXT = {suffix for suffix, kind in SUFFIXES.items() if kind != "Parquet"}
"""The suffixes of text files."""


def scan(source: Any) -> tuple[pl.LazyFrame, str]:
    """Open a table without reading it.

    Args:
        source: a path to CSV, TSV, Parquet or NDJSON; or a Polars, pandas or Arrow table.

    Returns:
        The lazy table (text files as text, so that no type is guessed), and its name for messages.

    Raises:
        ReadError: the file does not exist, is a directory, is empty, or is of an unknown kind; or the object is not a table.
    """
    if isinstance(source, pl.LazyFrame):
        return source, "the frame"
    if isinstance(source, pl.DataFrame):
        return source.lazy(), "the frame"
    if not isinstance(source, str | Path):
        return _from_object(source).lazy(), "the frame"
    path = Path(source)
    if path.is_dir():
        message = f"{path} is a directory. Name a file in it."
        raise ReadError(message)
    if not path.exists():
        message = f"{path} does not exist. Check the path."
        raise ReadError(message)
    if path.stat().st_size == 0:
        message = f"{path} is empty. Name another file."
        raise ReadError(message)
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        message = f"{path} has an unknown suffix. Rename or convert it to one of {', '.join(SUFFIXES)}."
        raise ReadError(message)
    try:
        return _scan(path, kind), str(path)
    except (PolarsError, OSError) as error:
        raise unreadable(path, error) from error


def _scan(path: Path, kind: str) -> pl.LazyFrame:
    """Open a file of a known kind."""
    if kind == "Parquet":
        return pl.scan_parquet(path)
    if kind == "NDJSON":
        return pl.scan_ndjson(path, infer_schema_length=None)
    return pl.scan_csv(path, infer_schema=False, separator="\t" if kind == "TSV" else ",")


def column_names(table: pl.LazyFrame, name: str) -> list[str]:
    """Return the names of the columns of a lazy table; raises ReadError on an unreadable file, ColumnError if two columns have one name."""
    try:
        names = table.collect_schema().names()
    except (PolarsError, OSError) as error:
        raise unreadable(name, error) from error
    for column in names:
        base, twice, _ = column.rpartition("_duplicated_")
        if twice and base in names:
            message = f'{name} has two columns "{base}". Rename one of them.'
            raise ColumnError(message)
    return names


def collect(table: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Collect a lazy table; text files are read in pieces, because they are larger than the part that is kept. Raises ReadError."""
    try:
        return table.collect(engine="streaming" if Path(name).suffix.lower() in TEXT else "in-memory")
    except (PolarsError, OSError) as error:
        raise unreadable(name, error) from error


def require(names: Sequence[str], columns: Sequence[str], table: str) -> None:
    """Check that a table has columns; raises ColumnError."""
    for name in names:
        if name not in columns:
            message = f'{table} has no column "{name}". {options(name, columns)}.'
            raise ColumnError(message)


def where(table: pl.LazyFrame, conditions: Sequence[str], name: str) -> pl.LazyFrame:
    """Keep the rows that meet every condition, `column=value` or `column!=value`; numbers are compared as numbers.

    Raises:
        InputError: a condition has no `=`.
        ColumnError: a column does not exist.
    """
    for condition in conditions:
        column, equals, value = condition.partition("=")
        unequal = column.endswith("!")
        column = column.removesuffix("!")
        column = column if column in column_names(table, name) else column.strip()
        if not equals or not column:
            message = f'The condition "{condition}" does not have the form column=value or column!=value. Correct it.'
            raise InputError(message)
        require([column], column_names(table, name), name)
        same = _same(pl.col(column), table.collect_schema()[column], value)
        table = table.filter(~same if unequal else same)
    return table


def _same(column: pl.Expr, dtype: pl.DataType, value: str) -> pl.Expr:
    """Return an expression that is True where a column equals a value given as text."""
    if dtype.is_numeric():
        try:
            return (column == float(value)).fill_null(value=False)
        except ValueError:
            return pl.lit(value=False)
    return column.cast(pl.String).is_in([value, value.strip()]).fill_null(value=False)


def _from_object(source: Any) -> pl.DataFrame:
    """Convert a pandas or Arrow table (any object with an Arrow C stream, or a pandas frame)."""
    if hasattr(source, "__arrow_c_stream__"):
        return pl.DataFrame(source)
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        return pl.DataFrame({str(name): pl.Series(source[name].tolist(), strict=False) for name in source.columns})
    message = f"A {type(source).__name__} is not a table. Pass a path or a Polars, pandas or Arrow table."
    raise ReadError(message)


def unreadable(name: object, error: Exception) -> ReadError:
    """Return the error about a file that Polars cannot read."""
    reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    if "utf-8" in str(error).lower() or "utf8" in str(error).lower():
        return ReadError(f"{name} is not UTF-8 text. Convert it, for example with `iconv -f latin1 -t utf-8`.")
    return ReadError(f"{name} cannot be read: it is damaged, or its content does not fit its suffix ({reason}). Save it again.")
