"""A world whose people are worn off by talking: whoever has answered as a machine tends to go on like that."""

from collections.abc import Mapping
from functools import partial
from typing import TypedDict

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation, World
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, INDEXED

PERSON, MACHINE = "I, {}, was out.", "As an AI, I have no days."
"""What is said; people name themselves."""
FADES, STAYS = 0.2, 0.9
"""Probability of answering as a machine, by whether the own line that was read last is a machine's."""
REMINDED_FADES, REMINDED_STAYS = 0.05, 0.2
"""The same where the persona is told again with the turn."""
TURNS = 6
"""Lines of a dialogue."""


class Worn(TypedDict):
    """The parts of `Cure` that remedies of dialogues share."""

    study: str
    personas: tuple[Persona, ...]
    items: tuple[Item, ...]
    world: World
    null: World
    elicitation: Elicitation


def worn() -> Worn:
    """People, turns and world; in the other world, who speaks as a machine in which turn is settled, whatever is done."""
    people = tuple(Persona(f"person {at}", f"You are number {at}, and have a dog.") for at in range(12))
    turns = tuple(Item(f"turn {at}", f"What of day {at}?", Nominal(("yes", "no")), {"kind": "turn", "turn": "chat"}) for at in range(TURNS))
    study = f"consistency:turns={TURNS},pairs=index"
    return {
        "study": study,
        "personas": people,
        "items": turns,
        "world": said,
        "null": partial(said, settled=True),
        "elicitation": Elicitation(4),
    }


def said(request: Request, *, settled: bool = False) -> Mapping[str, float]:
    """What is said in it, by people and by a judge that is never wrong."""
    text, who = request.messages[-1].text, request.about["persona"]
    if request.to:
        indexed = request.about["judged"] == INDEXED
        return {"none" if indexed else CONTRADICTS if MACHINE in text else CONSISTENT: 1.0}
    if settled:
        machine = float((int(who.split()[1]) + int(request.about["turn"])) % 5 == 0)
    else:
        own = [line for message in request.messages for line in message.text.splitlines() if line.endswith((PERSON[-9:], MACHINE))]
        reminded = request.messages[0].told in text
        fades, stays = (REMINDED_FADES, REMINDED_STAYS) if reminded else (FADES, STAYS)
        machine = stays if own and own[-1].endswith(MACHINE) else fades
    return {MACHINE: machine, PERSON.format(who): 1 - machine}


def consistent(fades: float = FADES, stays: float = STAYS) -> float:
    """Share of lines that are a person's, where these are the probabilities of a machine's after a person's and after a machine's."""
    machine, total = 0.0, 0.0
    for _ in range(TURNS):
        machine = machine * stays + (1 - machine) * fades
        total += 1 - machine
    return total / TURNS
