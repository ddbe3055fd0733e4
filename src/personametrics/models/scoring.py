"""Exact probabilities of choices: the persona computed once, several items in one row behind it, their choices as a tree."""

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
from personametrics.models.prepared import Prepared
from personametrics.models.weights import Weights, distribution

KEPT = 4
"""Beginnings whose keys and values are kept."""
EXACT, NEAR = 1e-3, 0.5
"""Largest difference of a log-probability between packed and plain that is rounding, in float32 and in shorter types."""

Step = tuple[int, Tokens]
"""A place in the row, and the tokens of which one follows there."""


class Scorer:
    """Scores the choices of asks.

    The log-probability of a choice is the sum over its tokens, given the rendered prompt. Nothing has to follow it: "no" is also the
    beginning of "not sure". Where one choice's tokens begin with another's, the end of the answer belongs to every choice of that ask.

    Args:
        weights: the model.
        stops: tokens that end an answer.
    """

    def __init__(self, weights: Weights, stops: Tokens) -> None:
        self.weights = weights
        self.stops = stops
        self._kept: OrderedDict[Tokens, Any] = OrderedDict()

    def score(self, requests: Sequence[Prepared], shared: int) -> list[list[float]]:
        """Log-probabilities of the choices of asks that share their sampling.

        Args:
            requests: at least one.
            shared: how many first tokens of their prompts are worth keeping.

        Returns:
            Of each ask, the log-probability of each choice.
        """
        longest = max(len(one.tokens) + len(choice) for one in requests for choice in one.choices)
        if not self.packs or longest > self.weights.window:
            return [self.plainly(one) for one in requests]
        return self._packed(requests, shared)

    @torch.inference_mode()
    def plainly(self, one: Prepared) -> list[float]:
        """Log-probabilities of the choices, each by a forward pass of its own, without cache or packing: what `score` must equal."""
        found = []
        for choice in one.choices:
            keep = range(len(one.tokens) - 1, len(one.tokens) + len(choice) - (not one.ends))
            ids = self.weights.integers([[*one.tokens, *choice]])
            logits, _ = self.weights.run(
                self.weights.integers(list(keep)), input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
            )
            steps = list(enumerate(self._wanted(one, choice)))
            found.extend(_sums(distribution(logits[0], one.request.sampling), [steps]))
        return found

    @torch.inference_mode()
    def _packed(self, requests: Sequence[Prepared], shared: int) -> list[list[float]]:
        """Log-probabilities from one row."""
        reach = min(
            common(one.tokens[:-1], requests[0].tokens) for one in requests
        )  # a prompt's last token is in the row: its logits are needed
        beginning, cache = self._begin(requests[0].tokens[:reach], min(shared, reach))
        tree = Tree(len(beginning))
        plans = [self._plan(tree, one) for one in requests]
        keep = sorted({place for plan in plans for steps in plan for place, _ in steps})
        logits = self.weights.row(tree, keep, cache)
        if cache is not None:
            cache.crop(-len(tree.tokens))
            self._keep(beginning, cache)
        row = {place: at for at, place in enumerate(keep)}
        steps = [[(row[place], tokens) for place, tokens in steps] for plan in plans for steps in plan]
        sums = iter(_sums(distribution(logits, requests[0].request.sampling), steps))
        return [[next(sums) for _ in plan] for plan in plans]

    def _plan(self, tree: Tree, one: Prepared) -> list[list[Step]]:
        """Put an ask and its choices into the tree, and say where each choice is read."""
        end = tree.add(one.tokens[tree.start :])[-1]
        plan = []
        for choice in one.choices:
            path = tree.add(choice if one.ends else choice[:-1], end)
            plan.append(list(zip([end, *path], self._wanted(one, choice), strict=True)))
        return plan

    def _wanted(self, one: Prepared, choice: Tokens) -> list[Tokens]:
        """What has to follow, token after token."""
        return [(token,) for token in choice] + ([self.stops] if one.ends else [])

    def _begin(self, reach: Tokens, shared: int) -> tuple[Tokens, Any]:
        """A beginning and its keys and values: one that is kept, as far as it reaches, or a new one that builds on it.

        Args:
            reach: what the prompts of a row have in common.
            shared: how much of it is worth a forward pass of its own, if little of it is kept.
        """
        known = max(self._kept, key=lambda kept: common(kept, reach), default=())
        same = common(known, reach) if common(known, reach) >= WORTH else 0
        grows = shared - same >= WORTH
        if same == len(known) and not grows:
            return known, self._kept.pop(known, None)
        if not same and not grows:
            return (), None
        parts = self._kept[known] if same else ()
        cache = DynamicCache([(keys[..., :same, :], values[..., :same, :]) for keys, values, *_ in parts])
        if not grows:
            return reach[:same], cache
        tree = Tree(same)
        self.weights.row(tree, tree.add(reach[same:shared])[-1:], cache)
        return reach[:shared], cache

    def _keep(self, beginning: Tokens, cache: Any) -> None:
        """Keep the beginning used last, and let go of the one used longest ago."""
        self._kept[beginning] = cache
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    @cached_property
    def packs(self) -> bool:
        """Whether packing changes nothing for this model, tried once on made-up tokens: some models cannot be told mask or positions."""
        made = [3 + (7 * at) % 89 for at in range(2 * WORTH + 30)]
        prompts = [tuple(made[: 2 * WORTH] + made[-20 + 5 * at : -5 + 5 * at]) for at in (0, 1)] + [tuple(made[: WORTH + 9] + made[-8:])]
        request = Request((), choices=("a", "b"), score=True)
        requests = [Prepared(at, request, tokens, ((5, 9), (8, 6, 4))) for at, tokens in enumerate(prompts)]
        try:
            packed = self._packed(requests[:2], 2 * WORTH) + self._packed(requests[2:], 0)
            apart = np.abs(np.array(packed) - [self.plainly(one) for one in requests]).max()
        except (ModelError, TypeError, ValueError, RuntimeError, IndexError, KeyError, AttributeError):
            return False
        finally:
            self._kept.clear()
        return bool(apart < (EXACT if self.weights.dtype == torch.float32 else NEAR))


def _sums(found: torch.Tensor, choices: Iterable[Sequence[Step]]) -> list[float]:
    """Log-probability of each choice: over its steps, the sum of the log-probability that one of the tokens follows.

    Args:
        found: (R, V) log-probabilities.
        choices: of each, its steps: a row, and the tokens of which one follows.
    """
    steps = [step for choice in choices for step in choice]
    rows = [row for row, tokens in steps for _ in tokens]
    columns = [token for _, tokens in steps for token in tokens]
    values = iter(found[rows, columns].tolist())
    return [math.fsum(float(np.logaddexp.reduce([next(values) for _ in tokens])) for _, tokens in choice) for choice in choices]
