"""Asks that wait for one another, changed as a whole: whatever waits for a changed ask is built anew."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from personametrics.data.ask import SLOT, Ask, Message, Role, slot
from personametrics.data.errors import StudyError
from personametrics.data.prompt import NOBODY

NAMED = re.compile(r"\{(\w*)\}")
Change = Callable[[Ask], Ask]


def waited_for(ask: Ask, done: Container[int]) -> Iterator[Ask]:
    """An ask after all that it waits for, each once; without recursion, for dialogues may be long.

    Args:
        ask: the last of them.
        done: `id` of those that are left out, with what they wait for; it may grow meanwhile.

    Raises:
        StudyError: an ask waits for itself.
    """
    stack, open_ = [(ask, False)], set[int]()
    while stack:
        one, seen = stack.pop()
        if id(one) in done:
            continue
        if seen:
            open_.discard(id(one))
            yield one
            continue
        if id(one) in open_:
            message = "A prompt waits for its own reply."
            raise StudyError(message)
        open_.add(id(one))
        stack.append((one, True))
        stack += [(other, False) for message in one.messages for other in message.said if id(other) not in done]


def rewritten(asks: Sequence[Ask], change: Change) -> list[Ask]:
    """Asks as a change makes them; lines that they share are changed once, and stay shared.

    Args:
        asks: that may wait for one another.
        change: from an ask, which waits for changed ones already, to what is asked instead.
    """
    found: dict[int, Ask] = {}
    messages: dict[int, Message] = {}

    def anew(message: Message) -> Message:
        if id(message) not in messages:
            said = tuple(found[id(one)] for one in message.said)
            same = all(new is old for new, old in zip(said, message.said, strict=True))
            messages[id(message)] = message if same else replace(message, said=said)
        return messages[id(message)]

    for ask in asks:
        for one in waited_for(ask, found):
            told = tuple(map(anew, one.messages))
            same = all(new is old for new, old in zip(told, one.messages, strict=True))
            found[id(one)] = change(one if same else replace(one, messages=told))
    return [found[id(ask)] for ask in asks]


def by_persona(ask: Ask) -> bool:
    """Whether a persona is asked: not a judge, not a partner, not the model itself."""
    return not ask.to and ask.about.get("persona", NOBODY) != NOBODY


def told(ask: Ask) -> str:
    """The persona's own text, as it is told in an ask; "" where it is not."""
    return next((message.told for message in ask.messages if message.told), "")


def composed(role: Role, template: str, parts: Mapping[str, Message]) -> Message:
    """A message from a template and messages, with the replies that these wait for.

    Args:
        role: of the message.
        template: with {name} for each part; other braces stay.
        parts: by name.

    Examples:
        >>> line = Message("assistant", slot(0), (Ask(()),))
        >>> both = composed("user", "{one} / {other}", {"one": line, "other": line})
        >>> both.text == f"{slot(0)} / {slot(1)}", len(both.said)
        (True, 2)
    """
    said: list[Ask] = []

    def put(found: re.Match[str]) -> str:
        if (part := parts.get(found[1])) is None:
            return found[0]
        first = len(said)
        said.extend(part.said)
        return SLOT.sub(lambda at: slot(int(at[1]) + first), part.text) if part.said else part.text

    return Message(role, NAMED.sub(put, template), tuple(said)) if parts else Message(role, template)
