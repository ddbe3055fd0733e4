"""Checks of the runs of a table: rows that repeat a run, and runs that are new personas."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.columns import Columns, Duplicates
from personametrics.data.errors import AnswerError
from personametrics.data.levels import levels
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reading import collect
from personametrics.data.scale import Numeric

LOOKED_AT = 40
"""Number of personas in which the search for new personas looks."""


def resolve_duplicates(
    frame: pl.DataFrame, columns: Columns, choice: Duplicates, valid: tuple[Sequence[str], Numeric], name: str
) -> tuple[pl.DataFrame, list[Notice]]:
    """Treat rows that repeat the persona, item, condition and run of another row; return the remaining rows, and notices.

    `valid` holds the answers that mean "missing", and the scale whose numbers alone enter a mean. A table without a run column has no
    duplicates.

    Raises:
        AnswerError: a row repeats another and the choice is `error`; the message lists the first five.
    """
    if columns.run is None:
        return frame, [
            Notice("no-run-column", "No run column was named, so rows of one persona, item and condition count as runs, in their order.")
        ]
    key = [columns.persona, columns.item, *columns.condition, columns.run]
    surplus = _surplus(frame, key)
    if not surplus or choice == "runs":
        text = f"{surplus} rows repeat a run id of their cell and count as further runs."
        return frame, [Notice("duplicates", text)] if surplus else []
    if choice == "error":
        rows = frame.group_by(key, maintain_order=True).len().filter(pl.col("len") > 1).head(5)
        listed = "; ".join(
            ", ".join(f"{column} {row[column]}" for column in key) + f" ({row['len']} rows)" for row in rows.iter_rows(named=True)
        )
        message = (
            f"{name}: {surplus} rows repeat the run of another row: {listed}. "
            "If another column distinguishes these rows, such as a model or a wording, name it with --by, --where or --condition. If not, "
            "keep one row with --duplicates first or last, average them with --duplicates mean, or count them as further runs with "
            "--duplicates runs."
        )
        raise AnswerError(message)
    if choice == "mean":
        return _averaged(frame, columns, key, valid, name), [
            Notice("duplicates", f"{surplus} rows that repeat a run were averaged with the other rows of that run.")
        ]
    kept = frame.unique(key, keep=choice, maintain_order=True)
    return kept, [Notice("duplicates", f"{surplus} rows that repeat a run were left out, and the {choice} row of each run was kept.")]


def _surplus(frame: pl.DataFrame, key: list[str]) -> int:
    """Return the number of rows that repeat the key of another row."""
    flat, size = np.zeros(len(frame), np.int64), 1
    for column in key:
        values = levels(frame[column] if not frame[column].null_count() else frame[column].cast(pl.String).fill_null(""))
        flat, size = flat * len(values.names) + values.codes, size * len(values.names)
    distinct = np.count_nonzero(np.bincount(flat, minlength=size)) if size <= 4 * len(flat) else len(np.unique(flat))
    return len(flat) - int(distinct)


def _averaged(frame: pl.DataFrame, columns: Columns, key: list[str], valid: tuple[Sequence[str], Numeric], name: str) -> pl.DataFrame:
    """Return one row for each key, with the mean of its answers on the scale; the row is answered if one of its rows is."""
    missing, scale = valid
    answer = pl.col(columns.answer).cast(pl.String)
    numbers = pl.when(~answer.is_in(list(missing))).then(answer.cast(pl.Float64, strict=False))
    words = frame.filter(numbers.is_null() & answer.is_not_null() & ~answer.is_in(list(missing)))
    if len(words):
        word = words[columns.answer][0]
        message = f'{name}: "{word}" is not a number, so duplicates cannot be averaged. Use --duplicates first, last or runs.'
        raise AnswerError(message)
    counts = numbers.is_between(scale.low, scale.high)
    if columns.outcome is not None:
        counts &= pl.col(columns.outcome).cast(pl.String) == ReplyOutcome.ANSWERED
    answers = pl.when(counts.fill_null(value=False)).then(numbers)
    aggregated = [answers.mean().alias(columns.answer)]
    if columns.outcome is not None:
        stated = pl.col(columns.outcome).cast(pl.String)
        aggregated.append(
            pl.when(answers.count() > 0).then(pl.lit(str(ReplyOutcome.ANSWERED))).otherwise(stated.first()).alias(columns.outcome)
        )
    rest = [pl.col(column).first() for column in frame.columns if column not in {*key, columns.answer, columns.outcome}]
    return frame.group_by(key, maintain_order=True).agg(*aggregated, *rest)


def redrawn_notice(table: pl.LazyFrame, columns: Columns, name: str) -> Notice | None:
    """Return a notice where runs look like new personas; None where they do not.

    In such a table other columns change with the run within a persona, but not within one run of a persona.
    """
    schema = table.collect_schema()
    roles = {columns.persona, columns.item, columns.answer, columns.run, columns.outcome, *columns.condition, *columns.probabilities}
    others = [
        c for c, dtype in schema.items() if c not in roles and (dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Categorical))
    ]
    if columns.run is None or not others:
        return None
    some = collect(table.select(pl.col(columns.persona).unique().sort().head(LOOKED_AT)), name)[:, 0]
    chosen = table.filter(pl.col(columns.persona).is_in(some.implode()))
    each = collect(
        chosen.group_by(columns.persona, columns.run).agg(
            pl.len().alias(" rows"), *(pl.col(c).n_unique().alias(f" n {c}") for c in others), *(pl.col(c).first() for c in others)
        ),
        name,
    )
    if not len(each) or each[" rows"].max() == 1:
        return None
    changing = []
    for column in others:
        by_persona, by_run = (each.group_by(key).agg(pl.col(column).n_unique())[column] for key in (columns.persona, columns.run))
        is_key = each[column].n_unique() > len(each) / 2
        if not is_key and (each[f" n {column}"] == 1).all() and (by_persona > 1).mean() > 0.5 and (by_run > 1).any():  # type: ignore[operator]
            changing.append(column)
    if not changing:
        return None
    text = (
        f"The same persona id has a different {' and '.join(changing[:3])} in another run, so its runs look like new personas. Run noise "
        "is then mixed with differences between personas. Identify personas by id and run together."
    )
    return Notice("redrawn-personas", text)
