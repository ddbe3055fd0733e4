"""A world in which a fifth of a twin's answers is the person's own, beyond what anybody would answer."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.study import Elicitation, Item, Ordinal, Persona, Request, StudyWorld

LABELS, ODDS = ("1", "2", "3", "4", "5"), (0.1, 0.2, 0.4, 0.2, 0.1)
PEOPLE, ITEMS, OWN = 20, 10, 0.2


def known_world() -> StudyWorld:
    """Return a world in which a fifth of a twin's answers is the person's own, and one in which twins ignore their profiles."""
    items = tuple(Item(f"q{index}", f"Question {index}?", Ordinal(LABELS)) for index in range(ITEMS))
    real = np.random.default_rng(0).choice(5, (PEOPLE, ITEMS), p=ODDS) + 1
    answers = [{f"q{index}": str(answer) for index, answer in enumerate(row)} for row in real]
    people = tuple(Persona(f"p{index}", f"You are person {index}.", given) for index, given in enumerate(answers))

    def world(request: Request, own: float = OWN) -> Mapping[str, float]:
        odds, answer = dict(zip(LABELS, ODDS, strict=True)), request.about["human"]
        return {label: share * (1 - own) + own * (label == answer) for label, share in odds.items()} if answer else odds

    same = float(np.mean([(real[p] == real[q]).mean() for p in range(PEOPLE) for q in range(PEOPLE) if p != q]))
    by_chance = float(np.mean(np.array(ODDS)[real - 1]))
    truth = {"accuracy.own": (1 - OWN) * by_chance + OWN, "accuracy.gain.none": OWN * (1 - by_chance)}
    truth |= {"accuracy.gain.shuffled": OWN * (1 - same)}
    quiet = frozenset({"no individuation", "undecided"})
    return StudyWorld(people, items, world, truth, lambda request: world(request, 0.0), "individual", quiet, Elicitation(runs=3))
