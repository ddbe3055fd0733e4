"""Certainties of answers, stated or from label probabilities, and how well they are calibrated."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Name, Rows
from personametrics.data.levels import levels
from personametrics.data.study import Responses
from personametrics.measures.answers import answers, cells
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.inference.calibration import area_of_sums, augrc, aurc, bin_of, calibration_error, calibration_floor
from personametrics.stats.inference.correlation import correlation_of_sums

CELL = ("persona", "item")
W, RIGHT, SURE = pl.col("weight"), pl.col("right"), pl.col("sure")
"""Columns of the answers with their certainty: weight; 1 if right, else 0; certainty from 0 to 1."""
MEANS = {"certainty": (W * SURE).sum() / W.sum(), "accuracy": (W * RIGHT).sum() / W.sum(), "answers": W.sum()}
WORST = 10
"""Number of questions in the evidence."""
AREAS: Mapping[str, tuple[Callable[..., Floats], str]] = {
    "aurc": (aurc, "error of the most certain answers, averaged over all shares of answers that are kept"),
    "augrc": (augrc, "share of all answers that are kept and wrong, averaged over all shares kept"),
}
UNSTEADY = Name("correlation", "questions", "correlation of a wrong answer (0 or 1) and the disagreement of the other runs of its question")


def certain_answers(responses: Responses, reads: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the answers with gold, and a table with the columns persona, item, right (0 or 1), sure (0 to 1) and weight.

    An answer with several stated certainties has a row for each, and these weigh as one answer together. Answers without gold or without a
    certainty are left out of the second table.
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
    message = f"{responses.source} has one certainty for the probabilities of all labels. Give a row with certainty_of for each label."
    ensure(not responses.columns.probabilities, message)
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


def mean_over_answers(sums: RowSums, name: str, meaning: str, value: pl.Expr, weight: pl.Expr = W, unit: str = "share") -> Estimate:
    """Return a weighted mean over answers, in the unit of the value."""
    n = sums.rows["item"].n_unique()
    return sums.estimate(name, Name(unit, "questions", meaning), [weight * value, weight], quotient, n=n)


def means_over_answers(sums: RowSums, least: float) -> list[Estimate]:
    """Return the means over all answers, and over those of which the model is sure by at least this."""
    sure, percent = least - 1e-9 <= SURE, f"a certainty of {100 * least:g} % or more"
    brier = "mean squared difference of certainty and correctness (0 or 1)"
    return [
        mean_over_answers(sums, "accuracy", "answers that are right", RIGHT),
        mean_over_answers(sums, "certainty", "mean stated certainty", SURE),
        mean_over_answers(sums, "overconfidence", "stated certainty minus accuracy", SURE - RIGHT),
        mean_over_answers(sums, "brier", brier, (SURE - RIGHT) ** 2, unit="squared share"),
        mean_over_answers(sums, "sure.coverage", f"answers with {percent}", sure),
        mean_over_answers(sums, "sure.accuracy", f"accuracy at {percent}", RIGHT, W * sure),
    ]


def areas_under_curves(sums: RowSums, *, endless: bool) -> list[Estimate]:
    """Return AURC and AUGRC, each from 0 (good) to 1; answers of one certainty, in whole percent, are tied."""
    percent = (100 * SURE).round()
    tied = [W * (percent == value) for value in sums.rows.select(percent)[:, 0].unique().sort(descending=True)]
    columns, n = [*tied, *(answers * (1 - RIGHT) for answers in tied)], sums.rows["item"].n_unique()
    estimates = []
    for name, (area, says) in AREAS.items():
        statistic = partial(area_of_sums, area=area, endless=endless)
        estimates.append(sums.estimate(name, Name("share", "questions", says), columns, statistic, n=n))
    return estimates


def calibration_errors(sums: RowSums, bins: int) -> list[Estimate]:
    """Return the calibration error and its size by chance, as shares; near 0 no interval made from sums covers it."""
    questions = levels(sums.rows["item"])
    weight, error = np.zeros((2, len(questions.names), bins))
    place = (questions.codes, bin_of(sums.column(SURE), bins))
    np.add.at(weight, place, sums.column(W))
    np.add.at(error, place, sums.column(W * (RIGHT - SURE)))

    def bare(name: str, value: float, meaning: str) -> Estimate:
        means, status = Name("share", "questions", meaning), EstimateStatus.NO_INTERVAL
        return Estimate(name, value, math.nan, math.nan, sums.level, len(questions.names), "count", status, means)

    observed, floor = float(calibration_error(weight.sum(0), error.sum(0))), calibration_floor(weight, error)
    return [
        bare("ece", observed, f"calibration error over {bins} bins of certainty"),
        bare("ece.floor", floor, "ece as expected if certainty were right: the effect of the choice of questions alone"),
    ]


def unsteadiness(doubt: RowSums) -> Estimate:
    """Return the correlation, −1 to 1, of being wrong with the disagreement of the other runs; undefined without rows of `rerun_doubt`."""
    if doubt.rows.is_empty():
        return Estimate("unsteady", math.nan, math.nan, math.nan, doubt.level, 0, "jackknife", EstimateStatus.NO_RERUNS, UNSTEADY)
    x, y = pl.col("doubt"), pl.col("wrong")
    moments = [W, W * x, W * y, W * x * x, W * y * y, W * x * y]
    return doubt.estimate("unsteady", UNSTEADY, moments, correlation_of_sums, n=doubt.rows["item"].n_unique())
