"""The forward pass of a Llama network in numpy, in float32."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from personametrics.data.errors import ModelError
from personametrics.models.embedded.attention import Attended, add, attend
from personametrics.models.embedded.checkpoint import Floats, Shape, arrays, settings
from personametrics.models.embedded.rows import Cache, Integers, Rows
from personametrics.models.packing import Tokens

Edit = Callable[[int, Floats], Floats]
"""A function from a depth (0: the embeddings, 1: after the first layer …) and (N, width) hidden states to changed hidden states."""
CHUNK = 256
"""The number of tokens that go through the inner layer together; intermediate results then stay in the processor's cache."""

HELD = 31_000_000
"""A number of bytes just below 32 MiB: after such an array was allocated and freed once, glibc keeps the memory that a pass frees for the
next layer instead of returning it to the system; scoring is a seventh faster."""


class Layer(NamedTuple):
    """The packed weights of a layer; the norms' weights, the scale of the scores and the half of the gate's argument are multiplied in.

    Attributes:
        mix: (width, (heads + 2 groups) × size) weights of queries, keys and values; the two numbers that a position rotates are adjacent.
        out: (heads × size, width) weights of the attention output.
        gates: (width, 2 × inner) weights of the gate and of the gated values.
        down: (inner, width) weights of the inner layer's output.
    """

    mix: Floats
    out: Floats
    gates: Floats
    down: Floats


