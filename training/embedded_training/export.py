"""The export of weights as a checkpoint folder that transformers and this library can read."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaConfig

from embedded_training.llama import BASE, EPSILON, Llama, Shape
from embedded_training.tokens import END, PAD, save

LONGEST = 4096
"""The maximum number of tokens of a conversation, as stated in the checkpoint."""


def begin(folder: Path, shape: Shape, tokenizer: Tokenizer) -> None:
    """Write everything but the weights: tokenizer, chat template, config.json, generation_config.json.

    Args:
        folder: folder of the checkpoint; it is created if necessary.
        shape: sizes of the model.
        tokenizer: tokenizer with the special tokens of `tokens.trained`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save(tokenizer, folder)
    signs: dict[str, Any] = {"eos_token_id": tokenizer.token_to_id(END), "pad_token_id": tokenizer.token_to_id(PAD), "bos_token_id": None}
    config = LlamaConfig(
        architectures=["LlamaForCausalLM"],
        dtype="bfloat16",
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=LONGEST,
        rms_norm_eps=EPSILON,
        rope_parameters={"rope_type": "default", "rope_theta": BASE},
        tie_word_embeddings=True,
        **signs,
    )
    config.save_pretrained(folder)
    drawn: Any = GenerationConfig(do_sample=True, temperature=1.0, top_p=1.0, top_k=0, **signs)  # type: ignore[no-untyped-call]
    drawn.save_pretrained(folder)


def weights(folder: Path, model: Llama, record: Mapping[str, object]) -> None:
    """Write the weights, rounded to bfloat16, and training.json; each file is replaced in one step.

    Args:
        folder: folder prepared by `begin`.
        model: model in its present state.
        record: origin of the weights.
    """
    values = {f"model.{name}": value.detach().to(torch.bfloat16).contiguous() for name, value in model.named_parameters()}
    _replaced(folder / "model.safetensors", lambda path: save_file(values, path, metadata={"format": "pt"}))
    _replaced(folder / "training.json", lambda path: path.write_text(json.dumps(dict(record), indent=2) + "\n", encoding="utf-8"))


def _replaced(path: Path, write: Callable[[Path], object]) -> None:
    """Write a temporary file next to the old one, then replace the old one with it."""
    new = path.with_name(f".{path.name}.new")
    write(new)
    new.chmod(0o644)  # safetensors makes the file readable for its owner only
    new.replace(path)
