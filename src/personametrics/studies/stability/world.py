"""A world of two camps, in which nine in ten answers follow the persona's camp."""

from collections.abc import Mapping

from personametrics.data.study import Item, Nominal, Persona, Request, StudyWorld

HELD = 0.9
"""Probability of an answer that follows the camp."""


def known_world() -> StudyWorld:
    """Return a world in which nine in ten answers follow the persona's camp, and one in which all answers are equally likely."""
    personas = tuple(Persona(f"persona {index}", f"You are number {index}.", {"camp": str(index % 2)}) for index in range(12))
    scale = Nominal(("no", "yes"))
    items = tuple(Item(f"item {index}", f"Statement {index}.", scale, {"with": str(index // 2 % 2)}) for index in range(12))
    camp_of = {persona.id: persona.attributes["camp"] for persona in personas}
    agreeing = {item.id: item.attributes["with"] for item in items}

    def world(request: Request, held: float = HELD) -> Mapping[str, float]:
        yes = held if camp_of[request.about["persona"]] == agreeing[request.about["item"]] else 1 - held
        return {"no": 1 - yes, "yes": yes}

    rerun, other_camp = 2 * HELD * (1 - HELD), 6 / 11
    persona = (1 - other_camp) * rerun + other_camp * (HELD**2 + (1 - HELD) ** 2)
    truth = {"disagreement.rerun": rerun, "signal": 1 - rerun / persona}
    quiet = frozenset({"model uncertainty dominates", "undecided"})
    return StudyWorld(personas, items, world, truth, lambda request: world(request, 0.5), "persona dominates", quiet)
