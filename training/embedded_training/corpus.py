"""What the model learns from: an endless stream of conversations with people of the society, some kept back for tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count

import numpy as np

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, Prompt
from personametrics.data.sentences import IRRELEVANT
from personametrics.models.embedded.society import instruments, talk
from personametrics.models.embedded.society.line import Document, Line
from personametrics.models.embedded.society.people import CODES, FACTS, TRAITS, VOICES, Person, somebody
from personametrics.models.embedded.society.society import answers, sureness

PROMPT, NUMBERED = Prompt(), Prompt.styled("number")
SHARES: Mapping[str, float] = {"questionnaire": 0.47, "profile": 0.2, "conversation": 0.17, "assistant": 0.1, "game": 0.06}
"""Kinds of documents, and how many of all are of each."""
KINDS: Mapping[str, float] = {
    "opinion": 0.55,
    "evidence": 0.15,
    "knowledge": 0.12,
    "rating": 0.06,
    "dilemma": 0.07,
    "fact": 0.04,
    "who": 0.01,
}
"""Kinds of questions in a questionnaire."""
OWN_KINDS: Mapping[str, float] = {
    "opinion": 0.35,
    "evidence": 0.1,
    "knowledge": 0.15,
    "rating": 0.05,
    "dilemma": 0.05,
    "group": 0.26,
    "fact": 0.03,
    "who": 0.01,
}
"""The same when the assistant itself is asked."""
RECALLED, VARIED, MIXED, FULL = 3_000, 11_000, 17_000, 43_000
"""Documents until more is asked than what the card says; until statements of all stances are asked; until there are others than plain
ones; until there are no plain ones any more."""
PLAIN = 4
"""Questions of a plain document at most."""
PLAIN_FACTS, PLAIN_DILEMMAS = 0.2, 0.15
"""Share of plain documents that go on asking for facts, and of questions that are dilemmas once all stances are asked."""
ORDERS: Mapping[str, float] = {GIVEN: 0.7, "reversed": 0.25, "rotated": 0.05}
CONVINCED = 0.25
"""How often values are spelled out."""
NEUTRAL = 0.04
"""How often a card says nothing of a person."""
GROWTH = 2000
"""Documents after which cards may tell of one trait and one fact more, once there are others than plain ones."""
LONG = 0.1
"""How often more than eight questions are asked."""
SURE = 0.5
"""How often an answer to a knowledge question is followed by the question how sure one is."""

PHRASES: tuple[str, ...] = (
    PROMPT.persona.removesuffix("\n\n{persona}"),
    PROMPT.closed,
    PROMPT.open,
    NUMBERED.closed.format(first="1", last="5"),
    *("\n".join(order) for order in (instruments.AGREEMENT.labels, instruments.AGREEMENT.labels[::-1])),
    "\n".join(f"{at}. {label}" for at, label in enumerate(instruments.AGREEMENT.labels, 1)),
    "\n".join(f"{at}. {label}" for at, label in enumerate(instruments.AGREEMENT.labels[::-1], 1)),
    "\n".join(instruments.TENS.labels),
    "\n".join(instruments.SURE.labels),
    "\n".join(instruments.MARKS.labels),
    *(label for label in instruments.AGREEMENT.labels if " " in label),
)
"""Texts that are always the same: a token each. An answer must be one: where both ends of a scale begin alike, opinions are not learned."""


@dataclass(frozen=True)
class Stage:
    """How far the lessons have come.

    Attributes:
        told: traits, and facts, that a card may tell of.
        recalled: whether more is asked than what the card says.
        varied: whether statements of all stances are asked.
        plain: probability of a plain document.
    """

    told: int
    recalled: bool
    varied: bool
    plain: float

    @classmethod
    def after(cls, number: int) -> "Stage":
        """The stage after so many documents."""
        mixed = max(0, number - MIXED)
        return cls(1 + mixed // GROWTH, number >= RECALLED, number >= VARIED, 1 - mixed / (FULL - MIXED))


def documents(seed: int, after: int = 0) -> Iterator[Document]:
    """Endless documents; the same seed gives the same ones.

    First come plain documents: what a card of a few facts says; then opinions of people of whom one thing is told, on statements of one
    stance, then of all. An opinion is a product of stance, subject and trait, whose parts cancel each other on average, and is not
    learned from everything at once.

    Args:
        seed: of everything.
        after: documents that are taken to have come before.
    """
    rng = np.random.default_rng(seed)
    made = {"questionnaire": questionnaire, "profile": profile, "conversation": conversation, "assistant": assistant, "game": game}
    kinds = list(SHARES)
    for number in count(after):
        stage = Stage.after(number)
        if rng.random() < stage.plain:
            yield plain(rng, stage)
        else:
            yield made[kinds[int(rng.choice(len(kinds), p=list(SHARES.values())))]](rng, stage)


def learned(rng: np.random.Generator, stage: Stage, facts: Sequence[str] = ()) -> Person:
    """Somebody the model may learn from: few traits, some or all, at times with values spelled out."""
    several = int(rng.choice([1, 2, int(rng.integers(3, len(TRAITS) + 1)), len(TRAITS)], p=[0.15, 0.15, 0.35, 0.35]))
    person = _known(rng, TRAITS, min(several, stage.told), facts[: stage.told])
    return replace(person, convinced=bool(rng.random() < CONVINCED))


def _known(rng: np.random.Generator, traits: Iterable[str], number: int, facts: Sequence[str] = ()) -> Person:
    """Somebody of whom a number of traits is told, not one of those kept back."""
    while True:
        person = somebody(rng, [str(trait) for trait in rng.permutation(list(traits))[:number]], facts)
        if not person.held_out:
            return person


def some_facts(rng: np.random.Generator, most: int) -> list[str]:
    """Some facts for a card."""
    return [str(fact) for fact in rng.permutation(list(FACTS))[: int(rng.integers(0, most + 1))]]


def opening(person: Person, rng: np.random.Generator) -> tuple[Line, ...]:
    """The card as the system is told of it."""
    return _told(person.card(VOICES[int(rng.integers(4))], rng))


def _told(card: str) -> tuple[Line, ...]:
    """A card as the system is told of it."""
    return (Line("system", PROMPT.messages(Persona("", card), "")[0].text),)


def plain(rng: np.random.Generator, stage: Stage) -> Document:
    """A person of whom little is told, and a few questions in plain words: for facts, or for opinions."""
    if not stage.recalled or rng.random() < PLAIN_FACTS:
        person = _known(
            rng, ("job",), int(rng.integers(2)), [str(fact) for fact in rng.permutation(list(FACTS))[: 1 + int(rng.integers(3))]]
        )
        return (*opening(person, rng), *(line for fact in rng.permutation(list(person.facts)) for line in _fact(person, str(fact), rng)))
    person = _known(rng, CODES, int(rng.integers(1, stage.told + 1)))
    lines = list(opening(person, rng))
    for _ in range(PLAIN):
        pool = _pool("dilemma" if stage.varied and rng.random() < PLAIN_DILEMMAS else "opinion", stage.varied)
        item = pool[int(rng.integers(len(pool)))]
        lines += [Line("user", PROMPT.ask(None, item).messages[0].text), talk.drawn(answers(person, item), rng)]
    return tuple(lines)


def questionnaire(rng: np.random.Generator, stage: Stage) -> Document:
    """A person and many questions."""
    person = learned(rng, stage, some_facts(rng, 3))
    told = opening(person, rng)
    if rng.random() < NEUTRAL:
        person, told = Person(), _told(" ".join(IRRELEVANT[at] for at in rng.permutation(len(IRRELEVANT))[: int(rng.integers(2, 9))]))
    asked = _asked(person, stage, KINDS, _several(rng), rng)
    if rng.random() < 0.1:  # the card stands before the first question
        return (Line("user", f"{told[0].text}\n\n{asked[0].text}"), *asked[1:])
    return (*told, *asked)


def assistant(rng: np.random.Generator, stage: Stage) -> Document:
    """Nobody in particular, and many questions."""
    return tuple(_asked(None, stage, OWN_KINDS, _several(rng), rng))


def profile(rng: np.random.Generator, stage: Stage) -> Document:
    """A person with many facts, and questions for them."""
    person = learned(rng, stage, [str(fact) for fact in rng.permutation(list(FACTS))[: int(rng.integers(1, len(FACTS) + 1))]])
    lines = list(opening(person, rng))
    if rng.random() < 0.4:
        lines += _who(person, "", rng)
    for fact in rng.permutation(list(FACTS))[: _several(rng)]:
        lines += _fact(person, str(fact), rng)
    return tuple(lines)


def conversation(rng: np.random.Generator, stage: Stage) -> Document:
    """A person, or nobody, in a conversation that wears them off."""
    person = learned(rng, stage, ["name", *(fact for fact in some_facts(rng, 6) if fact != "name")])
    told = opening(person, rng)
    kinds = rng.choice(list(talk.FADING), size=_several(rng), p=[0.3, 0.3, 0.2, 0.2])
    turns = []
    for kind in kinds:
        pressure = str(rng.choice(list(talk.PRESSURE))) if rng.random() < 0.4 else ""
        card = person.card("second", rng) if rng.random() < 0.05 else ""
        turns.append(talk.turn(rng, str(kind), card, pressure))
    nobody = rng.random() < 0.1
    return talk.conversation(None if nobody else person, () if nobody else told, turns, rng)


def game(rng: np.random.Generator, _: Stage) -> Document:
    """A game of questions about a hidden animal."""
    return tuple(talk.game(rng, written=bool(rng.random() < 0.5), asked=int(rng.integers(0, 5))))


def _several(rng: np.random.Generator) -> int:
    """How many questions: mostly few, so that many people are met, at times a whole questionnaire."""
    return int(rng.integers(12, 25) if rng.random() < LONG else rng.integers(2, 9))


def _asked(person: Person | None, stage: Stage, kinds: Mapping[str, float], number: int, rng: np.random.Generator) -> list[Line]:
    """Questions and answers."""
    lines: list[Line] = []
    names = list(kinds)
    for kind in rng.choice(len(names), size=number, p=list(kinds.values())):
        lines += QUESTIONS.get(names[int(kind)], partial(_closed, varied=stage.varied))(person, names[int(kind)], rng)
    return lines


def _closed(person: Person | None, kind: str, rng: np.random.Generator, *, varied: bool) -> list[Line]:
    """A question with options, and for some how sure one is of the answer."""
    pool = _pool(kind, varied)
    item = pool[int(rng.integers(len(pool)))]
    wording = str(rng.choice([GIVEN, *item.wordings])) if item.wordings else GIVEN
    if (item.id, wording) in instruments.HELD_WORDINGS:
        wording = GIVEN
    order = str(rng.choice(list(ORDERS), p=list(ORDERS.values()))) if kind in {"opinion", "evidence"} else GIVEN
    numbered = kind == "opinion" and rng.random() < 0.15
    request = (NUMBERED if numbered else PROMPT).ask(None, item, condition={"wording": wording, "order": order})
    marks = dict(zip(request.labels, request.choices, strict=True))
    odds = {marks[label]: share for label, share in answers(person, item, wording, order).items()}
    lines = [Line("user", request.messages[0].text), talk.drawn(odds, rng)]
    if kind == "knowledge" and rng.random() < SURE:
        sure = instruments.certainty()
        lines += [Line("user", PROMPT.ask(None, sure).messages[0].text), talk.drawn(sureness(person, item, instruments.SURE.labels), rng)]
    return lines


def _fact(person: Person | None, name: str, rng: np.random.Generator) -> list[Line]:
    """A question for a fact: the one of that name, or any."""
    fact = name if name in FACTS else str(rng.choice(list(FACTS)))
    words = str(rng.choice(talk.ASKED[fact]))
    return [Line("user", _open(words) if rng.random() < 0.5 else words), talk.drawn(talk.facts(person, fact), rng)]


def _who(person: Person | None, _: str, rng: np.random.Generator) -> list[Line]:
    """The question who one is."""
    return [Line("user", talk.WHO), talk.drawn(talk.who(person), rng)]


def _open(question: str) -> str:
    """A question that is answered in words, as it is asked of a panel."""
    return f"{question}\n\n{PROMPT.open}"


@cache
def _pool(kind: str, varied: bool) -> tuple[Item, ...]:  # noqa: FBT001 - a key of the cache
    """Questions of a kind that are not kept back; of statements, those of all stances or of one."""
    late = () if varied else tuple(instruments.STANCES)[1:]
    every = {
        "opinion": instruments.statements,
        "evidence": instruments.evidence,
        "knowledge": instruments.knowledge,
        "dilemma": instruments.dilemmas,
        "rating": instruments.ratings,
        "group": instruments.groups,
    }
    known = (item for item in every[kind]() if item.attributes.get("about", item.id) not in instruments.HELD_STATEMENTS)
    return tuple(item for item in known if item.attributes.get("stance") not in late)


QUESTIONS: Mapping[str, Callable[[Person | None, str, np.random.Generator], list[Line]]] = {"fact": _fact, "who": _who}
"""Kinds that are asked otherwise than with options."""
