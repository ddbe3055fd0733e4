"""Answers in words, drawn for several requests at a time, each from random numbers of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from personametrics.data.model import Blend
from personametrics.data.request import Sampling
from personametrics.models.packing import Tokens
from personametrics.models.runtime import Prepared
from personametrics.models.weights import Weights, distribution


@dataclass
class Drawn:
    """An answer that is being written, with a random generator of its own; it stopped if the model ended it."""

    random: torch.Generator
    tokens: list[int] = field(default_factory=list)
    stopped: bool = False


@torch.inference_mode()
def draw(weights: Weights, stops: Tokens, requests: Sequence[Prepared], model: str) -> list[Drawn]:
    """Draw an answer to each request, with seeds from the model's id; requests share their sampling.

    Drawing requests together changes nothing but rounding.
    """
    sampling = requests[0].request.sampling
    answers = [Drawn(torch.Generator().manual_seed(prepared.request.seed(model))) for prepared in requests]
    logits, seen, cache = _read(weights, [prepared.tokens for prepared in requests])
    growing = answers
    for _ in range(sampling.max_tokens):
        tokens = _next(logits, sampling, growing)
        for answer, token in zip(growing, tokens, strict=True):
            answer.stopped = token in stops
            answer.tokens += [] if answer.stopped else [token]
        live = [row for row, answer in enumerate(growing) if not answer.stopped]
        if not live:
            break
        if len(live) < len(growing):
            growing, seen = [growing[row] for row in live], seen[live]
            cache.batch_select_indices(weights.integers(live))
        seen = torch.nn.functional.pad(seen, (0, 1), value=1)
        logits, cache = _step(weights, [answer.tokens[-1] for answer in growing], seen, cache)
    return answers


@torch.inference_mode()
def draw_blended(weights: Weights, stops: Tokens, prompts: Sequence[Prepared], blend: Blend, seed: int) -> Drawn:
    """Draw one answer to several prompts (with the sampling of the first), each token from a blend of the distributions after them."""
    sampling, answer = prompts[0].request.sampling, Drawn(torch.Generator().manual_seed(seed))
    logits, seen, cache = _read(weights, [prepared.tokens for prepared in prompts])
    for _ in range(sampling.max_tokens):
        logs = blend(distribution(logits, Sampling()).double().cpu().numpy(), answer.tokens[-1] if answer.tokens else None)
        (token,) = _next(torch.from_numpy(logs)[None], sampling, [answer])
        answer.stopped = token in stops
        if answer.stopped:
            break
        answer.tokens.append(token)
        if len(answer.tokens) < sampling.max_tokens:
            seen = torch.nn.functional.pad(seen, (0, 1), value=1)
            logits, cache = _step(weights, [token] * len(prompts), seen, cache)
    return answer


def _read(weights: Weights, prompts: Sequence[Tokens]) -> tuple[torch.Tensor, torch.Tensor, Any]:
    """Return (B, V) logits after each prompt, aligned right, a (B, T) mask of places that hold tokens, and the cache with B rows."""
    different = list(dict.fromkeys(prompts))
    width = max(map(len, different))
    ids = weights.integers([[0] * (width - len(tokens)) + list(tokens) for tokens in different])
    seen = weights.integers([[0] * (width - len(tokens)) + [1] * len(tokens) for tokens in different])
    positions = (seen.cumsum(-1) - 1).clamp(min=0)
    logits, cache = weights.run(
        weights.integers([width - 1]), input_ids=ids, attention_mask=seen, position_ids=positions, past_key_values=None, use_cache=True
    )
    rows = weights.integers([different.index(tokens) for tokens in prompts])
    cache.batch_select_indices(rows)
    return logits[rows, -1], seen[rows], cache


def _step(weights: Weights, tokens: Sequence[int], seen: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
    """Return (B, V) logits after one more token of each answer, and the cache."""
    logits, cache = weights.run(
        weights.integers([0]),
        input_ids=weights.integers(tokens)[:, None],
        attention_mask=seen,
        position_ids=seen.sum(-1, keepdim=True) - 1,
        past_key_values=cache,
        use_cache=True,
    )
    return logits[:, -1], cache


def _next(logits: torch.Tensor, sampling: Sampling, answers: Sequence[Drawn]) -> list[int]:
    """Return the next token of each answer: the place of its random number in the cumulative distribution."""
    cumulative = distribution(logits, sampling).exp().double().cumsum(-1)
    numbers = torch.stack([torch.rand(1, generator=answer.random, dtype=torch.float64) for answer in answers]).to(cumulative.device)
    tokens: list[int] = torch.searchsorted(cumulative, numbers * cumulative[:, -1:], right=True).flatten().tolist()
    return tokens
