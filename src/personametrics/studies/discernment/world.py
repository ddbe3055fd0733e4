"""A world in which the model discerns with 0.75 and its personas with 0.65."""

import math
from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Item, Ordinal, Persona, Request, StudyWorld
from personametrics.studies.discernment.ratings import VERACITY

MODEL, PERSONAS = 0.75, 0.65


def known_world() -> StudyWorld:
    """Return a world in which the model discerns with 0.75 and its personas with 0.65, and one in which both discern with 0.75."""
    members = [(side, index) for side in ("left", "right") for index in range(6)]
    people = [Persona(f"{side} {index}", f"You are person {index}, {side}.", {"politics": side}) for side, index in members]
    scale = Ordinal(tuple("123456"))
    items = [Item(f"{gold} {index}", f"Headline {index}: {gold}?", scale, {"gold": gold}) for gold in VERACITY for index in range(10)]

    def world(request: Request, personas: float = PERSONAS) -> Mapping[str, float]:
        vda = personas if request.about["identity"] else MODEL
        up = vda if request.about["gold"] == "true" else 1 - vda
        return {str(step + 1): math.comb(5, step) * up**step * (1 - up) ** (5 - step) for step in range(6)}

    change = PERSONAS / MODEL - 1
    truth = {"vda.none": MODEL, "vda.persona": PERSONAS, "change": change, "change.left": change}
    null, quiet = partial(world, personas=MODEL), frozenset({"no change", "undecided"})
    return StudyWorld(tuple(people), tuple(items), world, truth, null, "personas cost discernment", quiet)