@dataclass(frozen=True)
class Network:
    """A Llama network.

    Attributes:
        shape: size of the network.
        words: (V, width) embeddings.
        layers: weights of the layers.
        logits: (width, V) weights from the last hidden states to logits, with the final norm multiplied in.
    """

    shape: Shape
    words: Floats
    layers: tuple[Layer, ...]
    logits: Floats

    @classmethod
    def read(cls, folder: Path) -> "Network":
        """Read a checkpoint.

        Raises:
            ModelError: it is not a plain Llama, is damaged, or lacks weights.
        """
        config = settings(folder, "config.json")
        shape, weights = Shape.of(config), arrays(folder)
        try:
            words = weights["model.embed_tokens.weight"]
            output = words if config.get("tie_word_embeddings") else weights["lm_head.weight"]
            layers = tuple(_layer(shape, weights, f"model.layers.{index}.") for index in range(shape.layers))
            np.empty(HELD // 4, np.float32)
            return cls(shape, words, layers, np.ascontiguousarray((output * weights["model.norm.weight"]).T))
        except KeyError as error:
            message = f'"{folder}" lacks weights that its config.json asks for, such as {error.args[0]}. Copy the whole checkpoint.'
            raise ModelError(message) from error
        except ValueError as error:
            message = f'"{folder}" holds weights of another shape than its config.json states. Copy the whole checkpoint.'
            raise ModelError(message) from error

    def run(self, rows: Rows, cache: Cache, keep: Integers, edit: Edit | None = None) -> Floats:
        """Run one forward pass.

        Args:
            rows: N tokens in rows.
            cache: cache of the rows; the keys and values of the tokens are written into it.
            keep: (K) indices of the tokens whose states are returned, ascending; the last layer computes only these to the end.
            edit: function that changes hidden states at each depth, but not their shape; at the last depth they are (K, width).

        Returns:
            (K, width) hidden states after the last layer, before the last norm.
        """
        edit = edit or _leave
        states = np.ascontiguousarray(edit(0, self.words[rows.tokens]), np.float32)
        turns = np.tile(self._turns[rows.positions], self.shape.heads + self.shape.groups)
        for depth, layer in enumerate(self.layers):
            last = depth + 1 == len(self.layers)
            queries = self._mix(layer, depth, states, turns, rows, cache)
            if last:
                queries, states, rows = queries[keep], states[keep], rows.only(keep)
            states = states + self._attend(depth, queries, rows, cache) @ layer.out
            self._think(layer, states)
            states = np.ascontiguousarray(edit(depth + 1, states), np.float32)
        return states

    def unembed(self, states: Floats) -> Floats:
        """Return (K, V) logits from the (K, width) hidden states after the last layer."""
        return _levelled(states, self.shape.tiny) @ self.logits

    def hidden(self, tokens: Tokens, edit: Edit | None = None) -> Floats:
        """Return a sequence's (layers + 1, T, width) hidden states after edits: embeddings, then each layer, before the final norm."""
        seen: list[Floats] = []

        def see(depth: int, states: Floats) -> Floats:
            changed = (edit or _leave)(depth, states)
            seen.append(changed)
            return changed

        self.run(Rows.of([tokens]), Cache.empty(self.shape, 1, len(tokens)), np.arange(len(tokens)), see)
        return np.stack(seen)

    def begin(self, sequences: Sequence[Tokens]) -> list[Cache]:
        """Return the keys and values of sequences, to be used as prefixes."""
        lengths = [len(tokens) for tokens in sequences]
        cache = Cache.empty(self.shape, len(sequences), max(lengths))
        self.run(Rows.of(sequences), cache, np.cumsum(lengths) - 1)
        parts = [(slice(None), slice(index, index + 1), slice(length)) for index, length in enumerate(lengths)]
        return [Cache(cache.keys[part].copy(), cache.values[part].copy()) for part in parts]

    @cached_property
    def _turns(self) -> NDArray[np.complex64]:
        """The (room, size / 2) rotations of the pairs of numbers in queries and keys at each position."""
        powers = np.arange(0, self.shape.size, 2, dtype=np.float32) / np.float32(self.shape.size)
        lengths = (self.shape.base ** powers.astype(np.float64)).astype(np.float32)  # rounded as in torch: far positions multiply the error
        angles = np.arange(self.shape.room, dtype=np.float32)[:, None] * (1 / lengths)
        turns = np.empty(angles.shape, np.complex64)
        turns.real, turns.imag = np.cos(angles), np.sin(angles)
        return turns

    def _mix(self, layer: Layer, depth: int, states: Floats, turns: NDArray[np.complex64], rows: Rows, cache: Cache) -> Floats:
        """Return (N, groups, heads in a group, size) queries, and write keys and values into the cache."""
        shape, count = self.shape, len(states)
        mixed = _levelled(states, shape.tiny) @ layer.mix
        queried, kept = shape.heads * shape.size, (shape.heads + shape.groups) * shape.size
        turned = mixed[:, :kept].view(np.complex64)
        turned *= turns
        cache.keys[depth][rows.row, rows.place] = mixed[:, queried:kept].reshape(count, shape.groups, shape.size)
        cache.values[depth][rows.row, rows.place] = mixed[:, kept:].reshape(count, shape.groups, shape.size)
        return mixed[:, :queried].reshape(count, shape.groups, shape.heads // shape.groups, shape.size)

    def _attend(self, depth: int, queries: Floats, rows: Rows, cache: Cache) -> Floats:
        """Return the (N, heads × size) attention of queries over their prefixes and their own rows."""
        places = rows.hidden.shape[2]
        in_row = attend(rows.pad(queries), cache.keys[depth, :, :places], cache.values[depth, :, :places], rows.hidden)
        sums, top, total = map(rows.unpad, in_row)
        for prefix in rows.prefixes:
            part = slice(prefix.first, prefix.last)
            in_prefix = attend(queries[None, part], prefix.cache.keys[depth], prefix.cache.values[depth])
            add(Attended(sums[part], top[part], total[part]), Attended(*(array[0] for array in in_prefix)))
        sums /= total
        return sums.reshape(len(queries), -1)

    def _think(self, layer: Layer, states: Floats) -> None:
        """Add the output of the inner layer to the hidden states in place."""
        inner = len(layer.down)
        for first in range(0, len(states), CHUNK):
            part = states[first : first + CHUNK]
            gated = _levelled(part, self.shape.tiny) @ layer.gates
            gate = np.tanh(gated[:, :inner])  # x · sigmoid(x) = x/2 · (1 + tanh(x/2))
            gate += 1
            gate *= gated[:, :inner]
            gate *= gated[:, inner:]
            part += gate @ layer.down


def _layer(shape: Shape, weights: dict[str, Floats], name: str) -> Layer:
    """Pack the weights of a layer.

    Raises:
        KeyError: weights are missing.
        ValueError: weights have another shape.
    """
    first, second = weights[name + "input_layernorm.weight"], weights[name + "post_attention_layernorm.weight"]
    queries, keys, values, out = (weights[f"{name}self_attn.{weight}_proj.weight"] for weight in "qkvo")
    gate, up, down = (weights[f"{name}mlp.{weight}_proj.weight"] for weight in ("gate", "up", "down"))
    queried, kept, inner = shape.heads * shape.size, shape.groups * shape.size, len(gate)
    sizes = [weight.shape for weight in (first, second, queries.T, keys.T, values.T, out, gate.T, up.T, down)]
    if sizes != [(shape.width,)] * 2 + [(shape.width, rows) for rows in (queried, kept, kept, queried, inner, inner, inner)]:
        raise ValueError(name)
    scaled = _paired(queries, shape.heads) * np.float32(shape.size**-0.5)
    mix = np.concatenate([scaled, _paired(keys, shape.groups), values]) * first
    gates = np.concatenate([gate / 2, up]) * second
    return Layer(*(np.ascontiguousarray(weight.T) for weight in (mix, out, gates, down)))


def _paired(weights: Floats, heads: int) -> Floats:
    """Put rows i and i + size/2 of each head next to each other, as one complex number that a position rotates."""
    halves = weights.reshape(heads, 2, -1, weights.shape[1])
    return halves.swapaxes(1, 2).reshape(weights.shape)


def _levelled(states: Floats, tiny: float) -> Floats:
    """Return states divided by the root of their mean square."""
    size = np.einsum("nd,nd->n", states, states)
    size /= states.shape[1]
    size += tiny
    size **= -0.5
    levelled: Floats = states * size[:, None]
    return levelled


def _leave(_: int, states: Floats) -> Floats:
    """Return the states unchanged."""
    return states
