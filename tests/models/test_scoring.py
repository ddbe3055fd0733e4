"""Packed scoring gives what a forward pass for every choice gives; and both controls show that the comparison would notice if not."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import exp, isclose, log, prod
from pathlib import Path
from typing import Any
from unittest.mock import patch

import checkpoints
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain import plain_scores

from personametrics.data.request import Message, Request, Sampling
from personametrics.models.local import Local
from personametrics.models.packing import Tree
from personametrics.models.scoring import KEPT
from personametrics.models.weights import Weights

Open = Callable[[str], Local]
PLAIN = Sampling()
WORD = st.sampled_from(checkpoints.WORDS)
CHOICES = st.lists(st.lists(WORD, min_size=1, max_size=3).map(" ".join), min_size=2, max_size=4, unique=True).map(tuple)
TEXT = st.lists(WORD, min_size=1, max_size=40).map(" ".join)
SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def panel(
    people: Sequence[str], items: Sequence[str], choices: tuple[str, ...], sampling: Sampling = PLAIN, place: str = "system"
) -> list[Request]:
    def said(who: str, what: str) -> tuple[Message, ...]:
        return (Message("system", who), Message("user", what)) if place == "system" else (Message("user", f"{who}\n\n{what}"),)

    return [Request(said(who, what), 0, choices, sampling, score=True) for who in people for what in items]


def probabilities(model: Local, requests: Sequence[Request]) -> list[dict[str, float]]:
    async def collect() -> list[dict[str, float]]:
        replies = [(index, reply) async for index, reply in model.answer(requests)]
        assert [index for index, _ in replies] == list(range(len(requests)))
        assert all(reply.probabilities is not None for _, reply in replies), replies
        return [dict(reply.probabilities or {}) for _, reply in replies]

    return asyncio.run(collect())


def apart(model: Local, requests: Sequence[Request]) -> float:
    """Largest difference of a log-probability from the plain way."""
    pairs = [
        (value, plain[choice])
        for request, odds in zip(requests, probabilities(model, requests), strict=True)
        for plain in [plain_scores(model, request)]
        for choice, value in odds.items()
    ]
    assert all(isclose(value, exp(plain), rel_tol=0, abs_tol=1e-5) for value, plain in pairs)
    return max(abs(log(value) - plain) for value, plain in pairs)


PEOPLE = ["You are an old nurse who lives in town and drinks tea, " * 4, "A young farmer, rather conservative and never sure, " * 4]
ITEMS = ["Tea?", "Should taxes be more?", "Is health one of the options above?", "Coffee or tea?", "Answer with no.", "Nature and town?"]
LABELS = ("strongly disagree", "rather sure", "yes", "somewhat agree")


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2", "sliding"])
@given(st.lists(TEXT, min_size=1, max_size=3), st.lists(TEXT, min_size=1, max_size=7), CHOICES, st.sampled_from(["system", "user"]))
@SLOW
def test_packed_is_plain(opened: Open, name: str, people: list[str], items: list[str], choices: tuple[str, ...], place: str) -> None:
    assert apart(opened(name), panel(people, items, choices, place=place)) < 1e-5


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=20))
@SLOW
def test_packed_is_plain_in_any_order_and_with_repeats(opened: Open, order: list[tuple[int, int]]) -> None:
    people = [*PEOPLE, "You."]
    assert apart(opened("llama"), [panel([people[who]], [ITEMS[what]], LABELS)[0] for who, what in order]) < 1e-5


@pytest.mark.parametrize("name", ["refuses", "drops"])
def test_packed_is_plain_where_the_template_has_no_system_message(opened: Open, name: str) -> None:
    assert apart(opened(name), panel(PEOPLE, ITEMS, LABELS, place="user")) < 1e-5


def test_what_does_not_fit_a_sliding_window_is_scored_plainly(opened: Open) -> None:
    model = opened("sliding")
    assert model._scorer.packs  # noqa: SLF001
    for requests in (panel(PEOPLE, ITEMS, LABELS), panel(["You are old."], ITEMS, LABELS)):
        assert (max(model.tokens(request.messages) for request in requests) > model._weights.window) == (len(requests) > len(ITEMS))  # noqa: SLF001
        assert apart(model, requests) < 1e-5


@contextmanager
def packing_trusted(model: Local) -> Iterator[None]:
    """Packing without the check that it changes nothing."""
    scorer: Any = model._scorer  # noqa: SLF001
    with patch.dict(scorer.__dict__, packs=True):
        scorer._kept.clear()  # noqa: SLF001
        yield
        scorer._kept.clear()  # noqa: SLF001


def _all_before(tree: Tree) -> Any:
    """What a plain causal mask shows."""
    return np.tri(len(tree.tokens), tree.start + len(tree.tokens), tree.start, dtype=bool)


def _running_on(tree: Tree) -> list[int]:
    """Positions as if the row were one text."""
    return list(range(tree.start, tree.start + len(tree.tokens)))


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2"])
@pytest.mark.parametrize(("part", "wrong"), [("visible", _all_before), ("positions", _running_on)])
def test_a_wrong_mask_or_wrong_positions_would_be_seen(opened: Open, name: str, part: str, wrong: Any) -> None:
    model, requests = opened(name), panel(PEOPLE, ITEMS, LABELS)
    with packing_trusted(model), patch.object(Tree, part, wrong):
        odds = probabilities(model, requests)
    differences = [
        abs(log(value) - plain_scores(model, request)[label])
        for request, shares in zip(requests, odds, strict=True)
        for label, value in shares.items()
    ]
    assert max(differences) > 1e-3
    assert apart(model, requests) < 1e-5


@pytest.mark.parametrize(("part", "wrong"), [("visible", _all_before), ("positions", _running_on)])
def test_a_model_that_cannot_be_packed_is_found_out_and_scored_plainly(opened: Open, part: str, wrong: Any) -> None:
    model = Local(opened("llama").folder, device="cpu")
    with patch.object(Tree, part, wrong):
        assert apart(model, panel(PEOPLE, ITEMS, LABELS)) < 1e-5
        assert not model._scorer.packs  # noqa: SLF001


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2"])
def test_small_models_of_every_kind_are_packed(opened: Open, name: str) -> None:
    assert opened(name)._scorer.packs  # noqa: SLF001


def _by_hand(model: Local, request: Request, choice: str, ends: Sequence[int] = ()) -> float:
    """The probability of a choice from the model's own logits, all places at once."""
    rendering, network = model._rendering, model._weights.model  # noqa: SLF001
    before = rendering.encode(rendering.text(request.messages))
    after = rendering.encode(choice)
    with torch.no_grad():
        scores = network(torch.tensor([[*before, *after]])).logits[0].double().softmax(-1)
    place = len(before) - 1
    value = prod(float(scores[place + index, token]) for index, token in enumerate(after))
    return value * float(scores[-1, list(ends)].sum()) if ends else value


