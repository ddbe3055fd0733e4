"""A world in which two camps fade with a hazard for each kind of turn, come back at times, and meanwhile answer like the model."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from personametrics.data.role import LINE
from personametrics.data.study import NOBODY, Elicitation, Item, Nominal, Persona, Request, StudyWorld, parse_scale
from personametrics.dialogues.dialogue import Turn
from personametrics.dialogues.judge import NO, VERDICT, YES
from personametrics.dialogues.script import TURN, script, turns

HAZARDS: Mapping[str, float] = {"chat": 0.02, "fact": 0.05, "emotional": 0.2, "meta": 0.4}
"""Probability of fading by kind of turn."""
BACK = 0.25
"""Probability of coming back in a line."""
ASSISTANT, PERSONA = "As an AI, I have no days.", "I had a long day."
RUNS = 4


def known_world(number: int, seed: int) -> StudyWorld:
    """Return that world, and one in which no persona fades."""
    people = [Persona(f"p{index}", f"You are number {index}.", {"camp": str(index % 2)}) for index in range(8)]
    probes = [Item(f"item {index}", f"Statement {index}.", Nominal(("no", "yes")), {"with": str(index // 2 % 2)}) for index in range(8)]
    lines = [Item(f"turn {kind}", f"Turn {kind}?", parse_scale("text"), {"kind": TURN, TURN: kind}) for kind in HAZARDS]
    camps = {probe.id: probe.attributes["with"] for probe in probes}

    def world(request: Request, fading: float = 1.0) -> Mapping[str, float]:
        persona = request.about["persona"]
        replies = [message.text for message in request.messages if message.role == "assistant"]
        gone = persona == NOBODY or (bool(replies) and replies[-1] == ASSISTANT)
        if request.about["part"] == LINE:
            faded = 1.0 if persona == NOBODY else 1 - BACK if gone else fading * HAZARDS[request.about["kind"]]
            return {ASSISTANT: faded, PERSONA: 1 - faded}
        if request.about["part"] == VERDICT:
            return {YES: 1.0} if ASSISTANT in request.messages[0].text else {NO: 1.0}
        yes = 0.5 if gone else 0.9 if int(persona[1:]) % 2 == int(camps[request.about["item"]]) else 0.1
        return {"no": 1 - yes, "yes": yes}

    scripts = [script(turns(lines), number, (seed, run)) for run in range(RUNS)]
    truth = {f"hazard.{kind}": hazard for kind, hazard in HAZARDS.items()} | {"recovery": BACK, "control.none": 1.0}
    truth |= {f"survival.turn={number}": math.prod(1 - hazard for hazard in HAZARDS.values())}
    truth |= {f"position.turn={number}": float(np.mean([_in_character(turns_of_run) for turns_of_run in scripts]))}
    truth |= {"default.turn=0": 0.32 / (0.32 + 0.18 + 0.5), "signal.turn=0": 1 - 0.18 / (3 / 7 * 0.18 + 4 / 7 * 0.82)}
    quiet = frozenset({"holds", "undecided"})
    null, elicitation = (lambda request: world(request, 0.0)), Elicitation(RUNS)
    return StudyWorld(tuple(people), (*probes, *lines), world, truth, null, "fades", quiet, elicitation)


def _in_character(turns_of_run: Sequence[Turn]) -> float:
    """Return the probability to be in character at the end of a script."""
    share = 1.0
    for turn in turns_of_run:
        share = share * (1 - HAZARDS[turn.columns["kind"]]) + (1 - share) * BACK
    return share
