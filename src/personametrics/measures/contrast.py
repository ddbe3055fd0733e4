"""Contrasts: comparisons of average shares, in which every cell of a group has the same weight, whatever its number of answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats

Group = Sequence[pl.Expr]
"""A group of cells, each given by a condition on rows."""


class Contrasts:
    """A table of rows whose groups of cells are compared.

    Attributes:
        rows: with the columns persona, item, right (the part of the weight that is right, or the score) and weight.
        level: coverage of the intervals, 0 to 1.
    """

    def __init__(self, rows: pl.DataFrame, level: float) -> None:
        self.rows, self.level = rows, level

    def estimate(
        self, name: str, means: Name, groups: Sequence[Group], of: Callable[[Floats], Floats], *, ratio: bool = False
    ) -> list[Estimate]:
        """Return an estimate from the averages of groups; an empty list if a group has no cells, or a cell holds no answers.

        Args:
            name: name of the estimate.
            means: its unit, what n counts (items), and its meaning.
            groups: G groups; the average of a group is the unweighted mean over its cells of the share that is right.
            of: function from averages (…, G) to the number (…).
            ratio: True for a positive number whose interval is made on its logarithm. If an average is 0 or 1, half an answer is added to
                either side of every cell, and the number has no interval.
        """
        cells = [cell for group in groups for cell in group]
        if not (groups and all(groups)) or not all(
            self.rows.select(cell.any().alias(str(index)) for index, cell in enumerate(cells)).row(0)
        ):
            return []
        used = self.rows.filter(pl.any_horizontal(cells))
        sums = [pl.col(column) * cell for cell in cells for column in ("right", "weight")]
        ends = [sum(map(len, groups[: index + 1])) for index in range(len(groups))]

        def averages(total: Floats, half: float = 0.0) -> Floats:
            shares = (total[..., 0::2] + half) / (total[..., 1::2] + 2 * half)
            return _stacked(shares, ends)

        whole = averages(used.select(total.sum().alias(str(index)) for index, total in enumerate(sums)).to_numpy()[0].astype(float))
        added = 0.5 if ratio and ((whole == 0) | (whole == 1)).any() else 0.0
        n = used["item"].n_unique()
        estimate = RowSums(used, self.level).estimate(name, means, sums, lambda total: of(averages(total, added)), n=n, ratio=ratio)
        if added:
            method = "0.5 right and 0.5 wrong answers added to each compared group, because an accuracy is 0 or 1"
            estimate = replace(estimate, low=float("nan"), high=float("nan"), method=method, status=EstimateStatus.NO_INTERVAL)
        return [estimate]


def _stacked(shares: Floats, ends: Sequence[int]) -> Floats:
    """Return the means of neighbouring columns (…, G)."""
    parts = [shares[..., start:end].mean(-1) for start, end in zip([0, *ends], ends, strict=False)]
    return np.stack(parts, axis=-1)


def first(averages: Floats) -> Floats:
    """Return the first average."""
    return averages[..., 0]


def difference(averages: Floats) -> Floats:
    """Return the first average minus the second; with four averages, minus the difference of the other two."""
    gap = averages[..., 0] - averages[..., 1]
    return gap if averages.shape[-1] == 2 else gap - (averages[..., 2] - averages[..., 3])
