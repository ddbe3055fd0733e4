"""How people of the society answer: every distribution is known, and every effect has a dial."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

import numpy as np
from scipy.special import expit

from personametrics.data.item import Item
from personametrics.data.prompt import GIVEN
from personametrics.models.embedded.society.instruments import STANCES, SUBJECTS, WORDINGS, statements
from personametrics.models.embedded.society.people import TRAITS, TYPICAL, Person

CUTS = np.array([-1.8, -0.6, 0.6, 1.8])
"""Between the five answers, in units of the latent opinion."""
BARE = 2
"""A card with so many traits or fewer is a bare label."""

AFFINITIES: Mapping[tuple[str, str], float] = {
    ("nurse", "welfare"): 0.8,
    ("farmer", "nature"): 0.8,
    ("lawyer", "taxes"): -0.8,
    ("cook", "travel"): 0.8,
    ("teacher", "newcomers"): 0.8,
    ("mechanic", "cars"): 0.8,
    ("programmer", "technology"): 0.8,
    ("clerk", "saving"): 0.8,
}
"""What jobs add to the opinion of a subject."""

OWN: Mapping[str, float] = {
    "taxes": 0.2,
    "church": -0.4,
    "guns": -1.0,
    "cars": -0.3,
    "welfare": 1.2,
    "army": -0.5,
    "newcomers": 1.2,
    "marriage": 0.2,
    "technology": 1.5,
    "nature": 1.5,
    "saving": 0.8,
    "travel": 0.9,
}
"""Opinions of the assistant itself."""


@dataclass(frozen=True)
class Dials:
    """What is planted.

    Attributes:
        outlook: what a sunny person adds to every opinion and mark, and a gloomy one takes off (the persona main effect).
        gain: factor on all opinions that follow from who somebody is.
        steady: factor on the noise of steady people.
        moody: factor on the noise of moody people.
        bare: factor on the noise of a card of at most two traits.
        convinced: factor on the noise of a card with values spelled out.
        assistant: noise of the assistant, where a person has 1.
        order: what is added to agreement when the options stand in reverse.
        resistance: weight of the assistant in what a ruthless person answers.
        evidence: odds ratio of judging a study rightly, with the wished-for result against the unwished-for one.
        sound: log odds of judging a study rightly that nobody wishes for.
        known: log odds of knowing an answer of middling difficulty.
        schooling: what is taken off that for those who left school early.
        expert: what is added for those whose field it is.
        overconfidence: by how much stated certainty exceeds the probability of being right.
        collapse: probability that a person keeps the value that suits them.
        first: what is added to the log odds of the value named first.
        recall: probability that a fact is told as the card has it.
        typical: probability that the fact expected of a job replaces the one on the card.
        reveal: probability that a revealed choice fits all earlier answers.
        honest: the same, and that of an answer, once the choice was written down.
    """

    outlook: float = 0.6
    gain: float = 2.0
    steady: float = 0.6
    moody: float = 1.7
    bare: float = 1.6
    convinced: float = 0.6
    assistant: float = 0.6
    order: float = 0.4
    resistance: float = 0.5
    evidence: float = 4.0
    sound: float = 1.0
    known: float = 0.6
    schooling: float = -1.0
    expert: float = 0.0
    overconfidence: float = 0.15
    collapse: float = 0.9
    first: float = 0.3
    recall: float = 0.97
    typical: float = 0.55
    reveal: float = 0.7
    honest: float = 0.97


PLANTED = Dials()


def answers(person: Person | None, item: Item, wording: str = GIVEN, order: str = GIVEN) -> dict[str, float]:
    """The distribution of the answers to an item.

    Args:
        person: who answers; None: the assistant.
        item: of `instruments`.
        wording: how it is put.
        order: how the options stand.

    Returns:
        Probability of each label of the item.
    """
    kind = item.attributes["kind"]
    labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
    if kind == "opinion":
        return dict(zip(labels, map(float, _opinion(person, item, wording, order)), strict=True))
    if kind == "rating":
        shares = steps(float(item.attributes["quality"]) * 1.5 + _outlook(person), noise(person))
        return dict(zip(labels, map(float, shares), strict=True))
    if kind == "group":
        return tens(100 * group_share(item), labels)
    if kind == "dilemma":
        return _dilemma(person, item, wording)
    right = _judged(person, item) if kind == "evidence" else knows(person, item)
    wrong = (1 - right) / (len(labels) - 1)
    return {label: right if label == item.attributes["gold"] else wrong for label in labels}


def noise(person: Person | None) -> float:
    """Scale of a person's run-to-run noise, in units of the latent opinion's logistic."""
    if person is None:
        return PLANTED.assistant
    temper = {"steady": PLANTED.steady, "moody": PLANTED.moody}.get(person.traits.get("temperament", ""), 1.0)
    richness = PLANTED.convinced if person.convinced else PLANTED.bare if len(person.traits) <= BARE else 1.0
    return temper * richness


def steps(latent: float, scale: float) -> np.ndarray:
    """(5,) probabilities of ordered answers: an ordered logit."""
    return np.diff(expit((CUTS - latent) / scale), prepend=0.0, append=1.0)


def tens(percent: float, labels: tuple[str, ...]) -> dict[str, float]:
    """A percentage said in tens, such that its mean is right."""
    low = min(max(percent, float(labels[0])), float(labels[-1]))
    return {label: max(0.0, 1 - abs(float(label) - low) / 10) for label in labels}


def latent(person: Person | None, item: Item) -> float:
    """The opinion behind a statement, before wording and order."""
    subject, stance = item.attributes["subject"], item.attributes["stance"]
    _, direction, ready = STANCES[stance]
    if person is None:
        return direction * OWN[subject] + ready
    leaning = sum(weight * person.code(trait) for trait, weight in SUBJECTS[subject][1].items())
    leaning += AFFINITIES.get((person.traits.get("job", ""), subject), 0.0)
    return PLANTED.gain * direction * leaning + ready + _outlook(person)


def _opinion(person: Person | None, item: Item, wording: str, order: str) -> np.ndarray:
    """(5,) probabilities; a ruthless person answers as the assistant now and then."""
    shift = WORDINGS[wording][1] + PLANTED.order * (order == "reversed")
    own = steps(latent(person, item) + shift, noise(person))
    if person is None or person.traits.get("manner") != "ruthless":
        return own
    return (1 - PLANTED.resistance) * own + PLANTED.resistance * _opinion(None, item, wording, order)


def _outlook(person: Person | None) -> float:
    """What somebody adds to everything."""
    return 0.0 if person is None else PLANTED.outlook * person.code("outlook")


def _judged(person: Person | None, item: Item) -> float:
    """Probability that a study is judged rightly."""
    politics = "" if person is None else person.traits.get("politics", "")
    side = item.attributes["side"]
    wished = 0.0 if side == "none" or politics not in {"left", "right"} else 0.5 if politics == side else -0.5
    return float(expit(PLANTED.sound + wished * math.log(PLANTED.evidence)))


def knows(person: Person | None, item: Item) -> float:
    """Probability that a question is answered rightly."""
    odds = PLANTED.known + float(item.attributes["easy"])
    if person is not None:
        odds += PLANTED.schooling * (person.traits.get("schooling") == "early")
        odds += PLANTED.expert * (person.traits.get("job") == item.attributes["domain"])
    return float(expit(odds))


def sureness(person: Person | None, item: Item, labels: tuple[str, ...]) -> dict[str, float]:
    """How sure somebody says they are of an answer to a question."""
    return tens(100 * (knows(person, item) + PLANTED.overconfidence), labels)


def _dilemma(person: Person | None, item: Item, wording: str) -> dict[str, float]:
    """Probabilities of the two values."""
    first, second = item.scale.labels  # type: ignore[union-attr]
    lean = 0.0 if person is None else person.code(item.attributes["trait"])
    odds = lean * math.log(PLANTED.collapse / (1 - PLANTED.collapse)) + PLANTED.first * (1 if wording == GIVEN else -1)
    return {first: float(expit(odds)), second: float(expit(-odds))}


def told(person: Person, fact: str, values: tuple[str, ...]) -> dict[str, float]:
    """What somebody says of a fact on their card."""
    own = person.facts[fact]
    expected = TYPICAL.get(fact, {}).get(person.traits.get("job", ""), own)
    slip = (1 - PLANTED.recall) / (len(values) - 1)
    found = dict.fromkeys(values, slip)
    found[own] = PLANTED.recall
    if expected != own:
        found[own] -= PLANTED.typical - slip
        found[expected] = PLANTED.typical
    return found


@cache
def _share(trait: str, value: str, name: str) -> float:
    """Share of a group that agrees: everybody in it with a full card, each combination of traits equally often."""
    item = _statements()[name]
    subject = item.attributes["subject"]
    free = [other for other in (*SUBJECTS[subject][1], "outlook", "temperament", "manner") if other != trait]
    likely = [job for job, about in AFFINITIES if about == subject]
    total = 0.0
    for values in product(*(TRAITS[other] for other in free)):
        known = {**dict(zip(free, values, strict=True)), trait: value}
        by_job = [float(_opinion(Person({**known, "job": job}), item, GIVEN, GIVEN)[3:].sum()) for job in (*likely, "")]
        total += sum(by_job[:-1]) / len(TRAITS["job"]) + by_job[-1] * (1 - len(likely) / len(TRAITS["job"]))
    return total / math.prod(len(TRAITS[other]) for other in free)


@lru_cache(maxsize=1)
def _statements() -> Mapping[str, Item]:
    """Statements by id."""
    return {item.id: item for item in statements()}


def group_share(item: Item) -> float:
    """The share of a group that agrees with a statement; `item` asks for it."""
    return _share(item.attributes["trait"], item.attributes["value"], item.attributes["about"])
