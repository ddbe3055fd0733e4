"""The forward pass of a Llama network in numpy, in float32, and the prefixes of prompts that it keeps."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from personametrics.data.errors import ModelError
from personametrics.models.embedded.checkpoint import Floats, Shape, arrays, settings
from personametrics.models.embedded.rows import Cache, Integers, Rows
from personametrics.models.packing import WORTH, Tokens, cut

Edit = Callable[[int, Floats], Floats]
"""A function from a depth (0: the embeddings, 1: after the first layer …) and (N, width) hidden states to changed hidden states."""
CHUNK = 256
"""The number of tokens that go through the inner layer together; intermediate results then stay in the processor's cache."""

HELD = 31_000_000
"""A number of bytes just below 32 MiB: after such an array was allocated and freed once, glibc keeps the memory that a pass frees for the
next layer instead of returning it to the system; scoring is a seventh faster."""
KEPT = 32
"""The number of prefixes that are kept."""
MOST = 32
"""The number of prompts that are compared at a time; later prompts of the persona reuse the kept prefix."""


class Attended(NamedTuple):
    """Attention over some places: (…, size) sums of values weighted by exp(score − top), (…, 1) largest scores and sums of weights."""

    sums: Floats
    top: Floats
    total: Floats


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
    """A Llama network: (V, width) embeddings, layers, and (width, V) weights of logits, with the final norm multiplied in."""

    shape: Shape
    words: Floats
    layers: tuple[Layer, ...]
    logits: Floats

    @classmethod
    def read(cls, folder: Path) -> "Network":
        """Read a checkpoint; raise ModelError if it is not a plain Llama, is damaged, or lacks weights."""
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
            message = f'"{folder}" holds weights whose shape differs from its config.json. Copy the whole checkpoint.'
            raise ModelError(message) from error

    def run(self, rows: Rows, cache: Cache, keep: Integers, edit: Edit | None = None) -> Floats:
        """Return (K, width) hidden states after the last layer, before the last norm, from one forward pass of N tokens in rows.

        Keys and values of the tokens are written into the cache. The last layer computes only the (K) tokens to keep, ascending, to the
        end. `edit` changes hidden states at each depth, but not their shape.
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
            _add(Attended(sums[part], top[part], total[part]), Attended(*(array[0] for array in in_prefix)))
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


def attend(queries: Floats, keys: Floats, values: Floats, hidden: Floats | None = None) -> Attended:
    """Compute the attention of (B, T, groups, heads in a group, size) queries over (B, S, groups, size) keys and values of the same row.

    The (B, T, S) `hidden` terms are added to the scores; None: every place is seen.
    """
    scores = queries.transpose(0, 2, 3, 1, 4) @ keys.transpose(0, 2, 3, 1)[:, :, None]
    if hidden is not None:
        scores += hidden[:, None, None]
    top = scores.max(-1, keepdims=True)
    scores -= top
    np.exp(scores, out=scores)
    sums = np.empty(queries.shape, np.float32)
    np.matmul(scores, values.transpose(0, 2, 1, 3)[:, :, None], out=sums.transpose(0, 2, 3, 1, 4))
    total = scores.sum(-1, keepdims=True)
    return Attended(sums, top.transpose(0, 3, 1, 2, 4), total.transpose(0, 3, 1, 2, 4))


def _add(first: Attended, second: Attended) -> None:
    """Add the second result to the first in place, rescaled to the larger of the largest scores (as in arXiv 2205.14135)."""
    top = np.maximum(first.top, second.top)
    for part in (first, second):
        weight = np.exp(part.top - top)
        np.multiply(part.sums, weight, out=part.sums)
        np.multiply(part.total, weight, out=part.total)
    np.copyto(first.top, top)
    np.add(first.sums, second.sums, out=first.sums)
    np.add(first.total, second.total, out=first.total)


def _layer(shape: Shape, weights: dict[str, Floats], name: str) -> Layer:
    """Pack the weights of a layer; raise KeyError if some are missing, and ValueError if some have another shape."""
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


class Prefixes:
    """A store of the keys and values of prefixes, as a network computes them."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._kept: OrderedDict[Tokens, Cache] = OrderedDict()

    def of(self, prompts: Sequence[Tokens]) -> list[Cache | None]:
        """Return the prefix of each prompt, always shorter than it; None: too few shared tokens to be worth a pass of their own."""
        different = list(dict.fromkeys(prompts))
        alone = len(different) == 1 < len(prompts)  # several answers to one prompt share all of it but its last token
        shared = {different[0]: different[0][:-1]} if alone else dict(self._shared(different))
        sources = {prefix: self._nearest(prefix) for prefix in dict.fromkeys(shared.values())}
        fresh = [prefix for prefix, nearest in sources.items() if len(prefix) - len(nearest) >= WORTH]
        sources |= {prefix: prefix for prefix in fresh}
        if fresh:
            self._kept |= zip(fresh, self.network.begin(fresh), strict=True)
        caches = {prefix: self._kept.get(nearest) for prefix, nearest in sources.items()}
        self._forget(sources.values())
        return [caches[shared[prompt]] for prompt in prompts]

    def _shared(self, prompts: Sequence[Tokens]) -> Iterator[tuple[Tokens, Tokens]]:
        """Yield each prompt with the prefix that it shares with its neighbours."""
        start = 0
        while start < len(prompts):
            count, shared = cut(prompts[start : start + MOST + 2], MOST)
            group = prompts[start : start + count]
            reach = min(shared, *(len(prompt) - 1 for prompt in group))
            yield from ((prompt, prompt[:reach]) for prompt in group)
            start += count

    def _nearest(self, prefix: Tokens) -> Tokens:
        """Return the longest kept prefix of a prefix."""
        return max((kept for kept in self._kept if prefix[: len(kept)] == kept), key=len, default=())

    def _forget(self, used: Iterable[Tokens]) -> None:
        """Drop the prefixes used longest ago."""
        for prefix in used:
            if prefix in self._kept:
                self._kept.move_to_end(prefix)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
