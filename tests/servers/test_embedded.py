"""The embedded model three ways: its own runtime, torch in this process, and `transformers serve` over HTTP."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from personametrics import Card, audit
from personametrics.data.model import Model
from personametrics.data.prompt import Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.lab.directory import job_of
from personametrics.models.embedded.model import WEIGHTS, Embedded
from personametrics.models.embedded.society.panels import questionnaire, strong
from personametrics.models.local import Local
from personametrics.models.openai_compatible import OpenAICompatible

PERSONAS, ITEMS, RUNS = strong(8), questionnaire(8), 4
PLAIN = {"check": False, "controls": {"none": False, "shuffled": False, "irrelevant": 0}}
NEAR = 1e-4
STAMMERS = 4
"""Answers of the 256 that may be no label: the small model garbles one in some two thousand."""
LEVEL = 0.999
"""Of the intervals: a chance of one in a thousand that a test fails by luck."""


async def answered(model: Model, requests: list[Request]) -> list[Reply]:
    replies = {index: reply async for index, reply in model.answer(requests)}
    return [replies[index] for index in range(len(requests))]


def card(model: Model, folder: Path, **more: object) -> Card:
    return audit(model, PERSONAS, ITEMS, RUNS, out=str(folder / "run"), level=LEVEL, **PLAIN, **more)


def test_exact_probabilities_are_those_of_torch() -> None:
    requests = [Prompt().ask(who, what, score=True) for who, what in itertools.product([*PERSONAS, None], ITEMS)]
    here, torch = (asyncio.run(answered(model, requests)) for model in (Embedded(), Local(WEIGHTS)))
    for first, second in zip(here, torch, strict=True):
        assert first.probabilities == pytest.approx(second.probabilities, abs=NEAR)


def test_the_same_audit_by_three_ways_agrees(transformers_serve: str, tmp_path: Path) -> None:
    exact = card(Embedded(), tmp_path / "exact", score=True)["signal"].value
    served = OpenAICompatible(str(WEIGHTS), transformers_serve)
    cards = {}
    ways: dict[str, Model] = {"embedded": Embedded(), "local": Local(WEIGHTS), "served": served}
    for name, model in ways.items():
        cards[name] = card(model, tmp_path / name, sampling={"seed": 1, "max_tokens": 8})["signal"]
    for name, estimate in cards.items():
        assert estimate.low <= exact <= estimate.high
        outcomes = Counter(job_of(tmp_path / name / "run").table["outcome"])
        assert outcomes.total() == len(PERSONAS) * len(ITEMS) * RUNS
        assert outcomes["answered"] == estimate.n
        assert outcomes["unparsable"] == outcomes.total() - estimate.n <= STAMMERS
    assert np.ptp([estimate.value for estimate in cards.values()]) < 0.25
