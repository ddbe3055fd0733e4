"""Scores of each persona and task in every arm, and their changes between arms, as estimates."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import polars.selectors as cs

from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Name, Notice, Rows
from personametrics.measures.sums import RowSums
from personametrics.stats.intervals.mover import difference
from personametrics.stats.people.aptitude import aptitude
from personametrics.studies.lost.arms import ARMS, CHANGES, FULL, OUTCOMES, SHARDED

NUMBERS: Mapping[str, str] = {
    "mean": "mean",
    "aptitude": "90th percentile of the runs of one persona and task",
    "unreliability": "90th minus 10th percentile of the runs of one persona and task",
}
WORST = 10
"""Number of personas and tasks in the evidence."""


def scored_cells(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return a row for each persona, task and outcome.

    Columns: persona, item, scored, and for every arm `mean.ARM`, `aptitude.ARM`, `unreliability.ARM` (0 to 100, null where undefined)
    and `runs.ARM`.
    """
    by = ["persona", "item", "scored"]
    rows = rows.filter(pl.col("scored").is_in(list(OUTCOMES)), pl.col("arm").is_in(list(ARMS)))
    message = f"{source} has no scored answer. Fill the columns arm ({', '.join(ARMS)}) and scored ({' or '.join(OUTCOMES)})."
    ensure(len(rows), message, AnswerError)
    right = 100.0 * (pl.col("answer").str.strip_chars() == pl.col("gold"))
    by_arm = rows.group_by(*by, "arm", maintain_order=True).agg(right.alias("scores"))
    width = int(by_arm["scores"].list.len().max())  # type: ignore[arg-type]
    padded = np.full((len(by_arm), width), np.nan)
    for row, scores in zip(padded, by_arm["scores"], strict=True):
        row[: len(scores)] = scores.to_numpy()
    numbers = [pl.Series(name, values).fill_nan(None) for name, values in zip(NUMBERS, aptitude(padded), strict=True)]
    by_arm = by_arm.with_columns(*numbers, runs=pl.col("scores").list.len())
    cells = by_arm.select(by).unique(maintain_order=True)
    for arm in ARMS:
        columns = by_arm.filter(pl.col("arm") == arm).select(*by, *(pl.col(name).alias(f"{name}.{arm}") for name in (*NUMBERS, "runs")))
        cells = cells.join(columns, by, "left", maintain_order="left")
    return cells


def by_persona(cells: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each persona: given at once, it describes itself without a task, so that all its cells hold the same answers."""
    return cells.group_by("persona", maintain_order=True).agg(pl.lit("").alias("item"), cs.numeric().mean())


def uneven_runs(cells: pl.DataFrame) -> tuple[Notice, ...]:
    """Return a notice where arms have unequal numbers of runs, since percentiles depend on that number."""
    runs = [pl.col(f"runs.{arm}") for arm in ARMS]
    uneven = int(cells.select((pl.max_horizontal(runs) > pl.min_horizontal(runs)).sum()).item())
    text = f"In {uneven} of {len(cells)} cells the arms have unequal numbers of answers. Aptitude and unreliability depend on that number."
    return (Notice("uneven-runs", text),) if uneven else ()


def worst_cells(cells: pl.DataFrame) -> Rows:
    """Return the personas and tasks that lose most from full to sharded."""
    lost = cells.with_columns(lost=pl.col(f"mean.{SHARDED}") - pl.col(f"mean.{FULL}")).drop_nulls("lost")
    columns = ["persona", "item", "scored", *(f"{name}.{arm}" for arm in ARMS for name in ("mean", "unreliability"))]
    return lost.sort("lost", "persona", "item").head(WORST).select(columns).to_dicts()


def number_in_arm(sums: RowSums, name: str, column: str, meaning: str) -> Estimate:
    """Return a number in one arm, 0 to 100."""
    present = pl.col(column).is_not_null()
    n, counts = len(sums.rows.filter(present)), "cells" if len(sums.by) > 1 else "personas"
    share = sums.share(name, Name("points of 100", counts, meaning), [pl.col(column) / 100, present], n=n)
    share = replace(share, value=100 * share.value, low=100 * share.low, high=100 * share.high)
    return share if n else share.undefined_for(EstimateStatus.NO_RERUNS)


def change_between_arms(sums: RowSums, name: str, number: str, meaning: str) -> Estimate:
    """Return a number's change over cells with both arms, −100 to 100; if no cell differs, its interval is made from those of the arms."""
    arms = CHANGES[name.rpartition(".")[2]]
    first, second = (pl.col(f"{number}.{arm}") for arm in arms)
    both = first.is_not_null() & second.is_not_null()
    means = Name("points of 100", "cells", f"{meaning}: {ARMS[arms[0]]} minus {ARMS[arms[1]]}, over the same personas and tasks")
    n = len(sums.rows.filter(both))
    change = sums.mean(name, means, first - second, n=n)
    if change.low == change.high:
        ends = difference(*(sums.share(name, means, [arm / 100 * both, both], n=n).interval for arm in (first, second)))
        change = replace(change, low=100 * ends.low, high=100 * ends.high, method="MOVER of Wilson's intervals")
    return change if n else change.undefined_for(EstimateStatus.NO_RERUNS)