def test_a_probability_is_that_of_the_choices_tokens_after_the_prompt(opened: Open) -> None:
    model = opened("llama")
    (request,) = panel(PEOPLE[:1], ITEMS[:1], LABELS)
    odds = probabilities(model, [request])[0]
    for label in LABELS:
        assert odds[label] == pytest.approx(_by_hand(model, request, label), rel=1e-4)
    assert 0 < sum(odds.values()) < 1


def test_where_one_choice_begins_with_another_the_answer_has_to_end(opened: Open, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(opened("llama").folder, tmp_path / "ending"))
    (folder / "generation_config.json").write_text('{"eos_token_id": [1, 300, 310]}')
    model, choices = Local(folder, device="cpu"), ("1", "10", "2")
    (request,) = panel(PEOPLE[:1], ITEMS[:1], choices)
    odds = probabilities(model, [request])[0]
    end = model._rendering.stops  # noqa: SLF001
    assert end == (1, 300, 310)
    assert len(model._rendering.encode("10")) == 2  # noqa: SLF001
    for choice in choices:
        assert odds[choice] == pytest.approx(_by_hand(model, request, choice, end), rel=1e-4)
    assert apart(model, panel(PEOPLE, ITEMS, choices)) < 1e-5


def test_an_empty_choice_is_silence(opened: Open) -> None:
    model = opened("llama")
    (request,) = panel(PEOPLE[:1], ITEMS[:1], ("", "no"))
    assert probabilities(model, [request])[0][""] == pytest.approx(_by_hand(model, request, "", model._rendering.stops), rel=1e-4)  # noqa: SLF001


