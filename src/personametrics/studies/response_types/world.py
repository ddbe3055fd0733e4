"""A world in which 13 of 16 items are answered as they are worded, two at random, and one always in the same way."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Elicitation, Item, Nominal, Persona, Request, StudyWorld

ITEMS, RANDOM, STEADY = 16, 2, 1
"""Numbers of items: all, answered at random, and answered in the same way whatever the wording."""


def known_world() -> StudyWorld:
    """Return a world in which most answers depend on the wording, and one in which no answer depends on the wording."""
    personas = tuple(Persona(f"p{index}", f"You are person {index}.") for index in range(6))
    scale, numbers = Nominal(("yes", "no")), range(ITEMS)
    items = tuple(Item(f"i{index}", f"Is {index} so?", scale, {}, {"formal": f"Would {index} be so?"}) for index in numbers)

    def world(request: Request, moved: str = "formal") -> Mapping[str, float]:
        index = int(request.about["item"][1:])
        turned = request.about["wording"] == moved and index >= RANDOM + STEADY
        yes = 0.5 if index < RANDOM else 0.02 if turned else 0.98
        return {"yes": yes, "no": 1 - yes}

    truth = {"share.constructed": (ITEMS - RANDOM - STEADY) / ITEMS}
    truth |= {"share.no_attitude": RANDOM / ITEMS, "share.preference": STEADY / ITEMS}
    quiet, null = frozenset({"mostly preferences", "undecided"}), partial(world, moved="none")
    return StudyWorld(personas, items, world, truth, null, "mostly constructed", quiet, Elicitation(runs=10))
