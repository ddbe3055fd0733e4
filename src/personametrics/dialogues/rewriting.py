"""Rewriting of requests that wait for each other: a request that waits for a changed one is changed as well."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from personametrics.data.errors import StudyError
from personametrics.data.prompt import NOBODY
from personametrics.data.request import SLOT, Message, Request, Role, slot

NAMED = re.compile(r"\{(\w*)\}")
Change = Callable[[Request], Request]


def in_waiting_order(request: Request, done: Container[int]) -> Iterator[Request]:
    """Yield the requests that a request waits for, each once and after those that it waits for itself; then the request.

    The walk uses no recursion, because dialogues may be long. Requests whose `id` is in `done`, which may grow during the walk, are left
    out, together with those that they wait for. A request that waits for itself raises StudyError.
    """
    stack, open_ = [(request, False)], set[int]()
    while stack:
        current, seen = stack.pop()
        if id(current) in done:
            continue
        if seen:
            open_.discard(id(current))
            yield current
            continue
        if id(current) in open_:
            message = "A prompt needs its own reply. Remove this circular reference from the design."
            raise StudyError(message)
        open_.add(id(current))
        stack.append((current, True))
        stack += [(other, False) for message in current.messages for other in message.requests if id(other) not in done]


def rewrite(requests: Sequence[Request], change: Change) -> list[Request]:
    """Return changed requests; lines that requests share are changed once, and stay shared.

    `change` takes a request, whose messages already wait for changed requests, and returns the request that replaces it.
    """
    changed: dict[int, Request] = {}
    messages: dict[int, Message] = {}

    def renew(message: Message) -> Message:
        if id(message) not in messages:
            waits_for = tuple(changed[id(other)] for other in message.requests)
            same = all(new is old for new, old in zip(waits_for, message.requests, strict=True))
            messages[id(message)] = message if same else replace(message, requests=waits_for)
        return messages[id(message)]

    for request in requests:
        for current in in_waiting_order(request, changed):
            renewed = tuple(map(renew, current.messages))
            same = all(new is old for new, old in zip(renewed, current.messages, strict=True))
            changed[id(current)] = change(current if same else replace(current, messages=renewed))
    return [changed[id(request)] for request in requests]


def by_persona(request: Request) -> bool:
    """Return True if a persona answers the request, and not a judge, a partner, or the model without a persona."""
    return not request.to and request.about.get("persona", NOBODY) != NOBODY


def persona_text(request: Request) -> str:
    """Return the persona's own text in a request; "" if the request does not hold it."""
    return next((message.persona for message in request.messages if message.persona), "")


def compose(role: Role, template: str, parts: Mapping[str, Message]) -> Message:
    """Return a message from a template and parts, with the replies that the parts wait for; braces of other names stay.

    Examples:
        >>> line = Message("assistant", slot(0), (Request(()),))
        >>> both = compose("user", "{one} / {other}", {"one": line, "other": line})
        >>> both.text == f"{slot(0)} / {slot(1)}", len(both.requests)
        (True, 2)
    """
    requests: list[Request] = []

    def put(match: re.Match[str]) -> str:
        if (part := parts.get(match[1])) is None:
            return match[0]
        first = len(requests)
        requests.extend(part.requests)
        return SLOT.sub(lambda index: slot(int(index[1]) + first), part.text) if part.requests else part.text

    return Message(role, NAMED.sub(put, template), tuple(requests)) if parts else Message(role, template)
