"""The answer distributions of the society: every distribution is known, and every effect has a dial."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from scipy.special import expit

from personametrics.data.item import Item
from personametrics.data.prompt import GIVEN
from personametrics.models.embedded.society.instruments import STANCES, SUBJECTS, WORDINGS, statements
from personametrics.models.embedded.society.people import TRAITS, TYPICAL, Person

CUTS = np.array([-1.8, -0.6, 0.6, 1.8])
"""The thresholds between the five answers, in units of the latent opinion."""
BARE = 2
"""A card with at most this many traits is a bare label."""

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
"""The amount that a job adds to the opinion on a subject."""

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
"""The opinions of the assistant itself."""


@dataclass(frozen=True)
class Dials:
    """The sizes of the planted effects.

    Attributes:
        outlook: amount that a sunny person adds to every opinion and mark, and a gloomy person subtracts (the persona main effect).
        gain: factor on all opinions that follow from traits.
        steady: factor on the noise of steady people.
        moody: factor on the noise of moody people.
        bare: factor on the noise of a card of at most two traits.
        convinced: factor on the noise of a card with values spelled out.
        assistant: noise of the assistant, where a person has 1.
        order: shift toward agreement when the options are in reverse order.
        resistance: weight of the assistant in the answers of a ruthless person.
        evidence: odds ratio of a correct judgement, wished-for against unwished-for result.
        sound: log-odds of a correct judgement when neither side wishes for the result.
        known: log-odds of knowing an answer of medium difficulty.
        schooling: shift of `known` for people who left school early.
        expert: shift of `known` for people in their own field.
        overconfidence: stated certainty minus the probability of being right.
        collapse: probability that a person keeps the value that suits them.
        first: shift of the log-odds of the value named first.
        recall: probability that a fact is stated as on the card.
        typical: probability that the fact expected of a job replaces the one on the card.
        reveal: probability that a revealed choice fits all earlier answers.
        honest: probability that the reveal, and each answer, fits a choice that was written down.
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
    """Return the probability of each label of an item of `instruments`, in a wording and order of options, for a person.

    None as person is the assistant.
    """
    kind = item.attributes["kind"]
    labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
    if kind in {"opinion", "rating"}:
        quality = float(item.attributes.get("quality", "nan")) * 1.5 + _outlook(person)
        shares = _opinion(person, item, wording, order) if kind == "opinion" else steps(quality, noise(person))
        return dict(zip(labels, shares.tolist(), strict=True))
    if kind == "group":
        return tens(100 * group_share(item), labels)
    if kind == "dilemma":
        return _dilemma(person, item, wording)
    right = _judged(person, item) if kind == "evidence" else knows(person, item)
    wrong = (1 - right) / (len(labels) - 1)
    return {label: right if label == item.attributes["gold"] else wrong for label in labels}


def noise(person: Person | None) -> float:
    """Return the scale of a person's run-to-run noise, in units of the latent opinion's logistic."""
    if person is None:
        return PLANTED.assistant
    temper = {"steady": PLANTED.steady, "moody": PLANTED.moody}.get(person.traits.get("temperament", ""), 1.0)
    richness = PLANTED.convinced if person.convinced else PLANTED.bare if len(person.traits) <= BARE else 1.0
    return temper * richness


def steps(latent: float, scale: float) -> np.ndarray:
    """Return the (5,) probabilities of ordered answers from an ordered logit."""
    return np.diff(expit((CUTS - latent) / scale), prepend=0.0, append=1.0)


def tens(percent: float, labels: tuple[str, ...]) -> dict[str, float]:
    """Return the odds of a percentage stated in tens, such that the mean is the percentage."""
    low = min(max(percent, float(labels[0])), float(labels[-1]))
    return {label: max(0.0, 1 - abs(float(label) - low) / 10) for label in labels}


def latent(person: Person | None, item: Item) -> float:
    """Return the opinion behind a statement, before wording and order shift it."""
    subject, stance = item.attributes["subject"], item.attributes["stance"]
    _, direction, ready = STANCES[stance]
    if person is None:
        return direction * OWN[subject] + ready
    leaning = sum(weight * person.code(trait) for trait, weight in SUBJECTS[subject][1].items())
    leaning += AFFINITIES.get((person.traits.get("job", ""), subject), 0.0)
    return PLANTED.gain * direction * leaning + ready + _outlook(person)


