"""Columns of names or numbers as dense codes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from personametrics.stats.arrays import Ints
from personametrics.stats.variance.cells import BLOCK

WIDE = 4
"""Numbers that span more than this many values per row are looked up by searching."""


@dataclass(frozen=True, eq=False)
class Levels:
    """A column as codes, worked out as they are asked for.

    Attributes:
        names: the levels' names, in order: numbers by size, everything else by its text.
        numbers: (N,) a whole number for each row, the same for the same name.
        low: the smallest of them.
        lookup: level of each number from the smallest on; None: they are in order without a gap.
    """

    names: tuple[str, ...]
    numbers: pl.Series
    low: int
    lookup: Ints | None

    def part(self, start: int, length: int) -> Ints:
        """(length,) level of some rows, 0-based and dense."""
        offset = self.numbers.slice(start, length).to_numpy().astype(np.int64, copy=False)
        offset = offset - self.low if self.low else offset
        return offset if self.lookup is None else self.lookup[offset]

    @cached_property
    def codes(self) -> Ints:
        """(N,) level of each row."""
        return np.concatenate([self.part(start, BLOCK) for start in range(0, max(len(self.numbers), 1), BLOCK)])


def levels(column: pl.Series) -> Levels:
    """Number the distinct values of a column without nulls.

    Args:
        column: any type; everything but integers is taken by its text.

    Returns:
        Codes and names.

    Examples:
        >>> found = levels(pl.Series([10, 9, 10]))
        >>> found.codes.tolist(), found.names
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
    order = sorted(range(len(names)), key=lambda at: _natural(names[at]))
    if span > WIDE * len(column):
        by_number = np.argsort(present)
        places = np.argsort(order)[by_number][np.searchsorted(present[by_number], numbers.to_numpy())]
        return Levels(tuple(names[at] for at in order), pl.Series(places), 0, None)
    lookup = np.zeros(span, np.int64)
    lookup[present[order] - low] = np.arange(len(names))
    in_order = len(names) == span and bool((np.diff(lookup) == 1).all())
    return Levels(tuple(names[at] for at in order), numbers, low, None if in_order else lookup)


def _present(column: pl.Series) -> Ints:
    """The distinct whole numbers of a column, by size."""
    if not len(column):
        return np.zeros(0, np.int64)
    low, high = int(column.min()), int(column.max())  # type: ignore[arg-type]
    if high - low > WIDE * len(column):
        return np.unique(column.to_numpy())
    there = np.zeros(high - low + 1, bool)
    for start in range(0, len(column), BLOCK):
        there[column.slice(start, BLOCK).to_numpy().astype(np.int64, copy=False) - low] = True
    return np.flatnonzero(there) + low


def _natural(name: str) -> tuple[int, float, str]:
    """Sort key: numbers first, by size; then text."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
