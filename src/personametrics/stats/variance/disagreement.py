"""Disagreement of two answers by what they share, and what is left when a level is deleted.

The disagreement of two answers is half their squared distance: a variance for scores, the probability that they differ for labels.
D[S] is its mean over ordered pairs of answers from different cells that share exactly the facets S; D[all facets] its mean over two answers
of one cell. Every pair of cells weighs the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from personametrics.stats.arrays import Floats, sums
from personametrics.stats.variance.cells import Cells

ROUNDING = 1e-9
"""A sum below this share of the sum it was taken from is rounding."""

DUST = 1e-13
"""A disagreement below this share of the largest squared distance to the mean is rounding."""

Shared = frozenset[str]
"""Which facets two answers share."""

Disagreements = Mapping[Shared, Floats]
"""D[S] for every subset S of the facets; all values have the same (leading batch) shape; NaN where no such pair exists."""


def subsets(facets: Sequence[str]) -> list[Shared]:
    """All subsets of the facets, small ones first."""
    return [frozenset(some) for size in range(len(facets) + 1) for some in combinations(facets, size)]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Each cell's part in every D[S]: sums over the pairs it enters, from which D follows for the whole, a part, or all but a part.

    Attributes:
        cells: the cells.
        total: {S: (C,)} summed disagreement of a cell with every cell that shares exactly S with it; for S = all facets, its own variance.
        count: {S: (C,)} the number of these pairs; for S = all facets, 1 where the variance is defined.
    """

    cells: Cells
    total: Mapping[Shared, Floats]
    count: Mapping[Shared, Floats]

    def whole(self) -> Disagreements:
        """D[S] over all cells, each a 0-d array."""
        return {shared: _ratio(float(self.total[shared].sum()), float(self.count[shared].sum())) for shared in self.total}

    def within(self, facets: Sequence[str]) -> Disagreements:
        """D[S] of each group: pairs of which the first cell lies in it. {S: (G,)}, G the groups that share `facets`."""
        group, size = self.cells.groups(facets)
        return {s: _ratio(sums(group, self.total[s], size), sums(group, self.count[s], size)) for s in self.total}

    def without(self, facets: Sequence[str]) -> Disagreements:
        """D[S] of what is left when one group of cells is deleted, for every group in turn, without recomputing any.

        Args:
            facets: a group is the cells that share these facets: `["persona"]` deletes one persona at a time.

        Returns:
            {S: (G,)} over the G occupied groups in the order of their codes; over the cells as they stand where each is a group of its own.
        """
        group, size = self.cells.groups(facets)
        alone = set(facets) == set(self.cells.facets)
        there = slice(None) if alone else np.bincount(group, minlength=size) > 0
        left = {}
        for s, total in self.total.items():
            # A pair of a group's cell with any other is met from both sides, unless both lie in the group: they do if S holds its facets.
            sides = 1 if frozenset(facets) <= s else 2
            parts = [part if alone else sums(group, part, size)[there] for part in (total, self.count[s])]
            rest, number = (part.sum() - sides * of for part, of in zip((total, self.count[s]), parts, strict=True))
            # What is left of a sum that was deleted whole is rounding.
            left[s] = _ratio(np.where(np.abs(rest) > ROUNDING * np.abs(total.sum()), rest, 0.0), number)
        return left

    def within_without(self, facet: str, over: str) -> Disagreements:
        """D[S] of each level of a facet, when one level of another is deleted from it: {S: (levels of facet, levels of over)}.

        NaN where a level of `over` holds no cell of the level of `facet`, so that nothing was deleted.
        """
        axes = [self.cells.facets.index(name) for name in (facet, over)]
        shape = [self.cells.levels[axis] for axis in axes]
        at = np.ravel_multi_index((self.cells.codes[:, axes[0]], self.cells.codes[:, axes[1]]), shape)
        size = shape[0] * shape[1]
        there = np.bincount(at, minlength=size).reshape(shape) > 0
        left = {}
        for s in self.total:
            sides = 1 if over in s else 2
            total, count = (sums(at, part[s], size).reshape(shape) for part in (self.total, self.count))
            left[s] = np.where(there, _ratio(total.sum(1)[:, None] - sides * total, count.sum(1)[:, None] - sides * count), np.nan)
        return left


def pairs(cells: Cells) -> Pairs:
    """Sum each cell's disagreement with all others, by what they share.

    For a set T of facets, the cells of a group that share at least T are summed up once; inclusion and exclusion over T ⊇ S leaves
    the pairs that share exactly S. Cost O(C · K · 2^F), no loop over pairs, any pattern of missing cells.

    Args:
        cells: C cells of F facets.

    Returns:
        The sums per cell.

    References:
        Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0, for balanced scores; here for any pattern and any point.

    Examples:
        >>> import numpy as np
        >>> from personametrics.stats.variance.cells import from_answers
        >>> persona, item = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> d = pairs(from_answers(["persona", "item"], [persona, item], np.array([1.0, 3.0, 5.0, 5.0]))).whole()
        >>> float(d[frozenset({"persona", "item"})])  # mean of the variances 2 and 0
        1.0
        >>> float(d[frozenset({"item"})])  # half the mean squared distance of {1, 3} and {5, 5}: (16 + 4) / 2 / 2
        5.0
    """
    every = subsets(cells.facets)
    mean = cells.mean - cells.mean.mean(0)
    square = cells.scatter + (mean**2).sum(-1)
    total = {shared: np.zeros(len(cells)) for shared in every[:-1]}
    count = {shared: np.zeros(len(cells)) for shared in every[:-1]}
    for more in every:
        together, number = _at_least(cells, more, mean, square)
        for shared in total:
            if shared <= more:
                total[shared] += (-1) ** len(more - shared) * together
                count[shared] += (-1) ** len(more - shared) * number
    for shared, pairs_of in count.items():
        total[shared][np.abs(total[shared]) <= DUST * square.max(initial=0.0) * pairs_of] = 0.0  # rounding of sums that cancel
    known = np.isfinite(cells.within)
    total[every[-1]], count[every[-1]] = np.where(known, cells.within, 0.0), known.astype(float)
    return Pairs(cells, total, count)


def _at_least(cells: Cells, shared: Shared, mean: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Summed disagreement of each cell with all cells that share at least `shared` (itself included), and their number."""
    if shared == frozenset(cells.facets):
        return cells.scatter, np.ones(len(cells))
    group, size = cells.groups(tuple(shared))
    number = np.bincount(group, minlength=size).astype(float)
    dot = np.zeros(len(cells))
    for column in mean.T:
        dot += column * sums(group, column, size)[group]
    return (number[group] * square + sums(group, square, size)[group]) / 2 - dot, number[group]


def _ratio(total: Floats | float, count: Floats | float) -> Floats:
    """Total / count, NaN where there is no pair."""
    total, count = np.asarray(total, float), np.asarray(count, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, total / count, np.nan)
