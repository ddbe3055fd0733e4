"""A world in which the odds of a right answer are four times as high where it favours the persona's side."""

import math
from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Item, Nominal, Persona, Request, StudyWorld
from personametrics.studies.distortion.congruence import NEUTRAL

SIDES, RATIO = ("left", "right"), 4.0
TOPICS = (("left", "identity"), ("right", "identity"), (NEUTRAL, "control"))


def known_world() -> StudyWorld:
    """Return a world in which a right answer has four times the odds where it favours the own side, and one without that effect."""
    members = [(side, index) for side in SIDES for index in range(8)]
    people = tuple(Persona(f"{side} {index}", f"You are person {index}, {side}.", {"politics": side}) for side, index in members)
    labels, items = Nominal(("yes", "no")), list[Item]()
    for side, topic in TOPICS:
        for gold in ("yes", "no"):
            for index in range(3):
                text = f"Study {2 * index + (gold == 'yes')}: did it help {side}?"
                items.append(Item(f"{side} {gold} {index}", text, labels, {"gold": gold, "side": side, "topic": topic}))

    def world(request: Request, ratio: float = RATIO) -> Mapping[str, float]:
        about = request.about
        neutral = not about["identity"] or about["side"] == NEUTRAL
        right = _accuracy(0.0 if neutral else 0.5 if about["side"] == about["identity"] else -0.5, ratio)
        return {about["gold"]: right, "no" if about["gold"] == "yes" else "yes": 1 - right}

    congruent, incongruent = _accuracy(0.5, RATIO), _accuracy(-0.5, RATIO)
    truth = {"accuracy.congruent": congruent, "accuracy.incongruent": incongruent, "gap": congruent - incongruent, "odds.ratio": RATIO}
    truth |= {"accuracy.none": 0.7, "accuracy.control": 0.7, "control.change": 0.0}
    null, quiet = partial(world, ratio=1.0), frozenset({"no bend", "undecided"})
    return StudyWorld(people, tuple(items), world, truth, null, "identity bends judgement", quiet)


def _accuracy(congruence: float, ratio: float) -> float:
    """Return the probability of a right answer, from odds of 7 to 3 where nothing is at stake."""
    odds = 7 / 3 * math.pow(ratio, congruence)
    return odds / (1 + odds)
