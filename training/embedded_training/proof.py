"""What a model has learned: planted value, the model's own exact value, and the one estimated from its samples, of every dial."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t

from embedded_training.dial import Case, Dial, Odds
from embedded_training.dials import dials
from personametrics.data.model import Model
from personametrics.data.reply import Reply
from personametrics.data.request import Request

RUNS = 10
LEVEL = 0.9


@dataclass(frozen=True)
class Proof:
    """A dial of a model.

    Attributes:
        dial: what was planted.
        exact: the number by the model's own probabilities.
        sampled: the number estimated from answers; None: none were drawn.
        low: lower limit of its 90 % interval.
        high: upper limit.
        mass: probability that the model gives to anything the society may say.
        divergence: mean Kullback–Leibler divergence of the model's answers from the society's, in nats.
    """

    dial: Dial
    exact: float
    sampled: float | None
    low: float | None
    high: float | None
    mass: float
    divergence: float

    @property
    def recovered(self) -> bool:
        """Whether the model's own value is as near to the planted one as it has to be."""
        return self.dial.near is None or abs(self.exact - self.dial.planted) <= self.dial.near


def proofs(model: Model, chosen: Sequence[Dial] | None = None, runs: int = RUNS, seed: int = 0) -> list[Proof]:
    """Ask for every dial.

    Args:
        model: which was trained on the society.
        chosen: dials; None: all.
        runs: answers drawn to each prompt, of which estimates and intervals are made; below 2: none.
        seed: of the answers.
    """
    chosen = dials() if chosen is None else chosen
    cases = [case for dial in chosen for case in dial.cases]
    exact = [dict(reply.probabilities or {}) for reply in answered(model, [case.request for case in cases])]
    drawn = _drawn(model, cases, runs, seed) if runs > 1 else []
    found, at = [], 0
    for dial in chosen:
        end = at + len(dial.cases)
        sampled, low, high = interval(dial, [run[at:end] for run in drawn]) if drawn else (None, None, None)
        mass = float(np.mean([sum(odds.values()) for odds in exact[at:end]]))
        apart = float(np.mean([divergence(case.truth, odds) for case, odds in zip(dial.cases, exact[at:end], strict=True)]))
        found.append(Proof(dial, dial.statistic(exact[at:end]), sampled, low, high, mass, apart))
        at = end
    return found


def answered(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Replies in the order of the asks.

    Raises:
        ValueError: one failed.
    """

    async def collected() -> dict[int, Reply]:
        return {at: reply async for at, reply in model.answer(requests)}

    replies = asyncio.run(collected())
    failed = next((reply.detail for reply in replies.values() if reply.detail), "")
    if failed:
        raise ValueError(failed)
    return [replies[at] for at in range(len(requests))]


def interval(dial: Dial, runs: Sequence[Sequence[str]]) -> tuple[float, float, float]:
    """A number from drawn answers, with its interval: jackknife over runs, which are alike and independent; t with runs − 1 degrees.

    Args:
        dial: what is estimated.
        runs: of each run, the answers to the cases.

    Returns:
        Estimate with its bias removed, and both limits.
    """
    number = len(runs)
    counts = [
        Counter(answer for answer in answers if answer in case.truth)  # anything else is no answer
        for case, answers in zip(dial.cases, zip(*runs, strict=True), strict=True)
    ]
    whole = dial.statistic([_shares(count) for count in counts])
    without = [dial.statistic([_shares(count, leave) for count, leave in zip(counts, run, strict=True)]) for run in runs]
    values = number * whole - (number - 1) * np.array(without)
    half = float(t.ppf((1 + LEVEL) / 2, number - 1) * values.std(ddof=1) / np.sqrt(number))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def divergence(truth: Odds, found: Odds) -> float:
    """Kullback–Leibler divergence of what was found from the truth, in nats."""
    return sum(share * float(np.log(share / max(found.get(label, 0.0), 1e-9))) for label, share in truth.items() if share > 0)


def _drawn(model: Model, cases: Sequence[Case], runs: int, seed: int) -> list[list[str]]:
    """Answers of each run to all cases."""
    requests = [
        replace(case.request, score=False, run=run, sampling=replace(case.request.sampling, seed=seed))
        for case in cases
        for run in range(runs)
    ]
    texts = [reply.text or "" for reply in answered(model, requests)]
    return [texts[run::runs] for run in range(runs)]


def _shares(counts: Counter[str], leave: str | None = None) -> dict[str, float]:
    """Shares of the answers, one of them left out; none where there are no others."""
    whole = counts.total() - (leave in counts)
    return {text: (count - (text == leave)) / whole for text, count in counts.items()} if whole else {}
