"""A small panel, and a checkpoint that answers it with probabilities that were chosen beforehand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import checkpoints
import numpy as np
import numpy.typing as npt
import torch
import transformers
from safetensors.numpy import load_file, save_file
from scipy.stats import chi2

from personametrics.data.grid import Grid
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request, Sampling
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation

LABELS = ("no", "perhaps", "yes")
PERSONAS = (
    Persona("nurse", "You are a young nurse and live in town."),
    Persona("farmer", "You are an old conservative farmer."),
    Persona("teacher", "You are a liberal teacher."),
    Persona("doubt", "You are not sure who you are."),
)
ITEMS = (
    Item("taxes", "Should taxes be more?", Ordinal(LABELS)),
    Item("nature", "Is nature often more than health?", Ordinal(LABELS)),
    Item("coffee", "Do you agree with coffee?", Ordinal(LABELS)),
    Item("tea", "Tea for the old?", Ordinal(LABELS)),
)
CHOSEN = np.random.default_rng(3).dirichlet((3, 3, 3), len(PERSONAS) * len(ITEMS))
"""(16, 3) how likely each label is for a persona and an item; items vary fastest. None is below a twentieth of the likeliest."""
SURE = 22.0
"""Logit of a label beyond the logarithm of its probability: all other tokens together stay below 1e-5."""
LOUD = 8.0, 20.0
"""Size in the hidden state of the token just written, and weight on the one that follows it."""


def panel(runs: int = 1, *, score: bool = False, sampling: Sampling | None = None) -> list[Request]:
    """Every ask of the panel; runs vary fastest, then items."""
    return list(Grid(PERSONAS, ITEMS, Elicitation(runs, score, sampling=sampling or Sampling())))


async def answered(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Replies in the order of the asks: exactly one each."""
    replies = [pair async for pair in model.answer(iter(requests))]
    assert sorted(index for index, _ in replies) == list(range(len(requests)))
    return [reply for _, reply in sorted(replies, key=lambda pair: pair[0])]


def shares(replies: Sequence[Reply]) -> npt.NDArray[np.float64]:
    """(asks, labels) probabilities of the labels."""
    return np.array([[(reply.probabilities or {})[label] for label in LABELS] for reply in replies])


def fit(texts: Sequence[str | None], expected: npt.NDArray[np.float64]) -> float:
    """Chance that answers drawn with these probabilities differ from them as much as these answers do, or more (Pearson).

    Args:
        texts: labels; the runs of a cell one after the other.
        expected: (cells, labels) probabilities, made to sum to 1.
    """
    drawn = np.array([[text == label for label in LABELS] for text in texts]).reshape(len(expected), -1, len(LABELS))
    assert drawn.any(2).all(), "an answer is no label"
    counts = drawn.shape[1] * expected / expected.sum(1, keepdims=True)
    return float(chi2.sf(((drawn.sum(1) - counts) ** 2 / counts).sum(), len(expected) * (len(LABELS) - 1)))


def answering(folder: Path) -> Path:
    """A Llama checkpoint that begins its answer with one of the labels, goes on to the end of the label, and stops.

    The layers are random, so what stands where the answer begins depends on persona and item; output weights of the labels' first tokens
    are then solved for, so that the labels get the chosen probabilities (to about 0.01: a little ridge keeps the weights small).

    Args:
        folder: where it is written.
    """
    checkpoints.llama(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    labels = [tokenizer.encode(label, add_special_tokens=False) for label in LABELS]
    weights = load_file(folder / "model.safetensors")
    _chain(weights, {token: after for label in labels for token, after in zip(label, [*label[1:], tokenizer.eos_token_id], strict=True)})
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    states = _states(folder, tokenizer)
    ridge = states @ states.T + 0.01 * np.eye(len(states))
    weights["lm_head.weight"][[label[0] for label in labels]] = (states.T @ np.linalg.solve(ridge, np.log(CHOSEN) + SURE)).T
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _chain(weights: dict[str, npt.NDArray[np.float32]], follows: dict[int, int]) -> None:
    """Let a token have one that follows it: a dimension for each, which the layers leave alone."""
    read, written = weights["model.embed_tokens.weight"], weights["lm_head.weight"]
    for name, matrix in weights.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            matrix[: len(follows)] = 0
    read[:, : len(follows)] = written[:, : len(follows)] = 0
    for index, (token, after) in enumerate(follows.items()):
        read[token, index], written[after, index] = LOUD


def _states(folder: Path, tokenizer: Any) -> npt.NDArray[np.float64]:
    """(16, width) what stands where the answer begins."""
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    states = []
    for request in panel():
        content = [{"role": message.role, "content": message.text} for message in request.messages]
        tokens = tokenizer.apply_chat_template(content, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            states.append(model.model(tokens).last_hidden_state[0, -1].double().numpy())
    return np.array(states)


def replies(model: Model, given: Sequence[Request]) -> list[Reply]:
    """Replies of a model that answers in order."""

    async def collect() -> list[Reply]:
        pairs = [pair async for pair in model.answer(given)]
        assert [index for index, _ in pairs] == list(range(len(given)))
        return [reply for _, reply in pairs]

    return asyncio.run(collect())


def texts(model: Model, given: Sequence[Request]) -> list[str | None]:
    """Their words."""
    return [reply.text for reply in replies(model, given)]
