"""Shares of groups that agree with statements: true, stated by the model, and of its simulated members, with their errors."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Name, Rows
from personametrics.data.study import Ordinal, Responses
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient
from personametrics.stats.intervals.mover import difference

PAIR = ("group", "about")
WORST = 8
"""Number of groups and statements in the evidence."""


def agreeing_labels(scale: Ordinal) -> list[str]:
    """Return the labels above the middle of a scale."""
    places = scale.positions()
    return [label for label, place in zip(scale.labels, places, strict=True) if place > (places.min() + places.max()) / 2]


def human_share(human: Responses, attribute: str, value: str, statement: str, scale: Ordinal) -> str:
    """Return the share of a group of people that agrees with a statement, as text; "": no answer of the group."""
    human.attribute(attribute)
    columns, rows = human.columns, human.frame.filter(pl.Series(human.answered))
    rows = rows.filter(pl.col(columns.item).cast(pl.String) == statement, pl.col(attribute).cast(pl.String) == value)
    agreed = rows.filter(pl.col(columns.answer).cast(pl.String).is_in(agreeing_labels(scale)))
    return f"{len(agreed) / len(rows):.4f}" if len(rows) else ""


def member_errors(responses: Responses, reads: Mapping[str, str], whole: float) -> pl.DataFrame:
    """Return a row for each group, statement and simulated member, with the errors of both sources.

    Columns: persona, item (the statement), group, about and truth; stated (the share that the model states) and mean (the share of
    simulated members); part (weight of the member, 1 in total for a group and statement); direct and simulated (squared errors without
    sampling variance, of which a member has its part by Hoeffding's projection); distance.* and floor.* of both sources.
    """
    rows = answers(responses, reads).with_columns(pl.col("group").str.split("|")).explode("group")
    stated = _stated_shares(rows, whole, exact=bool(responses.columns.probabilities), source=responses.source)
    agrees = pl.col("agree").str.split("|").list.contains(pl.col("answer")).cast(pl.Float64)
    by_member = rows.filter(pl.col("source") == "simulated").group_by("persona", *PAIR, maintain_order=True)
    members = by_member.agg(share=(pl.col("weight") * agrees).sum() / pl.col("weight").sum())
    members = members.join(stated.join(_true_shares(rows, responses.source), PAIR), PAIR, maintain_order="left")
    members = members.filter(pl.len().over(PAIR) > 1)
    needed = "a truth, two or more personas, and a direct answer given twice (or as label probabilities)"
    ensure(len(members), f"{responses.source} has no group and statement with {needed}. Add what is missing.")
    return _with_errors(members)


def _with_errors(members: pl.DataFrame) -> pl.DataFrame:
    """Return members with their errors, distances and floors."""
    error, n = pl.col("share") - pl.col("truth"), pl.len().over(PAIR)
    total = error.sum().over(PAIR)
    product_of_two = (total**2 - (error**2).sum().over(PAIR)) / (n * (n - 1))  # mean product of two members' errors
    mean_of_others = (total - error) / (n - 1)
    noise = pl.col("share").var().over(PAIR) / n
    members = members.with_columns(simulated=2 * error * mean_of_others - product_of_two, part=1 / n)
    members = members.with_columns(error=pl.col("stated") - pl.col("truth"), mean=pl.col("share").mean().over(PAIR))
    return members.with_columns(
        (pl.col("error") ** 2 - pl.col("noise")).alias("direct"),
        pl.col("error").abs().alias("distance.direct"),
        (pl.col("mean") - pl.col("truth")).abs().alias("distance.simulated"),
        (2 / np.pi * pl.col("noise")).sqrt().alias("floor.direct"),
        (2 / np.pi * noise).sqrt().alias("floor.simulated"),
        item=pl.col("about"),
    )


def _true_shares(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return the true share of every group and statement."""
    given = rows.filter(pl.col("truth").str.strip_chars() != "").select(*PAIR, "truth").unique(maintain_order=True)
    shares = given.with_columns(pl.col("truth").cast(pl.Float64, strict=False))
    wrong = given.filter(~shares["truth"].is_between(0, 1).fill_null(value=False))
    if len(wrong):
        group, about, value = wrong.row(0)
        message = f'{source}, column "truth": "{value}" of "{group}" and "{about}" is not a share from 0 to 1. Write 0.6 for 60 %.'
        raise AnswerError(message)
    shares = shares.unique(maintain_order=True)
    twice = shares.filter(pl.struct(PAIR).is_duplicated())
    if len(twice):
        message = f'{source}: the group "{twice[0, 0]}" and the statement "{twice[0, 1]}" have two different truths. Keep one.'
        raise AnswerError(message)
    return shares


def _stated_shares(rows: pl.DataFrame, whole: float, *, exact: bool, source: str) -> pl.DataFrame:
    """Return the share that the model states of every group and statement, with its sampling variance."""
    stated = rows.filter(pl.col("source") == "direct").with_columns(value=pl.col("answer").cast(pl.Float64, strict=False) / whole)
    if stated["value"].null_count():
        strange = stated.filter(pl.col("value").is_null())["answer"][0]
        message = f'{source}: the direct answer "{strange}" is not a number. Write 60 for 60 of {whole:g}.'
        raise AnswerError(message)
    mean = (pl.col("weight") * pl.col("value")).sum() / pl.col("weight").sum()
    noise = pl.lit(0.0) if exact else pl.col("value").var() / pl.len()
    return stated.group_by(PAIR, maintain_order=True).agg(stated=mean, noise=noise).filter(pl.col("noise").is_not_null())


def worst_pairs(errors: pl.DataFrame) -> Rows:
    """Return the groups and statements whose simulated members are farthest from the truth."""
    pairs = errors.select(*PAIR, "truth", direct="stated", simulated="mean", members=pl.len().over(PAIR)).unique(PAIR, maintain_order=True)
    distance = (pl.col("simulated") - pl.col("truth")).abs().round(9)
    return pairs.sort(distance, *PAIR, descending=[True, False, False]).head(WORST).to_dicts()


def mean_over_pairs(sums: RowSums, column: str, name: str, meaning: str) -> Estimate:
    """Return a mean over groups and statements, in which members share the weight of their group."""
    means, n = Name("share", "groups × statements", meaning), sums.rows.select(PAIR).n_unique()
    return sums.estimate(name, means, [pl.col(column) * pl.col("part"), pl.col("part")], quotient, n=n)


def root_mean_square(squared: Estimate) -> Estimate:
    """Return the root of a mean square; below 0 it counts as 0."""
    value, low, high = np.sqrt(np.maximum(squared.interval[:3], 0.0)).tolist()
    status = EstimateStatus.NEGATIVE if squared.value < 0 and squared.status == EstimateStatus.OK else squared.status
    return replace(squared, value=value, low=low, high=high, method=f"squares minus sampling noise, {squared.method}", status=status)


def difference_of_errors(simulated: Estimate, direct: Estimate) -> Estimate:
    """Return the difference of the two errors."""
    ends = difference(simulated.interval, direct.interval)
    means = simulated.kind._replace(meaning="error.simulated minus error.direct")
    return replace(simulated, name="gap", value=ends.value, low=ends.low, high=ends.high, method="MOVER of both errors", means=means)
