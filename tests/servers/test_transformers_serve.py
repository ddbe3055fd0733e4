"""`transformers serve` over HTTP: the same words as the same weights in this process, and what it cannot do is found out."""

import asyncio
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from answering import LABELS, answered, fit, panel, shares

from personametrics.data.errors import ModelError
from personametrics.data.model import Can
from personametrics.data.request import Sampling
from personametrics.elicit.doctor import Probe, examine
from personametrics.models.local import Local
from personametrics.models.openai_compatible import OpenAICompatible

RUNS = 10
RARE = 1e-5
"""Chance of the test that compares draws to fail by luck."""


@pytest.fixture(scope="module")
def drawing(answering: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint that answers, with the setting without which the server takes the likeliest word at any temperature."""
    folder = tmp_path_factory.mktemp("drawing") / "checkpoint"
    shutil.copytree(answering, folder)
    settings = folder / "generation_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"do_sample": True}))
    return folder


def doctor(checkpoint: Path, url: str) -> dict[str, Probe]:
    return {probe.name: probe for probe in asyncio.run(examine(OpenAICompatible(str(checkpoint), url), (200,)))}


def test_greedy_words_are_the_same(transformers_serve: str, talking: Path) -> None:
    requests = panel(sampling=Sampling(temperature=0.0, max_tokens=48))
    over_http, here = (
        asyncio.run(answered(model, requests)) for model in (OpenAICompatible(str(talking), transformers_serve), Local(talking))
    )
    assert [reply.text for reply in over_http] == [reply.text for reply in here]
    assert len({reply.text for reply in here}) == len(requests)
    assert [(reply.tokens_in, reply.finish) for reply in over_http] == [(reply.tokens_in, reply.finish) for reply in here]


def test_answers_are_drawn_with_every_persona_s_own_probabilities(transformers_serve: str, drawing: Path) -> None:
    exact = shares(asyncio.run(answered(Local(drawing), panel(score=True))))
    replies = asyncio.run(answered(OpenAICompatible(str(drawing), transformers_serve), panel(RUNS)))
    texts = [reply.text for reply in replies]
    assert fit(texts, exact) > RARE
    assert fit(texts, np.roll(exact, len(exact) // 4, axis=0)) < RARE
    assert any("n" in reply.degraded for reply in replies)


def test_scoring_is_refused_with_what_to_do_instead(transformers_serve: str, answering: Path) -> None:
    model = OpenAICompatible(str(answering), transformers_serve)
    with pytest.raises(ModelError, match=r"gives no log-probabilities\. Ask for answers instead \(score: false\)\.$"):
        asyncio.run(answered(model, panel(score=True)))


def test_the_doctor_finds_no_scores_and_one_answer_a_call(transformers_serve: str, drawing: Path) -> None:
    probes = doctor(drawing, transformers_serve)
    assert {name: probe.found for name, probe in probes.items()} == {
        "answers": True, "draws": True, Can.SYSTEM: None, Can.MANY: False, Can.SEED: True, Can.SCORE: False, "context": True,
    }  # fmt: skip
    assert probes[Can.MANY].evidence == "the parameter n is ignored, so every run needs its own call"
    assert "gives no log-probabilities" in probes[Can.SCORE].evidence


def test_a_server_that_is_greedy_at_temperature_1_is_found_out_by_the_doctor(transformers_serve: str, answering: Path) -> None:
    replies = asyncio.run(answered(OpenAICompatible(str(answering), transformers_serve), panel(3, sampling=Sampling(temperature=1.0))))
    cells = np.array([reply.text for reply in replies]).reshape(-1, 3)
    assert (cells == cells[:, :1]).all()
    assert set(cells.ravel()) == set(LABELS)
    probes = doctor(answering, transformers_serve)
    assert (probes["draws"].found, probes[Can.SEED].found) == (False, None)
