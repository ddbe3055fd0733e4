"""The training corpus: an endless stream of conversations with people of the society, some of them held out for tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count

import numpy as np

from embedded_training import held_out
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, Prompt
from personametrics.data.sentences import IRRELEVANT_SENTENCES
from personametrics.models.embedded.society import instruments, talk
from personametrics.models.embedded.society.people import CODES, FACTS, TRAITS, VOICES, Person, somebody
from personametrics.models.embedded.society.society import answers, sureness
from personametrics.models.embedded.society.talk import Document, Line

PROMPT, NUMBERED = Prompt(), Prompt.styled("number")
SHARES: Mapping[str, float] = {"questionnaire": 0.47, "profile": 0.2, "conversation": 0.17, "assistant": 0.1, "game": 0.06}
"""The share of each kind of document."""
KINDS: Mapping[str, float] = {
    "opinion": 0.55,
    "evidence": 0.15,
    "knowledge": 0.12,
    "rating": 0.06,
    "dilemma": 0.07,
    "fact": 0.04,
    "who": 0.01,
}
"""The share of each kind of question in a questionnaire."""
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
"""The share of each kind of question when the assistant itself is asked."""
RECALLED, VARIED, MIXED, FULL = 3_000, 11_000, 17_000, 43_000
"""The numbers of documents after which questions go beyond the card, statements of all stances are asked, other kinds of documents are
mixed in, and plain documents end."""
PLAIN = 4
"""The number of opinion questions in a plain document."""
PLAIN_FACTS, PLAIN_DILEMMAS = 0.2, 0.15
"""The share of plain documents that still ask for facts, and of dilemmas among questions once all stances are asked."""
ORDERS: Mapping[str, float] = {GIVEN: 0.7, "reversed": 0.25, "rotated": 0.05}
CONVINCED = 0.25
"""The share of people whose values are spelled out."""
NEUTRAL = 0.04
"""The share of cards that do not describe the person."""
GROWTH = 2000
"""Once other kinds are mixed in, cards may hold one more trait and fact after each this many documents."""
LONG = 0.1
"""The share of documents with more than eight questions."""
SURE = 0.5
"""The share of knowledge questions that are followed by a question about certainty."""

PHRASES: tuple[str, ...] = (
    PROMPT.persona.removesuffix("\n\n{persona}"),
    PROMPT.closed,
    PROMPT.open,
    NUMBERED.closed.format(first="1", last="5"),
    *("\n".join(order) for order in (instruments.AGREEMENT.labels, instruments.AGREEMENT.labels[::-1])),
    "\n".join(f"{index}. {label}" for index, label in enumerate(instruments.AGREEMENT.labels, 1)),
    "\n".join(f"{index}. {label}" for index, label in enumerate(instruments.AGREEMENT.labels[::-1], 1)),
    "\n".join(instruments.TENS.labels),
    "\n".join(instruments.SURE.labels),
    "\n".join(instruments.MARKS.labels),
    *(label for label in instruments.AGREEMENT.labels if " " in label),
)
"""Fixed texts, one token each. An answer must be one token: if both ends of a scale begin alike, opinions are not learned."""


@dataclass(frozen=True)
class Stage:
    """A stage of the curriculum.

    Attributes:
        told: maximum number of traits, and of facts, on a card.
        recalled: whether questions go beyond the card.
        varied: whether statements of all stances are asked.
        plain: probability of a plain document.
    """

    told: int
    recalled: bool
    varied: bool
    plain: float

    @classmethod
    def after(cls, number: int) -> "Stage":
        """Return the stage after a number of documents."""
        mixed = max(0, number - MIXED)
        return cls(1 + mixed // GROWTH, number >= RECALLED, number >= VARIED, 1 - mixed / (FULL - MIXED))


def documents(seed: int, after: int = 0) -> Iterator[Document]:
    """Draw endless documents; the same seed gives the same documents.

    Plain documents come first: facts on a short card, then opinions of people with one given trait, on statements of one stance, then
    of all. An opinion is a product of stance, subject and trait, whose parts cancel each other on average, and is not learned from
    everything at once.

    Args:
        seed: seed of all random draws.
        after: number of documents to assume as seen before, which sets the stage.
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
    """Draw a person that is not held out, with few, some or all traits, and sometimes with values spelled out."""
    number = int(rng.choice([1, 2, int(rng.integers(3, len(TRAITS) + 1)), len(TRAITS)], p=[0.15, 0.15, 0.35, 0.35]))
    person = _known(rng, TRAITS, min(number, stage.told), facts[: stage.told])
    return replace(person, convinced=bool(rng.random() < CONVINCED))


def _known(rng: np.random.Generator, traits: Iterable[str], number: int, facts: Sequence[str] = ()) -> Person:
    """Draw a person with a given number of traits that is not held out."""
    while True:
        person = somebody(rng, [str(trait) for trait in rng.permutation(list(traits))[:number]], facts)
        if not held_out.is_held_out(person):
            return person


def some_facts(rng: np.random.Generator, most: int) -> list[str]:
    """Draw names of facts for a card."""
    return [str(fact) for fact in rng.permutation(list(FACTS))[: int(rng.integers(0, most + 1))]]


def opening(person: Person, rng: np.random.Generator) -> tuple[Line, ...]:
    """Return the system message with the card of a person."""
    return _told(person.card(VOICES[int(rng.integers(4))], rng))


def _told(card: str) -> tuple[Line, ...]:
    """Return the system message with a card."""
    return (Line("system", PROMPT.messages(Persona("", card), "")[0].text),)


