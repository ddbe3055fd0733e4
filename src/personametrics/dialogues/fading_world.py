"""A simulated world in which personas fade in a dialogue: after a reply as a machine, further ones are more likely."""

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
"""The two replies; a person names itself."""
FADES, STAYS = 0.2, 0.9
"""The probabilities of a reply as a machine, after a line of the person and after a line of the machine."""
REMINDED_FADES, REMINDED_STAYS = 0.05, 0.2
"""The same probabilities if the turn repeats the persona."""
TURNS = 6
"""The number of lines of a dialogue."""


class FadingWorld(TypedDict):
    """The arguments of `RemedyWorld` that remedies of dialogues share."""

    study: str
    personas: tuple[Persona, ...]
    items: tuple[Item, ...]
    world: World
    null: World
    elicitation: Elicitation


def fading_world() -> FadingWorld:
    """Return personas, turns and worlds; in the null world the speaker of each turn is fixed, whatever the prompt."""
    people = tuple(Persona(f"person {index}", f"You are number {index}, and have a dog.") for index in range(12))
    attributes = {"kind": "turn", "turn": "chat"}
    turns = tuple(Item(f"turn {index}", f"What of day {index}?", Nominal(("yes", "no")), attributes) for index in range(TURNS))
    study = f"consistency:turns={TURNS},pairs=index"
    return {
        "study": study,
        "personas": people,
        "items": turns,
        "world": reply_probabilities,
        "null": partial(reply_probabilities, settled=True),
        "elicitation": Elicitation(4),
    }


def reply_probabilities(request: Request, *, settled: bool = False) -> Mapping[str, float]:
    """Return the probabilities of replies, of personas and of a judge without errors."""
    text, persona = request.messages[-1].text, request.about["persona"]
    if request.to:
        verdict = CONTRADICTS if MACHINE in text else CONSISTENT
        return {"none" if request.about["judged"] == INDEXED else verdict: 1.0}
    if settled:
        machine = float((int(persona.split()[1]) + int(request.about["turn"])) % 5 == 0)
    else:
        lines = [line for message in request.messages for line in message.text.splitlines() if line.endswith((PERSON[-9:], MACHINE))]
        reminded = request.messages[0].persona in text
        fades, stays = (REMINDED_FADES, REMINDED_STAYS) if reminded else (FADES, STAYS)
        machine = stays if lines and lines[-1].endswith(MACHINE) else fades
    return {MACHINE: machine, PERSON.format(persona): 1 - machine}


def consistent_share(fades: float = FADES, stays: float = STAYS) -> float:
    """Return the expected share of a person's lines, for probabilities of a machine's line after each kind of line."""
    machine, total = 0.0, 0.0
    for _ in range(TURNS):
        machine = machine * stays + (1 - machine) * fades
        total += 1 - machine
    return total / TURNS
