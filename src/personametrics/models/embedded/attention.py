"""Attention, place by place where it is needed: what was found in different places is put together afterwards, exactly."""

from typing import NamedTuple

import numpy as np

from personametrics.models.embedded.checkpoint import Floats


class Attended(NamedTuple):
    """What queries found in some of the places they see, to be weighed against what they find in others.

    Attributes:
        found: (…, size) sums of values, each weighed by exp(score − top).
        top: (…, 1) largest score.
        total: (…, 1) sum of the weights.
    """

    found: Floats
    top: Floats
    total: Floats


def attend(queries: Floats, keys: Floats, values: Floats, hidden: Floats | None = None) -> Attended:
    """Attention of B rows of queries, each to its own places.

    Args:
        queries: (B, T, groups, heads in a group, size)
        keys: (B, S, groups, size)
        values: (B, S, groups, size)
        hidden: (B, T, S) added to the scores.

    Returns:
        Each (B, T, groups, heads in a group, …).
    """
    scores = queries.transpose(0, 2, 3, 1, 4) @ keys.transpose(0, 2, 3, 1)[:, :, None]
    if hidden is not None:
        scores += hidden[:, None, None]
    top = scores.max(-1, keepdims=True)
    scores -= top
    np.exp(scores, out=scores)
    found = np.empty(queries.shape, np.float32)
    np.matmul(scores, values.transpose(0, 2, 1, 3)[:, :, None], out=found.transpose(0, 2, 3, 1, 4))
    total = scores.sum(-1, keepdims=True)
    return Attended(found, top.transpose(0, 3, 1, 2, 4), total.transpose(0, 3, 1, 2, 4))


def add(here: Attended, there: Attended) -> None:
    """Add what was found in other places, in place, by the larger of the largest scores (as in arXiv 2205.14135)."""
    top = np.maximum(here.top, there.top)
    for one in (here, there):
        weight = np.exp(one.top - top)
        np.multiply(one.found, weight, out=one.found)
        np.multiply(one.total, weight, out=one.total)
    np.copyto(here.top, top)
    np.add(here.found, there.found, out=here.found)
    np.add(here.total, there.total, out=here.total)
