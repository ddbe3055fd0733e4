"""Cells: the sufficient statistics of repeated answers, from which all other statistics are computed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from scipy.sparse import csr_array

from personametrics.stats.arrays import Flags, Floats, Ints

EPSILON = 1e-14
"""A scatter below this share of the largest squared distance is rounding error."""
MANY = 64
"""Largest number of labels that are counted in a table."""
DENSE = 4
"""Cells are numbered by a table with at most this many entries per answer, otherwise by sorting."""
BLOCK = 2**17
"""Number of rows that are summed at a time."""
WIDE = 4
"""A table of sums with more entries than this per row of a block is not built anew for each block."""
Values = TypeVar("Values", Floats, Ints)


@dataclass(frozen=True, eq=False)
class Cells:
    """The answers summed per combination of facet levels (persona × item × …).

    An answer is a point in R^K: a score (K = 1), a one-hot label, or an embedding. A cell keeps how many answers it holds, their mean point
    and their scatter. An answer known exactly from label probabilities is a cell with n = ∞.

    Attributes:
        facets: names of the F crossed facets.
        codes: (C, F) level of each facet, 0-based and dense; the rows are all different.
        n: (C,) answers per cell, > 0; ∞ where the distribution is known.
        mean: (C, K) mean answer.
        scatter: (C,) mean squared distance of a cell's answers to its mean, ≥ 0, in squared units of the scale.
        counts: (C, L) answers (or probabilities, where n = ∞) per label; None for scores and embeddings.
    """

    facets: tuple[str, ...]
    codes: Ints
    n: Floats
    mean: Floats
    scatter: Floats
    counts: Floats | None = None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.n)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The number of levels of each facet."""
        return tuple(int(column.max(initial=-1)) + 1 for column in self.codes.T)

    @cached_property
    def within(self) -> Floats:
        """The unbiased variance of each cell's answers, (C,): the expected disagreement of two of them; NaN where n < 2."""
        with np.errstate(divide="ignore", invalid="ignore"):
            correction = np.where(np.isinf(self.n), 1.0, self.n / (self.n - 1))
            return np.where(self.n > 1, self.scatter * correction, np.nan)

    def groups(self, facets: Sequence[str]) -> tuple[Ints, int]:
        """Number the groups of cells that share the given facets, in any order.

        Returns:
            The group of each cell, (C,), and the number of group codes (some may be empty).
        """
        code, size = np.zeros(len(self), np.int64), 1
        for facet, column, levels in zip(self.facets, self.codes.T, self.levels, strict=True):
            if facet in facets:
                code, size = code * levels + column, size * levels
        return code, size

    def only(self, kept: Flags) -> "Cells":
        """Return the cells where `kept`, (C,), is true; levels keep their numbers."""
        counts = None if self.counts is None else self.counts[kept]
        return Cells(self.facets, self.codes[kept], self.n[kept], self.mean[kept], self.scatter[kept], counts)


def from_answers(facets: Sequence[str], codes: Sequence[Ints], points: Floats) -> Cells:
    """Sum answers that are points (scores or embeddings) into cells.

    Args:
        facets: names of the F facets.
        codes: F arrays (N,), the dense 0-based level of each answer.
        points: (N,) scores or (N, K) points, finite.

    Returns:
        The occupied cells, in the order of their codes.

    Examples:
        >>> persona, item = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> cells = from_answers(["persona", "item"], [persona, item], np.array([1.0, 3.0, 5.0, 5.0]))
        >>> cells.mean.ravel().tolist(), cells.within.tolist()
        ([2.0, 5.0], [2.0, 0.0])
    """
    return from_blocks(facets, _sizes(codes), _slices(codes, points.reshape(len(points), -1)), len(points))


def from_blocks(facets: Sequence[str], sizes: Sequence[int], blocks: Iterable[tuple[Sequence[Ints], Floats]], answers: int) -> Cells:
    """Sum answers that are points into cells, a block of rows at a time, so that no column is held twice.

    `sizes` are the numbers of levels per facet, `blocks` hold F arrays (n,) of levels and (n, K) points each, `answers` is their total.
    """
    numbered, seen = _numbered(sizes, blocks, answers)
    n, square, largest = np.zeros(len(seen)), np.zeros(len(seen)), 0.0
    total = np.zeros((0, len(seen)))
    origin = np.zeros(0)
    for cell, points in numbered:
        if not len(points):
            continue
        if not len(origin):
            # Distances from a point inside the data keep all digits when a large constant is added to every answer.
            origin, total = points.mean(0), np.zeros((points.shape[1], len(seen)))
        centred = points - origin
        squares = np.einsum("nk,nk->n", centred, centred)
        largest = max(largest, float(squares.max(initial=0.0)))
        _add(n, cell)
        _add(square, cell, squares)
        for k, column in enumerate(centred.T):
            _add(total[k], cell, column)
    occupied = n > 0
    offset = total[:, occupied].T / n[occupied, None]
    scatter = square[occupied] / n[occupied] - (offset**2).sum(1)
    # The scatter of a constant cell is rounding error of its squares.
    scatter = np.where(scatter > EPSILON * largest, scatter, 0.0)
    return Cells(tuple(facets), _codes(seen[occupied], sizes), n[occupied], origin + offset, scatter)


