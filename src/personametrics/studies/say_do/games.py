"""Self-reports and choices in games: how much a persona says and does, and how it answers a ladder of offers."""

import math
import re

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.finding import Rows
from personametrics.data.study import Item, spell_scale
from personametrics.measures.answers import cells
from personametrics.measures.sums import Totals
from personametrics.stats.arrays import Floats
from personametrics.stats.people.monotonicity import monotone_probability, reversal_probability

SAY, DO = "say", "do"
LADDER = ("ladder", "reversal", "climb")
BETWEEN = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)")
"""A numeric scale from its least to its most, which may be the smaller number."""
MOMENTS = {"n": pl.lit(1.0), "x": pl.col("say"), "y": pl.col("do"), "xx": pl.col("say") ** 2, "yy": pl.col("do") ** 2}
MOMENTS |= {"xy": pl.col("say") * pl.col("do"), "vx": pl.col("say noise"), "vy": pl.col("do noise")}
"""Sums of each game that the correlation needs."""
WORST = 10
"""Personas that the evidence shows."""


def reversed_scale(scale: str) -> str:
    """Return a scale in the opposite order.

    Examples:
        >>> reversed_scale("never|often|always"), reversed_scale("0..10")
        ('always|often|never', '10..0')
    """
    between = BETWEEN.fullmatch(scale)
    return f"{between[2]}..{between[1]}" if between else "|".join(reversed(scale.split("|")))


def has_odds(item: Item) -> bool:
    """Return whether the odds of an item are a number."""
    try:
        return math.isfinite(float(item.attributes.get("odds", "")))
    except ValueError:
        return False


def least_to_most(item: Item) -> str:
    """Return the scale of an item from the least to the most of what the game measures; reversed for a reversed item."""
    scale = spell_scale(item.scale)
    return reversed_scale(scale) if item.attributes.get("keyed") == "-" else scale


