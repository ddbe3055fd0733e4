"""A world in which everybody is surer than right by 20 percentage points."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.study import Item, Nominal, Persona, Request, StudyWorld

ACCURACIES = (0.7, 0.6, 0.5)
"""Shares of right answers, in turn over the questions."""
EXCESS = 0.2


def known_world() -> StudyWorld:
    """Return a world in which everybody is surer than right by 20 percentage points, and one in which both are equal on average."""
    people = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(5))
    labels, golds = Nominal(("yes", "no")), [{"gold": ("yes", "no")[index % 2]} for index in range(15)]
    items = tuple(Item(f"question {index}", f"Is it so in case {index}?", labels, gold) for index, gold in enumerate(golds))

    def world(request: Request, excess: float = EXCESS) -> Mapping[str, float]:
        right = ACCURACIES[int(request.about["item"].split()[1]) % 3]
        if request.about["certainty_of"]:
            return {f"{100 * (right + excess + step):.0f}": 0.5 for step in (-0.1, 0.1)}
        return {choice: right if choice == request.about["gold"] else 1 - right for choice in request.choices}

    brier = float(np.mean([0.1**2 + EXCESS**2 + right * (1 - right) for right in ACCURACIES]))
    truth = {"accuracy": 0.6, "certainty": 0.8, "overconfidence": EXCESS, "overconfidence.none": EXCESS, "brier": brier}
    quiet = frozenset({"calibrated", "undecided"})
    return StudyWorld(people, items, world, truth, lambda request: world(request, 0.0), "overconfident", quiet)
