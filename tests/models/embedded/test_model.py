import asyncio
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import product, takewhile
from pathlib import Path
from typing import Any

import checkpoints
import numpy as np
import pytest
import torch
from answering import replies, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import plain_scores
from safetensors.torch import load_file, save_file
from scipy.stats import chisquare

from personametrics.data.errors import ModelError, StudyError
from personametrics.data.model import Can, Counts
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.embedded.draws import distribution, draw
from personametrics.models.embedded.engine import SCORED
from personametrics.models.embedded.model import TOGETHER, Embedded
from personametrics.models.local import Local
from personametrics.models.registry import open_model
from personametrics.models.weights import distribution as theirs

WHO = [
    f"You are {old} {work} who lives in town and likes tea, and thinks that taxes should be more. {checkpoints.INSTRUCTION}" * 3
    for old in ("an old", "a young")
    for work in ("nurse", "farmer")
]
ASKED = ["Tea?\n\nno\nyes\nnot sure", "Should taxes be more?\n\nno\nyes\nnot sure", "Is it health, or nature?", "Often?"]
CHOICES = ("no", "yes", "not sure", "not sure at all")
SAMPLINGS = [Sampling(), Sampling(0.6, 0.8), Sampling(0.4, None), Sampling(None, 0.95), Sampling(0.0)]
SHORT = Sampling(max_tokens=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return checkpoints.embedded_like(
        tmp_path_factory.mktemp("made") / "small", [*WHO, *ASKED, *CHOICES, f"Well, {' '.join(ASKED)}"], scale=1.2
    )


@pytest.fixture(scope="module")
def model(folder: Path) -> Embedded:
    return Embedded(folder)


@pytest.fixture(scope="module")
def oracle(folder: Path) -> Local:
    return Local(folder, device="cpu")


def requests(sampling: Sampling = SHORT, **more: Any) -> list[Request]:
    return [Request((Message("system", who), Message("user", asked)), sampling=sampling, **more) for who in WHO for asked in ASKED]


def scored(sampling: Sampling = SHORT, choices: tuple[str, ...] = CHOICES) -> list[Request]:
    return requests(sampling, choices=choices, score=True)


def test_it_is_a_model_that_counts_tokens(model: Embedded, oracle: Local) -> None:
    assert isinstance(model, Counts)
    for request in requests():
        assert model.tokens(request.messages) == oracle.tokens(request.messages)
    assert model.can == oracle.can | {Can.HIDDEN}


def test_the_id_is_that_of_what_answers_depend_on(model: Embedded, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model.folder, tmp_path / model.folder.name))
    (folder / "training.json").write_text("{}")
    assert Embedded(folder).id == model.id
    assert model.id.startswith("embedded/small@")
    ids = {model.id}
    for name in ("tokenizer.json", "config.json", "generation_config.json", "model.safetensors"):
        with (folder / name).open("ab") as file:
            file.write(b"\n")
        ids.add(Embedded(folder).id)
    assert len(ids) == 5


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("choices", [CHOICES, ("not sure", "no way", "not at all"), ("yes",), ("", "no")])
def test_probabilities_are_those_of_transformers(model: Embedded, oracle: Local, sampling: Sampling, choices: tuple[str, ...]) -> None:
    given = scored(sampling, choices)
    for request, reply in list(zip(given, replies(model, given), strict=True))[::5]:
        expected = plain_scores(oracle, request)
        probabilities = reply.probabilities or {}
        assert list(probabilities) == list(choices)
        assert [*probabilities.values()] == pytest.approx(np.exp([*expected.values()]), rel=1e-4, abs=1e-12)
        assert sum(probabilities.values()) <= 1


def test_a_persona_in_the_same_message_is_scored_as_exactly(model: Embedded, oracle: Local) -> None:
    given = [Request((Message("user", f"{who}\n\n{asked}"),), choices=CHOICES, score=True) for who in WHO for asked in ASKED]
    for request, reply in zip(given, replies(model, given), strict=True):
        assert reply.probabilities == pytest.approx(
            {name: np.exp(value) for name, value in plain_scores(oracle, request).items()}, rel=1e-4
        )


def test_probabilities_do_not_depend_on_what_is_scored_beside(model: Embedded) -> None:
    given = scored()
    alone = [replies(Embedded(model.folder), [request])[0].probabilities for request in given]
    mixed = replies(model, [given[index] for index in np.random.default_rng(0).permutation(np.arange(len(given) * 3) % len(given))])
    order = np.random.default_rng(0).permutation(np.arange(len(given) * 3) % len(given))
    for index, reply in zip(order, mixed, strict=True):
        assert reply.probabilities == pytest.approx(alone[index], rel=1e-4)


