"""Asks that nobody is asked: what they say follows from the replies that they wait for."""

from collections.abc import Callable

from personametrics.data.ask import Ask
from personametrics.data.dialogues.choice import CHOICE, chosen
from personametrics.data.dialogues.commitments import COMMITMENTS, recalled
from personametrics.data.written.revised import CANDIDATE, DIARY, KEPT, revised

COMPILED = {COMMITMENTS: recalled, CANDIDATE: revised, KEPT: revised, DIARY: revised}
"""Their words are put together from others'."""
UNASKED = frozenset({CHOICE, *COMPILED})
"""Where an ask says who is asked."""


def resolved(ask: Ask, said: Callable[[Ask], str | None]) -> tuple[str | None, Ask | None]:
    """What an ask says that nobody is asked.

    Args:
        ask: whose `to` is one of `UNASKED`.
        said: what was answered, of a verdict what it means; None: nothing.

    Returns:
        Its words, None where what it needs was never said; and the ask whose reply they are, if they are one's.
    """
    if ask.to in COMPILED:
        return COMPILED[ask.to](ask, said), None
    one = chosen(ask, said)
    return (None, None) if one is None else (said(one), one)
