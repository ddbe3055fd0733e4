"""A request in tokens, or the reason why it cannot be answered; shared by the models that run in this process."""

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
    """A request in tokens.

    Attributes:
        index: position of the request.
        request: the request itself.
        tokens: tokens of the prompt, up to where the answer begins.
        choices: tokens of each choice, as they would follow the prompt.
        ends: True if the end of the answer is scored as part of every choice, because some choices begin with another.
        fault: reason why the request cannot be answered; empty: it can.
        doubt: reason to doubt the answer; empty: there is none.
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
        """The key that requests must share to be worked on together."""
        return not self.fault, self.request.score, self.request.sampling

    @property
    def needed(self) -> int:
        """The number of tokens of the prompt and the longest answer."""
        longest = max(map(len, self.choices), default=0) if self.request.score else self.request.sampling.max_tokens
        return len(self.tokens) + longest


def request_fault(request: Request, signs: Iterable[str]) -> str:
    """Return the reason why no model can answer a request; empty: it can be. A message must not hold the signs of control tokens."""
    sampling = request.sampling
    temperature, top_p = (1.0 if value is None else value for value in (sampling.temperature, sampling.top_p))
    sign = next((sign for message in request.messages for sign in signs if sign in message.text), "")
    faults = {
        f'A message holds "{sign}", which the model reads as a control token. Remove it.': bool(sign),
        "The request asks for probabilities, but has no choices. Use a scale with labels, or set score to false.": request.score
        and not request.choices,
        "Two choices are equal. Make every choice different.": request.score and len(set(request.choices)) < len(request.choices),
        f"temperature is {temperature}: it must be 0 or more.": not temperature >= 0,
        f"top_p is {top_p}: it must be more than 0 and at most 1.": not 0 < top_p <= 1,
        f"max_tokens is {sampling.max_tokens}: it must be 1 or more.": not request.score and sampling.max_tokens < 1,
    }
    return next((fault for fault, applies in faults.items() if applies), "")


def length_fault(needed: int, room: int) -> str:
    """Return the reason why a prompt and its answer do not fit; empty: they do."""
    if needed <= room:
        return ""
    return f"Prompt and answer need {needed:,} tokens, but the model has room for {room:,}. Shorten the persona or lower max_tokens."


def add_usage(requests: Sequence[Prepared], work: Callable[[], Sequence[Reply]]) -> list[Reply]:
    """Return the replies that the work gives to requests of one kind, with time, calls and tokens; failures if the requests have a fault.

    Of several requests with one prompt, the first carries its tokens and the call.
    """
    if requests[0].fault:
        return [Reply(outcome=ReplyOutcome.FAILED, detail=prepared.fault, calls=0) for prepared in requests]
    start = time.perf_counter()
    replies = work()
    seconds = time.perf_counter() - start
    leads = {prepared.tokens: index for index, prepared in reversed(list(enumerate(requests)))}
    fresh = [leads[prepared.tokens] == index for index, prepared in enumerate(requests)]
    return [
        replace(reply, seconds=seconds, calls=int(first), tokens_in=len(prepared.tokens) if first else 0)
        for prepared, reply, first in zip(requests, replies, fresh, strict=True)
    ]


def add_joint_usage(prompts: Sequence[Prepared], work: Callable[[], Reply]) -> Reply:
    """Return the joint reply that the work gives to prompts, with time, calls and tokens; a failure if a prompt has a fault."""
    lead = next((prompt for prompt in prompts if prompt.fault), prompts[0])
    (reply,) = add_usage([lead], lambda: [work()])
    return reply if lead.fault else replace(reply, tokens_in=sum(len(prompt.tokens) for prompt in prompts))


def scored_replies(requests: Sequence[Prepared], scores: Sequence[Sequence[float]]) -> list[Reply]:
    """Return replies with the probabilities of the choices of each request, from their log-probabilities."""
    shares = (probabilities(prepared.request.choices, logs) for prepared, logs in zip(requests, scores, strict=True))
    return [Reply(probabilities=share, tokens_out=0) for share in shares]


def probabilities(choices: Sequence[str], logs: Sequence[float]) -> Mapping[str, float]:
    """Return probabilities of the choices, scaled down if rounding makes them sum to more than 1."""
    values = [exp(log) for log in logs]
    total = max(1.0, fsum(values))
    return {choice: value / total for choice, value in zip(choices, values, strict=True)}


def first_line(error: Exception) -> str:
    """Return the first line of an error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
