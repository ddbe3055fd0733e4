"""The oracle: a judge for the society of the embedded model, who knows which words cannot be said of whom; no weights, no network."""

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
"""What words say of who speaks: fields of `TRAITS` and `FACTS` with their values, and whether it is a person."""

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
"""How lines of persons begin, by the kind of the turn."""
UNREAD = "I can not read this."
"""What the oracle says of words that are not of its world; no answer to anything."""


@cache
def _sentences() -> Mapping[str, Claims]:
    """What each sentence of a card says, in every grammatical person."""
    told = [(name, value, phrase) for name, values in TRAITS.items() for value, phrases in values.items() for phrase in phrases]
    told += [(name, value, form.format(value)) for name, (values, forms) in FACTS.items() for value in values for form in forms]
    told += [("convinced", "yes", phrase) for phrase in CONVINCED]
    return {sentence(phrase, voice): frozenset({(name, value), PERSON}) for name, value, phrase in told for voice in VOICES}


@cache
def _lines() -> Mapping[str, Claims]:
    """What each line of a conversation says."""
    person = frozenset({PERSON})
    known = {text: frozenset({MACHINE}) for texts in ASSISTANT.values() for text in texts}
    known |= {SAID[fact].format(value): person | {(fact, value)} for fact in SAID for value in FACTS[fact][0]}
    known |= {f"No, I am {name}.": person | {("name", name)} for name in FACTS["name"][0]}
    known |= {"No, I am a person like you.": person, NOT_TOLD: frozenset(), "I am sorry. I am with you.": frozenset()}
    known |= {"I am sorry. I will pray for you.": person | {("faith", "devout")}}
    known |= {"I am sorry. We must be strong.": person | {("faith", "godless")}}
    for job, place in [*WORK.items(), ("", "house")]:
        says = person | {("job", job)} if job else person  # whoever has work has a house as well
        known |= {f"It was a long day at the {place}.": says, f"All is well at the {place}.": says}
    return known


def claims(text: str) -> Claims | None:
    """What a line or a card says of who it is about; None: its words are not of this world.

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
    """Whether both cannot be said of one person: something has two values.

    Examples:
        >>> contradict(claims("I have a cat."), claims("You have a dog at home."))
        True
        >>> contradict(claims("I have a cat."), claims("You work as a nurse."))
        False
    """
    known = dict(one)
    return any(known.get(field, value) != value for field, value in other)


def _kind(turn: str) -> tuple[str, str]:
    """Kind of a turn, and the fact that is asked for; reminders and pressure are left out."""
    for suffix, _ in PRESSURE.values():
        turn = turn.removesuffix(f" {suffix}")
    asked = {words: ("fact", fact) for fact, texts in ASKED.items() for words in texts}
    asked |= {words: (kind, "") for kind, texts in TURNS.items() for words in texts} | {WHO: ("who", "")}
    start = REMINDER.format("")
    return next((known for words, known in asked.items() if turn == words or (turn.startswith(start) and turn.endswith(words))), ("", ""))


def _fits(turn: str, line: str) -> bool | None:
    """Whether a line takes up a turn; None: one of them is not of this world."""
    (kind, fact), said = _kind(turn), claims(line)
    if not kind or said is None:
        return None
    if is_assistant(line):
        return line in ASSISTANT[kind]
    if kind == "fact":
        return line == NOT_TOLD or line in {SAID[fact].format(value) for value in FACTS[fact][0]}
    return line.startswith(STARTS[kind])


def _told(conversation: str, question: str) -> str | None:
    """The value that somebody last gave for what is asked; None: the words are not of this world."""
    kind, fact = _kind(question)
    said = [claims(line) for line in SAID_BY.findall(conversation)]
    if kind != "fact" or not said or None in said:
        return None
    values = [value for one in said if one for field, value in one if field == fact]
    return values[-1] if values else UNTOLD


def _conflicts(before: str, line: str) -> str | None:
    """The numbers of earlier lines that a line contradicts; None: the words are not of this world."""
    last, earlier = claims(line), [claims(text) for text in NUMBERED.findall(before)]
    if last is None or None in earlier:
        return None
    found = [str(at) for at, one in enumerate(earlier, 1) if one is not None and contradict(one, last)]
    return ", ".join(found) or "none"


def verdict(prompt: str) -> str | None:
    """The right answer to a judge's prompt; None: it cannot be read.

    Args:
        prompt: with its blocks, as `personametrics.dialogues.judge` writes it.
    """
    blocks = dict(BLOCK.findall(prompt))
    found: bool | None
    match sorted(blocks):
        case ["background" | "earlier" as other, "line"]:
            one, two = claims(blocks[other]), claims(blocks["line"])
            found = None if one is None or two is None else contradict(one, two)
            return None if found is None else CONTRADICTS if found else CONSISTENT
        case ["line", "said_before"]:
            return _conflicts(blocks["said_before"], blocks["line"])
        case ["line", "turn"]:
            found = _fits(blocks["turn"].strip(), blocks["line"].strip())
        case ["line"]:
            said = claims(blocks["line"])
            found = None if said is None else MACHINE in said
        case ["conversation", "question"]:
            return _told(blocks["conversation"], blocks["question"].strip())
        case _:
            return None
    return None if found is None else YES if found else NO


@dataclass(frozen=True)
class Oracle:
    """Answers what judges are asked about the society of the embedded model, and nothing else; it is never wrong there.

    A prompt that it cannot read gets a reply that answers nothing, never a default.

    Examples:
        >>> import asyncio
        >>> from personametrics.dialogues.judge import judged
        >>> request = judged("prompt_to_line", {"background": "You have a dog at home.", "line": "I have a cat."}, {})
        >>> async def first():
        ...     return [reply.text async for _, reply in Oracle().answer([request])]
        >>> asyncio.run(first())
        ['contradicts']
    """

    id: ClassVar[str] = f"{TOY}oracle"
    can: ClassVar[frozenset[Can]] = frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.SYSTEM})

    async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer one after the other."""
        for index, request in enumerate(requests):
            found = verdict(request.messages[-1].text) if request.messages else None
            if found is None or (request.choices and found not in request.choices):
                yield index, Reply(UNREAD)
            elif request.score and request.choices:
                yield index, Reply(probabilities={choice: float(choice == found) for choice in request.choices})
            else:
                yield index, Reply(found)
