"""The examination of a model: its abilities, measured with a few short requests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from personametrics.data.errors import ModelError
from personametrics.data.model import Can, Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN

SLACK = 1e-3
"""Excess over 1 that rounding may give to a sum of probabilities."""
CONTEXT = (1_000, 4_000, 16_000)
"""Lengths in tokens that are tried one after the other until one fails."""
WORD = "harbour"
CHOICES = ("yes", "no", "perhaps")
DRAW = Request(
    (Message("user", "Write eight words that come to your mind, separated by spaces."),), sampling=Sampling(max_tokens=24, seed=1)
)
UNSEEDED = replace(DRAW, sampling=replace(DRAW.sampling, seed=None))
"""The same without a seed, since runs with seeds of their own do not share a call."""


@dataclass(frozen=True)
class Probe:
    """One ability that was tried.

    Attributes:
        name: a `Can`, `answers`, `draws` or `context`.
        found: whether the model has the ability; None: undecided.
        evidence: the observation, in one sentence.
    """

    name: str
    found: bool | None
    evidence: str


async def examine(model: Model, context: Sequence[int] = CONTEXT) -> list[Probe]:
    """Measure the abilities of a model with about a dozen short calls, and long ones for the context.

    Args:
        model: the model to examine.
        context: lengths in tokens to try.

    Raises:
        ModelError: it answers no request.
    """
    first = await _one(model, Request((Message("user", "Answer with one word: is water wet?"),), sampling=Sampling(max_tokens=16)))
    text = f'it answered "{(first.text or "").strip()[:40]}" in {first.seconds:.2f} s'
    evidence = first.detail.rstrip(".") if first.outcome == ReplyOutcome.FAILED else text
    probes = [Probe("answers", first.outcome == ReplyOutcome.ANSWERED and bool((first.text or "").strip()), evidence)]
    if first.outcome == ReplyOutcome.FAILED:
        return probes
    probes += [await _draws(model), await _system(model), await _many(model), await _seed(model), await _score(model)]
    return [*probes, await _context(model, context)] if context else probes


def able(probes: Sequence[Probe]) -> frozenset[Can]:
    """Return the abilities that were found, as a model declares them."""
    return frozenset({Can.SAMPLE, *(Can(probe.name) for probe in probes if probe.found and probe.name in set(Can))})


async def _system(model: Model) -> Probe:
    """Try whether a system message is obeyed, or at least read."""
    order = Message("system", f"Whatever you are asked, answer with the single word {WORD} and nothing else. " * 3)
    request = Request((Message("user", "What is the capital of France?"),), sampling=Sampling(temperature=0.0, max_tokens=16))
    without, reply = await _one(model, request), await _one(model, replace(request, messages=(order, *request.messages)))
    if reply.outcome == ReplyOutcome.FAILED:
        return Probe(Can.SYSTEM, found=False, evidence=reply.detail)
    if WORD in (reply.text or "").casefold():
        return Probe(Can.SYSTEM, found=True, evidence="a system message was obeyed")
    if without.tokens_in is None or reply.tokens_in is None:
        return Probe(Can.SYSTEM, None, "a system message was not obeyed, and the server does not report how many tokens it read")
    more = reply.tokens_in - without.tokens_in
    read = more > 0.2 * len(order.text) / LETTERS_A_TOKEN
    evidence = f"a system message was {'read but not obeyed' if read else 'dropped'}: the server read {more} tokens more with it"
    return Probe(Can.SYSTEM, None if read else False, evidence)


async def _many(model: Model) -> Probe:
    """Try whether one call brings several answers."""
    replies = await _all(model, [UNSEEDED, replace(UNSEEDED, run=1)])
    if any(reply.outcome == ReplyOutcome.FAILED for reply in replies):
        return Probe(Can.MANY, found=False, evidence=next(reply.detail for reply in replies if reply.outcome == ReplyOutcome.FAILED))
    calls = sum(reply.calls for reply in replies)
    if any("n" in reply.degraded for reply in replies):
        return Probe(Can.MANY, found=False, evidence="n is ignored: every run needs a call of its own")
    return Probe(Can.MANY, calls < len(replies), f"{len(replies)} runs took {calls} call{'s' if calls > 1 else ''}")


async def _draws(model: Model) -> Probe:
    """Try whether answers vary at temperature 1; with a server that is silently greedy, every panel looks free of noise."""
    replies = [await _one(model, replace(UNSEEDED, run=run)) for run in range(3)]
    if any(reply.outcome == ReplyOutcome.FAILED for reply in replies):
        return Probe("draws", found=False, evidence=next(reply.detail for reply in replies if reply.outcome == ReplyOutcome.FAILED))
    different = len({reply.text for reply in replies})
    greedy = "" if different > 1 else ": it seems greedy, so that reruns would show no noise whatever the personas are"
    return Probe("draws", different > 1, f"{different} different answer{'s' if different > 1 else ''} in 3 draws at temperature 1{greedy}")


async def _seed(model: Model) -> Probe:
    """Try whether the same seed brings the same answer, and another seed another one."""
    try:
        again = [await _one(model, DRAW), await _one(model, DRAW)]
        others = [await _one(model, replace(DRAW, run=run)) for run in (1, 2)]
    except ModelError as error:
        return Probe(Can.SEED, found=False, evidence=str(error))
    if any(reply.outcome == ReplyOutcome.FAILED for reply in [*again, *others]):
        return Probe(Can.SEED, found=False, evidence=next(r.detail for r in [*again, *others] if r.outcome == ReplyOutcome.FAILED))
    same, differ = again[0].text == again[1].text, len({reply.text for reply in [again[0], *others]}) > 1
    if same and not differ:
        return Probe(Can.SEED, None, "the answer is the same whatever the seed is")
    return Probe(Can.SEED, same, "the same seed brings the same words" if same else "the same seed brings other words")


async def _score(model: Model) -> Probe:
    """Try whether label probabilities come, sum to 1 at most, and depend on the prompt."""
    requests = [
        Request((Message("user", f"{question} Answer with yes, no or perhaps."),), choices=CHOICES, score=True)
        for question in ("Is fire cold?", "Is fire hot?")
    ]
    try:
        replies = await _all(model, requests)
    except ModelError as error:
        return Probe(Can.SCORE, found=False, evidence=str(error))
    shares = [reply.probabilities for reply in replies]
    cold, hot = shares
    if cold is None or hot is None:
        return Probe(Can.SCORE, found=False, evidence=next((r.detail for r in replies if r.detail), "no probabilities came"))
    totals = [sum(share.values()) for share in (cold, hot)]
    if max(totals) > 1 + SLACK or min(*cold.values(), *hot.values()) < 0:
        return Probe(Can.SCORE, found=False, evidence=f"label probabilities sum to {max(totals):.3f}")
    moved = max(abs(cold[label] - hot[label]) for label in CHOICES)
    evidence = (
        f"probabilities of {', '.join(CHOICES)} sum to {totals[0]:.2f} and {totals[1]:.2f}; they change by {moved:.2g} with the prompt"
    )
    return Probe(Can.SCORE, moved > 0, evidence)


async def _context(model: Model, lengths: Sequence[int]) -> Probe:
    """Try how long a prompt may be, and whether it is truncated silently."""
    longest = 0
    for length in lengths:
        text = "The harbour wall is grey. " * int(length * LETTERS_A_TOKEN / 26)
        reply = await _one(model, Request((Message("user", f"{text}\nWhat colour is the wall?"),), sampling=Sampling(max_tokens=8)))
        if reply.outcome == ReplyOutcome.FAILED:
            return Probe("context", longest > 0, f"about {longest:,} tokens were accepted; {length:,} failed: {reply.detail}")
        if reply.tokens_in is not None and reply.tokens_in < 0.5 * length:
            return Probe(
                "context",
                found=False,
                evidence=f"of about {length:,} tokens {reply.tokens_in:,} were read: the prompt is truncated silently",
            )
        if reply.tokens_in is None:
            return Probe("context", None, f"about {length:,} tokens were accepted; the server does not report how many it read")
        longest = length
    return Probe("context", found=True, evidence=f"at least about {longest:,} tokens")


async def _all(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Return the replies in the order of the requests."""
    replies = {index: reply async for index, reply in model.answer(iter(requests))}
    return [replies[index] for index in range(len(requests))]


async def _one(model: Model, request: Request) -> Reply:
    """Return the reply to one request."""
    return (await _all(model, [request]))[0]
