"""A world in which 13 of 16 items are answered as they are worded, two at random, and one always in the same way."""

from collections.abc import Mapping

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation, StudyWorld

ITEMS, RANDOM, STEADY = 16, 2, 1
"""Numbers of items: all, answered at random, and answered in the same way whatever the wording."""


def known_world() -> StudyWorld:
    """Return that world, and one in which no answer depends on the wording."""
    personas = tuple(Persona(f"p{index}", f"You are person {index}.") for index in range(6))
    items = tuple(
        Item(f"i{index}", f"Is {index} so?", Nominal(("yes", "no")), {}, {"formal": f"Would {index} be so?"}) for index in range(ITEMS)
    )

    def world(request: Request, moved: str = "formal") -> Mapping[str, float]:
        index = int(request.about["item"][1:])
        turned = request.about["wording"] == moved and index >= RANDOM + STEADY
        yes = 0.5 if index < RANDOM else 0.02 if turned else 0.98
        return {"yes": yes, "no": 1 - yes}

    truth = {"share.constructed": (ITEMS - RANDOM - STEADY) / ITEMS}
    truth |= {"share.no_attitude": RANDOM / ITEMS, "share.preference": STEADY / ITEMS}
    quiet = frozenset({"mostly preferences", "undecided"})
    return StudyWorld(
        personas, items, world, truth, lambda request: world(request, "none"), "mostly constructed", quiet, Elicitation(runs=10)
    )
