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
"""From a depth (0: the embeddings, 1: after the first layer …) and hidden states (N, width) to those that are gone on with."""
CHUNK = 256
"""Tokens that go through the inner layer together; what is in between then stays in the processor's cache."""

HELD = 31_000_000
"""Bytes, just below 32 MiB: once so much was had and given back, glibc no longer returns what a pass frees to the system, only to ask for
it again in the next layer; scoring is a seventh faster."""


class Layer(NamedTuple):
    """Weights of a layer, packed: the norms' weights, the scale of the scores and the half of the gate's argument are in them.

    Attributes:
        mix: (width, (heads + 2 groups) × size) to queries, keys and values; the two numbers that a position turns stand side by side.
        out: (heads × size, width)
        gates: (width, 2 × inner) gate, and what it lets through.
        down: (inner, width)
    """

    mix: Floats
    out: Floats
    gates: Floats
    down: Floats


@dataclass(frozen=True)
class Network:
    """A Llama network.

    Attributes:
        shape: how large it is.
        words: (V, width) embeddings.
        layers: their weights.
        logits: (width, V) from the last hidden states to logits, with the weights of the last norm.
    """

    shape: Shape
    words: Floats
    layers: tuple[Layer, ...]
    logits: Floats

    @classmethod
    def read(cls, folder: Path) -> "Network":
        """Read a checkpoint.

        Raises:
            ModelError: it is no plain Llama, damaged, or lacks weights.
        """
        config = settings(folder, "config.json")
        shape, weights = Shape.of(config), arrays(folder)
        try:
            words = weights["model.embed_tokens.weight"]
            output = words if config.get("tie_word_embeddings") else weights["lm_head.weight"]
            layers = tuple(_layer(shape, weights, f"model.layers.{at}.") for at in range(shape.layers))
            np.empty(HELD // 4, np.float32)
            return cls(shape, words, layers, np.ascontiguousarray((output * weights["model.norm.weight"]).T))
        except KeyError as error:
            message = f'"{folder}" lacks weights that its config.json asks for, such as {error.args[0]}: copy the whole checkpoint.'
            raise ModelError(message) from error
        except ValueError as error:
            message = f'"{folder}" holds weights of another shape than its config.json says: copy the whole checkpoint.'
            raise ModelError(message) from error

    def run(self, rows: Rows, cache: Cache, keep: Integers, edit: Edit | None = None) -> Floats:
        """One forward pass.

        Args:
            rows: N tokens.
            cache: of their rows; the keys and values of the tokens are written into it.
            keep: (K) which tokens are wanted, in rising order; in the last layer, only they are computed to the end.
            edit: changes hidden states at each depth, but not their shape; those at the last one are (K, width).

        Returns:
            (K, width) hidden states after the last layer, before the last norm.
        """
        edit = edit or _leave
        states = np.ascontiguousarray(edit(0, self.words[rows.tokens]), np.float32)
        turns = np.tile(self._turns[rows.positions], self.shape.heads + self.shape.groups)
        for at, layer in enumerate(self.layers):
            last = at + 1 == len(self.layers)
            queries = self._mix(layer, at, states, turns, rows, cache)
            if last:
                queries, states, rows = queries[keep], states[keep], rows.only(keep)
            states = states + self._attend(at, queries, rows, cache) @ layer.out
            self._think(layer, states)
            states = np.ascontiguousarray(edit(at + 1, states), np.float32)
        return states

    def read_off(self, states: Floats) -> Floats:
        """(K, V) logits from (K, width) hidden states after the last layer."""
        return _levelled(states, self.shape.tiny) @ self.logits

    def hidden(self, tokens: Tokens, edit: Edit | None = None) -> Floats:
        """(layers + 1, T, width) hidden states of a sequence: the embeddings, then after each layer, before the last norm; edited ones."""
        seen: list[Floats] = []

        def see(depth: int, states: Floats) -> Floats:
            changed = (edit or _leave)(depth, states)
            seen.append(changed)
            return changed

        self.run(Rows.of([tokens]), Cache.empty(self.shape, 1, len(tokens)), np.arange(len(tokens)), see)
        return np.stack(seen)

    def begin(self, sequences: Sequence[Tokens]) -> list[Cache]:
        """Keys and values of sequences, for others to begin with."""
        lengths = [len(tokens) for tokens in sequences]
        cache = Cache.empty(self.shape, len(sequences), max(lengths))
        self.run(Rows.of(sequences), cache, np.cumsum(lengths) - 1)
        parts = [(slice(None), slice(at, at + 1), slice(length)) for at, length in enumerate(lengths)]
        return [Cache(cache.keys[part].copy(), cache.values[part].copy()) for part in parts]

    @cached_property
    def _turns(self) -> NDArray[np.complex64]:
        """(room, size / 2) by what each position turns the pairs of numbers in queries and keys."""
        powers = np.arange(0, self.shape.size, 2, dtype=np.float32) / np.float32(self.shape.size)
        lengths = (self.shape.base ** powers.astype(np.float64)).astype(np.float32)  # rounded where torch rounds: far positions multiply it
        angles = np.arange(self.shape.room, dtype=np.float32)[:, None] * (1 / lengths)
        turns = np.empty(angles.shape, np.complex64)
        turns.real, turns.imag = np.cos(angles), np.sin(angles)
        return turns

    def _mix(self, layer: Layer, at: int, states: Floats, turns: NDArray[np.complex64], rows: Rows, cache: Cache) -> Floats:
        """(N, groups, heads in a group, size) queries; keys and values go into the cache."""
        shape, many = self.shape, len(states)
        mixed = _levelled(states, shape.tiny) @ layer.mix
        asked, kept = shape.heads * shape.size, (shape.heads + shape.groups) * shape.size
        turned = mixed[:, :kept].view(np.complex64)
        turned *= turns
        cache.keys[at][rows.row, rows.place] = mixed[:, asked:kept].reshape(many, shape.groups, shape.size)
        cache.values[at][rows.row, rows.place] = mixed[:, kept:].reshape(many, shape.groups, shape.size)
        return mixed[:, :asked].reshape(many, shape.groups, shape.heads // shape.groups, shape.size)

    def _attend(self, at: int, queries: Floats, rows: Rows, cache: Cache) -> Floats:
        """(N, heads × size) what queries find in their beginnings and their own rows."""
        places = rows.hidden.shape[2]
        own = attend(rows.pad(queries), cache.keys[at, :, :places], cache.values[at, :, :places], rows.hidden)
        found, top, total = map(rows.unpad, own)
        for some in rows.beginnings:
            part = slice(some.first, some.last)
            there = attend(queries[None, part], some.cache.keys[at], some.cache.values[at])
            add(Attended(found[part], top[part], total[part]), Attended(*(one[0] for one in there)))
        found /= total
        return found.reshape(len(queries), -1)

    def _think(self, layer: Layer, states: Floats) -> None:
        """Add what the inner layer makes of hidden states to them, in place."""
        inner = len(layer.down)
        for first in range(0, len(states), CHUNK):
            some = states[first : first + CHUNK]
            both = _levelled(some, self.shape.tiny) @ layer.gates
            gate = np.tanh(both[:, :inner])  # x · sigmoid(x) = x/2 · (1 + tanh(x/2))
            gate += 1
            gate *= both[:, :inner]
            gate *= both[:, inner:]
            some += gate @ layer.down


def _layer(shape: Shape, weights: dict[str, Floats], name: str) -> Layer:
    """Pack the weights of a layer.

    Raises:
        KeyError: some are missing.
        ValueError: some have another shape.
    """
    first, second = weights[name + "input_layernorm.weight"], weights[name + "post_attention_layernorm.weight"]
    queries, keys, values, out = (weights[f"{name}self_attn.{one}_proj.weight"] for one in "qkvo")
    gate, up, down = (weights[f"{name}mlp.{one}_proj.weight"] for one in ("gate", "up", "down"))
    asked, kept, inner = shape.heads * shape.size, shape.groups * shape.size, len(gate)
    sizes = [one.shape for one in (first, second, queries.T, keys.T, values.T, out, gate.T, up.T, down)]
    if sizes != [(shape.width,)] * 2 + [(shape.width, rows) for rows in (asked, kept, kept, asked, inner, inner, inner)]:
        raise ValueError(name)
    scaled = _paired(queries, shape.heads) * np.float32(shape.size**-0.5)
    mix = np.concatenate([scaled, _paired(keys, shape.groups), values]) * first
    gates = np.concatenate([gate / 2, up]) * second
    return Layer(*(np.ascontiguousarray(one.T) for one in (mix, out, gates, down)))


def _paired(weights: Floats, heads: int) -> Floats:
    """Rows i and i + size/2 of each head side by side, as one complex number: a position turns them together."""
    halves = weights.reshape(heads, 2, -1, weights.shape[1])
    return halves.swapaxes(1, 2).reshape(weights.shape)


def _levelled(states: Floats, tiny: float) -> Floats:
    """States by the root of their mean square."""
    size = np.einsum("nd,nd->n", states, states)
    size /= states.shape[1]
    size += tiny
    size **= -0.5
    levelled: Floats = states * size[:, None]
    return levelled


def _leave(_: int, states: Floats) -> Floats:
    """Change nothing."""
    return states
