"""An ask in tokens, or the reason why it cannot be answered: what every model that runs in this process shares."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, fsum

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request, Sampling
from personametrics.models.packing import Tokens


@dataclass(frozen=True, slots=True)
class Prepared:
    """An ask in tokens.

    Attributes:
        index: its position among the asks.
        request: what is asked.
        tokens: of the prompt, up to where the answer begins.
        choices: of each choice, as they would follow the prompt.
        ends: whether the end of the answer belongs to every choice, because some begin with another.
        fault: why it cannot be answered; empty: it can.
        doubt: what makes its answer doubtful; empty: nothing.
    """

    index: int
    request: Request
    tokens: Tokens = ()
    choices: tuple[Tokens, ...] = ()
    ends: bool = False
    fault: str = ""
    doubt: str = ""

    @property
    def kind(self) -> tuple[bool, bool, Sampling]:
        """What asks must share to be worked on together."""
        return not self.fault, self.request.score, self.request.sampling

    @property
    def needed(self) -> int:
        """Tokens of the prompt and of the longest answer."""
        longest = max(map(len, self.choices), default=0) if self.request.score else self.request.sampling.max_tokens
        return len(self.tokens) + longest


def misused(request: Request, signs: Iterable[str]) -> str:
    """Why an ask makes no sense to a model; empty: it does.

    Args:
        request: what is asked.
        signs: what the model takes for signs of its own wherever they stand.
    """
    sampling = request.sampling
    temperature, top_p = (1.0 if one is None else one for one in (sampling.temperature, sampling.top_p))
    sign = next((sign for message in request.messages for sign in signs if sign in message.text), "")
    faults = {
        f'A message holds "{sign}", which the model takes for a sign of its own: leave it out.': bool(sign),
        "There are no choices to give probabilities of: use a scale with labels, or ask for words.": request.score and not request.choices,
        "A choice is given twice: every choice must be another.": request.score and len(set(request.choices)) < len(request.choices),
        f"temperature is {temperature}: it must be 0 or more.": not temperature >= 0,
        f"top_p is {top_p}: it must be more than 0 and at most 1.": not 0 < top_p <= 1,
        f"max_tokens is {sampling.max_tokens}: it must be 1 or more.": not request.score and sampling.max_tokens < 1,
    }
    return next((fault for fault, found in faults.items() if found), "")


def crowded(needed: int, room: int) -> str:
    """Why so many tokens do not fit; empty: they do."""
    if needed <= room:
        return ""
    return f"Prompt and answer take {needed:,} tokens and the model has room for {room:,}: shorten the persona or max_tokens."


def counted(requests: Sequence[Prepared], work: Callable[[], Sequence[Reply]]) -> list[Reply]:
    """Replies with what they took; of several asks with one prompt, the first carries its tokens and the call.

    Args:
        requests: of one kind, at least one; where they cannot be answered, nothing is done.
        work: gives a reply to each.
    """
    if requests[0].fault:
        return [Reply(outcome=ReplyOutcome.FAILED, detail=one.fault, calls=0) for one in requests]
    start = time.perf_counter()
    replies = work()
    seconds = time.perf_counter() - start
    leads = {one.tokens: at for at, one in reversed(list(enumerate(requests)))}
    fresh = [leads[one.tokens] == at for at, one in enumerate(requests)]
    return [
        replace(reply, seconds=seconds, calls=int(first), tokens_in=len(one.tokens) if first else 0)
        for one, reply, first in zip(requests, replies, fresh, strict=True)
    ]


def counted_together(prompts: Sequence[Prepared], work: Callable[[], Reply]) -> Reply:
    """The one reply to several prompts with what it took; failed, where one of them cannot be read.

    Args:
        prompts: at least one.
        work: gives the reply.
    """
    lead = next((one for one in prompts if one.fault), prompts[0])
    (reply,) = counted([lead], lambda: [work()])
    return reply if lead.fault else replace(reply, tokens_in=sum(len(one.tokens) for one in prompts))


def probabilities(choices: Sequence[str], logs: Sequence[float]) -> Mapping[str, float]:
    """Probabilities that never sum to more than 1, as rounding may let them."""
    found = [exp(log) for log in logs]
    most = max(1.0, fsum(found))
    return {choice: value / most for choice, value in zip(choices, found, strict=True)}
