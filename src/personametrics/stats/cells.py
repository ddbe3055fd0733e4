"""Cells: the sufficient statistics of repeated answers, the only thing the other statistics read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from personametrics.stats.arrays import Floats, Ints, sums

EPSILON = 1e-14
"""A scatter below this share of the largest squared distance is rounding."""

MANY = 64
"""More labels than this are not counted in a table."""

DENSE = 4
"""Cells are numbered by a table while it has at most this many entries per answer, by sorting beyond."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Answers summed up per combination of facet levels (persona × item × …).

    An answer is a point in R^K: a score (K = 1), a one-hot label, or an embedding. A cell keeps how many answers it holds, their mean point
    and their scatter, the mean squared distance to that point. An answer known exactly from label probabilities is a cell with n = ∞.

    Attributes:
        facets: names of the F crossed facets.
        codes: (C, F) level of each facet, 0-based and dense; every row differs from every other.
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
        """Number of cells."""
        return len(self.n)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Number of levels of each facet."""
        return tuple(int(column.max(initial=-1)) + 1 for column in self.codes.T)

    @cached_property
    def within(self) -> Floats:
        """(C,) unbiased variance of a cell's answers: the expected disagreement of two of them; NaN where n < 2."""
        with np.errstate(divide="ignore", invalid="ignore"):
            correction = np.where(np.isinf(self.n), 1.0, self.n / (self.n - 1))
            return np.where(self.n > 1, self.scatter * correction, np.nan)

    def groups(self, facets: Sequence[str]) -> tuple[Ints, int]:
        """Number the groups of cells that share the given facets.

        Args:
            facets: any subset of the facets, in any order.

        Returns:
            (C,) group of each cell, and the number of group codes (some may be empty).
        """
        code, size = np.zeros(len(self), np.int64), 1
        for facet, column, levels in zip(self.facets, self.codes.T, self.levels, strict=True):
            if facet in facets:
                code, size = code * levels + column, size * levels
        return code, size


def from_answers(facets: Sequence[str], codes: Sequence[Ints], points: Floats) -> Cells:
    """Sum up answers that are points (scores or embeddings).

    Args:
        facets: names of the F facets.
        codes: F arrays (N,), the dense 0-based level of each answer.
        points: (N,) scores or (N, K) points, finite.

    Returns:
        The occupied cells, in the order of their codes.

    Examples:
        >>> import numpy as np
        >>> persona, item = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> cells = from_answers(["persona", "item"], [persona, item], np.array([1.0, 3.0, 5.0, 5.0]))
        >>> cells.mean.ravel().tolist(), cells.within.tolist()
        ([2.0, 5.0], [2.0, 0.0])
    """
    points = points.reshape(len(points), -1)
    cell, occupied = _number(codes)
    n = np.bincount(cell, minlength=len(occupied)).astype(float)
    origin = points.mean(0) if len(points) else np.zeros(points.shape[1])
    mean, scatter = np.empty((len(n), points.shape[1])), np.zeros(len(n))
    for k, column in enumerate(points.T):
        # Distances are taken from a point inside the data, so that a large constant added to every answer costs no digits.
        centred = column - origin[k]
        offset = sums(cell, centred, len(n)) / n
        mean[:, k] = origin[k] + offset
        np.multiply(centred, centred, out=centred)
        scatter += sums(cell, centred, len(n)) / n - offset**2
    # What is left of a constant cell is rounding of its squares, never spread.
    size = np.abs(points - origin).max(initial=0.0) ** 2
    return Cells(tuple(facets), occupied, n, mean, np.where(scatter > EPSILON * size, scatter, 0.0))


def from_labels(facets: Sequence[str], codes: Sequence[Ints], labels: Ints, points: Floats) -> Cells:
    """Sum up answers that are labels.

    Args:
        facets: names of the F facets.
        codes: F arrays (N,), the dense 0-based level of each answer.
        labels: (N,) label of each answer, 0 ≤ label < L.
        points: (L, K) where each label lies: `positions[:, None]` on an ordinal scale, `np.eye(L)` on a nominal one.

    Returns:
        The occupied cells, in the order of their codes; with their label counts, unless there are more than 64 labels.
    """
    cell, occupied = _number(codes)
    size = len(points)
    if size > MANY:
        return _from_many_labels(tuple(facets), cell, occupied, labels, points)
    counts = np.bincount(cell * size + labels, minlength=len(occupied) * size).reshape(-1, size)
    return from_counts(facets, occupied, counts.astype(float), points)


def from_counts(facets: Sequence[str], codes: Ints, counts: Floats, points: Floats, *, exact: bool = False) -> Cells:
    """Take cells from label counts, or from label probabilities.

    Args:
        facets: names of the F facets.
        codes: (C, F) dense 0-based levels, one row a cell.
        counts: (C, L) answers per label; with `exact`, the probability of each label.
        points: (L, K) where each label lies.
        exact: the rows are distributions known exactly (n = ∞), not samples.

    Returns:
        One cell a row.

    Examples:
        >>> import numpy as np
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


def _from_many_labels(facets: tuple[str, ...], cell: Ints, occupied: Ints, labels: Ints, points: Floats) -> Cells:
    """Cells of labels too many to be counted in a table, such as texts: the same sums through a sparse matrix."""
    here = csr_array((np.ones(len(cell)), (cell, labels)), shape=(len(occupied), len(points)))
    n = np.bincount(cell, minlength=len(occupied)).astype(float)
    origin = points.mean(0)
    mean = (here @ (points - origin)) / n[:, None]
    square = (here @ ((points - origin) ** 2).sum(1)) / n
    scatter = square - (mean**2).sum(1)
    return Cells(facets, occupied, n, mean + origin, np.where(scatter > EPSILON * square.max(initial=0.0), scatter, 0.0))


def _number(codes: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Number the occupied cells: (N,) cell of each answer and (C, F) codes of each cell."""
    shape = [int(column.max(initial=-1)) + 1 for column in codes]
    flat, size = np.zeros(len(codes[0]), np.int64), 1
    for column, levels in zip(codes, shape, strict=True):
        flat, size = flat * levels + column, size * levels
    if size > DENSE * max(len(flat), 1):
        seen, cell = np.unique(flat, return_inverse=True)
    else:
        seen = np.flatnonzero(np.bincount(flat, minlength=size))
        cell = flat if len(seen) == size else (np.cumsum(np.isin(np.arange(size), seen)) - 1)[flat]
    return cell, np.stack(np.unravel_index(seen, shape), -1).astype(np.int64)
