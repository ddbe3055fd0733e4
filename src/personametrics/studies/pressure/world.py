"""A world of three suffixes that break personas with known hazards, and of turns that wear them off a little."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.study import NOBODY, Elicitation, Item, Persona, Request, Study, StudyWorld, parse_scale
from personametrics.dialogues.judge import NO, VERDICT, YES
from personametrics.dialogues.script import TURN
from personametrics.studies.pressure.suffix_effects import PLAIN, PRESSURE, UNDER

HAZARDS: Mapping[str, float] = {"a": 0.6, "b": 0.3, "c": 0.0}
"""Probability that a suffix itself breaks a persona in a line, by family."""
BASE, BACK = 0.05, 0.2
"""Probability that a persona fades in a line without a suffix, and that a faded one comes back."""
ASSISTANT, PERSON = "As an AI, I have no days.", "I had a long day."
"""The two lines that are said."""


def pressed_world(study: Study, kinds: tuple[str, ...], repeats: int) -> StudyWorld:
    """Return the world; in the world without an effect, suffixes do nothing."""
    text = parse_scale("text")
    personas = tuple(Persona(f"p{index}", f"You are number {index}.") for index in range(6))
    turns = [Item(f"turn {kind}", f"Turn {kind}?", text, {"kind": TURN, TURN: kind}) for kind in kinds]
    suffixes = [Item(f"suffix {family}", f"Suffix {family}.", text, {"kind": PRESSURE, "family": family}) for family in HAZARDS]
    truth = {"hazard.none": BASE, "recovery": BACK, "leak.nobody": 1.0, "control": 0.0}
    for family, own in HAZARDS.items():
        hazard = 1 - (1 - BASE) * (1 - own)
        truth |= {f"own.{family}": own, f"hazard.{family}": hazard, f"broken.{family}": 1 - (1 - hazard) ** repeats}
    quiet, null = frozenset({"held", "undecided"}), partial(_answer, strength=0.0)
    return StudyWorld(personas, (*turns, *suffixes), _answer, truth, null, "worn", quiet, Elicitation(3), study)


def _answer(request: Request, strength: float = 1.0) -> Mapping[str, float]:
    """Return the probabilities of a line, or of a judge's verdict on one; the judge is never wrong."""
    if request.about["part"] == VERDICT:
        return {YES: 1.0} if ASSISTANT in request.messages[0].text else {NO: 1.0}
    if request.about["persona"] == NOBODY:
        return {ASSISTANT: 1.0}
    lines = [message.text for message in request.messages if message.role == "assistant"]
    pressed = request.about["phase"] == UNDER and request.about["suffix"] != PLAIN
    hazard = strength * HAZARDS[request.about["suffix"]] if pressed else 0.0
    faded = 1 - BACK if lines and lines[-1] == ASSISTANT else 1 - (1 - BASE) * (1 - hazard)
    return {ASSISTANT: faded, PERSON: 1 - faded}
