"""A proof of each dial of a model: the planted value, the model's own exact value, and the value estimated from samples."""

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
    """The comparison of a model with the planted value of a dial.

    Attributes:
        dial: planted effect.
        exact: value computed from the model's own probabilities.
        sampled: value estimated from drawn answers; None: answers were not drawn.
        low: lower limit of its 90 % confidence interval.
        high: upper limit.
        mass: mean total probability that the model gives to the possible answers.
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
        """True if the model's own value is as near to the planted one as required."""
        return self.dial.near is None or abs(self.exact - self.dial.planted) <= self.dial.near


def proofs(model: Model, chosen: Sequence[Dial] | None = None, runs: int = RUNS, seed: int = 0) -> list[Proof]:
    """Measure the dials on a model.

    Args:
        model: model that was trained on the society.
        chosen: dials to measure; None: all.
        runs: number of answers drawn to each prompt, for estimates and intervals; below 2: exact values only.
        seed: seed of the answers.
    """
    chosen = dials() if chosen is None else chosen
    cases = [case for dial in chosen for case in dial.cases]
    exact = [dict(reply.probabilities or {}) for reply in answered(model, [case.request for case in cases])]
    drawn = _drawn(model, cases, runs, seed) if runs > 1 else []
    results, start = [], 0
    for dial in chosen:
        end = start + len(dial.cases)
        sampled, low, high = interval(dial, [run[start:end] for run in drawn]) if drawn else (None, None, None)
        mass = float(np.mean([sum(odds.values()) for odds in exact[start:end]]))
        apart = float(np.mean([divergence(case.truth, odds) for case, odds in zip(dial.cases, exact[start:end], strict=True)]))
        results.append(Proof(dial, dial.statistic(exact[start:end]), sampled, low, high, mass, apart))
        start = end
    return results


def answered(model: Model, requests: Sequence[Request]) -> list[Reply]:
    """Return the replies in the order of the requests.

    Raises:
        ValueError: a request failed.
    """

    async def collected() -> dict[int, Reply]:
        return {index: reply async for index, reply in model.answer(requests)}

    replies = asyncio.run(collected())
    failed = next((reply.detail for reply in replies.values() if reply.detail), "")
    if failed:
        raise ValueError(failed)
    return [replies[index] for index in range(len(requests))]


def interval(dial: Dial, runs: Sequence[Sequence[str]]) -> tuple[float, float, float]:
    """Estimate the number of a dial from drawn answers, with its confidence interval.

    Jackknife over runs, which are independent and identically distributed; t distribution with runs − 1 degrees of freedom.

    Args:
        dial: dial to estimate.
        runs: answers to the cases, run by run.

    Returns:
        The bias-corrected estimate, and both limits.
    """
    number = len(runs)
    counts = [
        Counter(answer for answer in answers if answer in case.truth)  # other texts do not count as answers
        for case, answers in zip(dial.cases, zip(*runs, strict=True), strict=True)
    ]
    whole = dial.statistic([_shares(count) for count in counts])
    without = [dial.statistic([_shares(count, leave) for count, leave in zip(counts, run, strict=True)]) for run in runs]
    values = number * whole - (number - 1) * np.array(without)
    half = float(t.ppf((1 + LEVEL) / 2, number - 1) * values.std(ddof=1) / np.sqrt(number))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def divergence(truth: Odds, estimate: Odds) -> float:
    """Return the Kullback–Leibler divergence of the estimated odds from the true odds, in nats."""
    return sum(share * float(np.log(share / max(estimate.get(label, 0.0), 1e-9))) for label, share in truth.items() if share > 0)


def _drawn(model: Model, cases: Sequence[Case], runs: int, seed: int) -> list[list[str]]:
    """Draw the answers of each run to all cases."""
    requests = [
        replace(case.request, score=False, run=run, sampling=replace(case.request.sampling, seed=seed))
        for case in cases
        for run in range(runs)
    ]
    texts = [reply.text or "" for reply in answered(model, requests)]
    return [texts[run::runs] for run in range(runs)]


def _shares(counts: Counter[str], leave: str | None = None) -> dict[str, float]:
    """Return the shares of the answers without one occurrence of `leave`; empty if no answer remains."""
    whole = counts.total() - (leave in counts)
    return {text: (count - (text == leave)) / whole for text, count in counts.items()} if whole else {}
