"""A world in which personas answer better with each of two facts in their text, and remarks name missing facts."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.world import camp_signal
from personametrics.remedies.adapt.interactions import Interaction
from personametrics.remedies.adapt.revision import GOLD, REVISION

KEYS, FOLLOWS = ("order", "calm"), (0.6, 0.75, 0.9)
"""The two facts about each person, and the probabilities of an answer that follows its camp, by the number of facts in its text."""
SCALE = Nominal(("no", "yes"))
PERSONAS = tuple(Persona(f"persona {index}", f"You are number {index}.", {"camp": str(index % 2)}) for index in range(12))
ITEMS = tuple(Item(f"item {index}", f"Statement {index}.", SCALE, {"with": str(index // 2 % 2)}) for index in range(12))
CAMPS = {persona.id: persona.attributes["camp"] for persona in PERSONAS}
AGREEING = {item.id: item.attributes["with"] for item in ITEMS}


def known_interactions() -> tuple[Interaction, ...]:
    """Return eight earlier answers of each person, who follows its camp."""
    talks = [Item(f"talk {index}", f"Is it {KEYS[index % 2]}, {index}?", SCALE) for index in range(8)]
    return tuple(Interaction(name, talk, SCALE.labels[int(camp)]) for name, camp in CAMPS.items() for talk in talks)


def known_world() -> dict[str, Any]:
    """Return the world of remarks that name missing facts, and the null world of wrong remarks, as arguments of `RemedyWorld`."""
    change = {"signal": camp_signal(FOLLOWS[2]) - camp_signal(FOLLOWS[0])}
    worlds = {"world": partial(_answer, corrupted=False), "null": partial(_answer, corrupted=True)}
    return {"study": "stability:permutations=99", "personas": PERSONAS, "items": ITEMS, "change": change, **worlds}


def _answer(request: Request, *, corrupted: bool) -> Mapping[str, float]:
    """Return the answers of a persona, of its simulation, or of the model that rewrites it."""
    persona, item, text = request.about["persona"], request.about["item"], "\n".join(message.text for message in request.messages)
    facts = [key for key in KEYS if f"You value {key}." in text]
    if item == REVISION:
        return {_written(text, facts, corrupted=corrupted): 1.0}
    if item in AGREEING:
        follows = FOLLOWS[len(facts)]
        yes = follows if CAMPS[persona] == AGREEING[item] else 1 - follows
        return {"no": 1 - yes, "yes": yes}
    gold = request.about[GOLD]
    right = any(f"Is it {key}," in text for key in facts)
    return {gold if right else next(choice for choice in request.choices if choice != gold): 1.0}


def _written(text: str, facts: Sequence[str], *, corrupted: bool) -> str:
    """Return the text that is written by the model: a remark names a fact, and a rewriting adds the first missing fact."""
    description = text.partition("<description>\n")[2].partition("\n</description>")[0]
    if "<model>" in text:
        key = next(key for key in KEYS if f"Is it {key}," in text)
        return f"It lacks {'noise' if corrupted else key}."
    missing = [key for key in (*KEYS, "noise") if f"It lacks {key}." in text and key not in facts]
    return f"<persona>{' '.join([description, *(f'You value {key}.' for key in missing[:1])])}</persona>"
