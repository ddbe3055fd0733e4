"""Many token sequences packed into one row: a shared prefix is computed once, and branches do not see each other.

A row is a tree of tokens after a prefix. Every token sees the prefix, itself and its ancestors, and has the position that it has in its own
sequence. A model that is given both (mask and positions) therefore computes the same as for each sequence alone. Source: attention over a
tree of tokens, arXiv 2305.09781, used there to verify guessed tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Tokens = tuple[int, ...]
WORTH = 32
"""The number of additional shared tokens from which on a prefix is worth a forward pass of its own."""


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the number of first tokens that two sequences share.

    Examples:
        >>> common((1, 2, 3), (1, 2, 4, 5))
        2
    """
    shortest = min(len(first), len(second))
    return next((index for index in range(shortest) if first[index] != second[index]), shortest)


def cut(prompts: Sequence[Tokens], most: int) -> tuple[int, int]:
    """Return the number of prompts for one row, `most` or up to the next persona, and the number of first tokens that they share.

    A persona ends at a prompt that shares much less with the next one than the neighbouring pairs share; give two prompts more than `most`,
    in the order of the requests. A single prompt shares its tokens with the next one.

    Examples:
        >>> ann, bob = tuple(range(100)), tuple(range(200, 300))
        >>> cut([(*ann, 1), (*ann, 2), (*bob, 1), (*bob, 2)], 5)
        (2, 100)
    """
    shared = [common(prompt, following) for prompt, following in pairwise(prompts)]
    for index, length in enumerate(shared[:most]):
        neighbours = shared[max(index - 1, 0) : index] + shared[index + 1 : index + 2]
        if neighbours and length + WORTH <= min(neighbours):
            return index + 1, min(shared[:index], default=0)
    return min(most, len(prompts)), min(shared[:most], default=0)


@dataclass
class Tree:
    """N tokens after a prefix of length `start`, as one row, each with the place of its parent (−1: the prefix) and its depth from 0.

    Examples:
        >>> tree = Tree(start=100)
        >>> tree.add((7, 8)), tree.add((7, 9))
        ([0, 1], [0, 2])
        >>> tree.tokens, tree.positions()
        ([7, 8, 9], [100, 101, 101])
        >>> tree.visible()[:, 100:].astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    """

    start: int
    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    _places: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, tokens: Sequence[int], after: int = -1) -> list[int]:
        """Add a sequence after a place (−1: the prefix), and return the places of its tokens in the row."""
        path = []
        for token in tokens:
            place = self._places.setdefault((after, token), len(self.tokens))
            if place == len(self.tokens):
                self.tokens.append(token)
                self.depths.append(self.depths[after] + 1 if after >= 0 else 0)
                self.parents.append(after)
            path.append(after := place)
        return path

    def positions(self) -> list[int]:
        """Return the (N) position of each token in its own sequence."""
        return [self.start + depth for depth in self.depths]

    def visible(self) -> NDArray[np.bool_]:
        """Return an (N, start + N) mask of what each token sees: the prefix, itself and its ancestors."""
        seen = np.zeros((len(self.tokens), self.start + len(self.tokens)), dtype=bool)
        seen[:, : self.start] = True
        for place, parent in enumerate(self.parents):
            if parent >= 0:
                seen[place] = seen[parent]
            seen[place, self.start + place] = True
        return seen


def overlapping(choices: Sequence[Tokens]) -> bool:
    """Return True if a choice begins with another or is empty, so that only the end of an answer distinguishes them.

    Examples:
        >>> overlapping([(5,), (5, 6)]), overlapping([(5, 7), (5, 6)])
        (True, False)
    """
    ordered = sorted(choices)
    return () in choices or any(later[: len(earlier)] == earlier for earlier, later in pairwise(ordered))
