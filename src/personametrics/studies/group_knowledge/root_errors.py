"""Root mean square errors of shares, and their difference, as estimates."""

from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient
from personametrics.stats.intervals.mover import difference
from personametrics.studies.group_knowledge.shares import PAIR


def mean_over_pairs(sums: RowSums, column: str, name: str, meaning: str) -> Estimate:
    """Return a mean over groups and statements, in which members share the weight of their group.

    Args:
        sums: rows of `member_errors`.
        column: column of the rows.
        name: name of the estimate.
        meaning: meaning of the estimate.
    """
    means, n = Name("share", "groups × statements", meaning), sums.rows.select(PAIR).n_unique()
    return sums.estimate(name, means, [pl.col(column) * pl.col("part"), pl.col("part")], quotient, n=n)


def root_mean_square(squared: Estimate) -> Estimate:
    """Return the root of a mean square; below 0 it counts as 0."""
    value, low, high = np.sqrt(np.maximum(squared.interval[:3], 0.0)).tolist()
    status = EstimateStatus.NEGATIVE if squared.value < 0 and squared.status == EstimateStatus.OK else squared.status
    return replace(squared, value=value, low=low, high=high, method=f"squares less sampling noise, {squared.method}", status=status)


def difference_of_errors(simulated: Estimate, direct: Estimate) -> Estimate:
    """Return the difference of the two errors."""
    ends = difference(simulated.interval, direct.interval)
    means = simulated.kind._replace(meaning="error.simulated minus error.direct")
    return replace(simulated, name="gap", value=ends.value, low=ends.low, high=ends.high, method="MOVER of both errors", means=means)
