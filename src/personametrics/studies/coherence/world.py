"""A world in which a third of all lines repeat the persona's card."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.role import LINE
from personametrics.data.scale import character_ngrams
from personametrics.data.study import Elicitation, FreeText, Item, Persona, Request, StudyWorld
from personametrics.studies.coherence.line_verdicts import GOOD, TRUE

COPY = "I keep bees and sell honey by the sea."
COPYING: Mapping[str, float] = {"A true answer.": 0.5, "A false answer.": 0.1, COPY: 0.35, "A false aside.": 0.05}
"""Probability of each line in the world with the effect."""
PLAIN: Mapping[str, float] = {"A true answer.": 0.81, "A false answer.": 0.09, "A true aside.": 0.09, "A false aside.": 0.01}
"""Probability of each line in the world without it: nothing is copied, and both verdicts are independent."""


def copying_world() -> StudyWorld:
    """Return a world in which a third of all lines repeat the card, and one in which none does."""
    cards = {f"person {index}": f"You are Ada {index}. You keep bees and sell honey by the sea." for index in range(12)}
    personas, scale = tuple(Persona(name, card) for name, card in cards.items()), FreeText(character_ngrams)
    items = tuple(Item(f"turn {index}", f"What of matter {index}?", scale, {"kind": "turn", "turn": "chat"}) for index in range(8))
    truth = {"fidelity": 0.85, "relevance": 0.6, "joint": 2 * 0.85 * 0.6 / 1.45, "both": 0.5, "lift": 0.5 / (0.85 * 0.6)}
    truth |= {"parroting": 0.35, "lines.good": 0.5, "lines.aside": 0.35, "lines.stranger": 0.1, "lines.neither": 0.05}
    quiet, null = frozenset({"coherent", "undecided"}), partial(_speak, lines=PLAIN)
    return StudyWorld(personas, items, _speak, truth, null, "parrots the card", quiet, Elicitation(2))


def _speak(request: Request, lines: Mapping[str, float] = COPYING) -> Mapping[str, float]:
    """Return the probabilities of a line, or of a verdict on one; the judge is never wrong."""
    if request.about["part"] == LINE:
        return lines
    line = request.messages[0].text.partition("<line>\n")[2].partition("\n</line>")[0]
    good, bad = GOOD[request.about["judged"]]
    holds = "false" not in line if request.about["judged"] == TRUE else "answer" in line
    return {good: float(holds), bad: float(not holds)}
