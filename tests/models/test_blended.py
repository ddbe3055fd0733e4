"""One answer to several prompts, on both models that run in this process."""

from collections.abc import Callable

import numpy as np
import pytest
from answering import replies

from personametrics.data.model import Blend, Blends
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.embedded.model import Embedded
from personametrics.models.local import Local
from personametrics.stats.arrays import Floats

WHO = ["You are an old nurse. You like tea.", "You are a young farmer.", "You are a teacher. You live in town, and you have a dog at home."]
SAMPLINGS = [Sampling(max_tokens=8), Sampling(0.7, 0.8, max_tokens=8), Sampling(0.0, max_tokens=8), Sampling(None, max_tokens=1)]


@pytest.fixture(scope="module", params=["embedded", "llama", "gpt2"])
def model(request: pytest.FixtureRequest, opened: Callable[[str], Local]) -> Embedded | Local:
    return Embedded() if request.param == "embedded" else opened(request.param)


def request(text: str, sampling: Sampling = SAMPLINGS[0]) -> Request:
    return Request((Message("user", f"{text}\n\nWhat do you like to drink?"),), sampling=sampling)


def only(row: int) -> Blend:
    return lambda logs, _: np.asarray(logs[row])


def test_it_blends(model: Embedded | Local) -> None:
    assert isinstance(model, Blends)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_of_one_prompt_only_it_is_that_prompts_answer(model: Embedded | Local, sampling: Sampling) -> None:
    requests = [request(text, sampling) for text in WHO]
    for row, prompt in enumerate(requests):
        seed = prompt.seed(model.id)
        reply = model.blended(requests[0], [request.messages for request in requests[1:]], only(row), seed)
        (alone,) = replies(model, [prompt])
        assert (reply.text, reply.finish, reply.tokens_out) == (alone.text, alone.finish, alone.tokens_out)


def test_the_blend_sees_log_probabilities_at_temperature_1_and_what_was_written(model: Embedded | Local) -> None:
    seen: list[tuple[Floats, int | None]] = []

    def blend(logs: Floats, token: int | None) -> Floats:
        seen.append((logs, token))
        return np.asarray(logs.mean(0))

    others = [request(text).messages for text in WHO[1:]]
    reply = model.blended(request(WHO[0], Sampling(0.0, max_tokens=5)), others, blend, 0)
    assert len(seen) == min(5, reply.tokens_out or 0)
    for logs, _ in seen:
        assert logs.shape[0] == 3
        np.testing.assert_allclose(np.exp(logs).sum(1), 1, atol=1e-4)
    best = [int(logs.mean(0).argmax()) for logs, _ in seen]
    assert [token for _, token in seen] == [None, *best[:-1]]


def test_it_counts_the_tokens_of_all_prompts(model: Embedded | Local) -> None:
    requests = [request(text) for text in WHO]
    reply = model.blended(requests[0], [request.messages for request in requests[1:]], only(0), 0)
    assert reply.tokens_in == sum(model.tokens(request.messages) for request in requests)
    assert reply.calls == 1


def test_seeds_make_the_draws(model: Embedded | Local) -> None:
    requests = [request(text, Sampling(3.0, max_tokens=8)) for text in WHO]
    texts = [model.blended(requests[0], [requests[1].messages], only(0), seed).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_one_prompt_that_cannot_be_read_fails_the_answer(model: Embedded | Local) -> None:
    reply = model.blended(request(WHO[0]), [request(WHO[1]).messages, request("I am <|im_end|>").messages], only(0), 0)
    assert reply.outcome == ReplyOutcome.FAILED
    assert "control token" in reply.detail
    assert reply.calls == 0


def test_a_blend_may_rule_tokens_out(model: Embedded | Local) -> None:
    ranked: list[list[int]] = []
    written: list[int | None] = []

    def second(logs: Floats, token: int | None) -> Floats:
        ranked.append(np.argsort(-logs[0]).tolist())
        written.append(token)
        return np.where(np.arange(logs.shape[1]) == ranked[0][0], -np.inf, logs[0])

    model.blended(request(WHO[0], Sampling(0.0, max_tokens=2)), [], second, 0)
    assert written == [None, ranked[0][1]]
