"""A planted effect: what is asked, and the number that follows from the answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from personametrics.data.item import Item
from personametrics.data.prompt import GIVEN, Prompt
from personametrics.data.request import Message, Request
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.people import HELD, Person, somebody
from personametrics.models.embedded.society.society import answers

PROMPT = Prompt()
PLACES = {label: float(at) for at, label in enumerate(instruments.AGREEMENT.labels)}
Odds = Mapping[str, float]
Statistic = Callable[[Sequence[Odds]], float]


@dataclass(frozen=True)
class Case:
    """A prompt whose answers are known.

    Attributes:
        request: with all that may be answered as choices.
        truth: probability of each choice.
    """

    request: Request
    truth: Odds


@dataclass(frozen=True)
class Dial:
    """An effect of known size.

    Attributes:
        name: what it is called.
        says: what the number is, in its unit.
        cases: what is asked.
        statistic: from the distributions of the answers, in the order of the cases, to the number; a smooth function of them.
        near: how far the model's own value may lie from the planted one; None: nothing is promised.
    """

    name: str
    says: str
    cases: tuple[Case, ...]
    statistic: Statistic
    near: float | None = None

    @property
    def planted(self) -> float:
        """The number as it is in the society."""
        return self.statistic([case.truth for case in self.cases])


def people(rng: np.random.Generator, number: int, told: Mapping[str, str] | None = None, *, held: bool = False) -> list[Person]:
    """People with all traits.

    Args:
        rng: of the draw.
        number: how many.
        told: traits that all of them have.
        held: only such as the model never learned from, or only others.
    """
    found: list[Person] = []
    combinations = sorted(HELD)
    while len(found) < number:
        one = somebody(rng)
        more = dict(zip(("age", "politics", "faith"), combinations[len(found) % len(combinations)], strict=True)) if held else {}
        one = replace(one, traits={**one.traits, **more, **(told or {})})
        if one.held_out == held:
            found.append(one)
    return found


def put(person: Person | None, item: Item, rng: np.random.Generator, wording: str = GIVEN, order: str = GIVEN) -> Case:
    """An item asked of somebody, with what it is known to be answered with."""
    told = None if person is None else person.persona("", rng)
    request = PROMPT.ask(told, item, condition={"wording": wording, "order": order}, score=True)
    return Case(request, answers(person, item, wording, order))


def said(person: Person | None, lines: Sequence[str], odds: Odds, rng: np.random.Generator) -> Case:
    """A conversation in which the next line is known.

    Args:
        person: who is told of in the system message; None: nobody.
        lines: what was said, by user and assistant in turn, a user's last.
        odds: what may be said now.
        rng: of the card's words.
    """
    card = () if person is None else PROMPT.messages(person.persona("", rng), "")[:1]
    roles = (Message("assistant" if at % 2 else "user", text) for at, text in enumerate(lines))
    return Case(Request((*card, *roles), choices=tuple(odds), score=True), odds)


def mean(odds: Odds) -> float:
    """Mean of ordered answers: numbers where they say, else their places."""
    return sum(share * (PLACES[label] if label in PLACES else float(label)) for label, share in odds.items())


def share(one_of: Iterable[str]) -> Callable[[Odds], float]:
    """Probability of one of some answers."""
    wanted = set(one_of)
    return lambda odds: sum(share for label, share in odds.items() if label in wanted)


def average(of: Callable[[Odds], float]) -> Statistic:
    """Mean over all cases."""
    return lambda found: float(np.mean([of(odds) for odds in found]))


def step(of: Callable[[Odds], float]) -> Statistic:
    """Mean over the first half of the cases minus that over the second."""
    return lambda found: average(of)(found[: len(found) // 2]) - average(of)(found[len(found) // 2 :])


def spread(odds: Odds) -> float:
    """Variance of an answer when asked again."""
    squares = sum(share * mean({label: 1.0}) ** 2 for label, share in odds.items())
    return squares - mean(odds) ** 2


def ratio_of_spreads(found: Sequence[Odds]) -> float:
    """Run-to-run variance in the first half of the cases over that in the second."""
    return average(spread)(found[: len(found) // 2]) / average(spread)(found[len(found) // 2 :])


def signal(items: int) -> Statistic:
    """Persona signal, 1 − rerun over persona disagreement; cases are personas × items, row by row."""

    def statistic(found: Sequence[Odds]) -> float:
        means = np.array([mean(odds) for odds in found]).reshape(-1, items)
        rerun = average(spread)(found)
        return 1 - rerun / (rerun + float(means.var(axis=0, ddof=1).mean()))

    return statistic


def rightly(gold: Sequence[str]) -> Statistic:
    """Odds ratio of a right answer, of the first half of the cases against the second."""

    def statistic(found: Sequence[Odds]) -> float:
        right = np.array([odds.get(label, 0.0) / max(sum(odds.values()), 1e-9) for odds, label in zip(found, gold, strict=True)])
        first, second = right[: len(right) // 2].mean(), right[len(right) // 2 :].mean()
        return float(first / (1 - first) / (second / (1 - second)))

    return statistic
