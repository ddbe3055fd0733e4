"""A Llama checkpoint as arrays, from config.json and model.safetensors with any of three number types."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from personametrics.data.errors import ModelError
from personametrics.models.runtime import first_line

Floats = NDArray[np.float32]

READ: dict[str, Callable[[bytes], NDArray[Any]]] = {
    "F32": lambda data: np.frombuffer(data, "<f4"),
    "F16": lambda data: np.frombuffer(data, "<f2"),
    "BF16": lambda data: (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32),
}
"""The number types of weights; a bfloat16 is the first half of a float32."""
PLAIN = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "rope_type": "default"}
"""The values that a configuration must have, if it has the key."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network: query heads and groups that share keys and values in each layer, numbers in a head and in a hidden state.

    `base` is that of the wavelengths of rotary positions, `tiny` is added to mean squares, and `room` is the longest context in tokens.
    """

    layers: int
    heads: int
    groups: int
    size: int
    width: int
    base: float
    tiny: float
    room: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape":
        """Return the shape that a config.json describes, if that is a plain Llama."""
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        values = {**PLAIN, **config, "rope_type": rope.get("rope_type", PLAIN["rope_type"])}
        if wrong := [f"{name} is {values[name]}" for name, expected in PLAIN.items() if values[name] != expected]:
            message = f"config.json: {wrong[0]}, but the embedded model must be a plain Llama. Open the folder as local:FOLDER."
            raise ModelError(message)
        try:
            heads, width = config["num_attention_heads"], config["hidden_size"]
            groups, size = config.get("num_key_value_heads") or heads, config.get("head_dim") or width // heads
            base = float(rope.get("rope_theta", config.get("rope_theta", 10000.0)))
            return cls(
                config["num_hidden_layers"], heads, groups, size, width, base, config["rms_norm_eps"], config["max_position_embeddings"]
            )
        except KeyError as error:
            message = f"config.json lacks {error}. Copy the whole checkpoint."
            raise ModelError(message) from error


def settings(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON file of a checkpoint."""
    try:
        values: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        needed = "config.json, tokenizer.json and model.safetensors"
        message = f'"{folder}" is not a checkpoint ({name}: {first_line(error)}). Give a folder with {needed}.'
        raise ModelError(message) from error
    return values


def arrays(folder: Path) -> dict[str, Floats]:
    """Read the weights by name, in float32."""
    path = folder / "model.safetensors"
    try:
        stored: list[tuple[str, dict[str, Any]]] = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except (OSError, SafetensorError) as error:
        message = f'"{path}" cannot be read: {first_line(error)}.'
        raise ModelError(message) from error
    if unread := sorted({kind for _, array in stored if (kind := array["dtype"]) not in READ}):
        message = f'"{path}" holds {unread[0]} numbers. Store the weights as bfloat16, float16 or float32.'
        raise ModelError(message)
    return {name: READ[array["dtype"]](array["data"]).reshape(array["shape"]).astype(np.float32, copy=False) for name, array in stored}
