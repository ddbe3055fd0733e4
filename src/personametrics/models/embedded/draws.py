"""Answers in words, drawn for many requests at a time, each from random numbers of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from personametrics.data.errors import ModelError
from personametrics.data.model import Blend
from personametrics.data.request import Sampling
from personametrics.models.embedded.checkpoint import Floats
from personametrics.models.embedded.network import Prefixes
from personametrics.models.embedded.rows import Cache, Integers, Rows
from personametrics.models.packing import Tokens
from personametrics.models.runtime import Prepared

FEW = 0.75
"""The share of unfinished answers below which the rows of finished ones are dropped."""


class Drawn(NamedTuple):
    """An answer: its tokens without the one that ends it, and True if the model ended it."""

    tokens: Tokens
    stopped: bool


@dataclass(frozen=True, slots=True)
class Growing:
    """B answers that are being written, by the (B) index of the answer in each row.

    Each has (B) places used in the cache, which holds keys and values after the (B) prefixes, and (B, V) logits of the next token.
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
    """Draw an answer to each request, with seeds from the model's id; requests share their sampling.

    Drawing requests together changes nothing but rounding.
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
        growing = replace(growing, used=growing.used + 1, logits=network.unembed(states))
    return [_drawn(row.tolist(), stops) for row in written]


def draw_blended(prefixes: Prefixes, stops: Tokens, prompts: Sequence[Prepared], blend: Blend, seed: int) -> Drawn:
    """Draw one answer to several prompts (with the sampling of the first), each token from a blend of the distributions after them."""
    network, sampling = prefixes.network, prompts[0].request.sampling
    numbers = np.random.default_rng(seed).random((sampling.max_tokens, 1))
    growing, written = _read(prefixes, [prepared.tokens for prepared in prompts], sampling.max_tokens), list[int]()
    for number in numbers:
        logs = blend(distribution(growing.logits, Sampling()).astype(np.float64), written[-1] if written else None)
        written += _next(logs[None].astype(np.float32), sampling, number).tolist()
        if written[-1] in stops or len(written) == len(numbers):
            break
        rows = Rows.next(np.full(len(prompts), written[-1]), growing.before, growing.used)
        states = network.run(rows, growing.cache, np.arange(len(prompts)))
        growing = replace(growing, used=growing.used + 1, logits=network.unembed(states))
    return _drawn(written, stops)


def distribution(logits: Floats, sampling: Sampling) -> Floats:
    """Return (K, V) log-probabilities of the next token, given (K, V) logits, at the temperature and top_p of the sampling.

    None counts as 1; at temperature 0 the likeliest token has probability 1.

    Raises:
        ModelError: the logits are not finite.
    """
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    top = logits.max(-1, keepdims=True)
    if not np.isfinite(top).all():
        message = "The model's logits are not numbers, because its weights are damaged. Copy the whole checkpoint."
        raise ModelError(message)
    if temperature == 0:
        logs = np.full_like(logits, -np.inf)
        np.put_along_axis(logs, logits.argmax(-1)[:, None], np.float32(0), -1)
        return logs
    logs = _normal(logits - top, temperature)
    if sampling.top_p is None or sampling.top_p >= 1:
        return logs
    order = np.argsort(-logs, -1, kind="stable")
    ranked = np.exp(np.take_along_axis(logs, order, -1))
    left_out = ranked.cumsum(-1) - ranked >= sampling.top_p
    np.put_along_axis(logs, order, np.where(left_out, -np.inf, np.take_along_axis(logs, order, -1)).astype(np.float32), -1)
    return _normal(logs, 1.0)


def _normal(scores: Floats, temperature: float) -> Floats:
    """Turn scores, the largest about 0, into log-probabilities in place."""
    if temperature != 1:
        scores /= np.float32(temperature)
    scores -= np.log(np.exp(scores).sum(-1, keepdims=True))
    return scores


def _read(prefixes: Prefixes, prompts: Sequence[Tokens], places: int) -> Growing:
    """Run every distinct prompt once, and return a row for each prompt, with free places after it."""
    network, different = prefixes.network, list(dict.fromkeys(prompts))
    before = list(dict(zip(prompts, prefixes.of(prompts), strict=True)).values())
    rests = [prompt[cache.length if cache else 0 :] for prompt, cache in zip(different, before, strict=True)]
    used = np.array(list(map(len, rests)))
    cache = Cache.empty(network.shape, len(rests), int(used.max()))
    states = network.run(Rows.of(rests, before=before), cache, np.cumsum(used) - 1)
    read = Growing(np.arange(len(rests)), used, before, cache, network.unembed(states))
    row = {prompt: index for index, prompt in enumerate(different)}
    grown = read.take(np.array([row[prompt] for prompt in prompts]), int(used.max()) + places)
    return replace(grown, answers=np.arange(len(prompts)))


def _next(logits: Floats, sampling: Sampling, numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Integers:
    """Return the (B) next tokens: the place of each random number in the cumulative distribution."""
    cumulative = np.exp(distribution(logits, sampling)).cumsum(-1, dtype=np.float64)
    return np.asarray((cumulative <= numbers[:, None] * cumulative[:, -1:]).sum(-1))


def _drawn(tokens: list[int], stops: Tokens) -> Drawn:
    """Return an answer from a row of tokens that is padded with −1."""
    written = [token for token in tokens if token >= 0]
    stopped = written[-1] in stops
    return Drawn(tuple(written[:-1] if stopped else written), stopped)
