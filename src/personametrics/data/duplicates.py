"""Several rows of one persona, item, condition and run."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.columns import Columns, Duplicates
from personametrics.data.errors import AnswerError
from personametrics.data.levels import levels
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.scale import Numeric


def resolve(
    frame: pl.DataFrame, columns: Columns, choice: Duplicates, valid: tuple[Sequence[str], Numeric], name: str
) -> tuple[pl.DataFrame, list[Notice]]:
    """Find rows that claim to be the same run, and do with them what was chosen.

    Args:
        frame: the rows.
        columns: which column holds what; without a run column there are no duplicates.
        valid: answers that mean "none", and the numbers that are answers; nothing else enters an average.
        choice: `error`, `first`, `last`, `mean` or `runs`.
        name: of the table, for messages.

    Returns:
        The rows that are left, and what to say about it.

    Raises:
        AnswerError: there are duplicates and the choice is `error`; the first five are listed.
    """
    if columns.run is None:
        return frame, [
            Notice("no-run-column", "No run column was named: the rows of one persona, item and condition are its runs, in order.")
        ]
    key = [columns.persona, columns.item, *columns.condition, columns.run]
    surplus = _surplus(frame, key)
    if not surplus or choice == "runs":
        text = f"{surplus} rows repeat a run id of their cell; they are taken as further runs."
        return frame, [Notice("duplicates", text)] if surplus else []
    if choice == "error":
        rows = frame.group_by(key, maintain_order=True).len().filter(pl.col("len") > 1).head(5)
        listed = "; ".join(
            ", ".join(f"{column} {row[column]}" for column in key) + f" ({row['len']} rows)" for row in rows.iter_rows(named=True)
        )
        message = (
            f"{name}: {surplus} rows repeat the run of another row: {listed}. "
            "If another column tells them apart, such as a model or a wording, name it with --by, --where or --condition; otherwise "
            "keep one with --duplicates first or last, average them with mean, or take them as further runs with runs."
        )
        raise AnswerError(message)
    if choice == "mean":
        return _averaged(frame, columns, key, valid, name), [
            Notice("duplicates", f"{surplus} rows that repeat a run were averaged with it.")
        ]
    left = frame.unique(key, keep=choice, maintain_order=True)
    return left, [Notice("duplicates", f"{surplus} rows that repeat a run were left out: the {choice} of each is kept.")]


def _surplus(frame: pl.DataFrame, key: list[str]) -> int:
    """How many rows repeat another row's key."""
    flat, size = np.zeros(len(frame), np.int64), 1
    for column in key:
        found = levels(frame[column] if not frame[column].null_count() else frame[column].cast(pl.String).fill_null(""))
        flat, size = flat * len(found.names) + found.codes, size * len(found.names)
    distinct = np.count_nonzero(np.bincount(flat, minlength=size)) if size <= 4 * len(flat) else len(np.unique(flat))
    return len(flat) - int(distinct)


def _averaged(frame: pl.DataFrame, columns: Columns, key: list[str], valid: tuple[Sequence[str], Numeric], name: str) -> pl.DataFrame:
    """One row per key, its answer the mean of all that are answers on the scale; an average counts as answered if one of them is."""
    missing, scale = valid
    answer = pl.col(columns.answer).cast(pl.String)
    numbers = pl.when(~answer.is_in(list(missing))).then(answer.cast(pl.Float64, strict=False))
    words = frame.filter(numbers.is_null() & answer.is_not_null() & ~answer.is_in(list(missing)))
    if len(words):
        word = words[columns.answer][0]
        message = f'{name}: "{word}" is no number, so duplicates cannot be averaged; use --duplicates first, last or runs.'
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
