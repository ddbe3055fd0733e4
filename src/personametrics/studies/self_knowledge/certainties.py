"""Recorded answers with the certainty that was stated for each, and how far the runs of a question disagree."""

from collections.abc import Mapping

import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.finding import Rows
from personametrics.data.responses import Responses
from personametrics.measures.answers import answers, cells
from personametrics.stats.inference.calibration import bin_of

CELL = ("persona", "item")
W, RIGHT, SURE = pl.col("weight"), pl.col("right"), pl.col("sure")
"""Columns of the answers with their certainty: weight; 1 if right, else 0; certainty from 0 to 1."""
MEANS = {"certainty": (W * SURE).sum() / W.sum(), "accuracy": (W * RIGHT).sum() / W.sum(), "answers": W.sum()}
WORST = 10
"""Number of questions in the evidence."""


def certain_answers(responses: Responses, reads: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the answers, and the answers with their certainty.

    Args:
        responses: answers with the column gold, and with either `certainty_of` or `certainty`.
        reads: columns to read, with their meanings.

    Returns:
        The answers as `measures.answers` gives them, with gold; and a table with the columns persona, item, right (0 or 1), sure (0 to 1)
        and weight. An answer with several stated certainties has a row for each, and these weigh as one answer together. Answers without
        gold or without a certainty are left out of the second table.

    Raises:
        ColumnError: a column is missing.
        DesignError: certainties stand next to label probabilities.
        AnswerError: a certainty is not a number from 0 to 100.
    """
    if {"certainty", "certainty_of"} & set(responses.frame.columns) == {"certainty"}:
        given, stated = _from_column(responses, reads)
    else:
        given, stated = _from_rows(responses, reads)
    percent = stated["sure"].cast(pl.Float64, strict=False)
    wrong = stated.filter(~percent.is_between(0, 100).fill_null(value=False))
    if len(wrong):
        message = f'{responses.source}: the certainty "{wrong["sure"][0]}" is not a number from 0 to 100. Write it in percent.'
        raise AnswerError(message)
    stated = stated.with_columns(sure=percent / 100, right=(pl.col("answer") == pl.col("gold")).cast(pl.Float64))
    return given, stated.group_by(*CELL, "right", "sure", maintain_order=True).agg(W.sum()).drop_nulls()


def _from_column(responses: Responses, reads: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a table in which each answer has its certainty in the same row."""
    if responses.columns.probabilities:
        message = (
            f"{responses.source} has a column certainty next to label probabilities, and the certainty belongs to none of the labels. "
            "Give a row with certainty_of for each label."
        )
        raise DesignError(message)
    given = answers(responses, {"gold": reads["gold"], "certainty": "stated certainty of the answer, 0 to 100"})
    return given, given.filter(pl.col("certainty").is_not_null()).with_columns(sure="certainty")


def _from_rows(responses: Responses, reads: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a table in which each certainty has a row of its own, which names the answer."""
    rows = answers(responses, reads).with_columns(pl.col("certainty_of").fill_null(""))
    given = rows.filter(pl.col("certainty_of") == "")
    stated = cells(rows.filter(pl.col("certainty_of") != ""), *CELL, "certainty_of")
    stated = stated.select(*CELL, pl.col("answer").alias("sure"), pl.col("certainty_of").alias("answer"), "share")
    return given, given.join(stated, on=[*CELL, "answer"], maintain_order="left").with_columns(W * pl.col("share"))


def rerun_doubt(given: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """Return how far the other runs of a question disagree, for each answer.

    Args:
        given: answers as `certain_answers` gives them.
        exact: weights are label probabilities.

    Returns:
        A row for each label of each persona and item, with the columns weight, wrong (0 or 1) and doubt (the probability that two other
        runs differ, 0 to 1). Questions with fewer than three runs are left out.
    """
    counted = cells(given, *CELL, "gold").drop_nulls()
    n, drawn = pl.col("n"), (pl.col("share") * pl.col("n")).round()
    if exact:
        rows = counted.with_columns(weight=pl.col("share"), doubt=1 - (pl.col("share") ** 2).sum().over(CELL))
    else:
        same = (drawn * (drawn - 1)).sum().over(CELL) - 2 * (drawn - 1)
        rows = counted.filter(n > 2).with_columns(weight=drawn, doubt=1 - same / ((n - 1) * (n - 2)))
    return rows.with_columns(wrong=(pl.col("answer") != pl.col("gold")).cast(pl.Float64))


def by_bin(rows: pl.DataFrame, bins: int) -> Rows:
    """Return accuracy by stated certainty, a row for each of some equal bins of certainty that hold answers."""
    binned = rows.with_columns(bin=pl.Series(bin_of(rows["sure"].to_numpy(), bins)))
    return binned.group_by("bin").agg(**MEANS).sort("bin").drop("bin").rename({"certainty": "stated"}).to_dicts()


def by_question(rows: pl.DataFrame) -> Rows:
    """Return the questions on which certainty exceeds accuracy most."""
    questions = rows.group_by("item").agg(**MEANS).with_columns(overconfidence=pl.col("certainty") - pl.col("accuracy"))
    return questions.sort("overconfidence", "item", descending=[True, False]).head(WORST).to_dicts()
