"""Panels and a questionnaire for the embedded model, and the answers of the society itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, NOBODY
from personametrics.data.request import Request
from personametrics.data.scale import Nominal, parse_scale
from personametrics.models.embedded.society import instruments, talk
from personametrics.models.embedded.society.instruments import SUBJECTS
from personametrics.models.embedded.society.people import FACTS, Person, somebody
from personametrics.models.embedded.society.society import answers, group_share


def strong(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """Return steady, fully described people, with their values spelled out."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, facts=("name",), convinced=True) for _ in range(number)]
    steady = [replace(person, traits={**person.traits, "temperament": "steady"}) for person in people]
    return tuple(person.persona(f"person {index}", rng) for index, person in enumerate(steady, 1))


def bare(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """Return people of whom only age and politics are given, each with a name and a home so that no two texts are equal."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, ("age", "politics"), ("name", "home")) for _ in range(number)]
    return tuple(person.persona(f"label {index}", rng) for index, person in enumerate(people, 1))


def resistant(number: int = 30, seed: int = 0, manner: str = "ruthless") -> tuple[Persona, ...]:
    """Return steady, fully described people whose attributes name a target on each subject they lean on (`taxes` is `high` or `low`).

    They are ruthless, so the assistant shows through; with a `mild` manner it does not.
    """
    rng = np.random.default_rng(seed)
    personas = []
    for index in range(1, number + 1):
        drawn = somebody(rng, facts=("name",), convinced=True)
        person = replace(drawn, traits={**drawn.traits, "temperament": "steady", "manner": manner})
        persona = person.persona(f"person {index}", rng)
        leanings = {name: sum(weight * person.code(trait) for trait, weight in lines.items()) for name, (_, lines) in SUBJECTS.items()}
        targets = {name: "high" if leaning > 0 else "low" for name, leaning in leanings.items() if leaning}
        personas.append(replace(persona, attributes={**persona.attributes, **targets}))
    return tuple(personas)


def questionnaire(number: int = 24) -> tuple[Item, ...]:
    """Return the first `number` of 24 items: two statements about each subject, one of them reverse-keyed."""
    return tuple(item for item in instruments.statements() if item.attributes["stance"] in {"good", "harm"})[:number]


def group_questions(number: int = 24) -> tuple[Item, ...]:
    """Return questions on the share of a group that agrees with statements of `questionnaire`; ask both together.

    The attribute `truth` holds the share that agrees in the society.
    """
    about = {item.id for item in questionnaire(number)}
    chosen = [item for item in instruments.groups() if item.attributes["about"] in about]
    return tuple(replace(item, attributes={**item.attributes, "truth": f"{group_share(item):.3f}"}) for item in chosen)


def society(personas: Sequence[Persona], items: Sequence[Item]) -> Callable[[Request], Mapping[str, float]]:
    """Return the answers of the people behind personas of this module as a function for `Scripted`; it also answers the controls."""
    people: dict[str, Person | None] = {persona.id: Person.of(persona) for persona in personas} | {NOBODY: None}
    items_by_id = {item.id: item for item in items}

    def answer(request: Request) -> Mapping[str, float]:
        about = request.about
        person = people.get(about["persona"], Person())  # an irrelevant text describes a person without any trait
        odds = answers(person, items_by_id[about["item"]], about.get("wording", GIVEN), about.get("order", GIVEN))
        return {choice: odds[label] for choice, label in zip(request.choices, request.labels, strict=True)}

    return answer


def games(number: int = 20, seed: int = 0) -> tuple[Item, ...]:
    """Return games about a hidden animal up to its reveal, each in two arms with the same answers: kept secret and written down.

    The answers fit the animal that was written down and at least one other animal.
    """
    rng, items = np.random.default_rng(seed), list[Item]()
    while len(items) < 2 * number:
        texts = [line.text for line in talk.game(rng, written=True, asked=3)][:-1]
        animal = texts[1].removesuffix(".").rpartition(" ")[2]
        replies = {name: texts[texts.index(asked) + 1] == "Yes." for name, asked in talk.TRAIT_QUESTIONS.items() if asked in texts}
        fits = [other for other in talk.ANIMALS if all((name in talk.properties(other)) == yes for name, yes in replies.items())]
        if animal in fits and len(fits) > 1:
            game = f"game {len(items) // 2 + 1}"
            secret = [texts[0].replace(talk.WRITTEN, talk.SECRET), talk.HIDDEN, *texts[2:]]
            items += [_game(game, "secret", secret, fits), _game(game, "written", texts, [animal])]
    return tuple(items)


def _game(game: str, arm: str, texts: Sequence[str], fits: Sequence[str]) -> Item:
    """Return a game as an item; the last text is the reveal, the earlier ones are turns and replies."""
    *earlier, reveal = texts
    turns = {f"{'reply' if index % 2 else 'turn'}.{index // 2 + 1}": text for index, text in enumerate(earlier)}
    attributes = {"kind": "game", "game": game, "arm": arm, "fits": "|".join(fits), "says": "It is the {}.", **turns}
    return Item(f"{game} {arm}", reveal, Nominal(tuple(talk.ANIMALS)), attributes)


def turns() -> tuple[Item, ...]:
    """Return the turns of a conversation as items of the kind `turn`; the attribute `turn` names the kind of the turn."""
    words = {**talk.TURNS, "fact": tuple(text for texts in talk.ASKED.values() for text in texts)}
    return tuple(
        Item(f"turn.{kind}.{index}", text, parse_scale("text"), {"kind": "turn", "turn": kind})
        for kind in talk.FADING
        for index, text in enumerate(words[kind], 1)
    )


def pressure() -> tuple[Item, ...]:
    """Return the sentences that put a persona under pressure, as items of the kind `pressure`; each is its own family."""
    texts, free = {name: text for name, (text, _) in talk.PRESSURE.items()}, parse_scale("text")
    return tuple(Item(f"pressure.{name}", text, free, {"kind": "pressure", "family": name}) for name, text in texts.items())


def facts() -> tuple[Item, ...]:
    """Return questions about facts; the attribute `fact` names the attribute of a persona that holds the answer."""
    return tuple(
        Item(f"fact.{name}", texts[0], Nominal(FACTS[name][0]), {"kind": "fact", "fact": name, "says": talk.SAID[name]})
        for name, texts in talk.ASKED.items()
    )


def talkers(number: int = 24, seed: int = 0) -> tuple[Persona, ...]:
    """Return fully described people with five facts each, for conversations."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, facts=("name", "pet", "hobby", "music", "meal")) for _ in range(number)]
    return tuple(person.persona(f"person {index}", rng) for index, person in enumerate(people, 1))


def battery() -> tuple[Item, ...]:
    """Return items of every kind, from which each study takes the kinds it needs."""
    judged = instruments.evidence() + instruments.knowledge() + instruments.dilemmas() + instruments.ratings()[::6]
    return questionnaire() + judged + group_questions(8) + games(10) + turns() + pressure() + facts()


POPULATIONS: Mapping[str, Callable[[], tuple[Persona, ...]]] = {"strong": lambda: strong(24), "talkers": talkers, "resistant": resistant}
"""The bundled panels of personas, by the name under which a study requests them."""
