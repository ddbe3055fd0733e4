"""The two-way bootstrap over personas and items, by weights: matrix products instead of resampled rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from personametrics.stats.arrays import Floats, sums
from personametrics.stats.cells import Cells
from personametrics.stats.disagreement import Disagreements, Shared, subsets

WEIGHTED = ("persona", "item")
"""The facets that are resampled; all others keep their levels."""

ROUNDING = 1e-9
"""A count below this is rounding of sums that cancel."""

CHUNK = 2**22
"""Numbers per intermediate array; replicates are worked off in chunks of this size."""


def draw_weights(levels: int, replicates: int, rng: np.random.Generator) -> Floats:
    """(replicates, levels) how often each level is drawn when `levels` are drawn with replacement.

    Examples:
        >>> import numpy as np
        >>> draw_weights(3, 2, np.random.default_rng(0)).sum(1).tolist()
        [3.0, 3.0]
    """
    drawn = rng.integers(levels, size=(replicates, levels)) + levels * np.arange(replicates)[:, None]
    return np.bincount(drawn.ravel(), minlength=replicates * levels).reshape(replicates, levels).astype(float)


@dataclass(frozen=True, eq=False)
class _Table:
    """Cells summed over the facets that are not shared, laid out (persona, item, group of the other facets)."""

    number: Floats
    square: Floats
    mean: Floats  # (K, persona, item, group)


def weighted(cells: Cells, weights: Mapping[str, Floats]) -> Disagreements:
    """D[S] under weights on personas and items, for many draws of weights at once.

    The weight of a pair: a shared level weighs once, different levels by their product, self-pairs are left out. So copies of one persona
    that a draw holds twice are never compared with each other.

    Args:
        cells: cells of the facets "persona", "item" and possibly others.
        weights: {"persona": (B, P), "item": (B, I)}, not negative.

    Returns:
        {S: (B,)}; NaN where a draw leaves no pair.

    References:
        Owen (2007), The pigeonhole bootstrap, doi:10.1214/07-AOAS122.
    """
    others = [facet for facet in cells.facets if facet not in WEIGHTED]
    tables = {shared: _table(cells, sorted(shared)) for shared in subsets(others)}
    known = np.isfinite(cells.within)
    noise = [_spread(cells, column) for column in (np.where(known, cells.within, 0.0), known.astype(float))]
    step = max(1, CHUNK // max(table.number[0].size for table in tables.values()))
    chunks = []
    for start in range(0, len(weights[WEIGHTED[0]]), step):
        w = [weights[facet][start : start + step] for facet in WEIGHTED]
        found = _between(tables, w, frozenset(cells.facets))
        found[frozenset(cells.facets)] = _ratio(*(_both(w[0], w[1], column) for column in noise))
        chunks.append(found)
    return {shared: np.concatenate([chunk[shared] for chunk in chunks]) for shared in subsets(cells.facets)}


def _between(tables: Mapping[Shared, _Table], w: Sequence[Floats], facets: Shared) -> dict[Shared, Floats]:
    """D[S] of pairs of different cells, for one chunk of replicates: inclusion and exclusion over T ⊇ S."""
    nothing = [np.zeros(len(w[0])), np.zeros(len(w[0]))]
    both_sums = {shared: list(nothing) for shared in subsets(sorted(facets)) if shared != facets}
    for other, table in tables.items():
        for fixed, parts in _at_least(table, w).items():
            for shared, both in both_sums.items():
                more = other | fixed
                if shared <= more:
                    # A facet that S and T share weighs once; one that T adds to S is met in both answers.
                    powers = [w[axis] ** (1 if facet in shared else 2) for axis, facet in enumerate(WEIGHTED) if facet in fixed]
                    sign = (-1) ** len(more - shared)
                    for at, part in enumerate(parts):
                        both[at] = both[at] + sign * _contract(part, powers)
    return {shared: _ratio(*both) for shared, both in both_sums.items()}


def _at_least(table: _Table, w: Sequence[Floats]) -> dict[Shared, tuple[Floats, Floats]]:
    """Per T ⊆ {persona, item}: summed disagreement and number of the pairs in each group that shares T, the other facets weighted in."""
    every = [table.number, table.square, *table.mean]
    by_item = [np.tensordot(w[0], one, (1, 0)) for one in every]
    by_persona = [np.tensordot(w[1], one, (1, 1)) for one in every]
    total = [np.matmul(w[1][:, None, :], one)[:, 0] for one in by_item]
    persona, item = WEIGHTED
    return {
        frozenset(): _products(total),
        frozenset({item}): _products(by_item),
        frozenset({persona}): _products(by_persona),
        frozenset({persona, item}): _products(every),
    }


def _products(sums: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Summed disagreement and number of ordered pairs in groups of which number, squares and mean points are summed."""
    number, square, *mean = sums
    return number * square - np.sum([m * m for m in mean], axis=0), number * number


def _contract(part: Floats, weights: Sequence[Floats]) -> Floats:
    """Sum groups over the facets that remain, with these weights (B, levels) each, and over the other facets."""
    if not weights:
        return np.asarray(part.sum(-1))
    if len(weights) == 1:
        return np.asarray(np.matmul(weights[0][:, None, :], part)[:, 0].sum(-1))
    return _both(weights[0], weights[1], part.sum(-1))


def _both(persona: Floats, item: Floats, table: Floats) -> Floats:
    """(B,) Σ over personas and items of both weights times the table (P, I)."""
    return np.asarray(np.einsum("bi,bi->b", persona @ table, item))


def _spread(cells: Cells, column: Floats) -> Floats:
    """(P, I) sums of a number per cell."""
    group, size = cells.groups(WEIGHTED)
    shape = [cells.levels[cells.facets.index(facet)] for facet in sorted(WEIGHTED, key=cells.facets.index)]
    table = sums(group, column, size).reshape(shape)
    return table if cells.facets.index(WEIGHTED[0]) < cells.facets.index(WEIGHTED[1]) else table.T


def _table(cells: Cells, other: Sequence[str]) -> _Table:
    """Sum n, mean and squared norm of cells over all facets but persona, item and `other`."""
    group, groups = cells.groups(other)
    shape = [cells.levels[cells.facets.index(facet)] for facet in WEIGHTED]
    at = np.ravel_multi_index((*(cells.codes[:, cells.facets.index(facet)] for facet in WEIGHTED), group), (*shape, groups))
    size = shape[0] * shape[1] * groups
    mean = cells.mean - cells.mean.mean(0)
    square = cells.scatter + (mean**2).sum(-1)
    number = np.bincount(at, minlength=size).astype(float)
    means = np.stack([sums(at, column, size).reshape(*shape, groups) for column in mean.T])
    return _Table(number.reshape(*shape, groups), sums(at, square, size).reshape(*shape, groups), means)


def _ratio(total: Floats, count: Floats) -> Floats:
    """Total / count, NaN where there is no pair."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > ROUNDING, total / count, np.nan)
