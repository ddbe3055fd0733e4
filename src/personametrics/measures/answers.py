"""Answers as weighted rows, for drawn answers and for label probabilities alike, and their scores from 0 to 1."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import ColumnError, DesignError, options
from personametrics.data.probabilities import label_names, label_probabilities
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal, Scale


def answers(responses: Responses, reads: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Return the answers, drawn or label probabilities, with their weights.

    The columns are persona, item, answer, run (all text), weight (1 for a drawn answer, otherwise its probability), and those of `reads`,
    given with their meaning, as text. Rows without an answer are left out. Label probabilities give one row for each label.

    Raises:
        ColumnError: a column is missing; the message gives its meaning.
        AnswerError: the scale cannot read the answers, or no row holds an answer.
    """
    c, frame = responses.columns, responses.frame
    for name, meaning in (reads or {}).items():
        if name not in frame.columns:
            message = f'{responses.source} has no column "{name}" ({meaning}). {options(name, frame.columns, 30)}.'
            raise ColumnError(message)
    run = pl.col(c.run).cast(pl.String) if c.run else pl.int_range(pl.len()).over(c.persona, c.item).cast(pl.String)
    kept = [pl.col(c.persona).cast(pl.String).alias("persona"), pl.col(c.item).cast(pl.String).alias("item"), run.alias("run")]
    kept += [_plain_text(frame, name) for name in reads or {} if name not in {"persona", "item", "run", "answer"}]
    if c.probabilities:
        shares = label_probabilities(frame, c.probabilities, responses.source, some=True)
        parts = [
            frame.select(*kept, pl.lit(label).alias("answer"), pl.Series("weight", shares[:, index]))
            for index, label in enumerate(label_names(c.probabilities))
        ]
        return pl.concat(parts).filter(pl.col("weight").is_finite() & (pl.col("weight") > 0))
    drawn = frame.select(*kept, _plain_text(frame, c.answer).alias("answer"), pl.lit(1.0).alias("weight"))
    return drawn.filter(responses.answered)


def _plain_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as text; 3.0 becomes 3, as in labels."""
    column = pl.col(name)
    if not frame.schema[name].is_float():
        return column.cast(pl.String)
    whole = pl.when(column == column.round()).then(column.cast(pl.Int64, strict=False).cast(pl.String))
    return whole.otherwise(column.cast(pl.String)).alias(name)


def cells(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return the share of each answer within a cell of rows of `answers`, defined by the columns `by`.

    The columns are `by`, answer, share (its sum over a cell is 1), and n (weight of the cell: number of drawn answers, or of rows of
    probabilities).
    """
    counted = rows.group_by(*by, "answer", maintain_order=True).agg(pl.col("weight").sum())
    return counted.with_columns(n=pl.col("weight").sum().over(by)).select(*by, "answer", share=pl.col("weight") / pl.col("n"), n="n")


def score_answers(responses: Responses, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `answers` with a column score, from 0 to 1, on the scale that reads them.

    Raises:
        DesignError: the answers have no order, no two ends, or several scales.
    """
    scale: Scale | None = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
    if isinstance(scale, Numeric) and np.isfinite([scale.low, scale.high]).all():
        number = pl.col("answer").str.strip_chars().cast(pl.Float64)
        return rows.with_columns(score=(number - scale.low) / (scale.high - scale.low))
    if not isinstance(scale, Ordinal) or len(scale.labels) < 2:
        message = f"{responses.source} needs answers on one ordered scale with two ends. Name it with --scale, such as 1|2|3|4|5 or 0..10."
        raise DesignError(message)
    places = scale.positions()
    score = dict(zip(scale.labels, (places - places.min()) / np.ptp(places), strict=True))
    scores = {answer: float(score[plain(answer)]) for answer in rows["answer"].unique()}
    return rows.with_columns(score=pl.col("answer").replace_strict(scores, return_dtype=pl.Float64))
