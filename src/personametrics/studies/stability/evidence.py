"""The tables behind a finding's numbers."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from personametrics.data.finding import Cell, Rows, number_or_none
from personametrics.data.study import Nominal, Ordinal, Responses
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.intervals.jackknife import by_level
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Pairs
from personametrics.stats.variance.reliability import Design, generalizability

MOST_LEVELS = 60
"""Personas or items that a picture of all cells shows."""
BINS = 10
"""Classes of numbers in a picture."""


def level_table(responses: Responses, pairs: Pairs, facet: str, level: float) -> Rows:
    """Return signal and noise for every item, or for every persona, best first."""
    other = {"item": "persona", "persona": "item"}[facet]
    value, low, high = by_level(pairs, facet, other, signal, level)
    disagreements, everything = pairs.within([facet]), frozenset(pairs.cells.facets)
    columns = {"signal": value, "low": low, "high": high}
    columns |= {"rerun": disagreements[everything], "between": disagreements[everything - {"persona"}]}
    levels = responses.items if facet == "item" else responses.personas
    outcomes = {outcome: np.bincount(levels.codes[rows], minlength=len(levels.names)) for outcome, rows in responses.outcomes.items()}
    asked = np.bincount(levels.codes, minlength=len(levels.names))
    rows: list[dict[str, Cell]] = []
    for index, name in enumerate(levels.names):
        row: dict[str, Cell] = {facet: name}
        row |= {key: number_or_none(column[index]) if index < len(value) else None for key, column in columns.items()}
        rows.append(row | {"asked": int(asked[index])} | {str(outcome): int(count[index]) for outcome, count in outcomes.items()})
    return sorted(rows, key=lambda row: (row["signal"] is None, -float(row["signal"] or 0), str(row[facet])))


def design_table(designs: Sequence[Design], personas: int, price: float | None) -> Rows:
    """Return designs of a D study, with their price for this number of personas and a price per call."""
    rows: list[dict[str, Cell]] = []
    for design in designs:
        calls = design.calls * personas
        row: dict[str, Cell] = {"runs": design.runs, "items": design.items, "conditions": design.conditions}
        row |= {"calls per persona": design.calls, "calls": calls, "reliability": design.reliability}
        rows.append(row | ({} if price is None else {"cost": calls * price}))
    return rows


def design_curve(components: Mapping[str, float], numbers: Mapping[str, int], personas: int, price: float | None) -> Rows:
    """Return G by number of items, for 1, 3 and 10 runs."""
    rows: list[dict[str, Cell]] = []
    items = np.unique(np.round(np.geomspace(1, max(40, 2 * numbers["item"]), 16)))
    for runs in (1, 3, 10):
        averaged: dict[str, npt.ArrayLike] = {**numbers, "item": items, "run": float(runs)}
        for count, value in zip(items, np.broadcast_to(generalizability(components, averaged), items.shape), strict=True):
            calls = int(count) * runs * personas * numbers.get("condition", 1)
            row: dict[str, Cell] = {"items": int(count), "runs": runs, "reliability": number_or_none(value), "calls": calls}
            rows.append(row | ({} if price is None else {"cost": calls * price}))
    return rows


def cell_table(responses: Responses) -> Rows:
    """Return the mean answer (on a nominal scale, the most frequent one) per persona and item, for as many as a picture shows."""
    cells = responses.cells
    if cells.mean.shape[1] > 1 and not isinstance(responses.labelled, Nominal):
        return []
    personas, items = (_spread_levels(len(names)) for names in (responses.personas.names, responses.items.names))
    chosen = np.flatnonzero(np.isin(cells.codes[:, 0], personas) & np.isin(cells.codes[:, 1], items))
    places, place = np.unique(cells.codes[chosen, :2], axis=0, return_inverse=True)
    weight = np.where(np.isinf(cells.n[chosen]), 1.0, cells.n[chosen])
    place = place.ravel()
    total = sums(place, weight, len(places))[:, None]
    means = np.stack([sums(place, weight * column, len(places)) for column in cells.mean[chosen].T], -1) / total
    rows: list[dict[str, Cell]] = []
    for (persona, item), mean in zip(places, means, strict=True):
        row: dict[str, Cell] = {"persona": responses.personas.names[persona], "item": responses.items.names[item]}
        if isinstance(responses.labelled, Nominal):
            rows.append(row | {"answer": responses.labelled.labels[int(mean.argmax())], "share": float(mean.max())})
        else:
            rows.append(row | {"mean": float(mean[0])})
    return rows


def answer_table(responses: Responses) -> Rows:
    """Return the share of each answer of each persona, over all items; numbers in ten classes."""
    cells, names = responses.cells, responses.personas.names
    if cells.counts is not None and isinstance(responses.labelled, Nominal | Ordinal):
        labels = list(responses.labelled.labels)
        counts = _column_sums(cells.codes[:, 0], cells.counts, len(names))
    elif cells.mean.shape[1] == 1 and responses.exact is None and responses.coded.points is None:
        numbers = responses.coded.values[responses.answered]
        edges = np.linspace(numbers.min(), numbers.max() + 1e-12, BINS + 1)
        labels = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
        classes = np.clip(np.searchsorted(edges, numbers, "right") - 1, 0, BINS - 1)
        counts = _column_sums(responses.facets["persona"], np.eye(BINS)[classes], len(names))
    else:
        return []
    total = counts.sum(1)
    return [
        {"persona": names[persona], "answer": label, "order": order, "share": float(counts[persona, order] / total[persona])}
        for persona in _spread_levels(len(names))
        if total[persona] > 0
        for order, label in enumerate(labels)
    ]


def _column_sums(codes: Ints, table: Floats, size: int) -> Floats:
    """Return the rows of a table (N, K) summed by code, (size, K)."""
    return np.stack([sums(codes, column, size) for column in table.T], -1)


def _spread_levels(size: int) -> Ints:
    """Return all places below `size`, or as many as a picture shows, evenly spread."""
    return np.unique(np.linspace(0, size - 1, min(size, MOST_LEVELS)).round().astype(np.int64))
