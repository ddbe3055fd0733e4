"""Panels and a questionnaire for the embedded model, and how the society itself would answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from personametrics.data.ask import Ask
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, NOBODY
from personametrics.models.embedded import instruments
from personametrics.models.embedded.people import Person, somebody
from personametrics.models.embedded.society import answers


def strong(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """Steady people told of in full, with their values spelled out."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, facts=("name",), convinced=True) for _ in range(number)]
    steady = [replace(person, traits={**person.traits, "temperament": "steady"}) for person in people]
    return tuple(person.persona(f"person {at}", rng) for at, person in enumerate(steady, 1))


def bare(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """The same number of people of whom only age and politics are told, each with a name so that no two texts are alike."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, ("age", "politics"), ("name", "home")) for _ in range(number)]
    return tuple(person.persona(f"label {at}", rng) for at, person in enumerate(people, 1))


def questionnaire(number: int = 24) -> tuple[Item, ...]:
    """Two statements about each subject, one of them reversed; the first so many of these."""
    every = [item for item in instruments.statements() if item.attributes["stance"] in {"good", "harm"}]
    return tuple(every[:number])


def society(personas: Sequence[Persona], items: Sequence[Item]) -> Callable[[Ask], Mapping[str, float]]:
    """How the people behind some personas answer: a function for `Scripted`; controls included.

    Args:
        personas: as this module makes them.
        items: of `instruments`.
    """
    who: dict[str, Person | None] = {one.id: Person.of(one) for one in personas} | {NOBODY: None}
    asked = {one.id: one for one in items}

    def answer(ask: Ask) -> Mapping[str, float]:
        about = ask.about
        person = who.get(about["persona"], Person())  # of whom nothing is told: irrelevant texts
        found = answers(person, asked[about["item"]], about.get("wording", GIVEN), about.get("order", GIVEN))
        return {choice: found[label] for choice, label in zip(ask.choices, ask.labels, strict=True)}

    return answer
