"""Exact probabilities of choices: the persona is computed once, several items follow it in one row, and their choices form a tree."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from personametrics.data.errors import ModelError
from personametrics.data.request import Request
from personametrics.models.packing import WORTH, Tokens, Tree, common
from personametrics.models.runtime import Prepared
from personametrics.models.weights import Weights, distribution

KEPT = 4
"""The number of prefixes whose keys and values are kept."""
EXACT, NEAR = 1e-3, 0.5
"""The largest difference between packed and plain log-probabilities that counts as rounding, in float32 and in shorter types."""

Step = tuple[int, Tokens]
"""A place in the row, and the tokens of which one follows."""


class Scorer:
    """A scorer of the choices of requests.

    The log-probability of a choice is the sum over its tokens, given the rendered prompt. The answer need not end there: "no" is
    also a prefix of "not sure". If one choice's tokens begin with another's, the end of the answer is scored as part of every choice.
    """

    def __init__(self, weights: Weights, stops: Tokens) -> None:
        self.weights, self.stops = weights, stops
        self._kept: OrderedDict[Tokens, Any] = OrderedDict()

    def score(self, requests: Sequence[Prepared], shared: int) -> list[list[float]]:
        """Return log-probabilities of the choices of requests that share their sampling, and the first tokens that are worth keeping."""
        longest = max(len(prepared.tokens) + len(choice) for prepared in requests for choice in prepared.choices)
        if not self.packs or longest > self.weights.window:
            return [self.plainly(prepared) for prepared in requests]
        return self._packed(requests, shared)

    @torch.inference_mode()
    def plainly(self, prepared: Prepared) -> list[float]:
        """Return log-probabilities of the choices, each by its own forward pass without cache or packing; `score` must equal them."""
        scores = []
        for choice in prepared.choices:
            keep = range(len(prepared.tokens) - 1, len(prepared.tokens) + len(choice) - (not prepared.ends))
            ids = self.weights.integers([[*prepared.tokens, *choice]])
            logits, _ = self.weights.run(
                self.weights.integers(list(keep)), input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
            )
            steps = list(enumerate(self._continuation(prepared, choice)))
            scores.extend(_sums(distribution(logits[0], prepared.request.sampling), [steps]))
        return scores

    @torch.inference_mode()
    def _packed(self, requests: Sequence[Prepared], shared: int) -> list[list[float]]:
        """Return log-probabilities computed from one row."""
        # A prompt's last token stays in the row, because its logits are needed.
        reach = min(common(prepared.tokens[:-1], requests[0].tokens) for prepared in requests)
        prefix, cache = self._begin(requests[0].tokens[:reach], min(shared, reach))
        tree = Tree(len(prefix))
        plans = [self._plan(tree, prepared) for prepared in requests]
        keep = sorted({place for plan in plans for steps in plan for place, _ in steps})
        logits = self.weights.row(tree, keep, cache)
        if cache is not None:
            cache.crop(-len(tree.tokens))
            self._keep(prefix, cache)
        rows = {place: index for index, place in enumerate(keep)}
        steps = [[(rows[place], tokens) for place, tokens in steps] for plan in plans for steps in plan]
        sums = iter(_sums(distribution(logits, requests[0].request.sampling), steps))
        return [[next(sums) for _ in plan] for plan in plans]

    def _plan(self, tree: Tree, prepared: Prepared) -> list[list[Step]]:
        """Add a request and its choices to the tree, and return the steps of each choice."""
        end = tree.add(prepared.tokens[tree.start :])[-1]
        plan = []
        for choice in prepared.choices:
            path = tree.add(choice if prepared.ends else choice[:-1], end)
            plan.append(list(zip([end, *path], self._continuation(prepared, choice), strict=True)))
        return plan

    def _continuation(self, prepared: Prepared, choice: Tokens) -> list[Tokens]:
        """Return the tokens that may follow at each step of a choice."""
        return [(token,) for token in choice] + ([self.stops] if prepared.ends else [])

    def _begin(self, reach: Tokens, shared: int) -> tuple[Tokens, Any]:
        """Return a prefix of what a row shares, with its keys and values: a kept one, cut, or extended to what is worth keeping."""
        nearest = max(self._kept, key=lambda kept: common(kept, reach), default=())
        length = common(nearest, reach) if common(nearest, reach) >= WORTH else 0
        extend = shared - length >= WORTH
        if length == len(nearest) and not extend:
            return nearest, self._kept.pop(nearest, None)
        if not length and not extend:
            return (), None
        parts = self._kept[nearest] if length else ()
        cache = DynamicCache([(keys[..., :length, :], values[..., :length, :]) for keys, values, *_ in parts])
        if not extend:
            return reach[:length], cache
        tree = Tree(length)
        self.weights.row(tree, tree.add(reach[length:shared])[-1:], cache)
        return reach[:shared], cache

    def _keep(self, prefix: Tokens, cache: Any) -> None:
        """Keep the prefix used last, and drop the one used longest ago."""
        self._kept[prefix] = cache
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    @cached_property
    def packs(self) -> bool:
        """True if packing does not change the scores, tried once on made-up tokens: some models ignore the mask or the positions."""
        made = tuple(3 + (7 * index) % 89 for index in range(2 * WORTH + 30))
        prompts = (made[: 2 * WORTH] + made[-20:-5], made[: 2 * WORTH], made[: WORTH + 9] + made[-8:])
        request = Request((), choices=("a", "b"), score=True)
        requests = [Prepared(index, request, tokens, ((5, 9), (8, 6, 4))) for index, tokens in enumerate(prompts)]
        try:
            packed = self._packed(requests[:2], 2 * WORTH) + self._packed(requests[2:], 0)
            difference = np.abs(np.array(packed) - [self.plainly(prepared) for prepared in requests]).max()
        except (ModelError, TypeError, ValueError, RuntimeError, IndexError, KeyError, AttributeError):
            return False
        finally:
            self._kept.clear()
        return bool(difference < (EXACT if self.weights.dtype == torch.float32 else NEAR))


def _sums(logs: torch.Tensor, choices: Iterable[Sequence[Step]]) -> list[float]:
    """Return the sum over each choice's steps of the log-probability, in its row of (R, V), that one of the step's tokens follows."""
    steps = [step for choice in choices for step in choice]
    rows = [row for row, tokens in steps for _ in tokens]
    columns = [token for _, tokens in steps for token in tokens]
    values = iter(logs[rows, columns].tolist())
    return [math.fsum(float(np.logaddexp.reduce([next(values) for _ in tokens])) for _, tokens in choice) for choice in choices]
