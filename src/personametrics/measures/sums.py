"""Estimates that follow from sums over answers: differences of shares, odds ratios, slopes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.levels import Levels, levels
from personametrics.data.prompt import NOBODY
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Floats, Ints, quotient
from personametrics.stats.intervals.cluster import Sums, cluster_jackknife, cluster_share
from personametrics.stats.intervals.jackknife import Interval

METHOD = "jackknife over personas and items"
WILSON = f"Wilson's interval with the effective number of independent answers, from the {METHOD}"
DIGITS = 12
"""Decimals beyond these are rounding, which must not decide which side of 0 an exactly known number lies on."""
Expressions = Mapping[str, pl.Expr] | Sequence[pl.Expr]
"""Expressions that are summed over the rows, with or without names."""
Totals = Mapping[str, Floats]
"""Sums over the rows (…) by their names."""


class Terms(NamedTuple):
    """The terms (N, k) of the sums from which an estimate follows, with the persona and the item of each row."""

    rows: Floats
    statistic: Sums
    persona: Levels
    item: Levels

    def without(self, blocks: Ints, number: int) -> Floats:
        """Return the value without each block of rows (number,), for the block of each row (N,); −1: the row is never left out."""
        parts = np.stack([np.bincount(blocks + 1, column, number + 1)[1:] for column in self.rows.T], axis=1)
        with np.errstate(all="ignore"):
            return np.round(np.asarray(self.statistic(self.rows.sum(0) - parts), float), DIGITS)


_RECORD: ContextVar[dict[str, Terms] | None] = ContextVar("terms", default=None)


@contextmanager
def recorded_terms() -> Iterator[dict[str, Terms]]:
    """Record the terms of the estimates that are made meanwhile, by name."""
    terms: dict[str, Terms] = {}
    token = _RECORD.set(terms)
    try:
        yield terms
    finally:
        _RECORD.reset(token)


def clusters(rows: pl.DataFrame) -> dict[str, Ints]:
    """Return codes from 0 of the persona (N,) and the item (N,) of rows, by which answers are clustered.

    Answers without a persona are not a sample of personas, so there each item is a cluster of its own.
    """
    persona = pl.when(pl.col("persona") == NOBODY).then(pl.concat_str(pl.lit("\x1f"), "item")).otherwise(pl.col("persona"))
    return {"persona": levels(rows.select(persona.alias("persona"))["persona"]).codes, "item": levels(rows["item"]).codes}


class RowSums:
    """A table of rows whose sums give estimates, with intervals by the jackknife over clusters of rows.

    Attributes:
        rows: one row for each answer, cell or pair, with the columns persona and item.
        level: coverage of the intervals, 0 to 1.
        by: the clusters: `persona`, `item` or both.

    Examples:
        >>> rows = pl.DataFrame({"persona": ["a", "a", "b", "b"], "item": ["q", "r", "q", "r"], "hit": [1, 1, 0, 1]})
        >>> means = Name("share", "answers", "correct answers")
        >>> sums = {"hits": pl.col("hit"), "all": pl.lit(1.0)}
        >>> RowSums(rows, 0.9).estimate("hits", means, sums, lambda s: s["hits"] / s["all"], n=4).value
        0.75
    """

    def __init__(self, rows: pl.DataFrame, level: float, by: Sequence[str] = ("persona", "item")) -> None:
        self.rows, self.level, self.by = rows, level, tuple(by)
        codes = clusters(rows)
        self._codes = [codes[name] for name in by]

    def column(self, expression: pl.Expr) -> Floats:
        """Return an expression of the rows (N,); null counts as 0."""
        return self._columns([expression])[:, 0]

    def _columns(self, expressions: Sequence[pl.Expr]) -> Floats:
        """Return expressions of the rows (N, k); null counts as 0."""
        names = [f" {index}" for index in range(len(expressions))]
        columns = [expression.cast(pl.Float64).fill_null(0.0).alias(name) for name, expression in zip(names, expressions, strict=True)]
        return self.rows.lazy().with_columns(columns).select(names).collect().to_numpy()

    def mean(self, name: str, means: Name, value: pl.Expr, *, n: int | None = None) -> Estimate:
        """Return the mean of an expression over the rows where it is not null, whose number is n by default."""
        present = value.is_not_null()
        n = int(self.column(present).sum()) if n is None else n
        return self.estimate(name, means, [value, present], quotient, n=n)

    def estimate(
        self, name: str, means: Name, sums: Expressions, statistic: Callable[[Any], Floats], *, n: int, ratio: bool = False
    ) -> Estimate:
        """Return an estimate that follows from sums over the rows.

        Args:
            name: name of the estimate.
            means: its unit, what n counts, and its meaning.
            sums: expressions that are summed over the rows.
            statistic: function from the sums, {name: (…)} or (…, k) without names, to the number (…).
            n: number of what the estimate counts.
            ratio: True for a positive number whose interval is made on its logarithm.
        """
        names, expressions = (list(sums), list(sums.values())) if isinstance(sums, Mapping) else ([], list(sums))

        def number(totals: Floats) -> Floats:
            value = statistic({key: totals[..., index] for index, key in enumerate(names)} if names else totals)
            return np.asarray(np.log(value)) if ratio else value

        terms = self._terms(name, expressions, (lambda totals: np.exp(number(totals))) if ratio else number)
        interval = cluster_jackknife(terms, number, self._codes, self.level)
        return self._named(name, means, Interval(*np.exp(interval[:3])) if ratio else interval, METHOD, n)

    def share(self, name: str, means: Name, sums: Sequence[pl.Expr], *, n: int) -> Estimate:
        """Return a share, or a mean of scores from 0 to 1, from the sums of what counts and of what it is a share of."""
        return self._named(name, means, cluster_share(self._terms(name, sums, quotient), self._codes, self.level), WILSON, n)

    def share_of_variance(self, name: str, means: Name, sums: Sequence[pl.Expr], *, n: int) -> Estimate:
        """Return the first of two sums as a share of both, such as a signal: below 1, and by noise also below 0."""

        def share(totals: Floats) -> Floats:
            return totals[..., 0] / (totals[..., 0] + totals[..., 1])

        interval = cluster_jackknife(self._terms(name, sums, share), share, self._codes, self.level, "share")
        return self._named(name, means, interval, METHOD, n)

    def _terms(self, name: str, expressions: Sequence[pl.Expr], statistic: Sums) -> Floats:
        """Return expressions of the rows (N, k), and record them where terms are recorded."""
        rows, record = self._columns(expressions), _RECORD.get()
        if record is not None:
            record[name] = Terms(rows, statistic, *self._levels)
        return rows

    @cached_property
    def _levels(self) -> tuple[Levels, Levels]:
        """The persona and the item of each row."""
        return levels(self.rows["persona"]), levels(self.rows["item"])

    def _named(self, name: str, means: Name, interval: Interval, method: str, n: int) -> Estimate:
        """Return an interval as an estimate, with the status that a reader must know."""
        value, low, high = (round(float(end), DIGITS) for end in interval[:3])
        if not math.isfinite(value):
            return Estimate(name, math.nan, math.nan, math.nan, self.level, n, method, EstimateStatus.UNDEFINED, means)
        few = {"persona": EstimateStatus.FEW_PERSONAS, "item": EstimateStatus.FEW_ITEMS}
        short = [few[by] for by, codes in zip(self.by, self._codes, strict=True) if len(np.unique(codes)) < FEW]
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else short[0] if short else EstimateStatus.OK
        over = method if len(self.by) > 1 else method.replace("personas and items", f"{self.by[0]}s")
        return Estimate(name, value, low, high, self.level, n, over, status, means)
