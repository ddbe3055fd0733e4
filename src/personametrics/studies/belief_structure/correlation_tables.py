"""Tables of personas by items whose columns are correlated, of a panel and of people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.finding import Cell, Rows
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Floats
from personametrics.stats.people import item_correlations

LEAST, SURE = 0.2, 0.01
"""Items are left out whose mean answers have less persona in them than this share, or perhaps none at all (F test at this level)."""
MOST_ROWS = 60
"""Pairs of items that the evidence shows."""


Named = tuple[list[str], item_correlations.Table]
"""Names of items, and their table."""


class Side(NamedTuple):
    """The correlations of items over a panel, or over people."""

    table: item_correlations.Table
    r: Floats
    """(I, I) correlations of items over personas."""
    square: float
    """Mean squared correlation of two items, without bias."""
    variance: float
    """Sampling variance of that over personas; NaN where it is unknown."""


class Sides(NamedTuple):
    """A panel, and people if there are any, on the items that can be compared."""

    items: list[str]
    left_out: list[str]
    """Common items on which personas differ by little more than noise."""
    sides: list[Side]
    runs: float
    """Correlations have the noise of the mean of this many answers; ∞: none."""
    reruns: bool
    """True if some cell on every side was asked again, so that noise is known."""


def read_sides(responses: Responses, human: Responses | None) -> Sides:
    """Return correlations of items, with the same noise on both sides.

    Args:
        responses: answers of a panel.
        human: answers of people; None: the panel by itself.

    Raises:
        DesignError: answers have no order, or there are fewer than two items on which personas differ by more than noise.
    """
    tables = [_table(side) for side in (responses, human) if side is not None]
    reruns = all(np.isfinite(table.within).any() for _, table in tables)
    runs = math.inf if reruns or len(tables) == 1 else 1.0
    items, left_out = _comparable(tables, runs)
    if len(items) < 2:
        message = f"{responses.source} has fewer than two items on which {'both sides' if human else 'personas'} differ beyond noise."
        raise DesignError(message)
    return Sides(items, left_out, [_side(table, items, runs) for table in tables], runs, reruns)


def _table(responses: Responses) -> Named:
    """Return items and answers, with conditions pooled and without answers of the model without a persona."""
    columns = responses.columns
    personas = pl.col(columns.persona).cast(pl.String) != NOBODY
    pooled = replace(responses, columns=replace(columns, condition=())).only(personas)
    cells = pooled.cells
    mean, within = cells.mean[:, -1], cells.within
    if cells.mean.shape[1] > 1:
        if pooled.labelled is None or len(pooled.labelled.labels) > 2:
            message = f"{responses.source} needs answers on an ordered scale, or of two labels, to correlate them."
            raise DesignError(message)
        within = within / 2  # with two labels, the shares of both vary
    shape = len(pooled.personas.names), len(pooled.items.names)
    table = item_correlations.Table(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape))
    for part, values in zip(table, (mean, within, cells.n), strict=True):
        part[cells.codes[:, 0], cells.codes[:, 1]] = values
    return list(pooled.items.names), table.only(np.flatnonzero((table.n > 0).any(1)))


def _comparable(tables: Sequence[Named], runs: float) -> tuple[list[str], list[str]]:
    """Return common items on which personas differ beyond noise on every side, and the remaining common items."""
    differ: list[Mapping[str, bool]] = []
    for items, table in tables:
        reliability = item_correlations.reliabilities(table)
        beyond = (reliability >= LEAST) & (item_correlations.noise_p(table) <= SURE) if math.isinf(runs) else reliability > -math.inf
        differ.append(dict(zip(items, beyond.tolist(), strict=True)))
    common = [item for item in tables[0][0] if all(item in side for side in differ)]
    kept = [item for item in common if all(side[item] for side in differ)]
    return kept, [item for item in common if item not in kept]


def _side(named: Named, items: Sequence[str], runs: float) -> Side:
    """Return the correlations of some items."""
    names, table = named
    table = table.only(items=np.array([names.index(item) for item in items]))
    r = item_correlations.correlations(table, runs)
    without_each = item_correlations.leave_one_out(table, item_correlations.mean_square, runs)
    return Side(table, r, *item_correlations.jackknife(float(item_correlations.mean_square(r)), without_each))


def pair_rows(items: Sequence[str], sides: Sequence[Side]) -> Rows:
    """Return pairs of items: those first whose correlations differ most from people's, or are highest; otherwise in the items' order."""
    rows: list[dict[str, Cell]] = []
    for first, second in combinations(range(len(items)), 2):
        r = [float(side.r[first, second]) for side in sides]
        rows.append({"item": items[first], "other": items[second], **dict(zip(("panel", "people"), r, strict=False))})
    return sorted(rows, key=lambda row: -round(abs(float(row["panel"] or 0) - float(row.get("people") or 0)), 9))[:MOST_ROWS]
