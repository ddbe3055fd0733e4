"""Places of grades on their scale, and the grades of judges as a panel in which the order of options is a condition."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.finding import Rows
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.measures.panel import Panel
from personametrics.stats.arrays import Floats

WORST = 20
"""Number of items and of judges in the evidence."""


def with_order_as_condition(responses: Responses) -> Responses:
    """Return the answers with the order of the options as a condition."""
    columns = responses.columns
    more = tuple(name for name in columns.more if name != "order")
    return replace(responses, columns=replace(columns, condition=tuple(dict.fromkeys((*columns.condition, "order"))), more=more))


def passing_grades(given: pl.DataFrame, responses: Responses, threshold: float) -> tuple[list[str], float]:
    """Return the grades that pass, and the threshold.

    Args:
        given: answers as `measures.answers` gives them.
        responses: the answers with their scale.
        threshold: grades from here on pass; NaN: the middle of the scale.

    Returns:
        The labels that pass, and the threshold in use; no labels and NaN where labels have no order.
    """
    places = _places(given["answer"].unique().to_list(), responses)
    if not places:
        return [], math.nan
    least = sum(_scale_ends(responses, list(places.values()))) / 2 if math.isnan(threshold) else threshold
    return [label for label, place in places.items() if place >= least], least


def _places(labels: Sequence[str], responses: Responses) -> dict[str, float]:
    """Return the place of each label on the scale; none where labels have no order."""
    if isinstance(responses.scale, Numeric):
        return {label: float(label) for label in labels}
    if not isinstance(responses.labelled, Ordinal):
        return {}
    places = dict(zip(map(plain, responses.labelled.labels), responses.labelled.positions().tolist(), strict=True))
    return {label: places[plain(label)] for label in labels}


def _scale_ends(responses: Responses, places: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the scale; those of the answers where a scale of numbers has none."""
    scale = responses.scale
    if isinstance(scale, Numeric) and math.isfinite(scale.high - scale.low):
        return scale.low, scale.high
    if isinstance(responses.labelled, Ordinal):
        places = responses.labelled.positions().tolist()
    return min(places), max(places)


def least_stable(panel: Panel) -> Mapping[str, Rows]:
    """Return the items whose grades change most between runs, and the judges, with their mean grade on an ordered scale."""
    table: dict[str, Floats | list[str]] = {
        "item": [panel.responses.items.names[code] for code in panel.cells.codes[:, 1]],
        "persona": [panel.responses.personas.names[code] for code in panel.cells.codes[:, 0]],
        "noise": panel.cells.within,
    }
    if panel.cells.mean.shape[1] == 1:
        table["grade"] = panel.cells.mean[:, 0]
    rows, numbers = pl.DataFrame(table).fill_nan(None), [name for name in table if name in {"noise", "grade"}]
    evidence = {}
    for facet, name in (("item", "items"), ("persona", "judges")):
        means = rows.group_by(facet).agg(pl.col(numbers).mean()).sort("noise", facet, descending=[True, False], nulls_last=True)
        evidence[name] = means.head(WORST).to_dicts()
    return evidence


def runs_of_judges(panel: Panel) -> list[tuple[str, Floats]]:
    """Return each judge with the counts of its labels (cells, labels); none where answers are not labels."""
    counts, judges = panel.cells.counts, panel.cells.codes[:, 0]
    if counts is None or panel.responses.labelled is None:
        return []
    return [(panel.responses.personas.names[judge], counts[judges == judge]) for judge in np.unique(judges)]