def test_every_item_is_answered_by_its_own_persona(model: Embedded) -> None:
    asked = [f"{first}\n\n{second}" for first, second in product(ASKED, ASKED)]
    given = [Request((Message("system", who), Message("user", what)), choices=CHOICES, score=True) for who in WHO for what in asked]
    assert len(given) > 1.5 * SCORED
    for index, reply in enumerate(replies(model, given)):
        if index % 9 == 0:
            assert reply.probabilities == pytest.approx(replies(Embedded(model.folder), [given[index]])[0].probabilities, rel=1e-4)


@pytest.mark.parametrize("sampling", [replace(sampling, max_tokens=5) for sampling in SAMPLINGS])
def test_answers_do_not_depend_on_what_is_drawn_beside(model: Embedded, sampling: Sampling) -> None:
    given = [replace(request, run=run) for request in requests(sampling) for run in range(3)]
    together = texts(model, given)
    assert together == texts(model, given)
    assert together[::7] == [texts(Embedded(model.folder), [request])[0] for request in given[::7]]
    assert [*reversed(texts(model, given[::-1]))] == together


def test_the_likeliest_answer_is_that_of_transformers(model: Embedded, oracle: Local) -> None:
    given = requests(Sampling(0.0, max_tokens=9))
    assert texts(model, given) == texts(oracle, given)


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=1), Sampling(0.6, 0.8, 1), Sampling(0.15, 0.9, 2)])
def test_answers_come_as_often_as_their_probabilities_say(model: Embedded, sampling: Sampling) -> None:
    runs, (request, *_) = 4000, requests(sampling)
    drawn = Counter(texts(model, [replace(request, run=run) for run in range(runs)]))
    usual = Counter(texts(model, [replace(request, run=runs + run) for run in range(1000)])).most_common(12)
    encode, decode = model._engine.vocabulary.choice, model._engine.vocabulary.decode  # noqa: SLF001
    choices = tuple(text for text, _ in usual if text and len(encode(text)) == sampling.max_tokens and decode(encode(text)) == text)
    exact = replies(model, [replace(request, score=True, choices=choices)])[0].probabilities or {}
    counts, expected = [drawn[choice] for choice in choices], [exact[choice] * runs for choice in choices]
    assert len(choices) >= 3
    assert min(expected) > 5
    assert chisquare([*counts, runs - sum(counts)], [*expected, runs - sum(expected)]).pvalue > 0.001


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.3, 1.0, 2.5]), st.sampled_from([None, 0.05, 0.5, 0.9, 1.0]))
def test_temperature_and_top_p_are_those_of_local_models(seed: int, temperature: float | None, top_p: float | None) -> None:
    logits = (4 * np.random.default_rng(seed).standard_normal((3, 40))).astype(np.float32)
    sampling = Sampling(temperature, top_p)
    expected = theirs(torch.from_numpy(logits), sampling).exp().numpy()
    assert np.allclose(np.exp(distribution(logits.copy(), sampling)), expected, atol=1e-5)


def test_answers_that_end_at_different_times_are_whole(model: Embedded) -> None:
    engine: Any = model._engine  # noqa: SLF001
    prepared = engine.prepare(enumerate(replace(request, run=run) for request in requests(Sampling(max_tokens=20)) for run in range(4)))
    endless = draw(engine.prefixes, (), prepared, model.id)
    ends = [token for token, _ in Counter(token for answer in endless for token in answer.tokens).most_common(12)]
    answers = draw(engine.prefixes, tuple(ends), prepared, model.id)
    for whole, answer in zip(endless, answers, strict=True):
        assert answer.tokens == tuple(takewhile(lambda token: token not in ends, whole.tokens))
        assert answer.stopped == (len(answer.tokens) < len(whole.tokens) == 20)
    assert len({len(answer.tokens) for answer in answers}) > 8


def test_replies_tell_what_they_cost(model: Embedded) -> None:
    given = [replace(request, run=run) for request in requests()[:2] for run in range(2)]
    answers = replies(model, given)
    assert [reply.tokens_in for reply in answers] == [model.tokens(given[0].messages), 0, model.tokens(given[2].messages), 0]
    assert [reply.calls for reply in answers] == [1, 0, 1, 0]
    assert all(reply.seconds > 0 and (reply.tokens_out or 0) > 0 for reply in answers)
    assert [reply.tokens_out for reply in replies(model, scored()[:2])] == [0, 0]


