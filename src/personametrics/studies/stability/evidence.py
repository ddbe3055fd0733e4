"""The tables behind a finding's numbers."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from personametrics.data.finding import Cell, Rows
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.intervals.jackknife import by_level as jackknifed
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Pairs
from personametrics.stats.variance.reliability import Design, generalizability

MOST_LEVELS = 60
"""Personas or items that a picture of all cells shows."""

BINS = 10
"""Classes that numbers are sorted into for a picture."""


def by_level(responses: Responses, panel: Pairs, facet: str, level: float) -> Rows:
    """Signal and noise for every item, or for every persona, best first.

    Args:
        responses: the answers.
        panel: their pairs.
        facet: `item` or `persona`.
        level: coverage of the intervals, which run over the levels of the other facet.

    Returns:
        Rows of the name, signal with interval, the disagreements, what was asked and what came back.
    """
    other = {"item": "persona", "persona": "item"}[facet]
    value, low, high = jackknifed(panel, facet, other, signal, level)
    within = panel.within([facet])
    everything = frozenset(panel.cells.facets)
    found = responses.items if facet == "item" else responses.personas
    rows: list[dict[str, Cell]] = []
    outcomes = {outcome: np.bincount(found.codes[there], minlength=len(found.names)) for outcome, there in responses.outcomes.items()}
    asked = np.bincount(found.codes, minlength=len(found.names))
    for at, name in enumerate(found.names):
        seen = at < len(value)
        row: dict[str, Cell] = {facet: name}
        row |= (
            {"signal": _at(value, at), "low": _at(low, at), "high": _at(high, at)} if seen else {"signal": None, "low": None, "high": None}
        )
        row |= {
            "rerun": _at(within[everything], at) if seen else None,
            "between": _at(within[everything - {"persona"}], at) if seen else None,
            "asked": int(asked[at]),
        }
        rows.append(row | {str(outcome): int(count[at]) for outcome, count in outcomes.items()})
    return sorted(rows, key=lambda row: (row["signal"] is None, -float(row["signal"] or 0), str(row[facet])))


def designs(found: Sequence[Design], personas: int, price: float | None) -> Rows:
    """Designs of a D-study, with their price for this many personas."""
    rows: list[dict[str, Cell]] = []
    for design in found:
        calls = design.calls * personas
        row: dict[str, Cell] = {"runs": design.runs, "items": design.items, "conditions": design.conditions}
        row |= {"calls per persona": design.calls, "calls": calls, "reliability": design.reliability}
        rows.append(row | ({} if price is None else {"cost": calls * price}))
    return rows


def design_curve(components: Mapping[str, float], numbers: Mapping[str, int], personas: int, price: float | None) -> Rows:
    """G by number of items, for 1, 3 and 10 runs, at this number of conditions."""
    rows: list[dict[str, Cell]] = []
    items = np.unique(np.round(np.geomspace(1, max(40, 2 * numbers["item"]), 16)))
    for runs in (1, 3, 10):
        averaged: dict[str, npt.ArrayLike] = {**numbers, "item": items, "run": float(runs)}
        for count, value in zip(items, np.broadcast_to(generalizability(components, averaged), items.shape), strict=True):
            calls = int(count) * runs * personas * numbers.get("condition", 1)
            row: dict[str, Cell] = {"items": int(count), "runs": runs, "reliability": _at(np.asarray([value]), 0), "calls": calls}
            rows.append(row | ({} if price is None else {"cost": calls * price}))
    return rows


def cell_means(responses: Responses) -> Rows:
    """Mean answer (on a nominal scale: the most frequent one) per persona and item, for as many of both as a picture holds."""
    cells = responses.cells
    if cells.mean.shape[1] > 1 and not isinstance(responses.labelled, Nominal):
        return []
    personas, items = (_spread(len(names)) for names in (responses.personas.names, responses.items.names))
    chosen = np.flatnonzero(np.isin(cells.codes[:, 0], personas) & np.isin(cells.codes[:, 1], items))
    group, where = np.unique(cells.codes[chosen, :2], axis=0, return_inverse=True)
    weight = np.where(np.isinf(cells.n[chosen]), 1.0, cells.n[chosen])
    where = where.ravel()
    mean = (
        np.stack([sums(where, weight * column, len(group)) for column in cells.mean[chosen].T], -1)
        / sums(where, weight, len(group))[:, None]
    )
    rows: list[dict[str, Cell]] = []
    for (persona, item), point in zip(group, mean, strict=True):
        row: dict[str, Cell] = {"persona": responses.personas.names[persona], "item": responses.items.names[item]}
        if isinstance(responses.labelled, Nominal):
            rows.append(row | {"answer": responses.labelled.labels[int(point.argmax())], "share": float(point.max())})
        else:
            rows.append(row | {"mean": float(point[0])})
    return rows


def answers_by_persona(responses: Responses) -> Rows:
    """How often each persona gave each answer, over all items; numbers in ten classes."""
    cells, shown = responses.cells, _spread(len(responses.personas.names))
    if cells.counts is not None and isinstance(responses.labelled, Nominal | Ordinal):
        labels = list(responses.labelled.labels)
        table = _sums(cells.codes[:, 0], cells.counts, len(responses.personas.names))
    elif cells.mean.shape[1] == 1 and responses.exact is None and responses.coded.points is None:
        numbers = responses.coded.values[responses.answered]
        edges = np.linspace(numbers.min(), numbers.max() + 1e-12, BINS + 1)
        labels = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
        classes = np.clip(np.searchsorted(edges, numbers, "right") - 1, 0, BINS - 1)
        table = _sums(responses.facets["persona"], np.eye(BINS)[classes], len(responses.personas.names))
    else:
        return []
    total = table.sum(1)
    return [
        {"persona": responses.personas.names[at], "answer": label, "order": order, "share": float(table[at, order] / total[at])}
        for at in shown
        if total[at] > 0
        for order, label in enumerate(labels)
    ]


def _sums(codes: Ints, table: Floats, size: int) -> Floats:
    """Rows of a table summed by code."""
    return np.stack([sums(codes, column, size) for column in table.T], -1)


def _spread(size: int) -> Ints:
    """All of `size` places, or as many as a picture holds, evenly spread."""
    return np.unique(np.linspace(0, size - 1, min(size, MOST_LEVELS)).round().astype(np.int64))


def _at(values: Floats, at: int) -> float | None:
    """A number, or None where it is undefined."""
    value = float(values[at])
    return value if math.isfinite(value) else None
