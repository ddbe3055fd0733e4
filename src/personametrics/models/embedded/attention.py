"""Attention over several sets of places, combined exactly afterwards."""

from typing import NamedTuple

import numpy as np

from personametrics.models.embedded.checkpoint import Floats


class Attended(NamedTuple):
    """The result of attention over some places, to be combined with the results of others.

    Attributes:
        sums: (…, size) sums of values, weighted by exp(score − top).
        top: (…, 1) largest scores.
        total: (…, 1) sums of the weights.
    """

    sums: Floats
    top: Floats
    total: Floats


def attend(queries: Floats, keys: Floats, values: Floats, hidden: Floats | None = None) -> Attended:
    """Compute the attention of B rows of queries, each over its own places.

    Args:
        queries: (B, T, groups, heads in a group, size) queries.
        keys: (B, S, groups, size) keys.
        values: (B, S, groups, size) values.
        hidden: (B, T, S) terms added to the scores; None: every place is seen.

    Returns:
        Sums, largest scores and total weights, each (B, T, groups, heads in a group, …).
    """
    scores = queries.transpose(0, 2, 3, 1, 4) @ keys.transpose(0, 2, 3, 1)[:, :, None]
    if hidden is not None:
        scores += hidden[:, None, None]
    top = scores.max(-1, keepdims=True)
    scores -= top
    np.exp(scores, out=scores)
    sums = np.empty(queries.shape, np.float32)
    np.matmul(scores, values.transpose(0, 2, 1, 3)[:, :, None], out=sums.transpose(0, 2, 3, 1, 4))
    total = scores.sum(-1, keepdims=True)
    return Attended(sums, top.transpose(0, 3, 1, 2, 4), total.transpose(0, 3, 1, 2, 4))


def add(first: Attended, second: Attended) -> None:
    """Add the second result to the first in place, rescaled to the larger of the largest scores (as in arXiv 2205.14135)."""
    top = np.maximum(first.top, second.top)
    for part in (first, second):
        weight = np.exp(part.top - top)
        np.multiply(part.sums, weight, out=part.sums)
        np.multiply(part.total, weight, out=part.total)
    np.copyto(first.top, top)
    np.add(first.sums, second.sums, out=first.sums)
    np.add(first.total, second.total, out=first.total)
