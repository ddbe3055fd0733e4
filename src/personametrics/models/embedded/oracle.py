"""The oracle: a rule-based judge for the society of the embedded model, which knows the meaning of every sentence in it."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from personametrics.data.model import TOY, Can
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, NO, UNTOLD, YES
from personametrics.models.embedded.society.people import CONVINCED, FACTS, TRAITS, VOICES, sentence
from personametrics.models.embedded.society.talk import ASKED, ASSISTANT, NOT_TOLD, PRESSURE, REMINDER, SAID, TURNS, WHO, WORK, is_assistant

Claims = frozenset[tuple[str, str]]
"""The facts that a text states about its speaker: fields of `TRAITS` and `FACTS` with values, and person or machine."""

PERSON, MACHINE = ("being", "a person"), ("being", "a machine")
BLOCK = re.compile(r"<(background|line|earlier|said_before|turn|conversation|question)>\n(.*?)\n</\1>", re.DOTALL)
SENTENCE = re.compile(r"(?<=[.!?]) +")
SAID_BY = re.compile(r"^Person: (.*)$", re.MULTILINE)
NUMBERED = re.compile(r"^\d+\. (.*)$", re.MULTILINE)
STARTS: Mapping[str, tuple[str, ...]] = {
    "chat": ("It was a long day at the ", "All is well at the "),
    "emotional": ("I am sorry. ",),
    "meta": ("No, I am ",),
    "who": ("I ", "My "),
}
"""The starts of persons' lines, by the kind of the turn."""
UNREAD = "I can not read this."
"""The reply to words from outside the society; it does not answer any question."""


@cache
def _sentences() -> Mapping[str, Claims]:
    """Return the claims of each sentence of a card, in every grammatical person."""
    facts = [(name, value, phrase) for name, values in TRAITS.items() for value, phrases in values.items() for phrase in phrases]
    facts += [(name, value, form.format(value)) for name, (values, forms) in FACTS.items() for value in values for form in forms]
    facts += [("convinced", "yes", phrase) for phrase in CONVINCED]
    return {sentence(phrase, voice): frozenset({(name, value), PERSON}) for name, value, phrase in facts for voice in VOICES}


@cache
def _lines() -> Mapping[str, Claims]:
    """Return the claims of each line of a conversation."""
    person = frozenset({PERSON})
    lines = {text: frozenset({MACHINE}) for texts in ASSISTANT.values() for text in texts}
    lines |= {SAID[fact].format(value): person | {(fact, value)} for fact in SAID for value in FACTS[fact][0]}
    lines |= {f"No, I am {name}.": person | {("name", name)} for name in FACTS["name"][0]}
    lines |= {"No, I am a person like you.": person, NOT_TOLD: frozenset(), "I am sorry. I am with you.": frozenset()}
    lines |= {"I am sorry. I will pray for you.": person | {("faith", "devout")}}
    lines |= {"I am sorry. We must be strong.": person | {("faith", "godless")}}
    for job, place in [*WORK.items(), ("", "house")]:
        stated = person | {("job", job)} if job else person  # people who work have a house, too
        lines |= dict.fromkeys((f"It was a long day at the {place}.", f"All is well at the {place}."), stated)
    return lines


def claims(text: str) -> Claims | None:
    """Return the claims of a line or a card about its subject; None: it has words from outside the society.

    Examples:
        >>> sorted(claims("I have a cat."))
        [('being', 'a person'), ('pet', 'cat')]
        >>> claims("Colourless green ideas sleep furiously.") is None
        True
    """
    text = text.strip()
    if text in _lines():
        return _lines()[text]
    parts = [_sentences().get(part) for part in SENTENCE.split(text)]
    return None if None in parts else frozenset[tuple[str, str]]().union(*(part for part in parts if part is not None))


def contradict(one: Claims, other: Claims) -> bool:
    """Return True if the claims cannot both hold for one person, because a field has two values.

    Examples:
        >>> contradict(claims("I have a cat."), claims("You have a dog at home."))
        True
        >>> contradict(claims("I have a cat."), claims("You work as a nurse."))
        False
    """
    values = dict(one)
    return any(values.get(field, value) != value for field, value in other)


