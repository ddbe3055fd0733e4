"""A world in which 17 of 24 published effects exist, at four fifths of their published size."""

import math
from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Elicitation, Item, Ordinal, Persona, Request, StudyWorld
from personametrics.studies.replication.effects import SIGNS, cell

EXISTS = {f"main {index}": index < 15 for index in range(18)} | {f"interaction {index}": index < 2 for index in range(6)}
MOVES = {name: 0.2 + 0.01 * index if name.startswith("main") else 0.3 for index, name in enumerate(EXISTS)}
"""Difference between the arms' probabilities of each step up the scale from 1 to 5."""
SHRINKAGE = 0.8
"""True size of an effect as a share of the published size."""


def known_world() -> StudyWorld:
    """Return a world in which most effects exist, at four fifths of their published size, and one without any effect."""

    def world(request: Request, effect: float = 1.0) -> Mapping[str, float]:
        name, sign = request.about["experiment"], SIGNS[request.about["kind"]][cell(request.about)]
        up = 0.5 + sign * effect * EXISTS[name] * MOVES[name] / 2
        return {str(step + 1): math.comb(4, step) * up**step * (1 - up) ** (4 - step) for step in range(5)}

    sizes = {name: _size(move, name.split()[0]) for name, move in MOVES.items()}
    squares = sum(size**2 for size in sizes.values())
    slope = SHRINKAGE * sum(size**2 for name, size in sizes.items() if EXISTS[name]) / squares
    truth = {"share.replicated": 17 / 24, "share.main": 15 / 18, "share.interaction": 2 / 6, "slope.effect": slope}
    personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(40))
    null, quiet = partial(world, effect=0.0), frozenset({"most effects do not replicate", "undecided"})
    return StudyWorld(personas, _items(sizes), world, truth, null, "most effects replicate", quiet, Elicitation(runs=3))


def _items(sizes: Mapping[str, float]) -> tuple[Item, ...]:
    """Return one item for each cell of each experiment, from the true sizes of the effects."""
    items = []
    for name, exists in EXISTS.items():
        kind, p = name.split()[0], "0.0001" if exists else "0.03"
        published = {"experiment": name, "kind": kind, "effect": f"{sizes[name] / SHRINKAGE:.12g}", "p": p}
        for place in SIGNS[kind]:
            arm, _, moderator = place.partition(" ")
            attributes = {**published, "arm": arm, "moderator": moderator}
            items.append(Item(f"{name}: {place}", f"How much, {place}?", Ordinal(tuple("12345")), attributes))
    return tuple(items)


def _size(move: float, kind: str) -> float:
    """Return the standardised effect of a difference between the arms' probabilities of each of four steps."""
    spread = math.sqrt(4 * (0.25 - (move / 2) ** 2))
    return 4 * move / spread * (len(SIGNS[kind]) / 2)
