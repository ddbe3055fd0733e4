"""Questions put in several ways, and the answers to them as cells whose disagreements are mean absolute differences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.errors import ColumnError, DesignError, options
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
from personametrics.stats.variance.ordinal_points import steps

READS: Mapping[str, str] = {"wording": "how the item is worded", "order": "the order of its options"}
MOST_NUMBERS = 200
"""More different numbers than this are not told apart one by one."""


def posed(
    personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation, conditions: Sequence[str], study: str
) -> list[Request]:
    """Every item as it is given, in each of its wordings, and with its options reversed.

    Where some items have wordings, only those are asked; of them, those on the scale that most are on, so that they can be compared.

    Args:
        personas: who is asked.
        items: what may be asked.
        elicitation: how.
        conditions: of `wording` and `order`, what is varied.
        study: whose design it is, for messages.

    Raises:
        DesignError: fewer than two personas, or than two items that can be put in two ways.
    """
    worded = one_scale([item for item in items if "wording" in conditions and item.wordings])
    asked = worded if len(worded) > 1 else one_scale([item for item in items if len(_ways(item, conditions)) > 1])
    if len(asked) < 2:
        message = f"{study} needs two or more items with wordings, or with labels whose order can be reversed."
        raise DesignError(message)
    if len(personas) < 2:
        message = f"{study} needs two or more personas."
        raise DesignError(message)
    ways = {item.id: _ways(item, conditions) for item in asked}
    return [
        request
        for persona in personas
        for item in asked
        for way in ways[item.id]
        for request in elicitation.ask(persona, item, condition=way)
    ]


def _ways(item: Item, conditions: Sequence[str]) -> list[dict[str, str]]:
    """The conditions in which an item can be asked: one thing is changed at a time."""
    plain = {"wording": GIVEN, "order": GIVEN}
    worded = [{**plain, "wording": name} for name in item.wordings] if "wording" in conditions else []
    labels = item.scale.labels if isinstance(item.scale, Nominal | Ordinal) else ()
    turned = [{**plain, "order": "reversed"}] if "order" in conditions and len(labels) > 1 else []
    return [plain, *worded, *turned]


def conditioned(responses: Responses, conditions: Sequence[str]) -> Responses:
    """The answers of personas, with their conditions named; an empty condition is `given`.

    Args:
        responses: answers drawn or label probabilities.
        conditions: columns that say how an item was put; those that are there count. Without any, the table's own.

    Raises:
        ColumnError: there is none.
        DesignError: there are no answers of personas.
    """
    named = [name for name in conditions if name in responses.frame.columns] or list(responses.columns.condition)
    if not named:
        told = " or ".join(f'"{name}"' for name in conditions)
        message = f"{responses.source} has no column {told} (how an item was put); {options('', responses.frame.columns, 30)}."
        raise ColumnError(message)
    people = pl.col(responses.columns.persona).cast(pl.String) != NOBODY
    frame = responses.frame.filter(people).with_columns(pl.col(name).cast(pl.String).fill_null(GIVEN) for name in named)
    if frame.is_empty():
        message = f"{responses.source} holds no answers of personas."
        raise DesignError(message)
    more = tuple(name for name in responses.columns.more if name not in named)
    return replace(responses, frame=frame, columns=replace(responses.columns, condition=tuple(named), more=more))


def graded(responses: Responses) -> Cells:
    """Cells in which the disagreement of two answers is their absolute difference on a scale from 0 to 1.

    Of labels without order it is whether they differ, of texts half the squared distance of their points.

    Raises:
        DesignError: too many different numbers.
    """
    facets = {"persona": responses.personas, "item": responses.items}
    facets |= {} if responses.conditions is None else {"condition": responses.conditions}
    if responses.columns.probabilities:
        share = label_probabilities(responses.frame, responses.columns.probabilities, responses.source, some=True)
        here = np.isfinite(share).all(1)
        at, mean = _averaged(np.stack([facet.codes[here] for facet in facets.values()], axis=1), share[here])
        return from_counts(list(facets), at, mean, label_points(responses), exact=True)
    codes = [facet.codes[responses.answered] for facet in facets.values()]
    if isinstance(responses.scale, FreeText):
        return from_answers(list(facets), codes, responses.coded.at(responses.answered))
    values = responses.coded.values[responses.answered]
    if isinstance(responses.scale, Numeric):
        values = np.unique(values, return_inverse=True)[1]
    return from_labels(list(facets), codes, values.astype(np.int64), label_points(responses))


def label_points(responses: Responses) -> Floats:
    """(L, K) where the labels lie; of numbers, those that occur.

    Raises:
        DesignError: too many different numbers.
    """
    if responses.columns.probabilities:
        labels = label_names(responses.columns.probabilities)
        return Nominal(labels).points() if isinstance(responses.scale, Nominal) else steps(Ordinal(labels).positions())
    if isinstance(responses.coded.scale, Ordinal):
        return steps(responses.coded.scale.positions())
    if isinstance(responses.coded.scale, Nominal):
        return responses.coded.scale.points()
    numbers = np.unique(responses.coded.values[responses.answered].astype(float))
    if len(numbers) > MOST_NUMBERS:
        message = f"{responses.source} holds {len(numbers)} different numbers; round them to at most {MOST_NUMBERS}."
        raise DesignError(message)
    width = responses.scale.high - responses.scale.low if isinstance(responses.scale, Numeric) else math.inf
    return steps(numbers, width if math.isfinite(width) else None)


def _averaged(codes: Ints, share: Floats) -> tuple[Ints, Floats]:
    """One row a cell, where probabilities were given in several."""
    at, where = np.unique(codes, axis=0, return_inverse=True)
    total = np.zeros((len(at), share.shape[1]))
    np.add.at(total, where.reshape(-1), share)
    return at, total / total.sum(1, keepdims=True)
