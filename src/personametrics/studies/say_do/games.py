"""Self-reports and choices in games as rows: how much somebody says and does, and how they go up a ladder of offers."""

import re

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.measures.answers import cells
from personametrics.stats.people.ladder import never_falls, reversals

SAY, DO = "say", "do"
LADDER = ("ladder", "reversal", "climb")
BETWEEN = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)")
"""A numeric scale from its least to its most, which may be the smaller number."""


def turned(scale: str) -> str:
    """A scale the other way round.

    Examples:
        >>> turned("never|often|always"), turned("0..10")
        ('always|often|never', '10..0')
    """
    between = BETWEEN.fullmatch(scale)
    return f"{between[2]}..{between[1]}" if between else "|".join(reversed(scale.split("|")))


def valued(rows: pl.DataFrame) -> pl.DataFrame:
    """Answers with where they lie, from 0, the least, to 1; answers off their scale are left out.

    Args:
        rows: as `answers` gives them, with the columns mode (say or do) and least_to_most (labels with | between, or numbers as 0..10).

    Raises:
        AnswerError: a mode that is neither.
    """
    wrong = rows.filter(~pl.col("mode").is_in([SAY, DO]).fill_null(value=False))
    if len(wrong):
        message = f'An answer has the mode "{wrong["mode"][0]}"; it must be {SAY} or {DO}.'
        raise AnswerError(message)
    kinds = rows.select("least_to_most", "answer").unique(maintain_order=True)
    found = kinds.with_columns(value=pl.Series([_place(*row) for row in kinds.iter_rows()], dtype=pl.Float64))
    return rows.join(found, ["least_to_most", "answer"], "left", maintain_order="left").filter(pl.col("value").is_not_null())


def _place(least_to_most: str | None, answer: str) -> float | None:
    """Where an answer lies on its scale."""
    if between := BETWEEN.fullmatch(least_to_most or ""):
        first, last = float(between[1]), float(between[2])
        try:
            place = (float(answer) - first) / (last - first)
        except (ValueError, ZeroDivisionError):
            return None
        return place if 0 <= place <= 1 else None
    labels = (least_to_most or "").split("|")
    return labels.index(answer.strip()) / (len(labels) - 1) if answer.strip() in labels and len(labels) > 1 else None


def played(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """A row for each persona, game and group.

    Args:
        rows: as `valued` gives them, with the columns game, group and odds as well.
        exact: weights are label probabilities.

    Returns:
        persona, game, group; say and do: means over items, each less what everybody's mean is there, so that somebody who skipped an item
        is not compared on others; say noise, do noise: their sampling variances (null where an item was answered once); ladder, reversal,
        climb: see `personametrics.stats.people.ladder` (null where a rung that others answered is missing).
    """
    by = ["persona", "game", "group"]
    w, v = pl.col("weight"), pl.col("value")
    cell = rows.group_by(*by, "mode", "item", maintain_order=True).agg(n=w.sum(), mean=(w * v).sum() / w.sum(), square=(w * v * v).sum())
    spread = (pl.col("square") - pl.col("n") * pl.col("mean") ** 2) / (pl.col("n") - 1) / pl.col("n")
    noise = pl.lit(0.0) if exact else pl.when(pl.col("n") > 1).then(spread.clip(0.0))
    cell = cell.with_columns(apart=pl.col("mean") - pl.col("mean").mean().over("item"), noise=noise)
    whole = pl.when(pl.col("noise").is_not_null().all()).then(pl.col("noise").sum() / pl.len() ** 2)  # of a mean of so many cells
    part = cell.group_by(*by, "mode", maintain_order=True).agg(pl.col("apart").mean(), noise=whole)
    found = part.select(by).unique(maintain_order=True)
    for mode in (SAY, DO):
        own = part.filter(pl.col("mode") == mode).select(*by, pl.col("apart").alias(mode), pl.col("noise").alias(f"{mode} noise"))
        found = found.join(own, by, "left", maintain_order="left")
    return found.join(_ladders(rows.filter(pl.col("mode") == DO), by), by, "left", maintain_order="left")


def _ladders(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """How everybody goes up each ladder of which they answered every rung."""
    rung = pl.col("odds").cast(pl.Float64, strict=False)
    rows = rows.with_columns(rung=rung, answer=pl.col("value")).filter(rung.is_finite())
    kinds = dict.fromkeys(by, pl.String) | dict.fromkeys(LADDER, pl.Float64)
    parts = [pl.DataFrame(schema=kinds)]
    for _, own in cells(rows, *by, "rung").group_by("game", maintain_order=True):
        who = own.select(by).unique(maintain_order=True)
        rungs, values = np.unique(own["rung"].to_numpy()), np.unique(own["answer"].to_numpy())
        at = own.join(who.with_row_index(" who"), by, "left", maintain_order="left")[" who"].to_numpy()
        shares = np.zeros((len(who), len(rungs), len(values)))
        shares[at, np.searchsorted(rungs, own["rung"].to_numpy()), np.searchsorted(values, own["answer"].to_numpy())] = own["share"]
        if len(rungs) > 1:
            numbers = (never_falls(shares), reversals(shares), (shares[:, -1] - shares[:, 0]) @ values)
            found = who.with_columns(pl.Series(name, one) for name, one in zip(LADDER, numbers, strict=True))
            parts.append(found.filter(pl.Series((shares.sum(2) > 0).all(1))).cast(kinds))  # type: ignore[arg-type]
    return pl.concat(parts)
