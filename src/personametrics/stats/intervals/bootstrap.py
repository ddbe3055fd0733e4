"""The two-way bootstrap over personas and items, by weights: matrix products instead of resampled rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from personametrics.stats.arrays import Floats, ratio, sums
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.disagreement import Disagreements, Shared, subsets

WEIGHTED = ("persona", "item")
"""The facets that are resampled; all other facets keep their levels."""
ROUNDING = 1e-9
"""A count below this is rounding error of sums that cancel."""
CHUNK = 2**22
"""Numbers per intermediate array; replicates are computed in chunks of this size."""


def draw_weights(levels: int, replicates: int, rng: np.random.Generator) -> Floats:
    """Draw how often each level occurs among `levels` draws with replacement, (replicates, levels).

    Examples:
        >>> draw_weights(3, 2, np.random.default_rng(0)).sum(1).tolist()
        [3.0, 3.0]
    """
    drawn = rng.integers(levels, size=(replicates, levels)) + levels * np.arange(replicates)[:, None]
    return np.bincount(drawn.ravel(), minlength=replicates * levels).reshape(replicates, levels).astype(float)


@dataclass(frozen=True, eq=False)
class _Table:
    """The cells summed over the facets that are not shared, by persona, item and group of the other facets."""

    number: Floats
    square: Floats
    mean: Floats  # (K, persona, item, group)


def weighted_disagreements(cells: Cells, weights: Mapping[str, Floats]) -> Disagreements:
    """Compute D[S] under weights on personas and items, for B draws of weights at once: {S: (B,)}.

    The weight of a pair is that of a shared level, or the product of those of different levels. Pairs of a cell with itself are left out,
    so that copies of one persona in a draw are never compared with each other. D[S] is NaN where a draw does not leave a pair. Source: Owen
    (2007), The pigeonhole bootstrap, doi:10.1214/07-AOAS122.

    Args:
        cells: cells of the facets "persona", "item" and possibly others.
        weights: {"persona": (B, P), "item": (B, I)}, not negative.
    """
    others = [facet for facet in cells.facets if facet not in WEIGHTED]
    tables = {shared: _table(cells, sorted(shared)) for shared in subsets(others)}
    rerun = np.isfinite(cells.within)
    noise = [_layout(cells, column) for column in (np.where(rerun, cells.within, 0.0), rerun.astype(float))]
    step = max(1, CHUNK // max(table.number[0].size for table in tables.values()))
    chunks = []
    for start in range(0, len(weights[WEIGHTED[0]]), step):
        w = [weights[facet][start : start + step] for facet in WEIGHTED]
        chunk = _between(tables, w, frozenset(cells.facets))
        total, count = (_Bilinear(column, w).sum(1, 1) for column in noise)
        chunk[frozenset(cells.facets)] = ratio(total, count, ROUNDING)
        chunks.append(chunk)
    return {shared: np.concatenate([chunk[shared] for chunk in chunks]) for shared in subsets(cells.facets)}


def _between(tables: Mapping[Shared, _Table], w: Sequence[Floats], facets: Shared) -> dict[Shared, Floats]:
    """Compute D[S] of pairs of different cells for one chunk of replicates, by inclusion and exclusion over T ⊇ S."""
    nothing = [np.zeros(len(w[0])), np.zeros(len(w[0]))]
    both_sums = {shared: list(nothing) for shared in subsets(sorted(facets)) if shared != facets}
    for other, table in tables.items():
        for fixed, parts in _at_least(table, w).items():
            sums_of = [_contraction(part, fixed, w) for part in parts]
            for shared, both in both_sums.items():
                more = other | fixed
                if shared <= more:
                    # A facet of S and T weighs once; a facet that T adds to S enters with both answers.
                    powers = [1 if facet in shared else 2 for facet in WEIGHTED]
                    sign = (-1) ** len(more - shared)
                    for at, contract in enumerate(sums_of):
                        both[at] = both[at] + sign * contract(*powers)
    return {shared: ratio(total, count, ROUNDING) for shared, (total, count) in both_sums.items()}


def _at_least(table: _Table, w: Sequence[Floats]) -> dict[Shared, tuple[Floats, Floats]]:
    """Sum the disagreements and count the pairs in each group that shares T, for each T ⊆ {persona, item}, over weighted other facets."""
    every = [table.number, table.square, *table.mean]
    by_item, by_persona = ([_sum_over(w[axis], part, axis) for part in every] for axis in (0, 1))
    total = [np.matmul(w[1][:, None, :], part)[:, 0] for part in by_item]
    persona, item = WEIGHTED
    return {
        frozenset(): _products(total),
        frozenset({item}): _products(by_item),
        frozenset({persona}): _products(by_persona),
        frozenset({persona, item}): _products(every),
    }


def _products(sums: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the total disagreement and the number of ordered pairs per group, from the group's sums of n, squared norms and means."""
    number, square, *mean = sums
    return number * square - np.sum([m * m for m in mean], axis=0), number * number


