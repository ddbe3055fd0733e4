"""The disagreement of two answers by the facets that they share, for a whole panel and without each level.

The disagreement of two answers is half their squared distance: a variance for scores, the probability that they differ for labels.
D[S] is its mean over ordered pairs of answers from different cells that share exactly the facets S, and D[all facets] is its mean over two
answers of one cell. Every pair of cells weighs the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from personametrics.stats.arrays import Floats, ratio, sums
from personametrics.stats.variance.cells import Cells

ROUNDING = 1e-9
"""A sum below this share of the sum from which it was subtracted is rounding error."""
DUST = 1e-13
"""A disagreement below this share of the largest squared distance to the mean is rounding error."""
Shared = frozenset[str]
"""The facets that two answers share."""
Disagreements = Mapping[Shared, Floats]
"""D[S] for every subset S of the facets. All values have the same (leading batch) shape; NaN where no such pair exists."""


def subsets(facets: Sequence[str]) -> list[Shared]:
    """Return all subsets of the facets, small ones first."""
    return [frozenset(subset) for size in range(len(facets) + 1) for subset in combinations(facets, size)]


@dataclass(frozen=True, eq=False)
class Pairs:
    """The contribution of each cell to every D[S], from which D follows for a panel, a part of it, or all but a part.

    Attributes:
        cells: the C cells.
        total: {S: (C,)} summed disagreement of a cell with every cell that shares exactly S with it; for S = all facets, its own variance.
        count: {S: (C,)} number of these pairs; for S = all facets, 1 where the variance is defined.
    """

    cells: Cells
    total: Mapping[Shared, Floats]
    count: Mapping[Shared, Floats]

    def whole(self) -> Disagreements:
        """Return D[S] over all cells, each a 0-d array."""
        return {shared: ratio(float(self.total[shared].sum()), float(self.count[shared].sum())) for shared in self.total}

    def within(self, facets: Sequence[str]) -> Disagreements:
        """Return D[S] of each group of cells that share `facets`, {S: (G,)}, over the pairs whose first cell lies in the group."""
        group, size = self.cells.groups(facets)
        return {s: ratio(sums(group, self.total[s], size), sums(group, self.count[s], size)) for s in self.total}

    def without(self, facets: Sequence[str]) -> Disagreements:
        """Return D[S] without each group of cells that share the facets, such as one persona at a time.

        Returns:
            {S: (G,)} over the G occupied groups in the order of their codes; in the order of the cells where each is a group of its own.
        """
        group, size = self.cells.groups(facets)
        alone = set(facets) == set(self.cells.facets)
        occupied = slice(None) if alone else np.bincount(group, minlength=size) > 0
        left = {}
        for s, total in self.total.items():
            # A pair is counted from both of its cells, unless both lie in the group, which they do if S contains the group's facets.
            sides = 1 if frozenset(facets) <= s else 2
            parts = [part if alone else sums(group, part, size)[occupied] for part in (total, self.count[s])]
            rest, number = (whole.sum() - sides * part for whole, part in zip((total, self.count[s]), parts, strict=True))
            # The rest of a sum that was deleted completely is rounding error.
            left[s] = ratio(np.where(np.abs(rest) > ROUNDING * np.abs(total.sum()), rest, 0.0), number)
        return left

    def within_without(self, facet: str, over: str) -> Disagreements:
        """Return D[S] of each level of a facet without each level of another one: {S: (levels of facet, levels of over)}.

        NaN where a level of `over` does not hold a cell of the level of `facet`, so that nothing was deleted.
        """
        axes = [self.cells.facets.index(name) for name in (facet, over)]
        shape = [self.cells.levels[axis] for axis in axes]
        group = np.ravel_multi_index((self.cells.codes[:, axes[0]], self.cells.codes[:, axes[1]]), shape)
        size = shape[0] * shape[1]
        occupied = np.bincount(group, minlength=size).reshape(shape) > 0
        left = {}
        for s in self.total:
            sides = 1 if over in s else 2
            total, count = (sums(group, part[s], size).reshape(shape) for part in (self.total, self.count))
            left[s] = np.where(occupied, ratio(total.sum(1)[:, None] - sides * total, count.sum(1)[:, None] - sides * count), np.nan)
        return left


def pairs(cells: Cells) -> Pairs:
    """Sum the disagreement of each cell with all others, by the facets that they share.

    For a set T of facets, the cells that share at least T are summed once; inclusion and exclusion over T ⊇ S leaves the pairs that share
    exactly S. The cost is O(C · K · 2^F), without a loop over pairs, for any pattern of missing cells. For balanced scores this is
    Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0.

    Examples:
        >>> from personametrics.stats.variance.cells import from_answers
        >>> persona, item = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> d = pairs(from_answers(["persona", "item"], [persona, item], np.array([1.0, 3.0, 5.0, 5.0]))).whole()
        >>> float(d[frozenset({"persona", "item"})])  # mean of the variances 2 and 0
        1.0
        >>> float(d[frozenset({"item"})])  # half the mean squared distance of {1, 3} and {5, 5}: (16 + 4) / 2 / 2
        5.0
    """
    every = subsets(cells.facets)  # the last one is the set of all facets
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
        total[shared][np.abs(total[shared]) <= DUST * square.max(initial=0.0) * pairs_of] = 0.0  # rounding error of sums that cancel
    rerun = np.isfinite(cells.within)
    total[every[-1]], count[every[-1]] = np.where(rerun, cells.within, 0.0), rerun.astype(float)
    return Pairs(cells, total, count)


def _at_least(cells: Cells, shared: Shared, mean: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Sum the disagreement of each cell with all cells that share at least `shared` (itself included), and count them."""
    if shared == frozenset(cells.facets):
        return cells.scatter, np.ones(len(cells))
    group, size = cells.groups(tuple(shared))
    number = np.bincount(group, minlength=size).astype(float)
    dot = np.zeros(len(cells))
    for column in mean.T:
        dot += column * sums(group, column, size)[group]
    return (number[group] * square + sums(group, square, size)[group]) / 2 - dot, number[group]
