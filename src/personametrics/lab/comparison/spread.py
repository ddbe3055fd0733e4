"""The spread of a panel: the variance between personas of a group, without the noise of their own answers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.levels import Levels, levels
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import UNIT, Responses
from personametrics.data.scale import Nominal
from personametrics.measures.answers import answers, cells, score_answers
from personametrics.stats.arrays import Floats, Ints

ROUNDING = 1e-15
"""A spread below this is the rounding of personas who answer exactly alike."""
PART = "part"
"""Column that marks the lines of dialogues, as opposed to verdicts and questions."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Cells of personas × items (× labels), from which the spread of all of them or of some follows.

    On ordered scales it is the variance of scores from 0 to 1 that personas of a group would have for an item in infinitely many runs, mean
    over items and groups; for labels half the sum over labels of the variances of their shares. It is not the persona signal.

    Attributes:
        personas: (C,) persona of each cell.
        items: (C,) item of each cell.
        place: (C,) item, group and label of each cell, as one number.
        outer: item and group of each such number.
        mean: (C,) mean score of a cell, or its share of the label over √2.
        noise: (C,) variance of that mean over runs; 0 where a cell has one run.
    """

    personas: Levels
    items: Levels
    place: Ints
    outer: Ints
    mean: Floats
    noise: Floats

    def value(self, keep: npt.NDArray[np.bool_] | None = None) -> float:
        """Return the spread of the (C,) cells to keep, by default all; NaN where no item was answered by two personas of a group."""
        place, mean, noise = (column if keep is None else column[keep] for column in (self.place, self.mean, self.noise))
        size = len(self.outer)
        number = np.bincount(place, minlength=size)
        several = number > 1
        if not several.any():
            return float("nan")
        divisor = np.maximum(number, 1)
        deviation = mean - (np.bincount(place, mean, size) / divisor)[place]
        between = np.bincount(place, deviation**2, size) / np.maximum(number - 1, 1) - np.bincount(place, noise, size) / divisor
        outer = self.outer[several]
        total = np.bincount(outer, between[several])
        spread = float(total[np.bincount(outer) > 0].mean())
        return spread if abs(spread) > ROUNDING else 0.0


def spread_of(responses: Responses, group: str = "", compared: pl.DataFrame | None = None) -> Spread | None:
    """Return the cells (`compared`, or all) from which the spread of a panel follows, personas compared within the values of `group`.

    None for dialogues, whose lines and verdicts are not opinions, and without any answer of a persona.

    Raises:
        DesignError: the answers have no order and are not labels, or their scale has no ends.
    """
    if PART in responses.frame.columns:
        return None
    rows = answers(responses, {group: "the group of a persona"} if group else {}).filter(pl.col("persona") != NOBODY)
    if compared is not None:
        rows = rows.join(compared, ["persona", "item"], how="semi", maintain_order="left")
    if rows.is_empty():
        return None
    within = ["item", group] if group else ["item"]
    labelled = isinstance(responses.scale, Nominal) or isinstance(responses.labelled, Nominal)
    table = _shares(rows, within) if labelled else _scores(responses, rows, within)
    noise = np.zeros(len(table)) if responses.columns.probabilities else table["noise"].to_numpy()
    outer = levels(table.select(pl.concat_str([pl.col(name).fill_null("") for name in within], separator=UNIT)).to_series()).codes
    number = table["label"].n_unique()
    place, groups = outer * number + levels(table["label"]).codes, np.repeat(np.arange(outer.max() + 1), number)
    finite = np.where(np.isfinite(noise), noise, 0.0)
    return Spread(levels(table["persona"]), levels(table["item"]), place, groups, table["mean"].to_numpy(), finite)


def _shares(rows: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """Return the share of each label in each cell, with its noise."""
    share = cells(rows, "persona", *within)
    labels = rows.select("answer").unique(maintain_order=True)
    every = share.select("persona", *within, "n").unique(maintain_order=True).join(labels, how="cross")
    shares = every.join(share, ["persona", *within, "answer", "n"], how="left", maintain_order="left")
    part = pl.col("share").fill_null(0.0)
    noise = part * (1 - part) / (pl.col("n") - 1)
    return shares.select("persona", *within, label="answer", mean=part / np.sqrt(2), noise=noise / 2)


def _scores(responses: Responses, rows: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """Return the mean score of each cell, with its noise."""
    w = pl.col("weight")
    mean = (w * pl.col("score")).sum() / w.sum()
    square = (w * pl.col("score") ** 2).sum() / w.sum() - mean**2
    by = score_answers(responses, rows).group_by("persona", *within, maintain_order=True)
    return by.agg(mean=mean, noise=square / (w.sum() - 1)).with_columns(label=pl.lit(""))