def _sum_over(weights: Floats, table: Floats, axis: int) -> Floats:
    """Sum a table (P, I, G) over one of its first two axes with weights, (B, rest, G); a constant table without a matrix product."""
    if np.ptp(table) == 0:
        shape = (len(weights), table.shape[1 - axis], table.shape[2])
        return np.broadcast_to(weights.sum(1)[:, None, None] * table.flat[0], shape)
    return np.asarray(np.tensordot(weights, table, (1, axis)))


def _contraction(part: Floats, fixed: Shared, w: Sequence[Floats]) -> Callable[[int, int], Floats]:
    """Return the sum over all groups as a function of the powers of the weights of persona and item."""
    if not fixed:
        return lambda _persona, _item: np.asarray(part.sum(-1))
    if len(fixed) == len(WEIGHTED):
        return _Bilinear(part.sum(-1), w).sum
    axis = 0 if WEIGHTED[0] in fixed else 1
    return lambda *powers: np.asarray(np.matmul((w[axis] ** powers[axis])[:, None, :], part)[:, 0].sum(-1))


class _Bilinear:
    """The sums of a table (P, I) over both axes, weighted by powers of the weights; repeated products are kept."""

    def __init__(self, table: Floats, w: Sequence[Floats]) -> None:
        self.table, self.w = table, w
        self.over_persona: dict[int, Floats] = {}

    def sum(self, persona: int, item: int) -> Floats:
        """Compute Σ w_persona^persona · w_item^item · table, (B,)."""
        if np.ptp(self.table) == 0:
            return np.asarray(self.table.flat[0] * (self.w[0] ** persona).sum(1) * (self.w[1] ** item).sum(1))
        if persona not in self.over_persona:
            self.over_persona[persona] = self.w[0] ** persona @ self.table
        return np.asarray(np.einsum("bi,bi->b", self.over_persona[persona], self.w[1] ** item))


def _layout(cells: Cells, column: Floats) -> Floats:
    """Sum a number per cell by persona and item, (P, I)."""
    persona, item = (cells.codes[:, cells.facets.index(facet)] for facet in WEIGHTED)
    shape = [cells.levels[cells.facets.index(facet)] for facet in WEIGHTED]
    return sums(persona * shape[1] + item, column, shape[0] * shape[1]).reshape(shape)


def _table(cells: Cells, other: Sequence[str]) -> _Table:
    """Sum n, mean and squared norm of cells over all facets except persona, item and `other`."""
    group, groups = cells.groups(other)
    shape = [cells.levels[cells.facets.index(facet)] for facet in WEIGHTED]
    place = np.ravel_multi_index((*(cells.codes[:, cells.facets.index(facet)] for facet in WEIGHTED), group), (*shape, groups))
    size = shape[0] * shape[1] * groups
    mean = cells.mean - cells.mean.mean(0)
    square = cells.scatter + (mean**2).sum(-1)
    number = np.bincount(place, minlength=size).astype(float)
    means = np.stack([sums(place, column, size).reshape(*shape, groups) for column in mean.T])
    return _Table(number.reshape(*shape, groups), sums(place, square, size).reshape(*shape, groups), means)
