"""A persona that is rewritten step by step: a new text stays only if it brings held-out answers nearer to the person's own.

Nobody is asked for what stands here; it follows from the replies that it waits for.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from personametrics.data.request import Compiled, Heard, Message, Request, slot
from personametrics.data.scale import parse_scale
from personametrics.remedies.adapt.interactions import loss

CANDIDATE, KEPT, DIARY = "candidate", "kept", "diary"
"""Kinds of compiled requests, as their `to`."""
MARKED = re.compile(r"<persona>(.*?)</persona>", re.DOTALL | re.IGNORECASE)
"""Without these marks a reply is a refusal, or cut off."""
GRAM = 4
"""Words in a row that make a quotation."""
GOLD = "gold"
"""Column of the person's own answer."""
NO_NEARER = "held-out answers come no nearer"


@dataclass(frozen=True)
class Step:
    """One attempt to rewrite a persona.

    Attributes:
        loss: mean loss on held-out answers before it, 0 to 1.
        tried: with the new text; None where there is none that could be told.
        why: it was rolled back; "" where the new text stays.
    """

    loss: float
    tried: float | None
    why: str


def card(text: str) -> Request:
    """A persona's text, as an ask that waits for nothing."""
    return Request((Message("system", text),), to=CANDIDATE, compiled=compiled)


def candidate(old: Request, written: Request, known: Sequence[str], words: int, quotes: float) -> Request:
    """What stands for a new text, or for the old one where the new one cannot be told.

    Args:
        old: whose reply is the text so far.
        written: whose reply has the new text between <persona> and </persona>.
        known: what it must not quote.
        words: how many it may have at most.
        quotes: share of the runs of four words of any of `known` from which on it quotes that.
    """
    rules = {"words": str(words), "quotes": str(quotes)}
    messages = (_of(old), _of(written), *(Message("user", text) for text in known))
    return Request(messages, about=rules, to=CANDIDATE, compiled=compiled)


def kept(before: Request, held: Sequence[Request], new: Request | None = None) -> Request:
    """What stands for the better of two texts; without a new one, for the first.

    Args:
        before: the same of the step before; without a new text, the card.
        held: held-out questions, asked under the new text, or under the card; with the person's own answers in the column `gold`.
        new: the candidate.
    """
    asked = Message("user", "".join(map(slot, range(len(held)))), tuple(held))
    return Request((_of(before), asked, *([_of(new)] if new else [])), to=KEPT, compiled=compiled)


def diary(steps: Sequence[Request], about: Mapping[str, str]) -> Request:
    """What stands for all steps of a persona, as JSON with the keys of `about`, `text` and `steps`.

    Args:
        steps: as `kept` makes them, from the first.
        about: what else is to stand there.
    """
    return Request(tuple(map(_of, steps)), about=about, to=DIARY, compiled=compiled)


def _of(request: Request) -> Message:
    """The reply to an ask."""
    return Message("user", slot(0), (request,))


def compiled(request: Request, said: Heard) -> Compiled:
    """Return the reply of a candidate, a step or a diary."""
    return Compiled(revised(request, said))


def revised(request: Request, said: Heard) -> str | None:
    """What a candidate, a step or a diary says; None where what it needs was never said."""
    if request.to == DIARY:
        told = [asdict(step) for one in request.messages if (step := _state(one.said[0], said)[2])]
        return json.dumps({**request.about, "text": said(request.messages[-1].said[0]), "steps": told}, ensure_ascii=False)
    if request.to == KEPT:
        return _state(request, said)[0]
    if not request.waits:
        return request.messages[0].text
    text, why = _new(request, said)
    return said(request.messages[0].said[0]) if why else text


def _new(request: Request, said: Heard) -> tuple[str, str]:
    """The new text of a candidate, and why it cannot be told: "" where it can."""
    old, written = (said(one.said[0]) or "" for one in request.messages[:2])
    found = MARKED.search(written)
    text = found[1].strip() if found else ""
    if not text:
        return "", "nothing usable was written"
    if len(text.split()) > int(request.about["words"]):
        return text, f"it has more than {request.about['words']} words"
    share = max((quoted(text, one.text, old) for one in request.messages[2:]), default=0.0)
    return text, "it quotes what was asked and answered" if share > float(request.about["quotes"]) else ""


def _state(request: Request, said: Heard) -> tuple[str | None, Sequence[Request], Step | None]:
    """The text after a step, the held-out questions as they were asked under it, and what came of the step.

    An unreadable reply counts for the text that is there, and against the one that is new.
    """
    before, held = request.messages[0].said[0], request.messages[1].said
    if len(request.messages) == 2:
        return said(before), held, None
    text, asked, _ = _state(before, said)
    new = request.messages[2].said[0]
    now, why = _mean(asked, said, 0.0), _new(new, said)[1]
    if why:
        return text, asked, Step(now, None, why)
    tried = _mean(held, said, 1.0)
    return (said(new), held, Step(now, tried, "")) if tried < now else (text, asked, Step(now, tried, NO_NEARER))


def _mean(requests: Sequence[Request], said: Heard, unreadable: float) -> float:
    """Mean loss."""
    found = [loss(parse_scale(one.about["scale"]), one.about[GOLD], said(one)) for one in requests]
    return float(np.mean([unreadable if math.isnan(one) else one for one in found]))


def quoted(text: str, source: str, before: str = "") -> float:
    """(0 to 1) Share of the runs of four words of a source that stand in a text, and did not before.

    Args:
        text: that may quote.
        source: what it may quote; of fewer than four words, only the whole is a run.
        before: a text that may.

    Examples:
        >>> quoted("You said yes to tea with milk.", "Do you like tea? Yes"), quoted("Do you like tea? Yes!", "Do you like tea? Yes")
        (0.0, 1.0)
    """
    size = min(GRAM, len(_words(source)))
    runs = _runs(source, size)
    return len(runs & (_runs(text, size) - _runs(before, size))) / len(runs) if size else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _runs(text: str, size: int) -> set[tuple[str, ...]]:
    """So many words in a row."""
    words = _words(text)
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}
