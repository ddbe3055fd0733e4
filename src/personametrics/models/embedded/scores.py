"""Exact probabilities of choices: the items of a persona side by side behind it, their choices as trees."""

from collections.abc import Sequence

import numpy as np

from personametrics.models.embedded.beginnings import Beginnings
from personametrics.models.embedded.distribution import distribution
from personametrics.models.embedded.network import Network
from personametrics.models.embedded.rows import Branches, Cache, Rows
from personametrics.models.packing import Tokens
from personametrics.models.prepared import Prepared

SCORED = 32
"""Asks in one pass: with more, what is in between no longer fits into the processor's cache."""


def score(beginnings: Beginnings, stops: Tokens, requests: Sequence[Prepared]) -> list[list[float]]:
    """Log-probabilities of the choices of asks.

    That of a choice is the sum over its tokens, given the prompt. Nothing has to follow it: "no" is also the beginning of "not sure".
    Where one choice's tokens begin with another's, the end of the answer belongs to every choice of that ask.

    Args:
        beginnings: of the prompts, and the network.
        stops: tokens that end an answer.
        requests: at least one; they share their sampling.

    Returns:
        Of each ask, the log-probability of each choice.

    Raises:
        ModelError: the model's logits are no numbers.
    """
    before = beginnings.of([one.tokens for one in requests])
    parts = [slice(first, first + SCORED) for first in range(0, len(requests), SCORED)]
    return [found for part in parts for found in _score(beginnings.network, stops, requests[part], before[part])]


def _score(network: Network, stops: Tokens, requests: Sequence[Prepared], before: Sequence[Cache | None]) -> list[list[float]]:
    """The same for asks that are computed in one pass, each behind its beginning."""
    rests = [one.tokens[cache.length if cache else 0 :] for one, cache in zip(requests, before, strict=True)]
    trees = [Branches.of(one.choices, one.ends) for one in requests]
    rows = Rows.of(rests, trees, before)
    ends = np.array([len(rest) - 1 for rest in rests])
    keep = np.flatnonzero(rows.column >= ends[rows.row])  # where a prompt ends, and the tree behind it
    cache = Cache.empty(network.shape, len(rests), rows.hidden.shape[2])
    logs = distribution(network.read_off(network.run(rows, cache, keep)), requests[0].request.sampling)
    first = np.searchsorted(rows.row[keep], np.arange(len(requests)))
    steps = [(at + 1 + place, token) for at, tree in zip(first.tolist(), trees, strict=True) for way in tree.steps for place, token in way]
    where, tokens = np.array(steps).T
    stopped = np.logaddexp.reduce(logs[:, list(stops)], -1)
    values = np.where(tokens < 0, stopped[where], logs[where, tokens])
    sizes = [len(way) for tree in trees for way in tree.steps]
    sums = iter(np.bincount(np.repeat(np.arange(len(sizes)), sizes), values).tolist())
    return [[next(sums) for _ in tree.steps] for tree in trees]
