"""Estimates from answers with their certainty: means, areas under risk–coverage curves, calibration errors."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.levels import levels
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.inference.calibration import bin_of, calibration_error, calibration_floor
from personametrics.stats.inference.correlation import correlation_of_sums
from personametrics.stats.inference.selective import area_of_sums, augrc, aurc
from personametrics.studies.self_knowledge.certainties import RIGHT, SURE, W

AREAS: Mapping[str, tuple[Callable[..., Floats], str]] = {
    "aurc": (aurc, "mean error of the surest answers, over all shares of answers that may be taken"),
    "augrc": (augrc, "mean share of answers that are wrong and taken; half the error where certainty is uninformative"),
}
UNSTEADY = Name("correlation", "questions", "of an answer being wrong with the disagreement of the other runs of its question")


def mean_over_answers(sums: RowSums, name: str, meaning: str, value: pl.Expr, weight: pl.Expr = W, unit: str = "share") -> Estimate:
    """Return a weighted mean over answers, in the unit of the value.

    Args:
        sums: answers with their certainty, as `certain_answers` gives them.
        name: name of the estimate.
        meaning: its meaning.
        value: for example `RIGHT`.
        weight: weight of each answer.
        unit: unit of the value.
    """
    n = sums.rows["item"].n_unique()
    return sums.estimate(name, Name(unit, "questions", meaning), [weight * value, weight], quotient, n=n)


def areas_under_curves(sums: RowSums, *, endless: bool) -> list[Estimate]:
    """Return AURC and AUGRC, each from 0 (good) to 1; answers of one certainty, in whole percent, are tied.

    Args:
        sums: answers with their certainty.
        endless: weights are label probabilities.
    """
    percent = (100 * SURE).round()
    tied = [W * (percent == value) for value in sums.rows.select(percent)[:, 0].unique().sort(descending=True)]
    columns, n = [*tied, *(answers * (1 - RIGHT) for answers in tied)], sums.rows["item"].n_unique()
    estimates = []
    for name, (area, says) in AREAS.items():
        statistic = partial(area_of_sums, area=area, endless=endless)
        estimates.append(sums.estimate(name, Name("share", "questions", says), columns, statistic, n=n))
    return estimates


def calibration_errors(sums: RowSums, bins: int) -> list[Estimate]:
    """Return the calibration error and its size by chance, as shares; near 0 no interval made from sums covers it.

    Args:
        sums: answers with their certainty.
        bins: number of equal bins of certainty.
    """
    questions = levels(sums.rows["item"])
    weight, error = np.zeros((2, len(questions.names), bins))
    place = (questions.codes, bin_of(sums.column(SURE), bins))
    np.add.at(weight, place, sums.column(W))
    np.add.at(error, place, sums.column(W * (RIGHT - SURE)))

    def bare(name: str, value: float, meaning: str) -> Estimate:
        means, status = Name("share", "questions", meaning), EstimateStatus.NO_INTERVAL
        return Estimate(name, value, math.nan, math.nan, sums.level, len(questions.names), "count", status, means)

    return [
        bare("ece", float(calibration_error(weight.sum(0), error.sum(0))), f"calibration error over {bins} bins of certainty"),
        bare(
            "ece.floor", calibration_floor(weight, error), "the same if certainty were right: the effect of the choice of questions alone"
        ),
    ]


def unsteadiness(doubt: RowSums) -> Estimate:
    """Return the correlation, −1 to 1, of being wrong with the disagreement of the other runs.

    Args:
        doubt: rows of `rerun_doubt`; without any, the estimate is undefined.
    """
    if doubt.rows.is_empty():
        return Estimate("unsteady", math.nan, math.nan, math.nan, doubt.level, 0, "jackknife", EstimateStatus.NO_RERUNS, UNSTEADY)
    x, y = pl.col("doubt"), pl.col("wrong")
    moments = [W, W * x, W * y, W * x * x, W * y * y, W * x * y]
    return doubt.estimate("unsteady", UNSTEADY, moments, correlation_of_sums, n=doubt.rows["item"].n_unique())