def positions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return answers with their position from 0, the least, to 1, in the column value; answers off their scale are left out."""
    unknown = rows.filter(~pl.col("mode").is_in([SAY, DO]).fill_null(value=False))
    if len(unknown):
        message = f'An answer has the unknown mode "{unknown["mode"][0]}". Write {SAY} or {DO} in the column mode.'
        raise AnswerError(message)
    kinds = rows.select("least_to_most", "answer").unique(maintain_order=True)
    values = kinds.with_columns(value=pl.Series([_position(*row) for row in kinds.iter_rows()], dtype=pl.Float64))
    return rows.join(values, ["least_to_most", "answer"], "left", maintain_order="left").filter(pl.col("value").is_not_null())


def _position(least_to_most: str | None, answer: str) -> float | None:
    """Return the position of an answer on its scale, None if it is off the scale."""
    if between := BETWEEN.fullmatch(least_to_most or ""):
        first, last = float(between[1]), float(between[2])
        try:
            position = (float(answer) - first) / (last - first)
        except (ValueError, ZeroDivisionError):
            return None
        return position if 0 <= position <= 1 else None
    labels = (least_to_most or "").split("|")
    return labels.index(answer.strip()) / (len(labels) - 1) if answer.strip() in labels and len(labels) > 1 else None


def game_scores(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """Return one row for each persona, game and group.

    Columns: persona, item (the game), game, group; say and do, means over items after subtraction of each item's mean over personas, so
    that a persona that skipped an item is not compared on others; say noise and do noise, their sampling variances (null if an item was
    answered once); ladder, reversal and climb, see `stats.people.monotonicity` (null if a rung that others answered is missing).
    """
    by = ["persona", "game", "group"]
    w, v = pl.col("weight"), pl.col("value")
    cell = rows.group_by(*by, "mode", "item", maintain_order=True).agg(n=w.sum(), mean=(w * v).sum() / w.sum(), square=(w * v * v).sum())
    variance = (pl.col("square") - pl.col("n") * pl.col("mean") ** 2) / (pl.col("n") - 1) / pl.col("n")
    noise = pl.lit(0.0) if exact else pl.when(pl.col("n") > 1).then(variance.clip(0.0))
    cell = cell.with_columns(deviation=pl.col("mean") - pl.col("mean").mean().over("item"), noise=noise)
    of_mean = pl.when(pl.col("noise").is_not_null().all()).then(pl.col("noise").sum() / pl.len() ** 2)
    means = cell.group_by(*by, "mode", maintain_order=True).agg(pl.col("deviation").mean(), noise=of_mean)
    scores = means.select(by).unique(maintain_order=True)
    for mode in (SAY, DO):
        columns = pl.col("deviation").alias(mode), pl.col("noise").alias(f"{mode} noise")
        scores = scores.join(means.filter(pl.col("mode") == mode).select(*by, *columns), by, "left", maintain_order="left")
    scores = scores.join(_ladders(rows.filter(pl.col("mode") == DO), by), by, "left", maintain_order="left")
    return scores.with_columns(item=pl.col("game"))


def _ladders(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return, for each persona and each ladder of which it answered every rung, how it climbs the ladder."""
    rung = pl.col("odds").cast(pl.Float64, strict=False)
    rows = rows.with_columns(rung=rung, answer=pl.col("value")).filter(rung.is_finite())
    schema = dict.fromkeys(by, pl.String) | dict.fromkeys(LADDER, pl.Float64)
    parts = [pl.DataFrame(schema=schema)]
    for _, game in cells(rows, *by, "rung").group_by("game", maintain_order=True):
        personas = game.select(by).unique(maintain_order=True)
        rungs, values = np.unique(game["rung"].to_numpy()), np.unique(game["answer"].to_numpy())
        persona = game.join(personas.with_row_index(" persona"), by, "left", maintain_order="left")[" persona"].to_numpy()
        shares = np.zeros((len(personas), len(rungs), len(values)))
        shares[persona, np.searchsorted(rungs, game["rung"].to_numpy()), np.searchsorted(values, game["answer"].to_numpy())] = game["share"]
        if len(rungs) > 1:
            numbers = (monotone_probability(shares), reversal_probability(shares), (shares[:, -1] - shares[:, 0]) @ values)
            ladders = personas.with_columns(pl.Series(name, number) for name, number in zip(LADDER, numbers, strict=True))
            parts.append(ladders.filter(pl.Series((shares.sum(2) > 0).all(1))).cast(schema))  # type: ignore[arg-type]
    return pl.concat(parts)


def game_correlation(totals: Totals, noise: float) -> Floats:
    """Return the correlation of saying and doing over personas, pooled within games; NaN without spread."""
    games = sorted({name.rpartition(" ")[0] for name in totals})
    n, x, y, xx, yy, xy, vx, vy = (np.stack([totals[f"{game} {name}"] for game in games], -1) for name in MOMENTS)
    covariance = (xy - x * y / n).sum(-1)
    degrees = (n - 1).sum(-1)
    of_say = (xx - x * x / n).sum(-1) - noise * degrees * (vx.sum(-1) / n.sum(-1))
    of_do = (yy - y * y / n).sum(-1) - noise * degrees * (vy.sum(-1) / n.sum(-1))
    root = np.sqrt(np.where((of_say > 1e-12) & (of_do > 1e-12), of_say * of_do, np.nan))
    return np.asarray(covariance / root)


def gap_table(scores: pl.DataFrame) -> Rows:
    """Return the personas whose doing lies furthest from their saying, each relative to the mean over personas."""
    distance = (pl.col("say") - pl.col("do")).abs()
    shown = scores.with_columns(distance=distance).sort("distance", "persona", "game", descending=[True, False, False])
    columns = {"says": pl.col("say"), "does": pl.col("do"), "never turns back": pl.col("ladder")}
    return shown.head(WORST).select("persona", "game", **columns).to_dicts()
