"""A Llama checkpoint as arrays: config.json and model.safetensors, whatever number type the weights are stored in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from personametrics.data.errors import ModelError

Floats = NDArray[np.float32]

READ: dict[str, Callable[[bytes], NDArray[Any]]] = {
    "F32": lambda data: np.frombuffer(data, "<f4"),
    "F16": lambda data: np.frombuffer(data, "<f2"),
    "BF16": lambda data: (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32),
}
"""Number types of weights; a bfloat16 is the first half of a float32."""
PLAIN = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
"""What a configuration must say, where it says anything."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a network is.

    Attributes:
        layers: number of them.
        heads: of the queries, in each layer.
        groups: of heads that share keys and values.
        size: of a head.
        width: of the hidden states.
        base: of the wavelengths of the rotary positions.
        tiny: added to mean squares before a root is taken.
        room: longest context, in tokens.
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
        """The shape that a config.json describes.

        Raises:
            ModelError: it describes no plain Llama.
        """
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        told = {name: config.get(name, wanted) for name, wanted in PLAIN.items()} | {"rope_type": rope.get("rope_type", "default")}
        wrong = [f"{name} is {told[name]}" for name, wanted in {**PLAIN, "rope_type": "default"}.items() if told[name] != wanted]
        if wrong:
            message = f"config.json: {wrong[0]}, and the embedded model is a plain Llama: open the folder as local:FOLDER."
            raise ModelError(message)
        try:
            heads, width = config["num_attention_heads"], config["hidden_size"]
            return cls(
                config["num_hidden_layers"],
                heads,
                config.get("num_key_value_heads") or heads,
                config.get("head_dim") or width // heads,
                width,
                float(rope.get("rope_theta", config.get("rope_theta", 10000.0))),
                config["rms_norm_eps"],
                config["max_position_embeddings"],
            )
        except KeyError as error:
            message = f"config.json lacks {error}: copy the whole checkpoint."
            raise ModelError(message) from error


def settings(folder: Path, name: str) -> dict[str, Any]:
    """What a JSON file of a checkpoint says.

    Raises:
        ModelError: it is not there, or no JSON.
    """
    try:
        found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        needed = "config.json, tokenizer.json and model.safetensors"
        message = f'"{folder}" is no checkpoint: a folder with {needed} is needed ({name}: {line(error)}).'
        raise ModelError(message) from error
    return found


def arrays(folder: Path) -> dict[str, Floats]:
    """Weights by their names, in float32.

    Raises:
        ModelError: the file is not there or damaged, or its number type is none of float32, float16, bfloat16.
    """
    path = folder / "model.safetensors"
    try:
        stored: list[tuple[str, dict[str, Any]]] = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except (OSError, SafetensorError) as error:
        message = f'"{path}" cannot be read: {line(error)}.'
        raise ModelError(message) from error
    if unread := sorted({kind for _, held in stored if (kind := held["dtype"]) not in READ}):
        message = f'"{path}" holds {unread[0]} numbers: store the weights as bfloat16, float16 or float32.'
        raise ModelError(message)
    return {name: READ[held["dtype"]](held["data"]).reshape(held["shape"]).astype(np.float32, copy=False) for name, held in stored}


def line(error: Exception) -> str:
    """The first line of an error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
