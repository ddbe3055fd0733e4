"""Comparisons of average shares in which every cell of a group weighs the same, however many answers it holds."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats

Group = Sequence[pl.Expr]
"""Conditions on rows: a cell each."""


class Contrasts:
    """Rows of which groups of cells are compared.

    Attributes:
        rows: with the columns persona, item, right (how much of the weight is right, or scored) and weight.
        level: coverage of the intervals.
    """

    def __init__(self, rows: pl.DataFrame, level: float) -> None:
        self.rows, self.level = rows, level

    def estimate(
        self, name: str, means: Name, groups: Sequence[Group], of: Callable[[Floats], Floats], *, ratio: bool = False
    ) -> list[Estimate]:
        """A number from the averages of groups; none where a cell holds no answers.

        Args:
            name: of the estimate.
            means: unit, what n counts (items), meaning.
            groups: G groups; the average of a group is the plain mean over its cells of the share that is right.
            of: from averages (…, G) to the number (…).
            ratio: the number is positive: the interval is made on its logarithm. Where an average is 0 or 1 half an answer is added to
                either side of every cell; such a number has no interval.
        """
        cells = [cell for group in groups for cell in group]
        found = self.rows.select(cell.any().alias(str(at)) for at, cell in enumerate(cells)).row(0) if cells else ()
        if not cells or not all(found):
            return []
        used = self.rows.filter(pl.any_horizontal(cells))
        summed = Summed(used, self.level)
        sums = [pl.col(column) * cell for cell in cells for column in ("right", "weight")]
        ends = [sum(map(len, groups[: at + 1])) for at in range(len(groups))]

        def averages(total: Floats, half: float = 0.0) -> Floats:
            shares = (total[..., 0::2] + half) / (total[..., 1::2] + 2 * half)
            return _stacked(shares, ends)

        whole = averages(used.select(one.sum().alias(str(at)) for at, one in enumerate(sums)).to_numpy()[0].astype(float))
        added = 0.5 if ratio and ((whole == 0) | (whole == 1)).any() else 0.0
        n = used["item"].n_unique()
        one = summed.estimate(name, means, sums, lambda total: of(averages(total, added)), n=n, ratio=ratio)
        if added:
            method = "half an answer added to either side of every cell, since an accuracy is 0 or 1"
            one = replace(one, low=float("nan"), high=float("nan"), method=method, status=EstimateStatus.NO_INTERVAL)
        return [one]


def _stacked(shares: Floats, ends: Sequence[int]) -> Floats:
    """(…, G) means of neighbouring columns."""
    parts = [shares[..., start:end].mean(-1) for start, end in zip([0, *ends], ends, strict=False)]
    return np.stack(parts, axis=-1)


def first(averages: Floats) -> Floats:
    """The average itself."""
    return averages[..., 0]


def difference(averages: Floats) -> Floats:
    """The first average minus the second; with four, minus the difference of the other two."""
    own = averages[..., 0] - averages[..., 1]
    return own if averages.shape[-1] == 2 else own - (averages[..., 2] - averages[..., 3])