def test_what_cannot_be_answered_fails_alone_and_says_why(model: Embedded) -> None:
    good = requests()[0]
    tell = good.messages[0]
    long = (tell, Message("user", "tea? " * 600))
    bad = [
        (replace(good, messages=long), "has room for 1,024. Shorten the persona"),
        (replace(good, sampling=Sampling(max_tokens=1020)), "has room for 1,024"),
        (replace(good, messages=long, score=True, choices=("no", "yes")), "has room for 1,024"),
        (replace(good, messages=(tell, Message("user", "Tea?<|im_end|>\n"))), 'A message holds "<|im_end|>"'),
        (replace(good, messages=(tell, Message("user", "x" * 1500))), "would be lost"),
        (replace(good, score=True), "but has no choices"),
        (replace(good, score=True, choices=("no", "no")), "Two choices are equal"),
        (replace(good, sampling=Sampling(temperature=-1.0)), "temperature is -1.0"),
        (replace(good, sampling=Sampling(temperature=float("nan"))), "temperature is nan"),
        (replace(good, sampling=Sampling(top_p=0.0)), "top_p is 0.0"),
        (replace(good, sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
    ]
    answers = replies(model, [good, *(request for request, _ in bad), good])
    for reply, (_, words) in zip(answers[1:-1], bad, strict=True):
        assert reply.outcome is ReplyOutcome.FAILED
        assert (reply.text, reply.probabilities, reply.calls) == (None, None, 0)
        assert words in reply.detail
        assert reply.detail.endswith(".")
    assert answers[0].text == answers[-1].text is not None


def test_a_prompt_that_just_fits_is_answered(model: Embedded) -> None:
    messages = (Message("user", "Tea?" * 500),)
    most = 1024 - model.tokens(messages)
    answers = replies(model, [Request(messages, sampling=Sampling(max_tokens=most + more)) for more in (0, 1)])
    assert 0 < most < 30
    assert [reply.outcome for reply in answers] == [ReplyOutcome.ANSWERED, ReplyOutcome.FAILED]


def test_unknown_words_are_warned_about_once(folder: Path) -> None:
    request, odd = requests()[0], Message("user", "Zebra quagga and tea, or taxes?")
    model, given = Embedded(folder), [replace(request, messages=(request.messages[0], odd), run=run) for run in range(2)]
    strange = replace(request, messages=(Message("user", "Should old taxes quack gnu?"),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replies(model, [request, given[0]])
        with pytest.raises(UserWarning, match="of the words"):
            replies(model, [strange])
    model = Embedded(folder)
    words = r'^40% of the words of a prompt are unknown, such as "quack"\. .* knows only \d\d words\. Use --model openai:NAME or local:'
    with pytest.warns(UserWarning, match=words) as caught:
        answers = replies(model, [strange, replace(strange, run=1)]) + replies(model, [replace(strange, run=2)])
    assert len(caught) == 1
    assert {reply.outcome for reply in answers} == {ReplyOutcome.ANSWERED}


def test_a_prompt_from_another_world_is_not_answered(model: Embedded) -> None:
    foreign = Message("user", "Gnus quack. Should taxes moo?")
    for request in (Request((foreign,)), Request((foreign,), choices=("no", "yes"), score=True)):
        (reply,) = replies(model, [request])
        assert reply.outcome is ReplyOutcome.FAILED
        assert reply.detail.startswith('60% of the words of a prompt are unknown, such as "Gnus". The embedded toy model knows only ')
        assert reply.detail.endswith(" words. Use --model openai:NAME or local:FOLDER for other texts.")


def test_hidden_states_of_a_prompt(model: Embedded, oracle: Local) -> None:
    request = requests()[0]
    computed = model.hidden(request)
    network: Any = oracle._weights.model  # noqa: SLF001
    with torch.inference_mode():
        out = network(torch.tensor([oracle._rendering.encode(oracle._rendering.text(request.messages))]), output_hidden_states=True)  # noqa: SLF001
    assert computed.shape == (5, model.tokens(request.messages), 128)
    assert np.abs(computed[:-1] - torch.cat(out.hidden_states)[:-1].numpy()).max() < 1e-4
    assert not np.allclose(model.hidden(request, lambda depth, states: states * (0 if depth == 3 else 1))[4], computed[4])
    with pytest.raises(ModelError, match="A message holds"):
        model.hidden(Request((Message("user", "<|pad|>"),)))


def test_weights_that_are_no_numbers_are_never_answers(folder: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][3] = torch.nan
    save_file(weights, broken / "model.safetensors")
    for some in (requests(), scored()):
        with pytest.raises(ModelError, match="not numbers, because its weights are damaged"):
            replies(Embedded(broken), some)


def test_a_tokenizer_of_more_words_than_the_weights_have_is_refused(folder: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    weights["model.embed_tokens.weight"] = weights["model.embed_tokens.weight"][:100].clone()
    save_file(weights, broken / "model.safetensors")
    with pytest.raises(ModelError, match=r"tokenizer\.json has \d+ tokens and the weights 100\. Copy"):
        replies(Embedded(broken), requests())


def test_it_is_opened_by_its_name(folder: Path, tmp_path: Path) -> None:
    assert open_model(f"embedded:{folder}") == Embedded(folder)
    with pytest.raises(ModelError, match=r"is not a checkpoint\. Give a folder with"):
        open_model(f"embedded:{tmp_path}")
    with pytest.raises(StudyError, match="structured: only a server"):
        open_model(f"embedded:{folder}", structured="choice")
    with pytest.raises(StudyError, match=r"embedded\[:FOLDER\]"):
        open_model("embeded")


def test_a_folder_that_does_not_speak_chatml_is_refused(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (other / "chat_template.jinja").write_text(checkpoints.DROPS)
    with pytest.raises(ModelError, match="is not ChatML"):
        replies(Embedded(other), requests())


def test_torch_is_never_loaded_and_numpy_not_before_it_is_needed(folder: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
import personametrics
from personametrics.models.embedded.model import Embedded
from personametrics.data.request import Message, Request
assert not {{"numpy", "tokenizers", "safetensors"}} & sys.modules.keys(), "early"
async def first(request):
    return [reply async for _, reply in Embedded(Path({str(folder)!r})).answer([request])]
request = Request((Message("user", "Tea?"),), choices=("no", "yes"), score=True)
assert asyncio.run(first(request))[0].probabilities
assert not {{"torch", "transformers", "huggingface_hub"}} & sys.modules.keys(), "late"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("score", [False, True])
def test_asks_are_pulled_a_few_at_a_time_and_no_more_after_the_door_is_closed(model: Embedded, score: bool) -> None:
    pulled, (first, second, *_) = 0, requests(score=score, choices=("no", "yes"))

    def endless() -> Iterator[Request]:
        nonlocal pulled
        while True:
            pulled += 1
            yield replace(first if pulled % 2 else second, run=pulled)

    async def some() -> None:
        async with aclosing(model.answer(endless())) as stream:
            async for index, _ in stream:
                assert pulled <= index + 1 + TOGETHER
                if index == 60:
                    break

    asyncio.run(some())
    assert pulled <= 60 + TOGETHER


def test_words_and_scores_may_be_asked_for_in_turn(model: Embedded) -> None:
    mixed = [request for pair in zip(requests(), scored(), requests(Sampling(0.5, 0.9, 3)), strict=True) for request in pair]
    answers = replies(model, mixed)
    assert [reply.text for reply in answers[::3]] == texts(model, mixed[::3])
    assert [reply.text for reply in answers[2::3]] == texts(model, mixed[2::3])
    for first, second in zip(answers[1::3], replies(model, mixed[1::3]), strict=True):
        assert first.probabilities == pytest.approx(second.probabilities, rel=1e-4)


def test_the_loop_lives_while_the_model_works(model: Embedded) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def both() -> int:
        ticking = asyncio.create_task(tick())
        async for _ in model.answer(requests(Sampling(max_tokens=30))):
            break
        ticking.cancel()
        return ticks

    assert asyncio.run(both()) > 20


def test_two_askers_get_what_each_would_get_alone(model: Embedded) -> None:
    async def collect(given: Sequence[Request]) -> list[Reply]:
        return [reply async for _, reply in model.answer(given)]

    async def together() -> list[list[Reply]]:
        return list(await asyncio.gather(collect(requests()), collect(scored())))

    words, scores = asyncio.run(together())
    assert [reply.text for reply in words] == texts(model, requests())
    for first, second in zip(scores, replies(model, scored()), strict=True):
        assert first.probabilities == pytest.approx(second.probabilities, rel=1e-4)
