"""A world of four models, each of which holds its personas better than the one before."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Elicitation, Item, Nominal, Persona, Request, Study, StudyWorld

HELD: Mapping[str, float] = {"tiny": 0.6, "small": 0.75, "large": 0.88, "huge": 0.97}
"""Probability that a persona answers as its camp does, by model."""
ALIKE = 0.8
"""The same probability for all models in the world without an effect."""
PERSONAS = tuple(Persona(f"person {index}", f"You are number {index}.", {"camp": str(index % 2)}) for index in range(12))
ITEMS = tuple(Item(f"item {index}", f"Statement {index}.", Nominal(("no", "yes")), {"with": str(index // 2 % 2)}) for index in range(12))
CAMPS, SUPPORTERS = {persona.id: persona.attributes["camp"] for persona in PERSONAS}, {item.id: item.attributes["with"] for item in ITEMS}
"""The camp of each persona, and the camp that says yes to each item."""


def camps_world(study: Study) -> StudyWorld:
    """Return the world; in the world without an effect, all models are alike."""
    truth = {f"signal.{model}": _signal(held) for model, held in HELD.items()}
    truth |= {f"rank.{model}": float(len(HELD) - index) for index, model in enumerate(HELD)}
    quiet, null = frozenset({"undecided"}), partial(_answer, alike=True)
    return StudyWorld(PERSONAS, ITEMS, _answer, truth, null, "models differ", quiet, Elicitation(5), study)


def _answer(request: Request, *, alike: bool = False) -> Mapping[str, float]:
    """Return the probabilities of an answer."""
    held = ALIKE if alike else HELD[request.about["model"]]
    yes = held if CAMPS[request.about["persona"]] == SUPPORTERS[request.about["item"]] else 1 - held
    return {"no": 1 - yes, "yes": yes}


def _signal(held: float) -> float:
    """Return the signal of two camps of equal size whose members answer as their camp does with a probability."""
    rerun, apart = 2 * held * (1 - held), len(PERSONAS) / 2 / (len(PERSONAS) - 1)
    return 1 - rerun / ((1 - apart) * rerun + apart * (held**2 + (1 - held) ** 2))
