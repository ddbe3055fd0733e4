"""Estimates that follow from sums over answers: differences of shares, odds ratios, slopes."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.levels import levels
from personametrics.data.prompt import NOBODY
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Floats, Ints, quotient
from personametrics.stats.intervals.cluster import Sums, clustered, clustered_share
from personametrics.stats.intervals.jackknife import Interval

METHOD = "jackknife over personas and items"
WILSON = f"Wilson's interval, by the number of answers that they are worth by the {METHOD}"
DIGITS = 12
"""Decimals beyond these are rounding, which must not decide which side of 0 an exactly known number lies on."""


def clusters(rows: pl.DataFrame) -> dict[str, Ints]:
    """Who answered and what was asked, as codes; answers without a persona are no sample of personas, so each item is its own there.

    Args:
        rows: with the columns persona and item.
    """
    persona = pl.when(pl.col("persona") == NOBODY).then(pl.concat_str(pl.lit("\x1f"), "item")).otherwise(pl.col("persona"))
    return {"persona": levels(rows.select(persona.alias("persona"))["persona"]).codes, "item": levels(rows["item"]).codes}


class Summed:
    """Rows with their clusters, from which estimates are made.

    Attributes:
        rows: one an answer, a cell or a pair, with the columns persona and item.
        level: coverage of the intervals.
        by: what they are clustered by.
    """

    def __init__(self, rows: pl.DataFrame, level: float, by: Sequence[str] = ("persona", "item")) -> None:
        """Args: by: `persona`, `item` or both."""
        self.rows, self.level = rows, level
        known = clusters(rows)
        self._codes = [known[name] for name in by]
        self.by = tuple(by)

    def column(self, expression: pl.Expr) -> Floats:
        """(N,) an expression of the rows; null counts as 0."""
        return self._columns([expression])[:, 0]

    def _columns(self, expressions: Sequence[pl.Expr]) -> Floats:
        """(N, k) expressions of the rows; null counts as 0."""
        names = [f" {at}" for at in range(len(expressions))]
        made = [one.cast(pl.Float64).fill_null(0.0).alias(name) for name, one in zip(names, expressions, strict=True)]
        return self.rows.lazy().with_columns(made).select(names).collect().to_numpy()

    def mean(self, name: str, means: Name, value: pl.Expr, *, n: int | None = None) -> Estimate:
        """Mean of an expression over the rows where it is not null.

        Args:
            name: of the estimate.
            means: unit, what n counts, meaning.
            value: such as a column, or a column where a condition holds.
            n: how many of what the name counts; None: these rows.
        """
        there = value.is_not_null()
        n = int(self.column(there).sum()) if n is None else n
        return self.estimate(name, means, [value, there], quotient, n=n)

    def estimate(self, name: str, means: Name, sums: Sequence[pl.Expr], statistic: Sums, *, n: int, ratio: bool = False) -> Estimate:
        """An estimate from column sums.

        Args:
            name: of the estimate.
            means: unit, what n counts, meaning.
            sums: what is summed over the rows.
            statistic: from the sums (…, k) to the number (…).
            n: how many of what the name counts.
            ratio: the number is positive: the interval is made on its logarithm.
        """
        found = clustered(self._columns(sums), (lambda s: np.log(statistic(s))) if ratio else statistic, self._codes, self.level)
        return self._named(name, means, Interval(*np.exp(found[:3])) if ratio else found, METHOD, n)

    def share(self, name: str, means: Name, sums: Sequence[pl.Expr], *, n: int) -> Estimate:
        """A share, or a mean of scores from 0 to 1: what counts, and what it is a share of, over the rows."""
        return self._named(name, means, clustered_share(self._columns(sums), self._codes, self.level), WILSON, n)

    def share_of_variance(self, name: str, means: Name, sums: Sequence[pl.Expr], *, n: int) -> Estimate:
        """The first of two sums as a share of both, as a signal: below 1, by noise also below 0."""
        found = clustered(self._columns(sums), lambda s: s[..., 0] / (s[..., 0] + s[..., 1]), self._codes, self.level, "share")
        return self._named(name, means, found, METHOD, n)

    def _named(self, name: str, means: Name, found: Interval, method: str, n: int) -> Estimate:
        """An interval as an estimate that says what it means, and what a reader must know of it."""
        value, low, high = (round(float(end), DIGITS) for end in found[:3])
        if not math.isfinite(value):
            return Estimate(name, math.nan, math.nan, math.nan, self.level, n, method, EstimateStatus.UNDEFINED, means)
        few = {"persona": EstimateStatus.FEW_PERSONAS, "item": EstimateStatus.FEW_ITEMS}
        short = [few[by] for by, codes in zip(self.by, self._codes, strict=True) if len(np.unique(codes)) < FEW]
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else short[0] if short else EstimateStatus.OK
        over = method if len(self.by) > 1 else method.replace("personas and items", f"{self.by[0]}s")
        return Estimate(name, value, low, high, self.level, n, over, status, means)
