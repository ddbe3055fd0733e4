"""A world in which four fifths of a persona's answers are the model's own."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.study import Item, Ordinal, Persona, Request, StudyWorld
from personametrics.stats.arrays import Floats

LABELS = ("1", "2", "3", "4", "5")
WEIGHT = 0.8
"""Weight of the prior in a persona's answers; the rest is an opinion of the persona, each equally often over personas."""


def known_world() -> StudyWorld:
    """Return a world in which the prior leaves a fifth to the personas, and one in which personas answer without any trace of the prior."""
    personas = tuple(Persona(f"person {index}", f"You are person {index}.", {"turn": str(index)}) for index in range(15))
    items = tuple(Item(f"statement {index}", f"Statement {index}.", Ordinal(LABELS), {"kind": "opinion"}) for index in range(16))

    def world(request: Request, weight: float = WEIGHT) -> Mapping[str, float]:
        item = int(request.about["item"].split()[1])
        shares = _shares(item * 7 % 5)
        if request.about["arm"] == "persona":
            persona = int(request.about["persona"].split()[1])
            shares = weight * shares + (1 - weight) * _shares((persona + item) % 5)
        return dict(zip(LABELS, shares.tolist(), strict=True))

    quiet = frozenset({"persona wins", "undecided"})
    return StudyWorld(personas, items, world, {"slope": WEIGHT}, lambda request: world(request, 0.0), "prior wins", quiet)


def _shares(favourite: int) -> Floats:
    """Return the shares of the labels for somebody with a favourite label, (5,)."""
    return np.where(np.arange(len(LABELS)) == favourite, 0.9, 0.025)