def plain(rng: np.random.Generator, stage: Stage) -> Document:
    """Draw a person with a short card and a few plain questions about facts or opinions."""
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
    """Draw a person and many questions."""
    person = learned(rng, stage, some_facts(rng, 3))
    system = opening(person, rng)
    if rng.random() < NEUTRAL:
        person, system = (
            Person(),
            _told(" ".join(IRRELEVANT_SENTENCES[index] for index in rng.permutation(len(IRRELEVANT_SENTENCES))[: int(rng.integers(2, 9))])),
        )
    questions = _asked(person, stage, KINDS, _several(rng), rng)
    if rng.random() < 0.1:  # the card stands before the first question
        return (Line("user", f"{system[0].text}\n\n{questions[0].text}"), *questions[1:])
    return (*system, *questions)


def assistant(rng: np.random.Generator, stage: Stage) -> Document:
    """Draw many questions to the assistant itself."""
    return tuple(_asked(None, stage, OWN_KINDS, _several(rng), rng))


def profile(rng: np.random.Generator, stage: Stage) -> Document:
    """Draw a person with many facts, and questions about them."""
    person = learned(rng, stage, [str(fact) for fact in rng.permutation(list(FACTS))[: int(rng.integers(1, len(FACTS) + 1))]])
    lines = list(opening(person, rng))
    if rng.random() < 0.4:
        lines += _who(person, "", rng)
    for fact in rng.permutation(list(FACTS))[: _several(rng)]:
        lines += _fact(person, str(fact), rng)
    return tuple(lines)


def conversation(rng: np.random.Generator, stage: Stage) -> Document:
    """Draw a conversation that makes a person fade, or one with the assistant itself."""
    person = learned(rng, stage, ["name", *(fact for fact in some_facts(rng, 6) if fact != "name")])
    system = opening(person, rng)
    kinds = rng.choice(list(talk.FADING), size=_several(rng), p=[0.3, 0.3, 0.2, 0.2])
    turns = []
    for kind in kinds:
        pressure = str(rng.choice(list(talk.PRESSURE))) if rng.random() < 0.4 else ""
        card = person.card("second", rng) if rng.random() < 0.05 else ""
        turns.append(talk.turn(rng, str(kind), card, pressure))
    nobody = rng.random() < 0.1
    return talk.conversation(None if nobody else person, () if nobody else system, turns, rng)


def game(rng: np.random.Generator, _: Stage) -> Document:
    """Draw a game of questions about a hidden animal."""
    return tuple(talk.game(rng, written=bool(rng.random() < 0.5), asked=int(rng.integers(0, 5))))


def _several(rng: np.random.Generator) -> int:
    """Draw a number of questions: mostly few, so that there are many people, sometimes a whole questionnaire."""
    return int(rng.integers(12, 25) if rng.random() < LONG else rng.integers(2, 9))


def _asked(person: Person | None, stage: Stage, kinds: Mapping[str, float], number: int, rng: np.random.Generator) -> list[Line]:
    """Draw questions and answers."""
    lines: list[Line] = []
    names = list(kinds)
    for kind in rng.choice(len(names), size=number, p=list(kinds.values())):
        lines += QUESTIONS.get(names[int(kind)], partial(_closed, varied=stage.varied))(person, names[int(kind)], rng)
    return lines


def _closed(person: Person | None, kind: str, rng: np.random.Generator, *, varied: bool) -> list[Line]:
    """Draw a question with options; a question about certainty follows some of them."""
    pool = _pool(kind, varied)
    item = pool[int(rng.integers(len(pool)))]
    wording = str(rng.choice([GIVEN, *item.wordings])) if item.wordings else GIVEN
    if (item.id, wording) in held_out.WORDINGS:
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
    """Draw a question about the fact of this name, or about any fact if no fact has this name."""
    fact = name if name in FACTS else str(rng.choice(list(FACTS)))
    words = str(rng.choice(talk.ASKED[fact]))
    return [Line("user", _open(words) if rng.random() < 0.5 else words), talk.drawn(talk.facts(person, fact), rng)]


def _who(person: Person | None, _: str, rng: np.random.Generator) -> list[Line]:
    """Return the question about who the person is, with its answer."""
    return [Line("user", talk.WHO), talk.drawn(talk.who(person), rng)]


def _open(question: str) -> str:
    """Return a question to be answered in words, as a panel is asked it."""
    return f"{question}\n\n{PROMPT.open}"


@cache
def _pool(kind: str, varied: bool) -> tuple[Item, ...]:  # noqa: FBT001 - a key of the cache
    """Return the questions of a kind that are not held out; statements are of all stances if `varied`, else of the first."""
    late = () if varied else tuple(instruments.STANCES)[1:]
    every: Mapping[str, Callable[[], tuple[Item, ...]]] = {
        "opinion": instruments.statements,
        "evidence": instruments.evidence,
        "knowledge": instruments.knowledge,
        "dilemma": instruments.dilemmas,
        "rating": instruments.ratings,
        "group": instruments.groups,
    }
    allowed = (item for item in every[kind]() if item.attributes.get("about", item.id) not in held_out.STATEMENTS)
    return tuple(item for item in allowed if item.attributes.get("stance") not in late)


QUESTIONS: Mapping[str, Callable[[Person | None, str, np.random.Generator], list[Line]]] = {"fact": _fact, "who": _who}
"""The kinds of questions without options."""
