"""Scores of each persona and task in every arm: mean, aptitude and unreliability of its runs."""

from collections.abc import Mapping

import numpy as np
import polars as pl
import polars.selectors as cs

from personametrics.data.errors import AnswerError
from personametrics.data.finding import Rows
from personametrics.data.notice import Notice
from personametrics.stats.people.aptitude import aptitude
from personametrics.studies.lost.arms import ARMS, FULL, OUTCOMES, SHARDED

NUMBERS: Mapping[str, str] = {
    "mean": "mean",
    "aptitude": "90th percentile of the runs of one persona and task",
    "unreliability": "90th minus 10th percentile of these runs",
}
WORST = 10
"""Number of personas and tasks in the evidence."""


def scored_cells(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return a row for each persona, task and outcome.

    Args:
        rows: answers with the columns arm, scored and gold.
        source: name of the table in messages.

    Returns:
        Columns persona, item, scored, and for every arm `mean.ARM`, `aptitude.ARM`, `unreliability.ARM` (0 to 100, null where undefined)
        and `runs.ARM`.

    Raises:
        AnswerError: no answer belongs to an arm and an outcome.
    """
    by = ["persona", "item", "scored"]
    rows = rows.filter(pl.col("scored").is_in(list(OUTCOMES)), pl.col("arm").is_in(list(ARMS)))
    if rows.is_empty():
        message = (
            f"{source} has no answer whose arm is one of {', '.join(ARMS)} and whose column scored is {' or '.join(OUTCOMES)}. "
            "Fill these columns."
        )
        raise AnswerError(message)
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
    return [dict(row) for row in lost.sort("lost", "persona", "item").head(WORST).select(columns).iter_rows(named=True)]
