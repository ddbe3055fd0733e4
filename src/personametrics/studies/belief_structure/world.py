"""A world of two blocks of items; the items of a block share a line on which personas differ."""

import math
from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Item, Ordinal, Persona, Request, StudyWorld
from personametrics.stats.people.item_correlations import dimension

ITEMS, BLOCK = 8, 4
"""Number of items, and of items of one block."""
SPREAD, SHARED = 0.08, 0.05
"""Variance of the probability to agree, and the part of it that the items of a block share."""


def blocks_world() -> StudyWorld:
    """Return a world of two blocks of items, and one in which no two items share anything."""
    personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(32))
    items = tuple(Item(f"item {index}", f"Statement {index}.", Ordinal(tuple("12345"))) for index in range(ITEMS))
    same_block = ITEMS / BLOCK * math.comb(BLOCK, 2) / math.comb(ITEMS, 2)
    square = (SHARED / SPREAD) ** 2 * same_block
    truth = {"constraint": math.sqrt(square), "dimension": float(dimension(square, ITEMS))}
    tied, free = partial(_opinion, shared=math.sqrt(SHARED)), partial(_opinion, shared=0.0)
    return StudyWorld(personas, items, tied, truth, free, "structured", frozenset({"unstructured", "undecided"}))


def _opinion(request: Request, shared: float) -> Mapping[str, float]:
    """Return the probabilities of five answers, binomial around how far the person agrees with the item."""
    person, item = (int(request.about[role].split()[1]) for role in ("persona", "item"))
    own, line = (1 - 2 * ((person & bits).bit_count() % 2) for bits in (item + 3, 1 + item // BLOCK))
    agree = 0.5 + shared * line + math.sqrt(SPREAD - shared**2) * own
    return {choice: math.comb(4, index) * agree**index * (1 - agree) ** (4 - index) for index, choice in enumerate(request.choices)}
