"""Numbers of an arm, and their changes between arms, as estimates."""

from dataclasses import replace

import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.measures.sums import RowSums
from personametrics.stats.intervals.mover import difference
from personametrics.studies.lost.arms import ARMS, CHANGES


def number_in_arm(sums: RowSums, name: str, column: str, meaning: str) -> Estimate:
    """Return a number in one arm, 0 to 100.

    Args:
        sums: cells of `scored_cells`, or rows of `by_persona`.
        name: name of the estimate.
        column: column of the cells, such as `mean.full`.
        meaning: meaning of the estimate.
    """
    present = pl.col(column).is_not_null()
    n, counts = len(sums.rows.filter(present)), "cells" if len(sums.by) > 1 else "personas"
    share = sums.share(name, Name("points of 100", counts, meaning), [pl.col(column) / 100, present], n=n)
    return _with_cause(replace(share, value=100 * share.value, low=100 * share.low, high=100 * share.high))


def change_between_arms(sums: RowSums, name: str, number: str, meaning: str) -> Estimate:
    """Return the difference of a number between two arms over cells with both, −100 to 100.

    Args:
        sums: cells of `scored_cells`.
        name: name of the estimate, which ends with one of `CHANGES`.
        number: one of `NUMBERS`.
        meaning: meaning of the number.

    Returns:
        The difference; if no cell differs, its interval is made from those of the two arms.
    """
    arms = CHANGES[name.rpartition(".")[2]]
    first, second = (pl.col(f"{number}.{arm}") for arm in arms)
    both = first.is_not_null() & second.is_not_null()
    means = Name("points of 100", "cells", f"{meaning}: {ARMS[arms[0]]} minus {ARMS[arms[1]]}, over the same personas and tasks")
    n = len(sums.rows.filter(both))
    change = sums.mean(name, means, first - second, n=n)
    if change.low == change.high:
        ends = difference(*(sums.share(name, means, [arm / 100 * both, both], n=n).interval for arm in (first, second)))
        change = replace(change, low=100 * ends.low, high=100 * ends.high, method="MOVER of Wilson's intervals")
    return _with_cause(change)


def _with_cause(estimate: Estimate) -> Estimate:
    """Return an estimate whose status names single runs as the cause if they leave it undefined."""
    undefined = estimate.status == EstimateStatus.UNDEFINED and estimate.n == 0
    return replace(estimate, status=EstimateStatus.NO_RERUNS) if undefined else estimate
