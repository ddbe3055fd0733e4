"""Token sequences side by side: what is computed together in one pass, without padding where it costs most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from personametrics.models.embedded.checkpoint import Floats, Shape
from personametrics.models.packing import Tokens, Tree

Integers = NDArray[np.int64]
UNSEEN = np.float32(-1e30)
"""Added to the score of what a token must not see; finite, so that a place that sees nothing is no NaN."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Keys and values of rows of tokens.

    Attributes:
        keys: (layers, rows, places, groups, size)
        values: the same shape.
    """

    keys: Floats
    values: Floats

    @classmethod
    def empty(cls, shape: Shape, rows: int, places: int) -> "Cache":
        """Room for so many rows of so many tokens."""
        size = (shape.layers, rows, places, shape.groups, shape.size)
        return cls(np.zeros(size, np.float32), np.zeros(size, np.float32))

    @property
    def length(self) -> int:
        """Places of a row."""
        return int(self.keys.shape[2])

    def take(self, rows: Integers, used: int, places: int) -> "Cache":
        """Some rows, each perhaps several times, with so many of their places used and so many to be had."""
        layers, _, _, *head = self.keys.shape
        taken = Cache(*(np.zeros((layers, len(rows), places, *head), np.float32) for _ in range(2)))
        taken.keys[:, :, :used] = self.keys[:, rows, :used]
        taken.values[:, :, :used] = self.values[:, rows, :used]
        return taken


@dataclass(frozen=True, slots=True)
class Beginning:
    """What some of the tokens see before their own row.

    Attributes:
        cache: of one row, all of whose places are used.
        first: the first token that sees it.
        last: the first token after those that do.
    """

    cache: Cache
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Branches:
    """What may follow a sequence of tokens, as a tree.

    Attributes:
        tokens: (M) of the tree.
        depths: (M) how far behind the sequence each stands.
        hidden: (M, M) what is added to the scores among them.
        steps: of each way, its steps: a place in the tree (−1: the end of the sequence) and the token that follows it (−1: any end).
    """

    tokens: Tokens = ()
    depths: Tokens = ()
    hidden: Floats | None = None
    steps: tuple[tuple[tuple[int, int], ...], ...] = ()

    @staticmethod
    @lru_cache(4096)
    def of(ways: tuple[Tokens, ...], ends: bool) -> "Branches":  # noqa: FBT001 (a property of the ways)
        """The tree of some ways.

        Args:
            ways: tokens of each.
            ends: whether the end belongs to every way.

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
"""Nothing follows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """N tokens in B rows, all real: padding exists only inside of attention.

    Attributes:
        tokens: (N)
        positions: (N) where each stands in its own sequence, its beginning included.
        row: (N) its row.
        column: (N) its place among the queries of its row.
        place: (N) its place in the cache of its row.
        hidden: (B, T, S) added to the scores of T queries and S places: 0 or `UNSEEN`.
        beginnings: what is seen besides the rows themselves.
    """

    tokens: Integers
    positions: Integers
    row: Integers
    column: Integers
    place: Integers
    hidden: Floats
    beginnings: tuple[Beginning, ...] = ()

    @classmethod
    def of(cls, sequences: Sequence[Tokens], branches: Sequence[Branches] = (), before: Sequence[Cache | None] = ()) -> "Rows":
        """Sequences from their first token on.

        Args:
            sequences: B of them, none empty.
            branches: what may follow each; none: nothing.
            before: beginning of each; none: they have none.
        """
        follow = branches or [NONE] * len(sequences)
        lengths = np.array([len(some) for some in sequences])
        sizes = lengths + [len(tree.tokens) for tree in follow]
        tokens = np.fromiter(chain.from_iterable(chain(some, tree.tokens) for some, tree in zip(sequences, follow, strict=True)), np.int64)
        row = np.repeat(np.arange(len(sizes)), sizes)
        firsts = np.cumsum(sizes) - sizes
        column = np.arange(len(tokens)) - firsts[row]
        hidden = np.repeat(np.triu(np.full((sizes.max(), sizes.max()), UNSEEN), 1)[None], len(sizes), 0)
        positions = column.copy()
        for at, tree in enumerate(follow):
            if tree.tokens:
                length, size = lengths[at], sizes[at]
                positions[firsts[at] + length : firsts[at] + size] = length + np.array(tree.depths)
                hidden[at, length:size, length:size] = tree.hidden
        positions += starts(before or [None] * len(sizes))[row]
        return cls(tokens, positions, row, column, column, hidden, _beginnings(before, [*firsts, len(tokens)]))

    @classmethod
    def next(cls, tokens: Integers, before: Sequence[Cache | None], used: Integers) -> "Rows":
        """One more token for each of B rows.

        Args:
            tokens: (B)
            before: (B) beginning of each.
            used: (B) places used in the cache of each.
        """
        hidden = np.where(np.arange(used.max() + 1) <= used[:, None], np.float32(0), UNSEEN)[:, None]
        every = np.arange(len(tokens))
        return cls(tokens, starts(before) + used, every, np.zeros_like(every), used, hidden, _beginnings(before, range(len(tokens) + 1)))

    def only(self, keep: Integers) -> "Rows":
        """The same rows with fewer queries; places in the cache are those of all tokens.

        Args:
            keep: (K) which tokens, in rising order.
        """
        row = self.row[keep]
        column = np.arange(len(keep)) - np.searchsorted(row, row)
        hidden = np.full((len(self.hidden), column.max() + 1, self.hidden.shape[2]), UNSEEN)
        hidden[row, column] = self.hidden[row, self.column[keep]]
        cut = [
            replace(some, **dict(zip(("first", "last"), np.searchsorted(keep, (some.first, some.last)).tolist(), strict=True)))
            for some in self.beginnings
        ]
        return Rows(self.tokens[keep], self.positions[keep], row, column, self.place[keep], hidden, tuple(cut))

    def pad(self, queries: Floats) -> Floats:
        """(B, T, …) from (N, …): every token in its row, zeros where there is none."""
        wide, many = self.hidden.shape[:2], queries.shape[1:]
        if len(queries) == wide[0] * wide[1]:
            return queries.reshape(*wide, *many)
        padded = np.zeros((*wide, *many), np.float32)
        padded[self.row, self.column] = queries
        return padded

    def unpad(self, padded: Floats) -> Floats:
        """(N, …) from (B, T, …): what `pad` did, undone."""
        wide = self.hidden.shape[:2]
        if len(self.row) == wide[0] * wide[1]:
            return padded.reshape(len(self.row), *padded.shape[2:])
        return padded[self.row, self.column]


def starts(before: Sequence[Cache | None]) -> Integers:
    """Lengths of beginnings."""
    return np.array([cache.length if cache else 0 for cache in before])


def _beginnings(before: Sequence[Cache | None], firsts: Sequence[int]) -> tuple[Beginning, ...]:
    """Beginnings of neighbouring rows, once where they share it.

    Args:
        before: (B) beginning of each row.
        firsts: (B + 1) first token of each row, and how many there are.
    """
    found = []
    for _, some in groupby(range(len(before)), lambda at: id(before[at])):
        at, *more = some
        if cache := before[at]:
            found.append(Beginning(cache, int(firsts[at]), int(firsts[at + len(more) + 1])))
    return tuple(found)
