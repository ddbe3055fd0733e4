"""Answers in words, many asks at a time, each from random numbers of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from personametrics.data.model import Blend
from personametrics.data.request import Sampling
from personametrics.models.embedded.beginnings import Beginnings
from personametrics.models.embedded.checkpoint import Floats
from personametrics.models.embedded.distribution import distribution
from personametrics.models.embedded.rows import Cache, Integers, Rows
from personametrics.models.packing import Tokens
from personametrics.models.prepared import Prepared

FEW = 0.75
"""Share of answers still growing below which the others are let go."""
PLAIN = Sampling()
"""The model's own probabilities."""


class Drawn(NamedTuple):
    """An answer.

    Attributes:
        tokens: without the one that ends it.
        stopped: whether it came to an end by itself.
    """

    tokens: Tokens
    stopped: bool


@dataclass(frozen=True, slots=True)
class Growing:
    """Answers that are being written, a row each.

    Attributes:
        who: (B) which answer.
        used: (B) places used in the cache.
        before: (B) their beginnings.
        cache: keys and values behind those.
        logits: (B, V) of the next token.
    """

    who: Integers
    used: Integers
    before: list[Cache | None]
    cache: Cache
    logits: Floats

    def take(self, rows: Integers, places: int) -> "Growing":
        """Some of the rows, each perhaps several times, with so many places."""
        cache = self.cache.take(rows, int(self.used.max()), places)
        return Growing(self.who[rows], self.used[rows], [self.before[row] for row in rows], cache, self.logits[rows])


def draw(beginnings: Beginnings, stops: Tokens, requests: Sequence[Prepared], model: str) -> list[Drawn]:
    """Draw an answer to each ask; which asks are drawn together changes nothing but rounding.

    Args:
        beginnings: of the prompts, and the network.
        stops: tokens that end an answer.
        requests: at least one; they share their sampling.
        model: its id, of which the seeds are made.

    Raises:
        ModelError: the model's logits are no numbers.
    """
    network, sampling = beginnings.network, requests[0].request.sampling
    numbers = np.stack([np.random.default_rng(one.request.seed(model)).random(sampling.max_tokens) for one in requests])
    written = np.full(numbers.shape, -1)
    growing = _read(beginnings, [one.tokens for one in requests], sampling.max_tokens)
    live = np.ones(len(requests), bool)
    for step in range(sampling.max_tokens):
        tokens = _next(growing.logits, sampling, numbers[growing.who, step])
        written[growing.who[live], step] = tokens[live]
        live &= ~np.isin(tokens, stops)
        if not live.any() or step + 1 == sampling.max_tokens:
            break
        if live.mean() < FEW:
            growing, tokens, live = growing.take(np.flatnonzero(live), growing.cache.length), tokens[live], live[live]
        rows = Rows.next(tokens, growing.before, growing.used)
        states = network.run(rows, growing.cache, np.arange(len(tokens)))
        growing = Growing(growing.who, growing.used + 1, growing.before, growing.cache, network.read_off(states))
    return [_drawn(row.tolist(), stops) for row in written]


def draw_blended(beginnings: Beginnings, stops: Tokens, prompts: Sequence[Prepared], blend: Blend, seed: int) -> Drawn:
    """Draw one answer to several prompts, each token from a blend of what would follow them.

    Args:
        beginnings: of the prompts, and the network.
        stops: tokens that end an answer.
        prompts: at least one; the sampling is that of the first.
        blend: of log-probabilities.
        seed: of the draws.

    Raises:
        ModelError: the model's logits are no numbers.
    """
    network, sampling = beginnings.network, prompts[0].request.sampling
    numbers = np.random.default_rng(seed).random((sampling.max_tokens, 1))
    growing, written = _read(beginnings, [one.tokens for one in prompts], sampling.max_tokens), list[int]()
    for number in numbers:
        logs = blend(distribution(growing.logits, PLAIN).astype(np.float64), written[-1] if written else None)
        written += _next(logs[None].astype(np.float32), sampling, number).tolist()
        if written[-1] in stops or len(written) == len(numbers):
            break
        rows = Rows.next(np.full(len(prompts), written[-1]), growing.before, growing.used)
        states = network.run(rows, growing.cache, np.arange(len(prompts)))
        growing = replace(growing, used=growing.used + 1, logits=network.read_off(states))
    return _drawn(written, stops)


def _read(beginnings: Beginnings, prompts: Sequence[Tokens], more: int) -> Growing:
    """Read every different prompt once.

    Args:
        beginnings: of the prompts, and the network.
        prompts: of each answer.
        more: places wanted behind each.

    Returns:
        A row for each prompt.
    """
    network, different = beginnings.network, list(dict.fromkeys(prompts))
    before = list(dict(zip(prompts, beginnings.of(prompts), strict=True)).values())
    rests = [prompt[cache.length if cache else 0 :] for prompt, cache in zip(different, before, strict=True)]
    used = np.array(list(map(len, rests)))
    cache = Cache.empty(network.shape, len(rests), int(used.max()))
    states = network.run(Rows.of(rests, before=before), cache, np.cumsum(used) - 1)
    read = Growing(np.arange(len(rests)), used, before, cache, network.read_off(states))
    row = {prompt: at for at, prompt in enumerate(different)}
    grown = read.take(np.array([row[prompt] for prompt in prompts]), int(used.max()) + more)
    return Growing(np.arange(len(prompts)), grown.used, grown.before, grown.cache, grown.logits)


def _next(logits: Floats, sampling: Sampling, numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Integers:
    """(B) the next token of each answer: where its random number falls in the cumulative distribution."""
    reached = np.exp(distribution(logits, sampling)).cumsum(-1, dtype=np.float64)
    return np.asarray((reached <= numbers[:, None] * reached[:, -1:]).sum(-1))


def _drawn(tokens: list[int], stops: Tokens) -> Drawn:
    """An answer from a row of tokens that is filled up with −1."""
    written = [token for token in tokens if token >= 0]
    stopped = written[-1] in stops
    return Drawn(tuple(written[:-1] if stopped else written), stopped)
