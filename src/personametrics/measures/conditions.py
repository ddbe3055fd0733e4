"""Items under several conditions: their requests, and their answers as cells with absolute differences as disagreements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.errors import ColumnError, ensure, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.probabilities import label_names, label_probabilities
from personametrics.data.prompt import GIVEN, NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal
from personametrics.data.study import Elicitation, one_scale
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.variance.cells import Cells, from_answers, from_counts, from_labels
from personametrics.stats.variance.conditions import ordinal_points

READS: Mapping[str, str] = {"wording": "wording of the item", "order": "order of the options"}
MOST_NUMBERS = 200
"""The limit of the number of different numbers on a scale."""


def condition_requests(
    personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation, conditions: Sequence[str], study: str
) -> list[Request]:
    """Return the requests for items as given, and, by the conditions named, in each of their wordings and with their options reversed.

    If some items have wordings, only these are used; of these, the items on the most frequent scale, so that they can be compared.

    Raises:
        DesignError: there are fewer than two personas, or fewer than two items that can be asked in two ways.
    """
    worded = one_scale([item for item in items if "wording" in conditions and item.wordings])
    chosen = worded if len(worded) > 1 else one_scale([item for item in items if len(_levels(item, conditions)) > 1])
    ensure(len(chosen) > 1, f"{study} needs two or more items with wordings, or with labels whose order can be reversed.")
    ensure(len(personas) > 1, f"{study} needs two or more personas.")
    return [
        request
        for persona in personas
        for item in chosen
        for condition in _levels(item, conditions)
        for request in elicitation.ask(persona, item, condition=condition)
    ]


def _levels(item: Item, conditions: Sequence[str]) -> list[dict[str, str]]:
    """Return the levels of the conditions under which an item can be asked; one condition changes at a time."""
    plain = {"wording": GIVEN, "order": GIVEN}
    worded = [{**plain, "wording": name} for name in item.wordings] if "wording" in conditions else []
    labels = item.scale.labels if isinstance(item.scale, Nominal | Ordinal) else ()
    reordered = [{**plain, "order": "reversed"}] if "order" in conditions and len(labels) > 1 else []
    return [plain, *worded, *reordered]


def with_conditions(responses: Responses, conditions: Sequence[str]) -> Responses:
    """Return the answers of personas with the conditions that are columns of the table, or else its own; an empty condition is `given`.

    Raises:
        ColumnError: the table has no column of a condition.
        DesignError: the table holds no answers of personas.
    """
    named = [name for name in conditions if name in responses.frame.columns] or list(responses.columns.condition)
    if not named:
        missing = " or ".join(f'"{name}"' for name in conditions)
        available = options("", responses.frame.columns, 30)
        message = f"{responses.source} has no column {missing} (the condition in which an item was asked). {available}."
        raise ColumnError(message)
    people = pl.col(responses.columns.persona).cast(pl.String) != NOBODY
    frame = responses.frame.filter(people).with_columns(pl.col(name).cast(pl.String).fill_null(GIVEN) for name in named)
    ensure(not frame.is_empty(), f"{responses.source} has no answers of personas. Add such answers, or check the column of personas.")
    more = tuple(name for name in responses.columns.more if name not in named)
    return replace(responses, frame=frame, columns=replace(responses.columns, condition=tuple(named), more=more))


def graded_cells(responses: Responses) -> Cells:
    """Return cells in which the disagreement of two answers is their absolute difference on a scale from 0 to 1.

    For labels without order the disagreement is 1 if they differ; for texts it is half the squared distance of their points. It raises
    DesignError if there are too many different numbers.
    """
    facets = {"persona": responses.personas, "item": responses.items}
    facets |= {} if responses.conditions is None else {"condition": responses.conditions}
    if responses.columns.probabilities:
        share = label_probabilities(responses.frame, responses.columns.probabilities, responses.source, some=True)
        present = np.isfinite(share).all(1)
        cells, mean = _averaged(np.stack([facet.codes[present] for facet in facets.values()], axis=1), share[present])
        return from_counts(list(facets), cells, mean, label_points(responses), exact=True)
    codes = [facet.codes[responses.answered] for facet in facets.values()]
    if isinstance(responses.scale, FreeText):
        return from_answers(list(facets), codes, responses.coded.at(responses.answered))
    values = responses.coded.values[responses.answered]
    if isinstance(responses.scale, Numeric):
        values = np.unique(values, return_inverse=True)[1]
    return from_labels(list(facets), codes, values.astype(np.int64), label_points(responses))


def label_points(responses: Responses) -> Floats:
    """Return the points of the labels (L, K), or of the numbers that occur; raises DesignError if these are too many."""
    if responses.columns.probabilities:
        labels = label_names(responses.columns.probabilities)
        return Nominal(labels).points() if isinstance(responses.scale, Nominal) else ordinal_points(Ordinal(labels).positions())
    if isinstance(responses.coded.scale, Ordinal):
        return ordinal_points(responses.coded.scale.positions())
    if isinstance(responses.coded.scale, Nominal):
        return responses.coded.scale.points()
    numbers = np.unique(responses.coded.values[responses.answered].astype(float))
    ensure(len(numbers) <= MOST_NUMBERS, f"{responses.source} has {len(numbers)} different numbers. Round them to at most {MOST_NUMBERS}.")
    width = responses.scale.high - responses.scale.low if isinstance(responses.scale, Numeric) else math.inf
    return ordinal_points(numbers, width if math.isfinite(width) else None)


def _averaged(codes: Ints, share: Floats) -> tuple[Ints, Floats]:
    """Return the codes of the cells and their mean probabilities, for probabilities in several rows of one cell."""
    cells, place = np.unique(codes, axis=0, return_inverse=True)
    total = np.zeros((len(cells), share.shape[1]))
    np.add.at(total, place.reshape(-1), share)
    return cells, total / total.sum(1, keepdims=True)