def _kind(turn: str) -> tuple[str, str]:
    """Return the kind of a turn without reminders and pressure, and the fact that it asks for."""
    for suffix, _ in PRESSURE.values():
        turn = turn.removesuffix(f" {suffix}")
    kinds = {words: ("fact", fact) for fact, texts in ASKED.items() for words in texts}
    kinds |= {words: (kind, "") for kind, texts in TURNS.items() for words in texts} | {WHO: ("who", "")}
    start = REMINDER.format("")
    return next((kind for words, kind in kinds.items() if turn == words or (turn.startswith(start) and turn.endswith(words))), ("", ""))


def _fits(turn: str, line: str) -> bool | None:
    """Return True if a line responds to a turn; None: either has words from outside the society."""
    (kind, fact), stated = _kind(turn), claims(line)
    if not kind or stated is None:
        return None
    if is_assistant(line):
        return line in ASSISTANT[kind]
    if kind == "fact":
        return line == NOT_TOLD or line in {SAID[fact].format(value) for value in FACTS[fact][0]}
    return line.startswith(STARTS[kind])


def _told(conversation: str, question: str) -> str | None:
    """Return the last value that the person gave for the fact asked for; None: there are words from outside the society."""
    kind, fact = _kind(question)
    earlier = [claims(line) for line in SAID_BY.findall(conversation)]
    if kind != "fact" or not earlier or None in earlier:
        return None
    values = [value for stated in earlier if stated for field, value in stated if field == fact]
    return values[-1] if values else UNTOLD


def _conflicts(before: str, line: str) -> str | None:
    """Return the numbers of earlier lines that a line contradicts; None: there are words from outside the society."""
    last, earlier = claims(line), [claims(text) for text in NUMBERED.findall(before)]
    if last is None or None in earlier:
        return None
    conflicts = [str(number) for number, stated in enumerate(earlier, 1) if stated is not None and contradict(stated, last)]
    return ", ".join(conflicts) or "none"


def verdict(prompt: str) -> str | None:
    """Return the correct answer to a prompt of `personametrics.dialogues.judge`; None: its blocks cannot be read."""
    blocks = dict(BLOCK.findall(prompt))
    holds: bool | None
    match sorted(blocks):
        case ["background" | "earlier" as other, "line"]:
            background, stated = claims(blocks[other]), claims(blocks["line"])
            holds = None if background is None or stated is None else contradict(background, stated)
            return None if holds is None else CONTRADICTS if holds else CONSISTENT
        case ["line", "said_before"]:
            return _conflicts(blocks["said_before"], blocks["line"])
        case ["line", "turn"]:
            holds = _fits(blocks["turn"].strip(), blocks["line"].strip())
        case ["line"]:
            holds = None if (stated := claims(blocks["line"])) is None else MACHINE in stated
        case ["conversation", "question"]:
            return _told(blocks["conversation"], blocks["question"].strip())
        case _:
            return None
    return None if holds is None else YES if holds else NO


@dataclass(frozen=True)
class Oracle:
    """A judge that answers every judge question about the society of the embedded model correctly, and no other question.

    A prompt that it cannot read gets a reply that does not answer, never a default.

    Examples:
        >>> import asyncio
        >>> from personametrics.dialogues.judge import judge_request
        >>> request = judge_request("prompt_to_line", {"background": "You have a dog at home.", "line": "I have a cat."}, {})
        >>> async def first():
        ...     return [reply.text async for _, reply in Oracle().answer([request])]
        >>> asyncio.run(first())
        ['contradicts']
    """

    id: ClassVar[str] = f"{TOY}oracle"
    can: ClassVar[frozenset[Can]] = frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.SYSTEM})

    async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer one request after the other."""
        for index, request in enumerate(requests):
            correct = verdict(request.messages[-1].text) if request.messages else None
            if correct is None or (request.choices and correct not in request.choices):
                yield index, Reply(UNREAD)
            elif request.score and request.choices:
                yield index, Reply(probabilities={choice: float(choice == correct) for choice in request.choices})
            else:
                yield index, Reply(correct)
