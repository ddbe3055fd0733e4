"""A Llama checkpoint as the one file that llama.cpp reads, in float32, so that both give the same probabilities.

python tests/gguf_file.py FOLDER FILE
"""

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

ROTATED = (".self_attn.q_proj.weight", ".self_attn.k_proj.weight")
"""Weights whose rows come in the order in which positions turn them."""


def write(folder: Path, file: Path) -> Path:
    """Write a Llama checkpoint with byte-level BPE as GGUF: settings, tokenizer, chat template, weights.

    Args:
        folder: config.json, tokenizer.json, chat_template.jinja, model.safetensors.
        file: where it is written.

    Returns:
        The file.
    """
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(file, "llama")
    _settings(writer, config)
    _tokenizer(writer, json.loads((folder / "tokenizer.json").read_text()), config)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, weights in load_file(folder / "model.safetensors").items():
        heads = config["num_key_value_heads" if "k_proj" in name else "num_attention_heads"]
        turned = interleaved(weights, heads) if name.endswith(ROTATED) else weights
        writer.add_tensor(str(names.get_name(name, (".weight",))), turned.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def interleaved(weights: npt.NDArray[Any], heads: int) -> npt.NDArray[Any]:
    """Rows in the order of GGUF: transformers turns row i of a head with row i + half, llama.cpp turns neighbours.

    Args:
        weights: (heads × size, width).
        heads: heads, each with its own rows.
    """
    halves = weights.reshape(heads, 2, -1, weights.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weights.shape))


def _settings(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    """Sizes and constants of the model."""
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    """Tokens, merges, and which tokens are special."""
    special = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    ids = tokenizer["model"]["vocab"] | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    ranked = sorted(ids, key=ids.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(ranked)
    writer.add_token_types([gguf.TokenType.CONTROL if ids[token] in special else gguf.TokenType.NORMAL for token in ranked])
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(value=False)


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description="Write a Llama checkpoint as GGUF in float32.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    write(given.folder, given.file)


if __name__ == "__main__":
    main()
