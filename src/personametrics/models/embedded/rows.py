"""Token sequences that are computed together in one pass, without padding outside attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from personametrics.models.embedded.checkpoint import Floats, Shape
from personametrics.models.packing import Tokens, Tree

Integers = NDArray[np.int64]
UNSEEN = np.float32(-1e30)
"""The term added to the score of a place that a token must not see; finite, so that a place that sees nothing is not NaN."""


@dataclass(frozen=True, slots=True)
class Cache:
    """The keys and values of rows of tokens, both (layers, rows, places, groups, size)."""

    keys: Floats
    values: Floats

    @classmethod
    def empty(cls, shape: Shape, rows: int, places: int) -> "Cache":
        """Return a cache of zeros for a number of rows and places."""
        size = (shape.layers, rows, places, shape.groups, shape.size)
        return cls(np.zeros(size, np.float32), np.zeros(size, np.float32))

    @property
    def length(self) -> int:
        """The number of places of a row."""
        return int(self.keys.shape[2])

    def take(self, rows: Integers, used: int, places: int) -> "Cache":
        """Return a copy of the given rows (repeats allowed) with the first `used` of `places` places filled."""
        layers, _, _, *head = self.keys.shape
        taken = Cache(*(np.zeros((layers, len(rows), places, *head), np.float32) for _ in range(2)))
        taken.keys[:, :, :used] = self.keys[:, rows, :used]
        taken.values[:, :, :used] = self.values[:, rows, :used]
        return taken


@dataclass(frozen=True, slots=True)
class Prefix:
    """The prefix, a full cache of one row, that the tokens from first to before last see before their own row."""

    cache: Cache
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Branches:
    """The possible continuations of a token sequence, as a tree of (M) tokens at (M) depths with (M, M) terms added to their scores.

    Each continuation has steps: a place in the tree (−1: the end of the sequence) and the token that follows (−1: any end).
    """

    tokens: Tokens = ()
    depths: Tokens = ()
    hidden: Floats | None = None
    steps: tuple[tuple[tuple[int, int], ...], ...] = ()

    @staticmethod
    @lru_cache(4096)
    def of(ways: tuple[Tokens, ...], ends: bool) -> "Branches":  # noqa: FBT001 (a property of the ways)
        """Return the tree of continuations; with `ends`, the end of the answer is part of each.

        Examples:
            >>> tree = Branches.of(((7, 8), (7, 9)), False)
            >>> tree.tokens, tree.steps
            ((7,), (((-1, 7), (0, 8)), ((-1, 7), (0, 9))))
        """
        tree, steps = Tree(0), []
        for way in ways:
            path = tree.add(way if ends else way[:-1])
            steps.append(tuple(zip([-1, *path], [*way, -1], strict=False)))
        hidden = np.where(tree.visible(), np.float32(0), UNSEEN)
        return Branches(tuple(tree.tokens), tuple(tree.depths), hidden, tuple(steps))


NONE = Branches()
"""The empty tree."""


@dataclass(frozen=True, slots=True)
class Rows:
    """N tokens in B rows, without padding: padding is added only inside attention.

    Attributes:
        tokens: (N) tokens.
        positions: (N) position of each token in its own sequence, including its prefix.
        row: (N) row of each token.
        column: (N) place of each token among the queries of its row.
        place: (N) place of each token in the cache of its row.
        hidden: (B, T, S) terms added to the scores of T queries and S places: 0 or `UNSEEN`.
        prefixes: prefixes that the tokens see in addition to their rows.
    """

    tokens: Integers
    positions: Integers
    row: Integers
    column: Integers
    place: Integers
    hidden: Floats
    prefixes: tuple[Prefix, ...] = ()

    @classmethod
    def of(cls, sequences: Sequence[Tokens], branches: Sequence[Branches] = (), before: Sequence[Cache | None] = ()) -> "Rows":
        """Return rows of B sequences, each with at least one token, with their continuations and prefixes, if any."""
        follow = branches or [NONE] * len(sequences)
        lengths = np.array([len(sequence) for sequence in sequences])
        sizes = lengths + [len(tree.tokens) for tree in follow]
        tokens = np.fromiter(
            chain.from_iterable(chain(sequence, tree.tokens) for sequence, tree in zip(sequences, follow, strict=True)), np.int64
        )
        row = np.repeat(np.arange(len(sizes)), sizes)
        firsts = np.cumsum(sizes) - sizes
        column = np.arange(len(tokens)) - firsts[row]
        hidden = np.repeat(np.triu(np.full((sizes.max(), sizes.max()), UNSEEN), 1)[None], len(sizes), 0)
        positions = column.copy()
        for index, tree in enumerate(follow):
            if tree.tokens:
                length, size = lengths[index], sizes[index]
                positions[firsts[index] + length : firsts[index] + size] = length + np.array(tree.depths)
                hidden[index, length:size, length:size] = tree.hidden
        positions += starts(before or [None] * len(sizes))[row]
        return cls(tokens, positions, row, column, column, hidden, _prefixes(before, [*firsts, len(tokens)]))

    @classmethod
    def next(cls, tokens: Integers, before: Sequence[Cache | None], used: Integers) -> "Rows":
        """Return rows with one more token for each of B rows, given their prefixes and the number of places used in their caches."""
        hidden = np.where(np.arange(used.max() + 1) <= used[:, None], np.float32(0), UNSEEN)[:, None]
        rows = np.arange(len(tokens))
        return cls(tokens, starts(before) + used, rows, np.zeros_like(rows), used, hidden, _prefixes(before, range(len(tokens) + 1)))

    def only(self, keep: Integers) -> "Rows":
        """Return the same rows with only (K) queries, ascending; their places in the cache do not change."""
        row = self.row[keep]
        column = np.arange(len(keep)) - np.searchsorted(row, row)
        hidden = np.full((len(self.hidden), column.max() + 1, self.hidden.shape[2]), UNSEEN)
        hidden[row, column] = self.hidden[row, self.column[keep]]
        cut = (Prefix(prefix.cache, *np.searchsorted(keep, (prefix.first, prefix.last)).tolist()) for prefix in self.prefixes)
        return Rows(self.tokens[keep], self.positions[keep], row, column, self.place[keep], hidden, tuple(cut))

    def pad(self, queries: Floats) -> Floats:
        """Return (B, T, …) from (N, …): every token in its row, padded with zeros."""
        wide, many = self.hidden.shape[:2], queries.shape[1:]
        if len(queries) == wide[0] * wide[1]:
            return queries.reshape(*wide, *many)
        padded = np.zeros((*wide, *many), np.float32)
        padded[self.row, self.column] = queries
        return padded

    def unpad(self, padded: Floats) -> Floats:
        """Return (N, …) from (B, T, …), the inverse of `pad`."""
        wide = self.hidden.shape[:2]
        if len(self.row) == wide[0] * wide[1]:
            return padded.reshape(len(self.row), *padded.shape[2:])
        return padded[self.row, self.column]


def starts(before: Sequence[Cache | None]) -> Integers:
    """Return the lengths of prefixes."""
    return np.array([cache.length if cache else 0 for cache in before])


def _prefixes(before: Sequence[Cache | None], firsts: Sequence[int]) -> tuple[Prefix, ...]:
    """Return the prefixes of rows, one for neighbouring rows with the same one, given the (B + 1) indices at which rows begin and end."""
    prefixes = []
    for _, rows in groupby(range(len(before)), lambda row: id(before[row])):
        row, *more = rows
        if cache := before[row]:
            prefixes.append(Prefix(cache, int(firsts[row]), int(firsts[row + len(more) + 1])))
    return tuple(prefixes)
