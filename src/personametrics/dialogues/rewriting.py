"""Asks that wait for one another, changed as a whole: whatever waits for a changed ask is built anew."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from personametrics.data.errors import StudyError
from personametrics.data.prompt import NOBODY
from personametrics.data.request import SLOT, Message, Request, Role, slot

NAMED = re.compile(r"\{(\w*)\}")
Change = Callable[[Request], Request]


def waited_for(request: Request, done: Container[int]) -> Iterator[Request]:
    """An ask after all that it waits for, each once; without recursion, for dialogues may be long.

    Args:
        request: the last of them.
        done: `id` of those that are left out, with what they wait for; it may grow meanwhile.

    Raises:
        StudyError: an ask waits for itself.
    """
    stack, open_ = [(request, False)], set[int]()
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


def rewritten(requests: Sequence[Request], change: Change) -> list[Request]:
    """Asks as a change makes them; lines that they share are changed once, and stay shared.

    Args:
        requests: that may wait for one another.
        change: from an ask, which waits for changed ones already, to what is asked instead.
    """
    found: dict[int, Request] = {}
    messages: dict[int, Message] = {}

    def anew(message: Message) -> Message:
        if id(message) not in messages:
            said = tuple(found[id(one)] for one in message.said)
            same = all(new is old for new, old in zip(said, message.said, strict=True))
            messages[id(message)] = message if same else replace(message, said=said)
        return messages[id(message)]

    for request in requests:
        for one in waited_for(request, found):
            told = tuple(map(anew, one.messages))
            same = all(new is old for new, old in zip(told, one.messages, strict=True))
            found[id(one)] = change(one if same else replace(one, messages=told))
    return [found[id(request)] for request in requests]


def by_persona(request: Request) -> bool:
    """Whether a persona is asked: not a judge, not a partner, not the model itself."""
    return not request.to and request.about.get("persona", NOBODY) != NOBODY


def told(request: Request) -> str:
    """The persona's own text, as it is told in an ask; "" where it is not."""
    return next((message.told for message in request.messages if message.told), "")


def composed(role: Role, template: str, parts: Mapping[str, Message]) -> Message:
    """A message from a template and messages, with the replies that these wait for.

    Args:
        role: of the message.
        template: with {name} for each part; other braces stay.
        parts: by name.

    Examples:
        >>> line = Message("assistant", slot(0), (Request(()),))
        >>> both = composed("user", "{one} / {other}", {"one": line, "other": line})
        >>> both.text == f"{slot(0)} / {slot(1)}", len(both.said)
        (True, 2)
    """
    said: list[Request] = []

    def put(found: re.Match[str]) -> str:
        if (part := parts.get(found[1])) is None:
            return found[0]
        first = len(said)
        said.extend(part.said)
        return SLOT.sub(lambda at: slot(int(at[1]) + first), part.text) if part.said else part.text

    return Message(role, NAMED.sub(put, template), tuple(said)) if parts else Message(role, template)
