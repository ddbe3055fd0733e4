"""Many token sequences in one row: what they begin with is computed once, and where they part they do not see each other.

A row is a tree of tokens behind a known beginning. Every token sees that beginning, itself and the tokens it stems from, and stands
where it would stand alone; so a model that is told both (mask and positions) computes what it would for each sequence by itself.
Attention over a tree of tokens: arXiv 2305.09781, there to check guessed tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Tokens = tuple[int, ...]
WORTH = 32
"""Tokens; a shared beginning longer by this many is worth a forward pass of its own."""


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many first tokens two sequences share.

    Examples:
        >>> common((1, 2, 3), (1, 2, 4, 5))
        2
    """
    shortest = min(len(first), len(second))
    return next((at for at in range(shortest) if first[at] != second[at]), shortest)


def cut(prompts: Sequence[Tokens], most: int) -> tuple[int, int]:
    """Which prompts go into one row: those up to the next persona, at most so many.

    A persona ends where a prompt shares much less with the next one than its neighbours share with theirs.

    Args:
        prompts: at least one, in the order they are asked; with two more than `most`, the end of a persona is seen in time.
        most: prompts in a row.

    Returns:
        How many of them, and how many first tokens they share; a prompt alone shares what it does with the one after it.

    Examples:
        >>> ann, bob = tuple(range(100)), tuple(range(200, 300))
        >>> cut([(*ann, 1), (*ann, 2), (*bob, 1), (*bob, 2)], 5)
        (2, 100)
    """
    shared = [common(one, other) for one, other in pairwise(prompts)]
    for at, here in enumerate(shared[:most]):
        beside = shared[max(at - 1, 0) : at] + shared[at + 1 : at + 2]
        if beside and here + WORTH <= min(beside):
            return at + 1, min(shared[:at], default=0)
    return min(most, len(prompts)), min(shared[:most], default=0)


@dataclass
class Tree:
    """Token sequences behind a known beginning, as one row.

    Attributes:
        start: length of the beginning, which is not in the row.
        tokens: (N) of the row; a token comes after the one it stems from.
        parents: (N) places of the tokens they stem from; −1: the beginning.
        depths: (N) how far behind the beginning each token stands.

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
        """Add a sequence, and say where in the row its tokens stand.

        Args:
            tokens: what is added.
            after: place it follows; −1: the beginning.
        """
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
        """(N) where each token stands in its own sequence."""
        return [self.start + depth for depth in self.depths]

    def visible(self) -> NDArray[np.bool_]:
        """(N, start + N) what each token sees: the beginning, itself, and what it stems from."""
        seen = np.zeros((len(self.tokens), self.start + len(self.tokens)), dtype=bool)
        seen[:, : self.start] = True
        for place, parent in enumerate(self.parents):
            if parent >= 0:
                seen[place] = seen[parent]
            seen[place, self.start + place] = True
        return seen


def overlapping(choices: Sequence[Tokens]) -> bool:
    """Whether one choice begins with another, or is empty, so that only the end of an answer tells them apart.

    Examples:
        >>> overlapping([(5,), (5, 6)]), overlapping([(5, 7), (5, 6)])
        (True, False)
    """
    ordered = sorted(choices)
    return () in choices or any(later[: len(earlier)] == earlier for earlier, later in pairwise(ordered))
