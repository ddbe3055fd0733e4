"""A world in which three lines in ten name another pet than the persona's card."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Elicitation, Item, Nominal, Persona, Request, Study, StudyWorld
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, READER, UNTOLD
from personametrics.studies.consistency.judge import LL, PL

PETS = ("cat", "dog")
WRONG, RIGHT = 0.3, 0.4
"""Probability of a line that names the other pet, and of one that names the card's; the remaining lines name none."""


def pets_world(study: Study) -> StudyWorld:
    """Return the world; in the world without an effect, no line contradicts the card."""
    pets = [PETS[index % 2] for index in range(12)]
    personas = tuple(Persona(f"person {index}", f"Number {index} has a {pet}.", {"pet": pet}) for index, pet in enumerate(pets))
    chat = {"kind": "turn", "turn": "chat"}
    turns = [Item(f"turn {index}", f"Subject {index}?", Nominal(("yes", "no")), chat) for index in range(4)]
    fact = Item("pet", "Which pet?", Nominal(PETS), {"kind": "fact", "fact": "pet", "says": "I have a {}."})
    truth = {PL: 1 - WRONG, LL: 1 - 2 * WRONG * RIGHT, "qa.person": 1 - WRONG / 2}
    truth |= {"unparsable": 0.0, "drift": 0.0, "judge.found": 1.0, "shuffled": 1 - RIGHT}
    quiet, null = frozenset({"consistent", "undecided"}), partial(_answer, wrong=0.0)
    return StudyWorld(personas, (*turns, fact), _answer, truth, null, "inconsistent", quiet, Elicitation(runs=2), study)


def _answer(request: Request, wrong: float = WRONG) -> Mapping[str, float]:
    """Return the probabilities of a line, of an answer to the question of fact, or of a verdict; the judge is never wrong."""
    if request.to:
        return {_verdict(request.messages[-1].text, request.about.get("judged", "")): 1.0}
    own, other = (f"I have a {pet}." for pet in (PETS if f" has a {PETS[0]}." in request.messages[0].text else PETS[::-1]))
    if request.choices:
        return {own: 1 - wrong / 2, other: wrong / 2}
    return {other: wrong, own: RIGHT, "So it goes.": 1 - RIGHT - wrong}


def _verdict(prompt: str, kind: str) -> str:
    """Return the right verdict, or the right answer of a reader."""
    if kind == READER:
        pets = [word for word in prompt.split() if word in {"cat.", "dog."}]
        return pets[-1].removesuffix(".") if pets else UNTOLD
    return CONTRADICTS if "cat." in prompt and "dog." in prompt else CONSISTENT
