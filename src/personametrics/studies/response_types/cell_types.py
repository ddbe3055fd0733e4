"""The type of a persona's answers to one item: a preference, constructed on the spot, or no attitude."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import ndtri

from personametrics.data.errors import DesignError
from personametrics.data.finding import Rows
from personametrics.data.study import Nominal, Responses
from personametrics.measures.conditions import graded_cells, label_points
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.conditions import Split, split

TYPES: Mapping[str, str] = {
    "preference": "steady when asked again, and the same in all conditions",
    "constructed": "steady when asked again, but changed by the way of asking",
    "no_attitude": "not steady when asked again in the same way",
    "undecided": "of uncertain type, given this number of answers",
}
SHOWN = 20
"""Items and personas in the tables."""


class Limits(NamedTuple):
    """The limits between types, and the coverage of the intervals that are compared with them; see `ResponseTypes`."""

    steady: float
    margin: float
    level: float


def typed_cells(responses: Responses, limits: Limits) -> tuple[pl.DataFrame, Split]:
    """Return the rows of `type_table` with persona and item (codes as text), and the split of their disagreement."""
    cells = graded_cells(responses)
    if cells.counts is None:
        message = f"{responses.source} needs answers with labels, or with at most 64 different numbers."
        raise DesignError(message)
    places, counts, chance = _count_tables(cells, cells.counts, responses)
    points = label_points(responses)
    distance: Floats = ((points[:, None] - points[None]) ** 2).sum(-1) / 2
    disagreement = split(counts, distance, chance, exact=bool(np.isinf(cells.n).all()))
    rows = type_table(disagreement, np.einsum("cl,lm,cm->c", chance, distance, chance), limits)
    names = {name: pl.Series(places[:, column]).cast(pl.String) for column, name in enumerate(("persona", "item"))}
    return rows.with_columns(**names), disagreement


def type_table(disagreement: Split, random: Floats, limits: Limits) -> pl.DataFrame:
    """Return a table of cells with the columns agreement (of reruns), shift (by conditions), n (1), and each type (1 or 0)."""
    z = float(ndtri((1 + limits.level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        agreement, agreement_half = 1 - disagreement.within / random, z * disagreement.within_error / random
        shift, shift_half = disagreement.between / random, z * disagreement.between_error / random
    steady, unsteady = agreement - agreement_half > limits.steady, agreement + agreement_half < limits.steady
    equal = shift + shift_half < limits.margin
    moved = (disagreement.p <= (1 - limits.level) / 2) & ~equal
    types = {"preference": steady & equal, "constructed": steady & moved, "no_attitude": unsteady}
    types["undecided"] = ~(types["preference"] | types["constructed"] | types["no_attitude"])
    columns = {"agreement": agreement, "shift": shift} | {name: of_type.astype(float) for name, of_type in types.items()}
    return pl.DataFrame({**columns, "n": np.ones(len(agreement))})


def _count_tables(cells: Cells, counts: Floats, responses: Responses) -> tuple[Ints, Floats, Floats]:
    """Return persona and item (C, 2), answers by condition and label (C, K, L), and the share of each label at random (C, L)."""
    places, place = np.unique(cells.codes[:, :2], axis=0, return_inverse=True)
    place = place.reshape(-1)
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(len(places)))
    rank = np.empty(len(place), np.int64)
    rank[order] = np.arange(len(place)) - first[place[order]]
    tables = np.zeros((len(places), int(rank.max()) + 1, counts.shape[1]))
    tables[place, rank] = counts
    possible = np.ones((len(places), counts.shape[1]), dtype=bool)
    if isinstance(responses.scale, Nominal) and not responses.scale.labels:  # items may have labels of their own
        answered = np.zeros((int(places[:, 1].max()) + 1, counts.shape[1]))
        np.add.at(answered, cells.codes[:, 1], counts)
        possible = (answered > 0)[places[:, 1]]
    return places, tables, possible / possible.sum(1, keepdims=True)


def table_of(rows: pl.DataFrame, facet: str, names: Sequence[str]) -> Rows:
    """Return the items or personas with the fewest preferences."""
    columns = ["agreement", "shift", *TYPES]
    means = rows.group_by(facet, maintain_order=True).agg(pl.col(columns).fill_nan(None).mean()).sort("preference", maintain_order=True)
    shown = means.head(SHOWN).iter_rows(named=True)
    return [{facet: names[int(row[facet])]} | {name: row[name] for name in columns} for row in shown]
