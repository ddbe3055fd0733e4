"""A line that is chosen among candidates by verdicts; nobody is asked for a choice."""

from collections.abc import Callable, Mapping, Sequence

from personametrics.data.ask import Ask, Message, slot
from personametrics.data.dialogues.judge import CONSISTENT, CONTRADICTS

CHOICE = "choice"
"""Stands where an ask says who is asked."""
POINTS = {CONSISTENT: 1, CONTRADICTS: -1}
"""What a verdict is worth; one that cannot be read, or was never given, speaks neither for a candidate nor against it."""


def choice(candidates: Sequence[Ask], verdicts: Sequence[Ask], about: Mapping[str, str]) -> Ask:
    """What stands for the best of some candidates: it waits for them and for the verdicts, and its reply is that of the one chosen.

    Args:
        candidates: any may be said.
        verdicts: as many on each candidate, in their order.
        about: columns of the one chosen.
    """
    messages = tuple(Message("user", "\n".join(map(slot, range(len(asks)))), tuple(asks)) for asks in (candidates, verdicts))
    return Ask(messages, about=about, to=CHOICE)


def chosen(ask: Ask, said: Callable[[Ask], str | None]) -> Ask | None:
    """The candidate with the most verdicts for it and the fewest against; the first among equals.

    Args:
        ask: as `choice` makes it.
        said: what was answered, of a verdict what it means; None: nothing.

    Returns:
        None where no candidate was said.
    """
    candidates, verdicts = (message.said for message in ask.messages)
    each = len(verdicts) // len(candidates)
    points = [sum(POINTS.get(said(one) or "", 0) for one in verdicts[at * each : (at + 1) * each]) for at in range(len(candidates))]
    there = [at for at, one in enumerate(candidates) if said(one) is not None]
    return candidates[max(there, key=points.__getitem__)] if there else None
