"""A world in which the model states the truth of two sides, and its simulated members exaggerate their difference."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.study import Item, Ordinal, Persona, Request, StudyWorld

SIDES, STATEMENTS = ("left", "right"), 12
TENS = Ordinal(tuple(str(ten) for ten in range(0, 101, 10)))


def known_world() -> StudyWorld:
    """Return a world in which simulated members exaggerate the truth that the model states, and one in which they do not."""
    agreement = Ordinal(("no", "unsure", "yes"))
    people = tuple(Persona(f"person {index}", f"You are person {index}.", {"side": SIDES[index % 2]}) for index in range(24))
    items = [Item(f"statement {index}", f"Statement {index}.", agreement) for index in range(STATEMENTS)]
    for index, side in [(index, side) for index in range(STATEMENTS) for side in SIDES]:
        text = f"Of 100 on the {side}, how many agree with statement {index}?"
        attributes = {"trait": "side", "value": side, "about": f"statement {index}", "truth": f"{_share(index, side):.2f}"}
        items.append(Item(f"{side} {index}", text, TENS, attributes))

    def world(request: Request, exaggeration: float = 3.0) -> Mapping[str, float]:
        if request.about["source"] == "direct":
            percent = 100 * float(request.about["truth"])
            return {label: max(0.0, 1 - abs(float(label) - percent) / 20) / 2 for label in TENS.labels}
        truth = _share(int(request.about["about"].split()[1]), request.about["group"].partition("=")[2])
        share = min(max(0.5 + exaggeration * (truth - 0.5), 0.0), 1.0)
        return {"no": (1 - share) / 2, "unsure": (1 - share) / 2, "yes": share}

    error = float(np.sqrt(np.mean([0.3**2, 0.0, 0.0, 0.3**2])))  # shares of 0.3, 0.5, 0.5 and 0.7 become 0, 0.5, 0.5 and 1
    truth = {"error.direct": 0.0, "error.simulated": error, "gap": error}
    quiet = frozenset({"acts what it knows", "undecided"})
    return StudyWorld(people, tuple(items), world, truth, lambda request: world(request, 1.0), "knows but does not act", quiet)


def _share(statement: int, side: str) -> float:
    """Return the true share of a side that agrees with a statement."""
    return 0.3 + 0.2 * (side == "right") + 0.2 * (statement % 2)
