"""Answers as rows that can be summed up: whether they were drawn, or are known as label probabilities."""

from collections.abc import Mapping

import polars as pl

from personametrics.data.errors import ColumnError, options
from personametrics.data.probabilities import label_names, label_probabilities
from personametrics.data.responses import Responses


def answers(responses: Responses, reads: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Every answer with its weight.

    Args:
        responses: answers drawn or label probabilities.
        reads: columns that are wanted beside persona, item and answer, and what each means.

    Returns:
        Columns persona, item, answer, run (all text), weight (1 for an answer that was drawn, its probability otherwise), and those of
        `reads` as text. Rows without an answer are left out. With label probabilities a row of the table is a row for each label.

    Raises:
        ColumnError: a column is missing; the message says what it should hold.
        AnswerError: there is no answer at all.
    """
    c, frame = responses.columns, responses.frame
    for name, meaning in (reads or {}).items():
        if name not in frame.columns:
            message = f'{responses.source} has no column "{name}" ({meaning}); {options(name, frame.columns, 30)}.'
            raise ColumnError(message)
    run = pl.col(c.run).cast(pl.String) if c.run else pl.int_range(pl.len()).over(c.persona, c.item).cast(pl.String)
    kept = [pl.col(c.persona).cast(pl.String).alias("persona"), pl.col(c.item).cast(pl.String).alias("item"), run.alias("run")]
    kept += [_plainly(frame, name) for name in reads or {} if name not in {"persona", "item", "run", "answer"}]
    if c.probabilities:
        shares = label_probabilities(frame, c.probabilities, responses.source, some=True)
        parts = [
            frame.select(*kept, pl.lit(label).alias("answer"), pl.Series("weight", shares[:, at]))
            for at, label in enumerate(label_names(c.probabilities))
        ]
        found = pl.concat(parts).filter(pl.col("weight").is_finite() & (pl.col("weight") > 0))
    else:
        given = frame.select(*kept, _plainly(frame, c.answer).alias("answer"), pl.lit(1.0).alias("weight"))
        found = given.filter(responses.answered)
    return found


def _plainly(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text; 3.0 is written 3, as labels are."""
    column = pl.col(name)
    if not frame.schema[name].is_float():
        return column.cast(pl.String)
    whole = pl.when(column == column.round()).then(column.cast(pl.Int64, strict=False).cast(pl.String))
    return whole.otherwise(column.cast(pl.String)).alias(name)


def cells(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Share of each answer within a cell.

    Args:
        rows: as `answers` gives them.
        by: columns that make a cell.

    Returns:
        Columns `by`, answer, share (sums to 1 over a cell), n (weight of the cell: answers drawn, or 1 a row of probabilities).
    """
    counted = rows.group_by(*by, "answer", maintain_order=True).agg(pl.col("weight").sum())
    return counted.with_columns(n=pl.col("weight").sum().over(by)).select(*by, "answer", share=pl.col("weight") / pl.col("n"), n="n")