def test_probabilities_move_with_the_persona(opened: Open) -> None:
    old, young = probabilities(opened("llama"), panel(["You are old.", "You are a young farmer."], ITEMS[:1], LABELS))
    assert max(abs(log(old[label] / young[label])) for label in LABELS) > 0.1


def test_a_persona_is_read_once(opened: Open) -> None:
    model, requests = Local(opened("llama").folder, device="cpu", packed=3), panel(PEOPLE, ITEMS, LABELS)
    read: list[int] = []
    row = Weights.row

    def counted(weights: Weights, tree: Tree, *given: Any) -> torch.Tensor:
        read.append(len(tree.tokens))
        return row(weights, tree, *given)

    probabilities(model, requests[:1])
    with patch.object(Weights, "row", counted):
        probabilities(model, requests)
    rendering: Any = model._rendering  # noqa: SLF001
    personas = [len(rendering.encode(rendering.text(request.messages[:1], reply=False))) for request in requests]
    labels = sum(len(rendering.encode(label)) - 1 for label in LABELS)
    assert sum(read) <= sum({*personas}) + sum(model.tokens(request.messages) + labels for request in requests) - sum(personas)
    assert len(read) == 2 * (1 + 2)


def test_only_a_few_personas_are_kept(opened: Open) -> None:
    model = Local(opened("llama").folder, device="cpu")
    probabilities(model, panel([f"{word} {who}" for who in PEOPLE for word in ("You", "Old", "Young", "Rather")], ITEMS[:3], LABELS))
    assert len(model._scorer._kept) == KEPT  # noqa: SLF001


def test_temperature_and_top_p_are_those_of_the_answers(opened: Open) -> None:
    model = opened("llama")
    for sampling in (Sampling(temperature=0.5), Sampling(temperature=2.0), Sampling(temperature=0.0), Sampling(top_p=0.3)):
        requests = panel(PEOPLE[:1], ITEMS, ("no", "yes"), sampling)
        for request, odds in zip(requests, probabilities(model, requests), strict=True):
            assert odds == pytest.approx({choice: exp(value) for choice, value in plain_scores(model, request).items()}, abs=1e-6)


def test_a_choice_that_would_melt_into_the_prompt_stands_by_itself(tmp_path: Path) -> None:
    template = "{% for message in messages %}{{ message['content'] }}{% endfor %}{% if add_generation_prompt %} answ{% endif %}"
    model = Local(checkpoints.llama(tmp_path / "melting", template=template), device="cpu")
    request = Request((Message("user", "The"),), choices=("er", "o"), score=True)
    encode = model._rendering.encode  # noqa: SLF001
    assert encode("The answer") != (*encode("The answ"), *encode("er"))
    assert not model._rendering._opening  # noqa: SLF001
    assert probabilities(model, [request])[0]["er"] == pytest.approx(_by_hand(model, request, "er"), rel=1e-4)


def test_shorter_numbers_stay_near(opened: Open) -> None:
    model = Local(opened("llama").folder, device="cpu", dtype="bfloat16")
    requests = panel(PEOPLE, ITEMS, LABELS)
    pairs = [
        (log(odds[label]), plain_scores(model, request)[label])
        for request, odds in zip(requests, probabilities(model, requests), strict=True)
        for label in LABELS
    ]
    assert model._scorer.packs  # noqa: SLF001
    assert max(abs(first - second) for first, second in pairs) < 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_packed_is_plain_on_a_gpu(opened: Open) -> None:
    assert apart(Local(opened("llama").folder, device="cuda"), panel(PEOPLE, ITEMS, LABELS)) < 1e-3
