"""Answers of each persona to each item, next to those of the model without a persona."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError, ensure
from personametrics.data.finding import Rows
from personametrics.data.study import Responses
from personametrics.measures.answers import answers
from personametrics.measures.sums import Totals
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.distances import divergence_floor, kl_divergence, smoothed_shares

ARMS = ("persona", "none")
WORST = 8
"""Rows of evidence."""


def persona_prior_pairs(responses: Responses, reads: Mapping[str, str], smooth: float) -> pl.DataFrame:
    """Return one row for each persona and item that both arms answered.

    Columns: persona, item, n (1); x.k and y.k, the mean points of prior and persona in dimension k, xy and xx, their products; noise,
    the sampling variance of x (NaN with a single answer); prior, its modal label; sure, the share of that label, and noisy, the
    remaining share; flip, True where the persona's mode differs; persuasion, persuasion.floor and persuasion.excess, in nats
    (`smooth` answers are added to each label of drawn answers).
    """
    scale = responses.labelled
    if scale is None or len(scale.labels) < 2:
        message = f"{responses.source}: prior_pull compares two or more labels. Read the answers on an ordinal or nominal scale."
        raise DesignError(message)
    rows = answers(responses, reads)
    for column, valid in (("arm", ARMS), ("answer", scale.labels)):
        unknown = rows.filter(~pl.col(column).is_in(list(valid)).fill_null(value=False))
        if len(unknown):
            problem = f'"{unknown[column][0]}" is not one of {", ".join(valid)} ({len(unknown)} such answers)'
            message = f'{responses.source}, column "{column}": {problem}. Correct these rows or remove them.'
            raise AnswerError(message)
    counts = [(pl.col("weight") * (pl.col("answer") == label)).sum().alias(str(index)) for index, label in enumerate(scale.labels)]
    persona = rows.filter(pl.col("arm") == "persona").group_by("persona", "item", maintain_order=True).agg(counts)
    prior = rows.filter(pl.col("arm") == "none").group_by("item").agg(counts)
    pairs = persona.join(prior, "item", suffix=".none", maintain_order="left")
    ensure(len(pairs), f"{responses.source} has no item with answers of both arms, persona and none. Add the answers of the other arm.")
    names, exact = [str(index) for index in range(len(scale.labels))], bool(responses.columns.probabilities)
    a, b = pairs.select(names).to_numpy(), pairs.select(f"{name}.none" for name in names).to_numpy()
    columns = {
        **_positions(a, b, scale.points() - scale.points().mean(0), exact=exact),
        **_modes(a, b),
        **_persuasion(a, b, smooth, exact=exact),
        "prior": np.array(scale.labels)[b.argmax(1)],
    }
    return pairs.select("persona", "item", n=pl.lit(1.0)).with_columns(pl.Series(name, values) for name, values in columns.items())


def _positions(a: Floats, b: Floats, points: Floats, *, exact: bool) -> dict[str, Floats]:
    """Return mean points of both answers, their products, and the sampling variance of the prior's."""
    n = b.sum(1)
    y, x = a / a.sum(1, keepdims=True) @ points, b / n[:, None] @ points
    variance = b / n[:, None] @ (points**2).sum(1) - (x**2).sum(1)
    noise = np.zeros(len(b)) if exact else np.where(n > 1, variance / np.where(n > 1, n - 1, 1), np.nan)
    axes = {f"{name}.{index}": column for name, table in (("x", x), ("y", y)) for index, column in enumerate(table.T)}
    return {"noise": noise, "xy": (x * y).sum(1), "xx": (x**2).sum(1)} | axes


def _modes(a: Floats, b: Floats) -> dict[str, Floats]:
    """Return whether the prior's mode is below the persona's mode, and the share of the prior's mode."""
    rows, mode = np.arange(len(b)), b.argmax(1)
    sure = b[rows, mode] / b.sum(1)
    return {"flip": (a[rows, mode] < a.max(1) - 1e-12).astype(float), "sure": sure, "noisy": 1 - sure}


def _persuasion(a: Floats, b: Floats, smooth: float, *, exact: bool) -> dict[str, Floats]:
    """Return the divergence of every cell, and how much of it chance makes."""
    if exact:
        whole, floor = kl_divergence(a / a.sum(1, keepdims=True), b / b.sum(1, keepdims=True)), np.zeros(len(a))
    else:
        whole, floor = kl_divergence(smoothed_shares(a, smooth), smoothed_shares(b, smooth)), divergence_floor(a, b, smooth)
    return {"persuasion": whole, "persuasion.floor": floor, "persuasion.excess": whole - floor}


def prior_slope(totals: Totals) -> Floats:
    """Return the covariance of prior and persona over the variance of the prior without its noise; NaN without variance."""
    n, axes = totals["n"], sorted(name[2:] for name in totals if name.startswith("x."))
    x, y = (np.stack([totals[f"{name}.{axis}"] for axis in axes], -1) for name in ("x", "y"))
    variance = totals["xx"] - totals["noise"] - (x**2).sum(-1) / n
    covariance = totals["xy"] - (x * y).sum(-1) / n
    return np.asarray(covariance / np.where(variance > 1e-12, variance, np.nan), dtype=np.float64)


def item_table(pairs: pl.DataFrame) -> Rows:
    """Return the items on which the model is surest and personas differ least from it."""
    columns = {"share": pl.col("sure").first(), "flips": pl.col("flip").mean(), "persuasion": pl.col("persuasion").mean()}
    means = pairs.group_by("item", "prior").agg(**columns)
    return means.sort("flips", "share", "item", descending=[False, True, False]).head(WORST).to_dicts()
