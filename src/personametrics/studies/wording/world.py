"""A world in which wordings move the share of "yes" by up to 0.5, and personas by 0.2."""

import math
from collections.abc import Mapping

import numpy as np

from personametrics.data.prompt import GIVEN
from personametrics.data.study import Item, Nominal, Persona, Request, StudyWorld

SIDE, MOVED = 0.1, 0.25
"""Distances of the share of "yes" from 0.5: by the persona's side, and by the wording."""
SHIFTS = {(GIVEN, GIVEN): 1, ("formal", GIVEN): -1, (GIVEN, "reversed"): 0}
"""Directions in which each way of asking moves the share, by wording and order."""


def known_world() -> StudyWorld:
    """Return a world in which wordings move more than personas, and one in which wordings move the answers as much as personas do."""
    personas = tuple(Persona(f"p{index}", f"You are person {index}.", {"side": "left" if index % 2 else "right"}) for index in range(8))
    scale, numbers = Nominal(("yes", "no")), range(12)
    items = tuple(Item(f"i{index}", f"Is {index} right?", scale, {}, {"formal": f"Would {index} be right?"}) for index in numbers)

    def world(request: Request, moved: float = MOVED) -> Mapping[str, float]:
        side = 1 if int(request.about["persona"][1:]) % 2 else -1
        yes = 0.5 + SIDE * side + moved * SHIFTS[request.about["wording"], request.about["order"]]
        return {"yes": yes, "no": 1 - yes}

    # Shares p and q of "yes" differ by p(1 − q) + q(1 − p) = (p(1 − p) + q(1 − q)) + (p − q)²; 16 of 28 pairs are of both sides.
    shares = [0.5 + side + shift for side in (-SIDE, SIDE) for shift in (-MOVED, 0, MOVED)]
    rerun = float(np.mean([2 * yes * (1 - yes) for yes in shares]))
    excess, persona = ((2 * MOVED) ** 2 + 2 * MOVED**2) / 3, (2 * SIDE) ** 2 * 16 / 28
    truth = {"pss.rerun": rerun, "pss.excess": excess, "pss.paraphrase": rerun + excess}
    truth |= {"pss.persona": rerun + persona, "pss.gap": excess - persona}
    alike, quiet = math.sqrt(persona / 2), frozenset({"both move alike", "undecided"})
    return StudyWorld(personas, items, world, truth, lambda request: world(request, alike), "wording moves more than the persona", quiet)
