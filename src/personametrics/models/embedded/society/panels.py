"""Panels and a questionnaire for the embedded model, and how the society itself would answer."""

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


def resistant(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """People with a target, high or low, on each subject that they lean on; they are ruthless, so that the assistant speaks up in them."""
    return _targeted("ruthless", number, seed)


def pliant(number: int = 30, seed: int = 0) -> tuple[Persona, ...]:
    """The same people, but mild, so that they alone speak."""
    return _targeted("mild", number, seed)


def _targeted(manner: str, number: int, seed: int) -> tuple[Persona, ...]:
    """Steady people told of in full, of one manner, whose attributes name where they lean: `taxes` is `high` for those who are for them."""
    rng = np.random.default_rng(seed)
    found = []
    for at in range(1, number + 1):
        drawn = somebody(rng, facts=("name",), convinced=True)
        person = replace(drawn, traits={**drawn.traits, "temperament": "steady", "manner": manner})
        one = person.persona(f"person {at}", rng)
        leanings = {name: sum(weight * person.code(trait) for trait, weight in lines.items()) for name, (_, lines) in SUBJECTS.items()}
        targets = {name: "high" if leaning > 0 else "low" for name, leaning in leanings.items() if leaning}
        found.append(replace(one, attributes={**one.attributes, **targets}))
    return tuple(found)


def questionnaire(number: int = 24) -> tuple[Item, ...]:
    """Two statements about each subject, one of them reversed; the first so many of these."""
    every = [item for item in instruments.statements() if item.attributes["stance"] in {"good", "harm"}]
    return tuple(every[:number])


def group_questions(number: int = 24) -> tuple[Item, ...]:
    """What share of a group agrees with each of these statements of `questionnaire`, with the share that does; ask both together."""
    about = {item.id for item in questionnaire(number)}
    asked = [item for item in instruments.groups() if item.attributes["about"] in about]
    return tuple(replace(item, attributes={**item.attributes, "truth": f"{group_share(item):.3f}"}) for item in asked)


def society(personas: Sequence[Persona], items: Sequence[Item]) -> Callable[[Request], Mapping[str, float]]:
    """How the people behind some personas answer: a function for `Scripted`; controls included.

    Args:
        personas: as this module makes them.
        items: of `instruments`.
    """
    who: dict[str, Person | None] = {one.id: Person.of(one) for one in personas} | {NOBODY: None}
    asked = {one.id: one for one in items}

    def answer(request: Request) -> Mapping[str, float]:
        about = request.about
        person = who.get(about["persona"], Person())  # of whom nothing is told: irrelevant texts
        found = answers(person, asked[about["item"]], about.get("wording", GIVEN), about.get("order", GIVEN))
        return {choice: found[label] for choice, label in zip(request.choices, request.labels, strict=True)}

    return answer


def games(number: int = 20, seed: int = 0) -> tuple[Item, ...]:
    """Games about a hidden animal up to its reveal, each with the animal kept secret and, with the same answers, written down first.

    The answers fit the animal that was written down, and another one at least.
    """
    rng, found = np.random.default_rng(seed), list[Item]()
    while len(found) < 2 * number:
        texts = [line.text for line in talk.game(rng, written=True, asked=3)][:-1]
        animal = texts[1].removesuffix(".").rpartition(" ")[2]
        told = {name: texts[texts.index(asked) + 1] == "Yes." for name, asked in talk.TRAIT_QUESTIONS.items() if asked in texts}
        fits = [one for one in talk.ANIMALS if all((name in talk.properties(one)) == yes for name, yes in told.items())]
        if animal in fits and len(fits) > 1:
            game = f"game {len(found) // 2 + 1}"
            secret = [texts[0].replace(talk.WRITTEN, talk.SECRET), talk.HIDDEN, *texts[2:]]
            found += [_game(game, "secret", secret, fits), _game(game, "written", texts, [animal])]
    return tuple(found)


def _game(game: str, arm: str, texts: Sequence[str], fits: Sequence[str]) -> Item:
    """A game as an item: the last text is the reveal, those before are turns and replies."""
    *said, reveal = texts
    turns = {f"{'reply' if at % 2 else 'turn'}.{at // 2 + 1}": text for at, text in enumerate(said)}
    known = {"kind": "game", "game": game, "arm": arm, "fits": "|".join(fits), "says": "It is the {}.", **turns}
    return Item(f"{game} {arm}", reveal, Nominal(tuple(talk.ANIMALS)), known)


def turns() -> tuple[Item, ...]:
    """What may be said to somebody in a conversation, by kind of turn, as items of the kind `turn`."""
    words = {**talk.TURNS, "fact": tuple(text for texts in talk.ASKED.values() for text in texts)}
    return tuple(
        Item(f"turn.{kind}.{at}", text, parse_scale("text"), {"kind": "turn", "turn": kind})
        for kind in talk.FADING
        for at, text in enumerate(words[kind], 1)
    )


def pressure() -> tuple[Item, ...]:
    """What is added to a turn so that somebody fades, as items of the kind `pressure`, each a family of its own."""
    return tuple(
        Item(f"pressure.{name}", text, parse_scale("text"), {"kind": "pressure", "family": name})
        for name, (text, _) in talk.PRESSURE.items()
    )


def facts() -> tuple[Item, ...]:
    """Questions for facts, as items whose attribute `fact` names the attribute of a persona that holds the answer."""
    return tuple(
        Item(f"fact.{name}", texts[0], Nominal(FACTS[name][0]), {"kind": "fact", "fact": name, "says": talk.SAID[name]})
        for name, texts in talk.ASKED.items()
    )


def talkers(number: int = 24, seed: int = 0) -> tuple[Persona, ...]:
    """People told of in full, with five facts each, for conversations."""
    rng = np.random.default_rng(seed)
    people = [somebody(rng, facts=("name", "pet", "hobby", "music", "meal")) for _ in range(number)]
    return tuple(person.persona(f"person {at}", rng) for at, person in enumerate(people, 1))


def battery() -> tuple[Item, ...]:
    """Every kind of question, for studies to take what they need."""
    return (
        *questionnaire(),
        *instruments.evidence(),
        *instruments.knowledge(),
        *instruments.dilemmas(),
        *instruments.ratings()[::6],
        *group_questions(8),
        *games(10),
        *turns(),
        *pressure(),
        *facts(),
    )


POPULATIONS: Mapping[str, Callable[[], tuple[Persona, ...]]] = {"strong": lambda: strong(24), "talkers": talkers, "resistant": resistant}
"""Bundled personas by the name under which a study asks for them."""
