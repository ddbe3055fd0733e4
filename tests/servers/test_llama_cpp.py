"""llama.cpp's server over HTTP and transformers in this process: the same weights, the same probabilities, the same words."""

import asyncio
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from answering import ITEMS, LABELS, PERSONAS, answered, fit, panel, shares

from personametrics import audit
from personametrics.data.card import Card
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.request import Message, Request, Sampling
from personametrics.elicit.doctor import examine
from personametrics.lab.directory import job_of
from personametrics.models.local import Local
from personametrics.models.openai_compatible import OpenAICompatible
from personametrics.stats.arrays import Floats

CLOSE = 1e-4
"""Both calculate in float32, which costs 1e-5; the rest is that a first token may also begin an answer that is no label."""
RARE = 1e-5
"""Chance of a test that compares draws to fail by luck: the draws are new each time."""
DRAWN = Sampling(temperature=1.0, top_p=1.0)
"""The server's own top_p is 0.95; its min_p of 0.05, which has no place in the protocol, cuts nothing off these answers."""


@pytest.fixture(scope="module")
def server(llama_answering: str) -> OpenAICompatible:
    return OpenAICompatible("weights", llama_answering)


def test_label_probabilities_of_the_first_token_are_the_exact_ones(server: OpenAICompatible, answering: Path) -> None:
    requests = panel(score=True)
    over_http, exact = (asyncio.run(answered(model, requests)) for model in (server, Local(answering)))
    assert np.abs(shares(over_http) - shares(exact)).max() < CLOSE
    assert np.ptp(shares(exact), axis=0).min() > 0.2
    assert [reply.tokens_in for reply in over_http] == [reply.tokens_in for reply in exact]


def test_greedy_words_are_the_same(llama_talking: str, talking: Path) -> None:
    requests = panel(sampling=Sampling(temperature=0.0, max_tokens=48))
    requests += [
        Request((Message("user", text),), sampling=requests[0].sampling)
        for text in ("Ünïcödé — 茶?", "  two  spaces\n\n\nand 1234567 lines ")
    ]
    over_http, here = (asyncio.run(answered(model, requests)) for model in (OpenAICompatible("weights", llama_talking), Local(talking)))
    # Bytes that are no UTF-8 are left out by the one and become U+FFFD in the other.
    words = [[(reply.text or "").replace("\ufffd", "") for reply in replies] for replies in (over_http, here)]
    assert words[0] == words[1]
    assert len(set(words[0])) == len(requests)
    assert [(reply.tokens_in, reply.finish) for reply in over_http] == [(reply.tokens_in, reply.finish) for reply in here]


def test_runs_that_share_a_call_in_vain_are_noticed_and_every_run_is_answered(server: OpenAICompatible) -> None:
    replies = asyncio.run(answered(server, panel(12, sampling=DRAWN)))
    assert {reply.outcome for reply in replies} == {ReplyOutcome.ANSWERED}
    assert {reply.text for reply in replies} == set(LABELS)
    assert sum(reply.calls for reply in replies) == len(replies)
    assert any("n" in reply.degraded for reply in replies)


def test_the_doctor_finds_scores_and_seeds_but_one_answer_a_call(server: OpenAICompatible) -> None:
    probes = {probe.name: probe for probe in asyncio.run(examine(server, (200, 4000)))}
    assert {name: probe.found for name, probe in probes.items()} == {
        "answers": True, "draws": True, Can.SYSTEM: None, Can.MANY: False, Can.SEED: True, Can.SCORE: True, "context": True,
    }  # fmt: skip
    assert probes[Can.MANY].evidence == "the parameter n is ignored, so every run needs its own call"
    assert "4,000 failed: 400: This model's maximum context length is 1024 tokens" in probes["context"].evidence


def test_an_audit_draws_every_persona_s_own_probabilities(server: OpenAICompatible, answering: Path, tmp_path: Path) -> None:
    runs, exact = 20, shares(asyncio.run(answered(Local(answering), panel(score=True))))
    assert (exact.min(1) / exact.max(1)).min() > 0.05
    card = audit(server, PERSONAS, ITEMS, runs, out=str(tmp_path), sampling={"top_p": DRAWN.top_p}, controls={"irrelevant": 0})
    texts = job_of(tmp_path).table.filter(pl.col("arm") == "panel")["text"].to_list()
    assert fit(texts, exact) > RARE
    assert fit(texts, np.roll(exact, len(ITEMS), axis=0)) < RARE
    mean, spread = moments(exact)
    scores = np.array([LABELS.index(text) for text in texts]).reshape(-1, runs)
    assert (abs(scores.mean(1) - mean) < 5 * spread / np.sqrt(runs)).all()
    assert card["signal"].n == len(texts) == runs * len(exact)


def test_an_audit_of_scores_over_http_is_the_one_of_the_same_weights_here(
    server: OpenAICompatible, answering: Path, tmp_path: Path
) -> None:
    def scored(model: OpenAICompatible | Local, name: str) -> Card:
        return audit(model, PERSONAS, ITEMS, 1, out=str(tmp_path / name), score=True)

    over_http, here = scored(server, "http"), scored(Local(answering), "local")
    for name in ("signal", "disagreement.rerun", "disagreement.persona", "control.none", "control.shuffled", "control.irrelevant"):
        served, local = over_http[name], here[name]
        assert (served.value, served.low, served.high) == pytest.approx((local.value, local.low, local.high), abs=10 * CLOSE, nan_ok=True)


def moments(chances: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the score of each cell."""
    chances = chances / chances.sum(1, keepdims=True)
    scores = np.arange(len(LABELS))
    mean = chances @ scores
    return mean, np.sqrt(chances @ scores**2 - mean**2)