def from_labels(facets: Sequence[str], codes: Sequence[Ints], labels: Ints, points: Floats) -> Cells:
    """Sum answers that are labels into cells.

    Args:
        facets: names of the F facets.
        codes: F arrays (N,), the dense 0-based level of each answer.
        labels: (N,) label of each answer, 0 ≤ label < L.
        points: (L, K) point of each label: `positions[:, None]` on an ordinal scale, `np.eye(L)` on a nominal one.

    Returns:
        The occupied cells, in the order of their codes, with label counts unless there are more than 64 labels.
    """
    return from_label_blocks(facets, _sizes(codes), _slices(codes, labels), len(labels), points)


def from_label_blocks(
    facets: Sequence[str], sizes: Sequence[int], blocks: Iterable[tuple[Sequence[Ints], Ints]], answers: int, points: Floats
) -> Cells:
    """Sum answers that are labels into cells, a block of rows at a time: `from_blocks` with labels (n,) and their points (L, K)."""
    numbered, seen = _numbered(sizes, blocks, answers)
    if len(points) > MANY:
        cell, labels = (np.concatenate(column) for column in zip(*numbered, strict=True))
        return _from_many_labels(tuple(facets), cell, _codes(seen, sizes), labels, points)
    table = np.zeros(len(seen) * len(points))
    for cell, labels in numbered:
        _add(table, cell * len(points) + labels)
    counts = table.reshape(-1, len(points))
    occupied = counts.any(1)
    return from_counts(facets, _codes(seen[occupied], sizes), counts[occupied], points)


def from_counts(facets: Sequence[str], codes: Ints, counts: Floats, points: Floats, *, exact: bool = False) -> Cells:
    """Return one cell per row of label counts, or of label probabilities.

    Args:
        facets: names of the F facets.
        codes: (C, F) dense 0-based levels.
        counts: (C, L) answers per label; with `exact`, the probability of each label.
        points: (L, K) point of each label.
        exact: True if the rows are distributions known exactly (n = ∞), not samples.

    Examples:
        >>> cells = from_counts(["persona"], np.array([[0]]), np.array([[0.5, 0.5]]), np.eye(2), exact=True)
        >>> cells.within.tolist()  # 1 - (.25 + .25): two answers differ half of the time
        [0.5]
    """
    total = counts.sum(-1)
    share = counts / total[:, None]
    mean = share @ points
    scatter = np.zeros(len(counts))
    for label, point in enumerate(points):
        scatter += share[:, label] * ((point - mean) ** 2).sum(-1)
    return Cells(tuple(facets), codes, np.full(len(total), np.inf) if exact else total, mean, scatter, share if exact else counts)


def _from_many_labels(facets: tuple[str, ...], cell: Ints, codes: Ints, labels: Ints, points: Floats) -> Cells:
    """Make cells of labels that are too many for a table, such as texts, through a sparse matrix."""
    counts = csr_array((np.ones(len(cell)), (cell, labels)), shape=(len(codes), len(points)))
    n = np.bincount(cell, minlength=len(codes)).astype(float)
    occupied = n > 0
    counts, n, origin = counts[occupied], n[occupied], points.mean(0)
    mean = (counts @ (points - origin)) / n[:, None]
    square = (counts @ ((points - origin) ** 2).sum(1)) / n
    scatter = square - (mean**2).sum(1)
    return Cells(facets, codes[occupied], n, mean + origin, np.where(scatter > EPSILON * square.max(initial=0.0), scatter, 0.0))


def _sizes(codes: Sequence[Ints]) -> list[int]:
    """Count the levels of each facet."""
    return [int(column.max(initial=-1)) + 1 for column in codes]


def _slices(codes: Sequence[Ints], values: Values) -> Iterator[tuple[list[Ints], Values]]:
    """Cut rows into blocks that fit a processor's cache."""
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        yield [column[rows] for column in codes], values[rows]


def _numbered(
    sizes: Sequence[int], blocks: Iterable[tuple[Sequence[Ints], Values]], answers: int
) -> tuple[Iterable[tuple[Ints, Values]], Ints]:
    """Replace the codes of each block by cell numbers, and return the joint code of each number (of all cells, or of occupied ones)."""
    flat = ((_flat(codes, sizes), values) for codes, values in blocks)
    size = math.prod(sizes)
    if size <= DENSE * max(answers, 1):
        return flat, np.arange(size)
    held = list(flat)
    seen, cell = np.unique(np.concatenate([codes for codes, _ in held]), return_inverse=True)
    return [(cell, np.concatenate([values for _, values in held]))], seen


def _flat(codes: Sequence[Ints], sizes: Sequence[int]) -> Ints:
    """Combine the codes of several facets into one."""
    flat = codes[0]
    for column, size in zip(codes[1:], sizes[1:], strict=True):
        flat = flat * size + column
    return flat


def _codes(flat: Ints, sizes: Sequence[int]) -> Ints:
    """Split joint codes into the levels of each facet, (C, F)."""
    return np.stack(np.unravel_index(flat, tuple(sizes)), -1).astype(np.int64)


def _add(table: Floats, index: Ints, values: Floats | None = None) -> None:
    """Add values (or ones) to a table in place: through a table of sums where it is small, one by one where it is large."""
    if len(table) <= WIDE * len(index):
        table += np.bincount(index, values, len(table))
    else:
        np.add.at(table, index, 1.0 if values is None else values)
