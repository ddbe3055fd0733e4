"""A planted effect: its prompts, and the number that follows from the answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embedded_training import held_out
from personametrics.data.item import Item
from personametrics.data.prompt import GIVEN, Prompt
from personametrics.data.request import Message, Request
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.people import Person, somebody
from personametrics.models.embedded.society.society import answers

PROMPT = Prompt()
PLACES = {label: float(index) for index, label in enumerate(instruments.AGREEMENT.labels)}
Odds = Mapping[str, float]
Statistic = Callable[[Sequence[Odds]], float]


@dataclass(frozen=True)
class Case:
    """A prompt whose answer distribution is known.

    Attributes:
        request: request with every possible answer as a choice.
        truth: probability of each choice.
    """

    request: Request
    truth: Odds


@dataclass(frozen=True)
class Dial:
    """An effect of known size.

    Attributes:
        name: name of the dial.
        says: meaning of the number, with its unit.
        cases: prompts with their known answers.
        statistic: smooth function from the distributions of the answers, in the order of the cases, to the number.
        near: largest allowed distance of the model's own value from the planted one; None: no limit.
    """

    name: str
    says: str
    cases: tuple[Case, ...]
    statistic: Statistic
    near: float | None = None

    @property
    def planted(self) -> float:
        """The value of the number in the society."""
        return self.statistic([case.truth for case in self.cases])


def people(rng: np.random.Generator, number: int, traits: Mapping[str, str] | None = None, *, held: bool = False) -> list[Person]:
    """Draw people with all traits.

    Args:
        rng: random generator.
        number: number of people.
        traits: traits that all of them have.
        held: True: only held-out people; False: only others.
    """
    chosen: list[Person] = []
    combinations = sorted(held_out.COMBINATIONS)
    while len(chosen) < number:
        person = somebody(rng)
        combination = dict(zip(("age", "politics", "faith"), combinations[len(chosen) % len(combinations)], strict=True)) if held else {}
        person = replace(person, traits={**person.traits, **combination, **(traits or {})})
        if held_out.is_held_out(person) == held:
            chosen.append(person)
    return chosen


def put(person: Person | None, item: Item, rng: np.random.Generator, wording: str = GIVEN, order: str = GIVEN) -> Case:
    """Return an item as a request to a person, with its known answers; None asks the assistant."""
    persona = None if person is None else person.persona("", rng)
    request = PROMPT.ask(persona, item, condition={"wording": wording, "order": order}, score=True)
    return Case(request, answers(person, item, wording, order))


def said(person: Person | None, lines: Sequence[str], odds: Odds, rng: np.random.Generator) -> Case:
    """Return a conversation whose next line has known odds.

    Args:
        person: person described in the system message; None: no system message.
        lines: earlier lines, user and assistant in turn; the last is the user's.
        odds: odds of the next line.
        rng: random generator for the words of the card.
    """
    card = () if person is None else PROMPT.messages(person.persona("", rng), "")[:1]
    roles = (Message("assistant" if index % 2 else "user", text) for index, text in enumerate(lines))
    return Case(Request((*card, *roles), choices=tuple(odds), score=True), odds)


def mean(odds: Odds) -> float:
    """Return the mean of ordered answers: the position of an agreement label, else the number that the label states."""
    return sum(share * (PLACES[label] if label in PLACES else float(label)) for label, share in odds.items())


def share(one_of: Iterable[str]) -> Callable[[Odds], float]:
    """Return a function that gives the probability of any of these answers."""
    labels = set(one_of)
    return lambda odds: sum(share for label, share in odds.items() if label in labels)


def average(of: Callable[[Odds], float]) -> Statistic:
    """Return a statistic: the mean of a number over all cases."""
    return lambda distributions: float(np.mean([of(odds) for odds in distributions]))


def step(of: Callable[[Odds], float]) -> Statistic:
    """Return a statistic: the mean over the first half of the cases minus the mean over the second half."""
    return lambda distributions: (
        average(of)(distributions[: len(distributions) // 2]) - average(of)(distributions[len(distributions) // 2 :])
    )


def spread(odds: Odds) -> float:
    """Return the run-to-run variance of an answer."""
    squares = sum(share * mean({label: 1.0}) ** 2 for label, share in odds.items())
    return squares - mean(odds) ** 2


def ratio_of_spreads(distributions: Sequence[Odds]) -> float:
    """Return the run-to-run variance in the first half of the cases divided by that in the second half."""
    return average(spread)(distributions[: len(distributions) // 2]) / average(spread)(distributions[len(distributions) // 2 :])


def signal(items: int) -> Statistic:
    """Return a statistic: the persona signal, 1 − rerun / persona disagreement; cases are personas × items, row by row."""

    def statistic(distributions: Sequence[Odds]) -> float:
        means = np.array([mean(odds) for odds in distributions]).reshape(-1, items)
        rerun = average(spread)(distributions)
        return 1 - rerun / (rerun + float(means.var(axis=0, ddof=1).mean()))

    return statistic


def rightly(gold: Sequence[str]) -> Statistic:
    """Return a statistic: the odds ratio of a correct answer, first half of the cases against the second half."""

    def statistic(distributions: Sequence[Odds]) -> float:
        right = np.array([odds.get(label, 0.0) / max(sum(odds.values()), 1e-9) for odds, label in zip(distributions, gold, strict=True)])
        first, second = right[: len(right) // 2].mean(), right[len(right) // 2 :].mean()
        return float(first / (1 - first) / (second / (1 - second)))

    return statistic
