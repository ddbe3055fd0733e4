"""Exact probabilities of choices: the items of a persona follow it in parallel, their choices form trees."""

from collections.abc import Sequence

import numpy as np

from personametrics.models.embedded.distribution import distribution
from personametrics.models.embedded.network import Network
from personametrics.models.embedded.prefixes import Prefixes
from personametrics.models.embedded.rows import Branches, Cache, Rows
from personametrics.models.packing import Tokens
from personametrics.models.prepared import Prepared

SCORED = 32
"""The number of requests in one pass: with more, intermediate results do not fit into the processor's cache."""


def score(prefixes: Prefixes, stops: Tokens, requests: Sequence[Prepared]) -> list[list[float]]:
    """Return log-probabilities of the choices of requests.

    The log-probability of a choice is the sum over its tokens, given the prompt. The answer need not end there: "no" is also a prefix of
    "not sure". If one choice's tokens begin with another's, the end of the answer is scored as part of every choice.

    Args:
        prefixes: store of prefixes, with the network.
        stops: tokens that end an answer.
        requests: at least one request; all share their sampling.

    Returns:
        The log-probability of each choice, per request.

    Raises:
        ModelError: the model's logits are not finite.
    """
    before = prefixes.of([prepared.tokens for prepared in requests])
    parts = [slice(first, first + SCORED) for first in range(0, len(requests), SCORED)]
    return [scores for part in parts for scores in _score(prefixes.network, stops, requests[part], before[part])]


def _score(network: Network, stops: Tokens, requests: Sequence[Prepared], before: Sequence[Cache | None]) -> list[list[float]]:
    """Score requests in one pass, each after its prefix."""
    rests = [prepared.tokens[cache.length if cache else 0 :] for prepared, cache in zip(requests, before, strict=True)]
    trees = [Branches.of(prepared.choices, prepared.ends) for prepared in requests]
    rows = Rows.of(rests, trees, before)
    ends = np.array([len(rest) - 1 for rest in rests])
    keep = np.flatnonzero(rows.column >= ends[rows.row])  # the last token of each prompt, and the tree after it
    cache = Cache.empty(network.shape, len(rests), rows.hidden.shape[2])
    logs = distribution(network.unembed(network.run(rows, cache, keep)), requests[0].request.sampling)
    first = np.searchsorted(rows.row[keep], np.arange(len(requests)))
    steps = [
        (start + 1 + place, token) for start, tree in zip(first.tolist(), trees, strict=True) for way in tree.steps for place, token in way
    ]
    where, tokens = np.array(steps).T
    stopped = np.logaddexp.reduce(logs[:, list(stops)], -1)
    values = np.where(tokens < 0, stopped[where], logs[where, tokens])
    sizes = [len(way) for tree in trees for way in tree.steps]
    sums = iter(np.bincount(np.repeat(np.arange(len(sizes)), sizes), values).tolist())
    return [[next(sums) for _ in tree.steps] for tree in trees]
