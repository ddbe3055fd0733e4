"""Label probabilities in a table, with one column for each label."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, ensure
from personametrics.stats.arrays import Floats

P = "p:"
"""A column `p:LABEL` holds the probability of a label."""
SLACK = 1e-6
"""The tolerance for rounding: probabilities may sum to 1 plus this."""


def label_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that columns are named after: the part after `p:`, or the names without their common beginning and end.

    Examples:
        >>> label_names(["p:mad", "p:map"])
        ('mad', 'map')
        >>> label_names(["digit_0_logprob", "digit_1_logprob"])
        ('0', '1')
    """
    if all(column.startswith(P) for column in columns):
        return tuple(column.removeprefix(P) for column in columns)
    start = _common(columns)
    end = _common([column[start:][::-1] for column in columns])
    return tuple(column[start : len(column) - end] for column in columns)


def _common(texts: Sequence[str]) -> int:
    """Return the length of the common beginning of texts."""
    return next((index for index, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1), min(map(len, texts)))


def label_probabilities(frame: pl.DataFrame, columns: Sequence[str], name: str, *, some: bool = False) -> Floats:
    """Return the probabilities of the labels (N, L), rescaled to sum to 1.

    Args:
        frame: the table.
        columns: two or more columns of probabilities, or of natural log-probabilities (recognised by being ≤ 0).
        name: name of the table, for messages.
        some: True if rows may be about different labels; a missing probability then counts as 0, and a row is NaN only without any.

    Raises:
        AnswerError: fewer than two columns are named, they hold no numbers, or a row sums to more than 1.
    """
    ensure(len(columns) > 1, "Label probabilities need one column for each of two or more labels. Name further columns.", AnswerError)
    table = frame.select(pl.col(columns).cast(pl.String).cast(pl.Float64, strict=False)).to_numpy().astype(float)
    present = np.isfinite(table)
    given = table[present if some else present.all(1)]
    ensure(len(given), f"{name}: the columns {', '.join(columns)} contain no probabilities. Name other columns.", AnswerError)
    share = np.exp(table) if (given <= 0).all() else table
    if some:
        share = np.where(present, share, np.where(present.any(1, keepdims=True), 0.0, np.nan))
    total = share.sum(1)
    wrong = np.flatnonzero((total > 1 + SLACK) | (share < 0).any(1) | (total == 0))
    if len(wrong):
        problem = f"the label probabilities sum to {total[wrong[0]]:.3g}, or one of them is negative ({len(wrong)} such rows)"
        message = f"{name}, row {wrong[0] + 1}: {problem}. Correct the probabilities."
        raise AnswerError(message)
    return np.asarray(share / total[:, None])
