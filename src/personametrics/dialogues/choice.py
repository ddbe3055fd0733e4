"""A line that is chosen among candidates by verdicts; nobody is asked for a choice."""

from collections.abc import Mapping, Sequence

from personametrics.data.request import Compiled, Heard, Message, Request, slot
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS

POINTS = {CONSISTENT: 1, CONTRADICTS: -1}
"""What a verdict is worth; one that cannot be read, or was never given, speaks neither for a candidate nor against it."""


def choice(candidates: Sequence[Request], verdicts: Sequence[Request], about: Mapping[str, str]) -> Request:
    """What stands for the best of some candidates: it waits for them and for the verdicts, and its reply is that of the one chosen.

    Args:
        candidates: any may be said.
        verdicts: as many on each candidate, in their order.
        about: columns of the one chosen.
    """
    messages = tuple(Message("user", "\n".join(map(slot, range(len(requests)))), tuple(requests)) for requests in (candidates, verdicts))
    return Request(messages, about=about, compiled=best)


def chosen(request: Request, said: Heard) -> Request | None:
    """The candidate with the most verdicts for it and the fewest against; the first among equals.

    Args:
        request: as `choice` makes it.
        said: what was answered, of a verdict what it means; None: nothing.

    Returns:
        None where no candidate was said.
    """
    candidates, verdicts = (message.said for message in request.messages)
    each = len(verdicts) // len(candidates)
    points = [sum(POINTS.get(said(one) or "", 0) for one in verdicts[at * each : (at + 1) * each]) for at in range(len(candidates))]
    there = [at for at, one in enumerate(candidates) if said(one) is not None]
    return candidates[max(there, key=points.__getitem__)] if there else None


def best(request: Request, said: Heard) -> Compiled:
    """Return the reply of the best candidate; the arguments are those of `chosen`."""
    one = chosen(request, said)
    return Compiled(None) if one is None else Compiled(said(one), one)
