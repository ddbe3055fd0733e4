"""The engine of the embedded model: requests become tokens, and tokens exact probabilities of choices or answers in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from personametrics.data.errors import ModelError
from personametrics.data.model import Blend
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.models.embedded.draws import Drawn, distribution, draw, draw_blended
from personametrics.models.embedded.network import Network, Prefixes
from personametrics.models.embedded.rows import Branches, Cache, Rows
from personametrics.models.embedded.vocabulary import Vocabulary, check_template
from personametrics.models.packing import Tokens, overlapping
from personametrics.models.runtime import Prepared, add_joint_usage, add_usage, length_fault, request_fault, scored_replies

STRANGE, FOREIGN = 0.1, 0.5
"""The shares of unknown words above which a prompt is warned about, and above which it is refused."""
SCORED = 32
"""The number of requests in one pass: with more, intermediate results do not fit into the processor's cache."""
ONE_THREAD = partial(threadpool_limits, 1, "blas")
"""The limit on threads while a model works: products are small, and on a busy machine, waiting threads took 20 times as long."""


@dataclass(frozen=True)
class Engine:
    """A checkpoint at work, whose tokenizer and weights are read when they are first needed; seeds are computed from the model's id."""

    folder: Path
    model: str
    bundled: bool

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer."""
        if not self.bundled:
            check_template(self.folder)
        return Vocabulary(self.folder)

    @cached_property
    def network(self) -> Network:
        """The network with its weights."""
        network, words = Network.read(self.folder), self.vocabulary.tokenizer.get_vocab_size()
        if words > len(network.words):
            numbers = f"tokenizer.json has {words:,} tokens and the weights {len(network.words):,}"
            message = f'"{self.folder}": {numbers}. Copy the whole checkpoint.'
            raise ModelError(message)
        return network

    @cached_property
    def prefixes(self) -> Prefixes:
        """The kept prefixes of prompts."""
        return Prefixes(self.network)

    def prepare(self, requests: Iterable[tuple[int, Request]]) -> list[Prepared]:
        """Turn requests into tokens, with doubts and faults."""
        return [self._prepared(index, request) for index, request in requests]

    def _prepared(self, index: int, request: Request) -> Prepared:
        """Turn a request into tokens."""
        words, messages = self.vocabulary, request.messages
        choices = tuple(map(words.choice, request.choices)) if request.score else ()
        ready = Prepared(index, request, words.encode(messages), choices, overlapping(choices))
        lost = (
            "A prompt has a word of more than 1,000 letters, which would be lost. Remove it, or put spaces into it."
            if words.lost(messages)
            else ""
        )
        if fault := request_fault(request, words.signs) or lost or length_fault(ready.needed, self.network.shape.room):
            return replace(ready, fault=fault)
        if (share := words.unknown(messages)) <= STRANGE:
            return ready
        example = next(word for message in messages for word in words.turn(message).unknown)
        doubt = (
            f'{share:.0%} of the words of a prompt are unknown, such as "{example[:40]}". The embedded toy model knows only '
            f"{words.size:,} words. Use --model openai:NAME or local:FOLDER for other texts."
        )
        return replace(ready, doubt=doubt, fault=doubt if share > FOREIGN else "")

    def replies(self, requests: Sequence[Prepared]) -> list[Reply]:
        """Return replies to requests of one kind."""

        def work() -> list[Reply]:
            if not requests[0].request.score:
                return [self._reply(drawn) for drawn in draw(self.prefixes, self.vocabulary.stops, requests, self.model)]
            return scored_replies(requests, score(self.prefixes, self.vocabulary.stops, requests))

        with ONE_THREAD():
            return add_usage(requests, work)

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Draw an answer, each token from a blend of the distributions after several prompts."""
        prompts = self.prepare(enumerate([request, *(replace(request, messages=tuple(messages)) for messages in others)]))
        with ONE_THREAD():
            return add_joint_usage(prompts, lambda: self._reply(draw_blended(self.prefixes, self.vocabulary.stops, prompts, blend, seed)))

    def _reply(self, drawn: Drawn) -> Reply:
        """Return a reply in words."""
        tokens, stopped = drawn
        return Reply(self.vocabulary.decode(tokens), finish="stop" if stopped else "length", tokens_out=len(tokens) + stopped)


def score(prefixes: Prefixes, stops: Tokens, requests: Sequence[Prepared]) -> list[list[float]]:
    """Return exact log-probabilities of the choices of requests; items follow their persona in parallel, and choices form trees.

    The log-probability of a choice is the sum over its tokens, given the prompt. The answer need not end there: "no" is also a prefix of
    "not sure". If one choice's tokens begin with another's, the end of the answer is scored as part of every choice. Requests share their
    sampling.
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
