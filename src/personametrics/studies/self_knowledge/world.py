"""A world in which everybody is surer than right by 20 percentage points."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.study import StudyWorld

ACCURACIES = (0.7, 0.6, 0.5)
"""Shares of right answers, in turn over the questions."""
EXCESS = 0.2


def known_world() -> StudyWorld:
    """Return that world, and one without an effect in which stated certainty equals accuracy on average."""
    people = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(5))
    labels = Nominal(("yes", "no"))
    items = tuple(
        Item(f"question {index}", f"Is it so in case {index}?", labels, {"gold": labels.labels[index % 2]}) for index in range(15)
    )

    def world(request: Request, excess: float = EXCESS) -> Mapping[str, float]:
        right = ACCURACIES[int(request.about["item"].split()[1]) % 3]
        if request.about["certainty_of"]:
            return {f"{100 * (right + excess + step):.0f}": 0.5 for step in (-0.1, 0.1)}
        return {choice: right if choice == request.about["gold"] else 1 - right for choice in request.choices}

    brier = float(np.mean([0.1**2 + EXCESS**2 + right * (1 - right) for right in ACCURACIES]))
    truth = {"accuracy": 0.6, "certainty": 0.8, "overconfidence": EXCESS, "overconfidence.none": EXCESS, "brier": brier}
    quiet = frozenset({"calibrated", "undecided"})
    return StudyWorld(people, items, world, truth, lambda request: world(request, 0.0), "overconfident", quiet)
