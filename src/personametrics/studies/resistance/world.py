"""A world in which personas keep three quarters of the distance to their traits, and agree a little with anything."""

import math
from collections.abc import Mapping
from itertools import product

from personametrics.data.study import Elicitation, Item, Ordinal, Persona, Request, StudyWorld
from personametrics.stats.people.trait_shift import KEYS

OWN = {"warmth": 0.7, "order": 0.5, "daring": 0.35}
"""The model's own scores."""
KEPT, AGREEING = 0.75, 0.04
"""Share of the distance that is kept, and agreement with anything beyond the trait."""


def known_world() -> StudyWorld:
    """Return a world in which three quarters of every distance are kept, and one in which a fifth of the distance is kept."""
    targets = [{trait: "high" if index >> bit & 1 else "low" for bit, trait in enumerate(OWN)} for index in range(16)]
    personas = tuple(Persona(f"person {index}", f"You are person {index}.", target) for index, target in enumerate(targets))
    items = tuple(
        Item(f"{trait} {key}{index}", f"Statement {index}, {key} on {trait}.", Ordinal(tuple("12345")), {"trait": trait, "keyed": key})
        for trait, key, index in product(OWN, KEYS, range(2))
    )

    def world(request: Request, kept: float = KEPT) -> Mapping[str, float]:
        score = start = OWN[request.about["trait"]]
        if target := request.about["target"]:
            score = (target == "high") + kept * (start - (target == "high"))
        agree = AGREEING + (score if request.about["keyed"] == "+" else 1 - score)
        return {choice: math.comb(4, step) * agree**step * (1 - agree) ** (4 - step) for step, choice in enumerate(request.choices)}

    truth = {"resistance": KEPT, **{f"resistance.{trait}": KEPT for trait in OWN}, "acquiescence": AGREEING}
    quiet, verdict = frozenset({"takes the character", "undecided"}), "keeps its own character"
    return StudyWorld(personas, items, world, truth, lambda request: world(request, 0.2), verdict, quiet, Elicitation(3))
