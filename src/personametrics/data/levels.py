"""Columns of names or numbers as dense codes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.stats.arrays import Ints


@dataclass(frozen=True, eq=False)
class Levels:
    """A column as codes.

    Attributes:
        codes: (N,) level of each row, 0-based and dense.
        names: the levels' names, in order: numbers by size, everything else by its text.
    """

    codes: Ints
    names: tuple[str, ...]


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
    if not len(column):
        return Levels(np.zeros(0, np.int64), ())
    if column.dtype.is_integer():
        codes, first = _dense(column.to_numpy())
        return Levels(codes, tuple(str(value) for value in column.gather(first)))
    texts = column if column.dtype == pl.Categorical else column.cast(pl.String).cast(pl.Categorical)
    codes, first = _dense(texts.to_physical().to_numpy())
    names = texts.gather(first).cast(pl.String).to_list()
    order = sorted(range(len(names)), key=lambda at: _natural(names[at]))
    if order == list(range(len(names))):
        return Levels(codes, tuple(names))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Levels(rank[codes], tuple(names[at] for at in order))


def _dense(values: Ints) -> tuple[Ints, Ints]:
    """Dense codes of whole numbers in order of size, and the row where each first stands."""
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values):
        _, first, codes = np.unique(values, return_index=True, return_inverse=True)
        return codes.astype(np.int64), first
    offset = values.astype(np.int64) - low
    first = np.full(high - low + 1, -1)
    first[offset[::-1]] = np.arange(len(values) - 1, -1, -1)
    there = first >= 0
    return (offset if there.all() else (np.cumsum(there) - 1)[offset]), first[there]


def _natural(name: str) -> tuple[int, float, str]:
    """Sort key: numbers first, by size; then text."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
