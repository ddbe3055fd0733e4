"""The leaning of each persona to one value of each dilemma."""

from collections.abc import Mapping

import polars as pl

from personametrics.data.finding import Rows
from personametrics.data.study import NOBODY

ARMS: Mapping[str, str] = {"none": "without a persona", "persona": "with a persona"}
WORST = 10
"""Dilemmas that the evidence shows."""


def leanings(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """Return one row for each persona and dilemma that was asked in both orders.

    With u = 2 · (share of the value named first) − 1 in one order and v in the other, the answers lean by (u − v) / 2, and being named
    first adds (u + v) / 4. u² of n runs is estimated by (n u² − 1) / (n − 1), the mean product of two different runs.

    Columns: persona, item, arm, lean ((2p − 1)²; null with a single run), order.
    """
    named = pl.when(pl.col("answer") == pl.col("first")).then(pl.col("weight")).otherwise(0.0)
    orders = rows.group_by("persona", "item", "first").agg(n=pl.col("weight").sum(), u=2 * named.sum() / pl.col("weight").sum() - 1)
    n, square = pl.col("n"), pl.col("u") ** 2
    orders = orders.with_columns(square=square if exact else pl.when(n > 1).then((n * square - 1) / (n - 1)))
    lean = pl.when(pl.col("square").null_count() == 0).then((pl.col("square").sum() - 2 * pl.col("u").product()) / 4)
    by_dilemma = orders.sort("persona", "item", "first").group_by("persona", "item", maintain_order=True)
    dilemmas = by_dilemma.agg(orders=pl.len(), lean=lean, order=pl.col("u").mean() / 2)
    arm = pl.when(pl.col("persona") == NOBODY).then(pl.lit("none")).otherwise(pl.lit("persona"))
    return dilemmas.filter(pl.col("orders") == 2).select("persona", "item", "lean", "order", arm=arm)


def dilemma_table(rows: pl.DataFrame) -> Rows:
    """Return the dilemmas on which personas are most one-sided."""
    in_arm = {arm: pl.col("arm") == arm for arm in ARMS}
    means = {f"evenhandedness {ARMS[arm]}": 1 - pl.col("lean").filter(where).mean() for arm, where in in_arm.items()}
    means |= {f"order {ARMS[arm]}": pl.col("order").filter(where).mean() for arm, where in in_arm.items()}
    by = f"evenhandedness {ARMS['persona']}"
    return rows.group_by("item").agg(**means).sort(by, "item", nulls_last=True).head(WORST).to_dicts()