def _opinion(person: Person | None, item: Item, wording: str, order: str) -> np.ndarray:
    """Return the (5,) probabilities of the answers; a ruthless person sometimes answers as the assistant."""
    shift = WORDINGS[wording][1] + PLANTED.order * (order == "reversed")
    shares = steps(latent(person, item) + shift, noise(person))
    if person is None or person.traits.get("manner") != "ruthless":
        return shares
    return (1 - PLANTED.resistance) * shares + PLANTED.resistance * _opinion(None, item, wording, order)


def _outlook(person: Person | None) -> float:
    """Return the amount that a person adds to every opinion and mark."""
    return 0.0 if person is None else PLANTED.outlook * person.code("outlook")


def _judged(person: Person | None, item: Item) -> float:
    """Return the probability that a study is judged correctly."""
    politics = "" if person is None else person.traits.get("politics", "")
    side = item.attributes["side"]
    wished = 0.0 if side == "none" or politics not in {"left", "right"} else 0.5 if politics == side else -0.5
    return float(expit(PLANTED.sound + wished * math.log(PLANTED.evidence)))


def knows(person: Person | None, item: Item) -> float:
    """Return the probability that a question is answered correctly."""
    odds = PLANTED.known + float(item.attributes["easy"])
    if person is not None:
        odds += PLANTED.schooling * (person.traits.get("schooling") == "early")
        odds += PLANTED.expert * (person.traits.get("job") == item.attributes["domain"])
    return float(expit(odds))


def sureness(person: Person | None, item: Item, labels: tuple[str, ...]) -> dict[str, float]:
    """Return the odds of the stated certainty of an answer to a question."""
    return tens(100 * (knows(person, item) + PLANTED.overconfidence), labels)


def _dilemma(person: Person | None, item: Item, wording: str) -> dict[str, float]:
    """Return the probabilities of the two values."""
    first, second = item.scale.labels  # type: ignore[union-attr]
    lean = 0.0 if person is None else person.code(item.attributes["trait"])
    odds = lean * math.log(PLANTED.collapse / (1 - PLANTED.collapse)) + PLANTED.first * (1 if wording == GIVEN else -1)
    return {first: float(expit(odds)), second: float(expit(-odds))}


def told(person: Person, fact: str, values: tuple[str, ...]) -> dict[str, float]:
    """Return the odds of each value that a person states for a fact on the card."""
    actual = person.facts[fact]
    expected = TYPICAL.get(fact, {}).get(person.traits.get("job", ""), actual)
    slip = (1 - PLANTED.recall) / (len(values) - 1)
    odds = dict.fromkeys(values, slip)
    odds[actual] = PLANTED.recall
    if expected != actual:
        odds[actual] -= PLANTED.typical - slip
        odds[expected] = PLANTED.typical
    return odds


@cache
def _share(trait: str, value: str, name: str) -> float:
    """Return the share of a group that agrees, over full cards with each combination of traits equally often."""
    item = next(item for item in statements() if item.id == name)
    subject = item.attributes["subject"]
    free = [other for other in (*SUBJECTS[subject][1], "outlook", "temperament", "manner") if other != trait]
    likely = [job for job, about in AFFINITIES if about == subject]
    total = 0.0
    for values in product(*(TRAITS[other] for other in free)):
        traits = {**dict(zip(free, values, strict=True)), trait: value}
        by_job = [float(_opinion(Person({**traits, "job": job}), item, GIVEN, GIVEN)[3:].sum()) for job in (*likely, "")]
        total += sum(by_job[:-1]) / len(TRAITS["job"]) + by_job[-1] * (1 - len(likely) / len(TRAITS["job"]))
    return total / math.prod(len(TRAITS[other]) for other in free)


def group_share(item: Item) -> float:
    """Return the share of a group that agrees with a statement; `item` asks for it."""
    return _share(item.attributes["trait"], item.attributes["value"], item.attributes["about"])
