"""A world in which personas act by one trait and report another."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from personametrics.data.study import Elicitation, Item, Ordinal, Persona, Request, StudyWorld
from personametrics.stats.people.monotonicity import monotone_probability, reversal_probability
from personametrics.studies.say_do.games import DO, SAY

LEVELS, RUNGS, GAMES = range(4), range(5), ("dictator", "trust")
LIKELY, UNLIKELY = 0.85, 0.05
"""Probabilities of the label that a level of the trait stands for, and of each of the three other labels."""


def known_world() -> StudyWorld:
    """Return a world in which doing does not follow saying, and one in which both traits are the same."""
    traits = {
        f"{says}{does}{copy}": {"warm": "low" if says < 2 else "high", "says": str(says), "does": str(does)}
        for says, does, copy in product(LEVELS, LEVELS, range(2))
    }
    personas = tuple(Persona(f"person {name}", f"You are {name}.", attributes) for name, attributes in traits.items())

    def world(request: Request, trait: str = "does") -> Mapping[str, float]:
        persona, about = traits[request.about["persona"].removeprefix("person ")], request.about
        if about["mode"] == DO:
            yes = _accepts(int(persona[trait]), int(about["odds"]))
            return {"no": 1 - yes, "yes": yes}
        labels = about["least_to_most"].split("|")
        return {label: LIKELY if index == int(persona["says"]) else UNLIKELY for index, label in enumerate(labels)}

    chances = np.array([[_accepts(does, rung) for rung in RUNGS] for does in LEVELS])
    shares = np.stack([1 - chances, chances], axis=-1)
    shift = (LIKELY - UNLIKELY) * (2 / 3)  # of the distance between the means of the two upper and the two lower levels
    truth = {"correlation": 0.0, "correlation.raw": 0.0, "shift.say": shift, "shift.do": 0.0, "shift.gap": shift}
    for game in GAMES:
        truth[f"ladder.{game}"] = float(monotone_probability(shares).mean())
        truth[f"reversal.{game}"] = float(reversal_probability(shares).mean())
        truth[f"climb.{game}"] = float((chances[:, -1] - chances[:, 0]).mean())
    null, quiet = (lambda request: world(request, "says")), frozenset({"does as it says", "undecided"})
    return StudyWorld(personas, _items(), world, truth, null, "says otherwise", quiet, Elicitation(3))


def _items() -> tuple[Item, ...]:
    """Return four self-reports and five rungs of each game."""
    reports, choice, items = Ordinal(("never", "rarely", "often", "always")), Ordinal(("no", "yes")), list[Item]()
    for game in GAMES:
        say, do = {"mode": SAY, "game": game}, {"mode": DO, "game": game}
        items += [Item(f"{game} say {index}", f"I do so, {game} {index}.", reports, say | {"keyed": "+-"[index % 2]}) for index in range(4)]
        items += [Item(f"{game} {rung}", f"{game} at {rung} of 5?", choice, do | {"odds": str(rung)}) for rung in RUNGS]
    return tuple(items)


def _accepts(does: int, rung: int) -> float:
    """Return the probability that a persona with a level of the trait takes an offer."""
    return 0.02 + 0.12 * rung + 0.16 * does
