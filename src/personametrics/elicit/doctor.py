"""What a model is able to do, found out by asking it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from personametrics.data.errors import ModelError
from personametrics.data.model import Can, Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN

SLACK = 1e-3
"""Probabilities may sum to this much more than 1 by rounding."""
CONTEXT = (1_000, 4_000, 16_000)
"""Lengths in tokens that are tried, one after the other, until one fails."""
WORD = "harbour"
CHOICES = ("yes", "no", "perhaps")
DRAW = Request(
    (Message("user", "Write eight words that come to your mind, separated by spaces."),), sampling=Sampling(max_tokens=24, seed=1)
)
UNSEEDED = replace(DRAW, sampling=replace(DRAW.sampling, seed=None))
"""The same without a seed: runs with seeds of their own share no call."""


@dataclass(frozen=True)
class Probe:
    """One thing that was tried.

    Attributes:
        name: a `Can`, `answers`, `draws` or `context`.
        found: whether the model is able to; None: it cannot be told.
        evidence: what was seen, in one sentence.
    """

    name: str
    found: bool | None
    evidence: str


async def examine(model: Model, context: Sequence[int] = CONTEXT) -> list[Probe]:
    """Find out what a model is able to do: about a dozen short calls, and the long ones for the context.

    Args:
        model: what is examined.
        context: lengths in tokens to try.

    Raises:
        ModelError: it answers nothing.
    """
    first = await _one(model, Request((Message("user", "Answer with one word: is water wet?"),), sampling=Sampling(max_tokens=16)))
    heard = f'it said "{(first.text or "").strip()[:40]}", in {first.seconds:.2f} s'
    said = first.detail.rstrip(".") if first.outcome == ReplyOutcome.FAILED else heard
    probes = [Probe("answers", first.outcome == ReplyOutcome.ANSWERED and bool((first.text or "").strip()), said)]
    if first.outcome == ReplyOutcome.FAILED:
        return probes
    probes += [await _draws(model), await _system(model), await _many(model), await _seed(model), await _score(model)]
    return [*probes, await _context(model, context)] if context else probes


def able(probes: Sequence[Probe]) -> frozenset[Can]:
    """What was found, as a model declares it."""
    return frozenset({Can.SAMPLE, *(Can(probe.name) for probe in probes if probe.found and probe.name in set(Can))})


async def _system(model: Model) -> Probe:
    """Is a system message obeyed, or at least read?"""
    told = Message("system", f"Whatever you are asked, answer with the single word {WORD} and nothing else. " * 3)
    request = Request((Message("user", "What is the capital of France?"),), sampling=Sampling(temperature=0.0, max_tokens=16))
    without, reply = await _one(model, request), await _one(model, replace(request, messages=(told, *request.messages)))
    if reply.outcome == ReplyOutcome.FAILED:
        return Probe(Can.SYSTEM, found=False, evidence=reply.detail)
    if WORD in (reply.text or "").casefold():
        return Probe(Can.SYSTEM, found=True, evidence="it was obeyed")
    if without.tokens_in is None or reply.tokens_in is None:
        return Probe(Can.SYSTEM, None, "it was not obeyed, and the server does not say how many tokens it read")
    more = reply.tokens_in - without.tokens_in
    read = more > 0.2 * len(told.text) / LETTERS_A_TOKEN
    return Probe(Can.SYSTEM, read, f"it was not obeyed; the server read {more} tokens more with it" + ("" if read else ": it is dropped"))


async def _many(model: Model) -> Probe:
    """Does one call bring several answers?"""
    replies = await _all(model, [UNSEEDED, replace(UNSEEDED, run=1)])
    if any(reply.outcome == ReplyOutcome.FAILED for reply in replies):
        return Probe(Can.MANY, found=False, evidence=next(reply.detail for reply in replies if reply.outcome == ReplyOutcome.FAILED))
    calls = sum(reply.calls for reply in replies)
    if any("n" in reply.degraded for reply in replies):
        return Probe(Can.MANY, found=False, evidence="n is ignored: every run needs a call of its own")
    return Probe(Can.MANY, calls < len(replies), f"{len(replies)} runs took {calls} call{'s' if calls > 1 else ''}")


async def _draws(model: Model) -> Probe:
    """Do answers vary at temperature 1? Where a server is greedy in silence, every panel looks free of noise."""
    replies = [await _one(model, replace(UNSEEDED, run=run)) for run in range(3)]
    if any(reply.outcome == ReplyOutcome.FAILED for reply in replies):
        return Probe("draws", found=False, evidence=next(reply.detail for reply in replies if reply.outcome == ReplyOutcome.FAILED))
    different = len({reply.text for reply in replies})
    greedy = "" if different > 1 else ": it looks greedy, so that reruns would show no noise whatever the personas do"
    return Probe("draws", different > 1, f"{different} different answer{'s' if different > 1 else ''} in 3 draws at temperature 1{greedy}")


async def _seed(model: Model) -> Probe:
    """Does the same seed bring the same answer, and another seed another one?"""
    try:
        again = [await _one(model, DRAW), await _one(model, DRAW)]
        others = [await _one(model, replace(DRAW, run=run)) for run in (1, 2)]
    except ModelError as error:
        return Probe(Can.SEED, found=False, evidence=str(error))
    if any(reply.outcome == ReplyOutcome.FAILED for reply in [*again, *others]):
        return Probe(Can.SEED, found=False, evidence=next(r.detail for r in [*again, *others] if r.outcome == ReplyOutcome.FAILED))
    same, differ = again[0].text == again[1].text, len({reply.text for reply in [again[0], *others]}) > 1
    if same and not differ:
        return Probe(Can.SEED, None, "it says the same whatever the seed is")
    return Probe(Can.SEED, same, "the same seed brings the same words" if same else "the same seed brings other words")


async def _score(model: Model) -> Probe:
    """Are there probabilities of labels, do they sum to 1 at most, and do they move with the prompt?"""
    requests = [
        Request((Message("user", f"{question} Answer with yes, no or perhaps."),), choices=CHOICES, score=True)
        for question in ("Is fire cold?", "Is fire hot?")
    ]
    try:
        replies = await _all(model, requests)
    except ModelError as error:
        return Probe(Can.SCORE, found=False, evidence=str(error))
    shares = [reply.probabilities for reply in replies]
    one, other = shares
    if one is None or other is None:
        return Probe(Can.SCORE, found=False, evidence=next((r.detail for r in replies if r.detail), "no probabilities came"))
    totals = [sum(share.values()) for share in (one, other)]
    if max(totals) > 1 + SLACK or min(*one.values(), *other.values()) < 0:
        return Probe(Can.SCORE, found=False, evidence=f"label probabilities sum to {max(totals):.3f}")
    moved = max(abs(one[label] - other[label]) for label in CHOICES)
    found = f"probabilities of {', '.join(CHOICES)} sum to {totals[0]:.2f} and {totals[1]:.2f}; they move by {moved:.2g} with the prompt"
    return Probe(Can.SCORE, moved > 0, found)


async def _context(model: Model, lengths: Sequence[int]) -> Probe:
    """How long may a prompt be, and is it cut in silence?"""
    longest = 0
    for length in lengths:
        text = "The harbour wall is grey. " * int(length * LETTERS_A_TOKEN / 26)
        reply = await _one(model, Request((Message("user", f"{text}\nWhat colour is the wall?"),), sampling=Sampling(max_tokens=8)))
        if reply.outcome == ReplyOutcome.FAILED:
            return Probe("context", longest > 0, f"about {longest:,} tokens were taken; {length:,} failed: {reply.detail}")
        if reply.tokens_in is not None and reply.tokens_in < 0.5 * length:
            return Probe("context", found=False, evidence=f"of about {length:,} tokens {reply.tokens_in:,} were read: it is cut in silence")
        if reply.tokens_in is None:
            return Probe("context", None, f"about {length:,} tokens were taken; the server does not say how many it read")
        longest = length
    return Probe("context", found=True, evidence=f"at least about {longest:,} tokens")


async def _all(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Replies in the order of the asks."""
    found = {index: reply async for index, reply in model.answer(iter(requests))}
    return [found[index] for index in range(len(requests))]


async def _one(model: Model, request: Request) -> Reply:
    """The reply to one ask."""
    return (await _all(model, [request]))[0]
