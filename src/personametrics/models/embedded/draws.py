"""Answers in words, drawn for many requests at a time, each from random numbers of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from personametrics.data.model import Blend
from personametrics.data.request import Sampling
from personametrics.models.embedded.checkpoint import Floats
from personametrics.models.embedded.distribution import distribution
from personametrics.models.embedded.prefixes import Prefixes
from personametrics.models.embedded.rows import Cache, Integers, Rows
from personametrics.models.packing import Tokens
from personametrics.models.prepared import Prepared

FEW = 0.75
"""The share of unfinished answers below which the rows of finished ones are dropped."""
PLAIN = Sampling()
"""The sampling at the model's own probabilities."""


class Drawn(NamedTuple):
    """An answer.

    Attributes:
        tokens: tokens without the one that ends the answer.
        stopped: True if the model ended the answer.
    """

    tokens: Tokens
    stopped: bool


@dataclass(frozen=True, slots=True)
class Growing:
    """The answers that are being written, one row each.

    Attributes:
        answers: (B) index of the answer in each row.
        used: (B) places used in the cache.
        before: (B) prefixes.
        cache: keys and values after the prefixes.
        logits: (B, V) logits of the next token.
    """

    answers: Integers
    used: Integers
    before: list[Cache | None]
    cache: Cache
    logits: Floats

    def take(self, rows: Integers, places: int) -> "Growing":
        """Return the given rows (repeats allowed), with a cache of the given number of places."""
        cache = self.cache.take(rows, int(self.used.max()), places)
        return Growing(self.answers[rows], self.used[rows], [self.before[row] for row in rows], cache, self.logits[rows])


def draw(prefixes: Prefixes, stops: Tokens, requests: Sequence[Prepared], model: str) -> list[Drawn]:
    """Draw an answer to each request; drawing requests together changes nothing but rounding.

    Args:
        prefixes: store of prefixes, with the network.
        stops: tokens that end an answer.
        requests: at least one request; all share their sampling.
        model: id of the model, from which the seeds are computed.

    Raises:
        ModelError: the model's logits are not finite.
    """
    network, sampling = prefixes.network, requests[0].request.sampling
    numbers = np.stack([np.random.default_rng(prepared.request.seed(model)).random(sampling.max_tokens) for prepared in requests])
    written = np.full(numbers.shape, -1)
    growing = _read(prefixes, [prepared.tokens for prepared in requests], sampling.max_tokens)
    live = np.ones(len(requests), bool)
    for step in range(sampling.max_tokens):
        tokens = _next(growing.logits, sampling, numbers[growing.answers, step])
        written[growing.answers[live], step] = tokens[live]
        live &= ~np.isin(tokens, stops)
        if not live.any() or step + 1 == sampling.max_tokens:
            break
        if live.mean() < FEW:
            growing, tokens, live = growing.take(np.flatnonzero(live), growing.cache.length), tokens[live], live[live]
        rows = Rows.next(tokens, growing.before, growing.used)
        states = network.run(rows, growing.cache, np.arange(len(tokens)))
        growing = Growing(growing.answers, growing.used + 1, growing.before, growing.cache, network.unembed(states))
    return [_drawn(row.tolist(), stops) for row in written]


def draw_blended(prefixes: Prefixes, stops: Tokens, prompts: Sequence[Prepared], blend: Blend, seed: int) -> Drawn:
    """Draw one answer to several prompts, each token from a blend of the distributions after them.

    Args:
        prefixes: store of prefixes, with the network.
        stops: tokens that end an answer.
        prompts: at least one prompt; the sampling of the first is used.
        blend: function that blends log-probabilities.
        seed: seed of the draws.

    Raises:
        ModelError: the model's logits are not finite.
    """
    network, sampling = prefixes.network, prompts[0].request.sampling
    numbers = np.random.default_rng(seed).random((sampling.max_tokens, 1))
    growing, written = _read(prefixes, [prepared.tokens for prepared in prompts], sampling.max_tokens), list[int]()
    for number in numbers:
        logs = blend(distribution(growing.logits, PLAIN).astype(np.float64), written[-1] if written else None)
        written += _next(logs[None].astype(np.float32), sampling, number).tolist()
        if written[-1] in stops or len(written) == len(numbers):
            break
        rows = Rows.next(np.full(len(prompts), written[-1]), growing.before, growing.used)
        states = network.run(rows, growing.cache, np.arange(len(prompts)))
        growing = replace(growing, used=growing.used + 1, logits=network.unembed(states))
    return _drawn(written, stops)


def _read(prefixes: Prefixes, prompts: Sequence[Tokens], places: int) -> Growing:
    """Run every distinct prompt once.

    Args:
        prefixes: store of prefixes, with the network.
        prompts: prompt of each answer.
        places: number of free places needed after each prompt.

    Returns:
        A row for each prompt.
    """
    network, different = prefixes.network, list(dict.fromkeys(prompts))
    before = list(dict(zip(prompts, prefixes.of(prompts), strict=True)).values())
    rests = [prompt[cache.length if cache else 0 :] for prompt, cache in zip(different, before, strict=True)]
    used = np.array(list(map(len, rests)))
    cache = Cache.empty(network.shape, len(rests), int(used.max()))
    states = network.run(Rows.of(rests, before=before), cache, np.cumsum(used) - 1)
    read = Growing(np.arange(len(rests)), used, before, cache, network.unembed(states))
    row = {prompt: index for index, prompt in enumerate(different)}
    grown = read.take(np.array([row[prompt] for prompt in prompts]), int(used.max()) + places)
    return Growing(np.arange(len(prompts)), grown.used, grown.before, grown.cache, grown.logits)


def _next(logits: Floats, sampling: Sampling, numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Integers:
    """Return the (B) next tokens: the place of each random number in the cumulative distribution."""
    cumulative = np.exp(distribution(logits, sampling)).cumsum(-1, dtype=np.float64)
    return np.asarray((cumulative <= numbers[:, None] * cumulative[:, -1:]).sum(-1))


def _drawn(tokens: list[int], stops: Tokens) -> Drawn:
    """Return an answer from a row of tokens that is padded with −1."""
    written = [token for token in tokens if token >= 0]
    stopped = written[-1] in stops
    return Drawn(tuple(written[:-1] if stopped else written), stopped)
