"""A world in which personas decide for one value, and the model without a persona leans a little."""

from collections.abc import Mapping

from personametrics.data.study import NOBODY, Item, Nominal, Persona, Request, StudyWorld

LEAN, COLLAPSED, FIRST = 0.2, 0.4, 0.05
"""Distances of a value's share from 0.5: without a persona, with a persona, and for the value named first."""


def known_world(turned: str) -> StudyWorld:
    """Return that world, and one in which personas lean as little as the model without one."""
    personas, items = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(10)), list[Item]()
    for index in range(10):
        labels, wordings = Nominal((f"peace {index}", f"honour {index}")), {turned: f"Honour {index} or peace {index}?"}
        items.append(Item(f"dilemma {index}", f"Peace {index} or honour {index}?", labels, {"first": f"peace {index}"}, wordings))

    def world(request: Request, *, collapsed: bool = True) -> Mapping[str, float]:
        peace, honour = sorted(request.choices, reverse=True)
        side, lean = int(peace[-1]), LEAN
        if collapsed and request.about["persona"] != NOBODY:
            side, lean = side + int(request.about["persona"][-1]), COLLAPSED
        share = 0.5 + lean * (-1) ** side + (FIRST if request.about["first"] == peace else -FIRST)
        return {peace: share, honour: 1 - share}

    none, persona = (4 * (0.5 + lean) * (0.5 - lean) for lean in (LEAN, COLLAPSED))
    truth = {"evenhandedness.none": none, "evenhandedness.persona": persona, "collapse": none - persona}
    truth |= {"order.none": FIRST, "order.persona": FIRST}
    quiet = frozenset({"weighs both", "undecided"})
    return StudyWorld(personas, tuple(items), world, truth, lambda request: world(request, collapsed=False), "collapses to one side", quiet)
