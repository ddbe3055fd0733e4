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
    """One ability that was tried (a `Can`, `answers`, `draws` or `context`), with the observation in one sentence.

    `found` says whether the model has the ability; None: undecided.
    """

    name: str
    found: bool | None
    evidence: str


async def examine(model: Model, context: Sequence[int] = CONTEXT) -> list[Probe]:
    """Measure the abilities of a model with about a dozen short calls, and long prompts of some lengths in tokens."""
    question = Request((Message("user", "Answer with one word: is water wet?"),), sampling=Sampling(max_tokens=16))
    (first,) = await _all(model, [question])
    text = f'it answered "{(first.text or "").strip()[:40]}" in {first.seconds:.2f} s'
    evidence = first.detail.rstrip(".") if first.outcome == ReplyOutcome.FAILED else text
    probes = [Probe("answers", first.outcome == ReplyOutcome.ANSWERED and bool((first.text or "").strip()), evidence)]
    if first.outcome == ReplyOutcome.FAILED:
        return probes
    for name, probe in {"draws": _draws, Can.SYSTEM: _system, Can.MANY: _many, Can.SEED: _seed, Can.SCORE: _score}.items():
        try:
            probes.append(await probe(model))
        except ModelError as error:
            probes.append(Probe(name, found=False, evidence=str(error)))
    return [*probes, await _context(model, context)] if context else probes


def able(probes: Sequence[Probe]) -> frozenset[Can]:
    """Return the abilities that were found, as a model declares them."""
    return frozenset({Can.SAMPLE, *(Can(probe.name) for probe in probes if probe.found and probe.name in set(Can))})


async def _system(model: Model) -> Probe:
    """Try whether a system message is obeyed, or at least read."""
    order = Message("system", f"Whatever you are asked, answer with the single word {WORD} and nothing else. " * 3)
    request = Request((Message("user", "What is the capital of France?"),), sampling=Sampling(temperature=0.0, max_tokens=16))
    (without,), (reply,) = await _all(model, [request]), await _answered(model, [replace(request, messages=(order, *request.messages))])
    if WORD in (reply.text or "").casefold():
        return Probe(Can.SYSTEM, found=True, evidence="a system message was obeyed")
    if without.tokens_in is None or reply.tokens_in is None:
        return Probe(Can.SYSTEM, None, "a system message was not obeyed, and the server does not report the number of tokens in a prompt")
    more = reply.tokens_in - without.tokens_in
    read = more > 0.2 * len(order.text) / LETTERS_A_TOKEN
    evidence = (
        f"a system message was {'read but not obeyed' if read else 'dropped'}: the server counts {more} tokens more with this message"
    )
    return Probe(Can.SYSTEM, None if read else False, evidence)


async def _many(model: Model) -> Probe:
    """Try whether one call brings several answers."""
    replies = await _answered(model, [UNSEEDED, replace(UNSEEDED, run=1)])
    calls = sum(reply.calls for reply in replies)
    if any("n" in reply.degraded for reply in replies):
        return Probe(Can.MANY, found=False, evidence="the parameter n is ignored, so every run needs its own call")
    return Probe(Can.MANY, calls < len(replies), f"{len(replies)} runs took {calls} call{'s' if calls > 1 else ''}")


async def _draws(model: Model) -> Probe:
    """Try whether answers vary at temperature 1; with a server that is silently greedy, every panel looks free of noise."""
    different = len({reply.text for run in range(3) for reply in await _answered(model, [replace(UNSEEDED, run=run)])})
    greedy = "" if different > 1 else ". The server seems to give only the likeliest answer, so reruns show no noise"
    return Probe("draws", different > 1, f"{different} different answer{'s' if different > 1 else ''} in 3 draws at temperature 1{greedy}")


async def _seed(model: Model) -> Probe:
    """Try whether the same seed brings the same answer, and another seed another one."""
    first, again, *others = [reply.text for run in (0, 0, 1, 2) for reply in await _answered(model, [replace(DRAW, run=run)])]
    same, differ = first == again, len({first, *others}) > 1
    if same and not differ:
        return Probe(Can.SEED, None, "the answer is the same with every seed")
    return Probe(Can.SEED, same, "the same seed gives the same words" if same else "the same seed gives different words")


async def _score(model: Model) -> Probe:
    """Try whether label probabilities come, sum to 1 at most, and depend on the prompt."""
    requests = [
        Request((Message("user", f"{question} Answer with yes, no or perhaps."),), choices=CHOICES, score=True)
        for question in ("Is fire cold?", "Is fire hot?")
    ]
    replies = await _all(model, requests)
    cold, hot = (reply.probabilities for reply in replies)
    if cold is None or hot is None:
        return Probe(Can.SCORE, found=False, evidence=next((r.detail for r in replies if r.detail), "the server gave no probabilities"))
    totals = [sum(share.values()) for share in (cold, hot)]
    if max(totals) > 1 + SLACK or min(*cold.values(), *hot.values()) < 0:
        return Probe(Can.SCORE, found=False, evidence=f"label probabilities sum to {max(totals):.3f}")
    moved = max(abs(cold[label] - hot[label]) for label in CHOICES)
    sums = f"in two prompts, the probabilities of {', '.join(CHOICES)} sum to {totals[0]:.2f} and {totals[1]:.2f}"
    return Probe(Can.SCORE, moved > 0, f"{sums}, and differ by up to {moved:.2g}")


async def _context(model: Model, lengths: Sequence[int]) -> Probe:
    """Try how long a prompt may be, and whether it is truncated silently."""
    longest = 0
    for length in lengths:
        text = "The harbour wall is grey. " * int(length * LETTERS_A_TOKEN / 26)
        (reply,) = await _all(model, [Request((Message("user", f"{text}\nWhat colour is the wall?"),), sampling=Sampling(max_tokens=8))])
        if reply.outcome == ReplyOutcome.FAILED:
            return Probe("context", longest > 0, f"about {longest:,} tokens were accepted, but {length:,} failed: {reply.detail}")
        if reply.tokens_in is not None and reply.tokens_in < 0.5 * length:
            evidence = f"the server read only {reply.tokens_in:,} of about {length:,} tokens, and cut the prompt without a message"
            return Probe("context", found=False, evidence=evidence)
        if reply.tokens_in is None:
            return Probe("context", None, f"about {length:,} tokens were accepted, but the server does not report the number that it read")
        longest = length
    return Probe("context", found=True, evidence=f"prompts of about {longest:,} tokens were read completely")


async def _all(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Return the replies in the order of the requests."""
    replies = {index: reply async for index, reply in model.answer(iter(requests))}
    return [replies[index] for index in range(len(requests))]


async def _answered(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Return the replies in the order of the requests; a failed one raises a ModelError."""
    replies = await _all(model, requests)
    if (failed := next((reply for reply in replies if reply.outcome == ReplyOutcome.FAILED), None)) is not None:
        raise ModelError(failed.detail)
    return replies
