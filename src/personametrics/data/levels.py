"""The levels of a column: its distinct values as dense codes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.stats.arrays import Ints
from personametrics.stats.variance.cells import BLOCK

WIDE = 4
"""Whole numbers that span more than this number of values per row are looked up by a search."""


@dataclass(frozen=True, eq=False)
class Levels:
    """A column as codes, computed when needed.

    Attributes:
        names: names of the levels in order: numbers by size, everything else by text.
        numbers: (N,) a whole number for each row, the same for the same name.
        low: the smallest of these numbers.
        lookup: level of each number, starting at the smallest; None: the numbers are in order without a gap.
    """

    names: tuple[str, ...]
    numbers: pl.Series
    low: int
    lookup: Ints | None

    def part(self, start: int, length: int) -> Ints:
        """Return the levels (length,) of some rows, dense and from 0."""
        offset = self.numbers.slice(start, length).to_numpy().astype(np.int64, copy=False)
        offset = offset - self.low if self.low else offset
        return offset if self.lookup is None else self.lookup[offset]

    @cached_property
    def codes(self) -> Ints:
        """The level of each row (N,)."""
        return np.concatenate([self.part(start, BLOCK) for start in range(0, max(len(self.numbers), 1), BLOCK)])

    def keep(self, rows: npt.NDArray[np.bool_]) -> "Levels":
        """Return the levels of some rows (N,), without names that no longer occur."""
        present, codes = np.unique(self.codes[rows], return_inverse=True)
        return Levels(tuple(self.names[code] for code in present), pl.Series(codes), 0, None)


def levels(column: pl.Series) -> Levels:
    """Number the distinct values of a column without nulls; all but integers are compared as text.

    Examples:
        >>> numbers = levels(pl.Series([10, 9, 10]))
        >>> numbers.codes.tolist(), numbers.names
        ([1, 0, 1], ('9', '10'))
    """
    if column.dtype.is_integer() and column.dtype != pl.UInt64:
        numbers, present = column, _present(column)
        names = [str(number) for number in present]
    else:
        texts = column if column.dtype == pl.Categorical else column.cast(pl.String).cast(pl.Categorical)
        distinct = texts.unique()
        numbers, present = texts.to_physical(), distinct.to_physical().to_numpy().astype(np.int64)
        names = distinct.cast(pl.String).to_list()
    if not len(present):
        return Levels((), numbers, 0, None)
    low, span = int(present.min()), int(present.max() - present.min()) + 1
    order = sorted(range(len(names)), key=lambda index: _natural(names[index]))
    if span > WIDE * len(column):
        by_number = np.argsort(present)
        places = np.argsort(order)[by_number][np.searchsorted(present[by_number], numbers.to_numpy())]
        return Levels(tuple(names[index] for index in order), pl.Series(places), 0, None)
    lookup = np.zeros(span, np.int64)
    lookup[present[order] - low] = np.arange(len(names))
    in_order = len(names) == span and bool((np.diff(lookup) == 1).all())
    return Levels(tuple(names[index] for index in order), numbers, low, None if in_order else lookup)


def _present(column: pl.Series) -> Ints:
    """Return the distinct whole numbers of a column, by size."""
    if not len(column):
        return np.zeros(0, np.int64)
    low, high = int(column.min()), int(column.max())  # type: ignore[arg-type]
    if high - low > WIDE * len(column):
        return np.unique(column.to_numpy())
    present = np.zeros(high - low + 1, bool)
    for start in range(0, len(column), BLOCK):
        present[column.slice(start, BLOCK).to_numpy().astype(np.int64, copy=False) - low] = True
    return np.flatnonzero(present) + low


def _natural(name: str) -> tuple[int, float, str]:
    """Return a sort key: numbers come first, by size, then text."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
