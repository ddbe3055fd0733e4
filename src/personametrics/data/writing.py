"""The writing of tables into files."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from personametrics.data.errors import InputError


def write(frame: pl.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, Parquet or NDJSON, by the suffix of the path; raises InputError for another suffix, or if it cannot be written.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    kind = Path(path).suffix.lower()
    try:
        if kind == ".csv":
            frame.with_columns(_inert(name) for name, dtype in frame.schema.items() if is_text(dtype)).write_csv(path)
        elif kind == ".parquet":
            frame.write_parquet(path)
        elif kind in {".ndjson", ".jsonl"}:
            frame.write_ndjson(path)
        else:
            message = f"{path} has an unknown suffix. Use .csv, .parquet or .ndjson."
            raise InputError(message)
    except (OSError, PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        message = f"{path} cannot be written ({reason})."
        raise InputError(message) from error


def is_text(dtype: pl.DataType) -> bool:
    """Return True if columns of this type hold text."""
    return dtype in (pl.String, pl.Categorical, pl.Enum)


def _inert(name: str) -> pl.Expr:
    """Return a text column in which no value starts like a formula; a signed number does not count as one."""
    text = pl.col(name).cast(pl.String)
    formula = text.str.contains(r"^[=+\-@\t\r]") & ~text.str.contains(r"^[+\-]\d+(\.\d+)?$")
    return pl.when(formula).then("'" + text).otherwise(text).alias(name)
