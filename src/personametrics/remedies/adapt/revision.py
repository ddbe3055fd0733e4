"""Steps in which a persona is rewritten: a new text stays only if it brings held-out answers nearer to the person's own.

No model answers these requests; their replies are computed from the replies that they wait for.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from personametrics.data.request import Compiled, Message, Replies, Request, slot
from personametrics.data.scale import parse_scale
from personametrics.remedies.adapt.interactions import loss

CANDIDATE, KEPT, DIARY = "candidate", "kept", "diary"
"""Kinds of compiled requests, as their role `to`."""
MARKED = re.compile(r"<persona>(.*?)</persona>", re.DOTALL | re.IGNORECASE)
"""A reply without these marks is a refusal, or was cut off."""
GRAM = 4
"""Number of consecutive words in a quotation."""
GOLD = "gold"
"""The column of the person's own answer."""
NO_NEARER = "held-out answers come no nearer"


@dataclass(frozen=True)
class Step:
    """One attempt to rewrite a persona.

    Attributes:
        loss: mean loss on held-out answers with the old text, 0 to 1.
        tried: mean loss with the new text; None without a usable text.
        why: reason to roll the new text back; "" if it stays.
    """

    loss: float
    tried: float | None
    why: str


def card(text: str) -> Request:
    """Return a persona's text, as a request that waits for no reply."""
    return Request((Message("system", text),), to=CANDIDATE, compiled=compile_reply)


def candidate(old: Request, written: Request, sources: Sequence[str], words: int, quotes: float) -> Request:
    """Return the request for a new text; its reply is the old text if the new one is not usable.

    Args:
        old: request whose reply is the current text.
        written: request whose reply has the new text between <persona> and </persona>.
        sources: texts that it must not quote.
        words: largest number of words.
        quotes: share of the sequences of four words of a source from which a text counts as quoting it.
    """
    rules = {"words": str(words), "quotes": str(quotes)}
    messages = (_reply_to(old), _reply_to(written), *(Message("user", text) for text in sources))
    return Request(messages, about=rules, to=CANDIDATE, compiled=compile_reply)


def kept_text(before: Request, held_out: Sequence[Request], new: Request | None = None) -> Request:
    """Return the request for the better of two texts; without a new one, for the current one.

    Args:
        before: request for the text of the step before; without a new text, the card.
        held_out: held-out questions, asked with the new text, or with the card; with the person's own answers in the column `gold`.
        new: the candidate.
    """
    asked = Message("user", "".join(map(slot, range(len(held_out)))), tuple(held_out))
    return Request((_reply_to(before), asked, *([_reply_to(new)] if new else [])), to=KEPT, compiled=compile_reply)


def diary(steps: Sequence[Request], about: Mapping[str, str]) -> Request:
    """Return the request for all steps of a persona, as JSON with the keys of `about`, `text` and `steps`.

    Args:
        steps: requests made by `kept_text`, from the first.
        about: further entries.
    """
    return Request(tuple(map(_reply_to, steps)), about=about, to=DIARY, compiled=compile_reply)


def _reply_to(request: Request) -> Message:
    """Return the reply to a request, as a message."""
    return Message("user", slot(0), (request,))


def compile_reply(request: Request, replies: Replies) -> Compiled:
    """Return the reply of a candidate, a step or a diary."""
    return Compiled(revised_text(request, replies))


def revised_text(request: Request, replies: Replies) -> str | None:
    """Return the text of a candidate, a step or a diary; None if a reply that it needs is missing."""
    if request.to == DIARY:
        steps = [asdict(step) for message in request.messages if (step := _state(message.said[0], replies)[2])]
        entry = {**request.about, "text": replies(request.messages[-1].said[0]), "steps": steps}
        return json.dumps(entry, ensure_ascii=False)
    if request.to == KEPT:
        return _state(request, replies)[0]
    if not request.waits:
        return request.messages[0].text
    text, why = _new_text(request, replies)
    return replies(request.messages[0].said[0]) if why else text


def _new_text(request: Request, replies: Replies) -> tuple[str, str]:
    """Return the new text of a candidate, and the reason why it is not usable, "" if it is."""
    old, written = (replies(message.said[0]) or "" for message in request.messages[:2])
    marked = MARKED.search(written)
    text = marked[1].strip() if marked else ""
    if not text:
        return "", "nothing usable was written"
    if len(text.split()) > int(request.about["words"]):
        return text, f"it has more than {request.about['words']} words"
    share = max((quoted_share(text, source.text, old) for source in request.messages[2:]), default=0.0)
    return text, "it quotes what was asked and answered" if share > float(request.about["quotes"]) else ""


def _state(request: Request, replies: Replies) -> tuple[str | None, Sequence[Request], Step | None]:
    """Return the text after a step, the held-out questions as asked with it, and the result of the step.

    An unreadable reply counts for the current text, and against a new one.
    """
    before, held_out = request.messages[0].said[0], request.messages[1].said
    if len(request.messages) == 2:
        return replies(before), held_out, None
    text, asked, _ = _state(before, replies)
    new = request.messages[2].said[0]
    now, why = _mean_loss(asked, replies, 0.0), _new_text(new, replies)[1]
    if why:
        return text, asked, Step(now, None, why)
    tried = _mean_loss(held_out, replies, 1.0)
    if tried < now:
        return replies(new), held_out, Step(now, tried, "")
    return text, asked, Step(now, tried, NO_NEARER)


def _mean_loss(requests: Sequence[Request], replies: Replies, unreadable: float) -> float:
    """Return the mean loss of replies, with the loss of an unreadable one."""
    losses = [loss(parse_scale(request.about["scale"]), request.about[GOLD], replies(request)) for request in requests]
    return float(np.mean([unreadable if math.isnan(value) else value for value in losses]))


def quoted_share(text: str, source: str, before: str = "") -> float:
    """Return the share (0 to 1) of the sequences of four words of a source that stand in a text, and did not stand there before.

    Args:
        text: text that may quote.
        source: text that it may quote; a source of fewer than four words is one sequence.
        before: earlier text.

    Examples:
        >>> quoted_share("You said yes to tea with milk.", "Do you like tea? Yes")
        0.0
        >>> quoted_share("Do you like tea? Yes!", "Do you like tea? Yes")
        1.0
    """
    size = min(GRAM, len(_words(source)))
    sequences = _sequences(source, size)
    return len(sequences & (_sequences(text, size) - _sequences(before, size))) / len(sequences) if size else 0.0


def _words(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return re.findall(r"\w+", text.casefold())


def _sequences(text: str, size: int) -> set[tuple[str, ...]]:
    """Return all sequences of consecutive words of a size."""
    words = _words(text)
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}
