"""Label probabilities that a model gave, one column a label."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.stats.arrays import Floats

P = "p:"
"""A column `p:LABEL` holds the probability of a label."""
SLACK = 1e-6
"""Probabilities may sum to this much more than 1 by rounding."""


def label_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Labels from the names of their columns: what follows `p:`, or what is left without the common beginning and end.

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
    """How many characters all texts begin with."""
    return next((at for at, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1), min(map(len, texts)))


def label_probabilities(frame: pl.DataFrame, columns: Sequence[str], name: str, *, some: bool = False) -> Floats:
    """(N, L) probabilities of the labels, rescaled to sum to 1.

    Args:
        frame: the table.
        columns: two or more columns of probabilities, or of natural log-probabilities (recognised by being ≤ 0).
        name: of the table, for messages.
        some: rows may be about other labels: those that are missing count as 0.

    Returns:
        One row a reply, NaN where one label is missing, or with `some` all of them.

    Raises:
        AnswerError: fewer than two columns, no numbers, or rows that sum to more than 1.
    """
    if len(columns) < 2:
        message = "Label probabilities need a column for each label, two or more."
        raise AnswerError(message)
    table = frame.select(pl.col(columns).cast(pl.String).cast(pl.Float64, strict=False)).to_numpy().astype(float)
    here = np.isfinite(table)
    given = table[here if some else here.all(1)]
    if not len(given):
        message = f"{name}: the columns {', '.join(columns)} hold no probabilities."
        raise AnswerError(message)
    share = np.exp(table) if (given <= 0).all() else table
    if some:
        share = np.where(here, share, np.where(here.any(1, keepdims=True), 0.0, np.nan))
    total = share.sum(1)
    wrong = np.flatnonzero((total > 1 + SLACK) | (share < 0).any(1) | (total == 0))
    if len(wrong):
        message = (
            f"{name}, row {wrong[0] + 1}: label probabilities sum to {total[wrong[0]]:.3g}, or one is negative ({len(wrong)} such rows)."
        )
        raise AnswerError(message)
    return np.asarray(share / total[:, None])
