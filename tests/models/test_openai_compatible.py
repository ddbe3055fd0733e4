"""Every fault through the front door: one reply for each ask, the right words, none invented."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import faults
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personametrics.data.errors import ModelError, PersonametricsError, StudyError
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models import chat
from personametrics.models.openai_compatible import CAN, MOST, OpenAICompatible, Scoring
from personametrics.models.traffic import Limits

QUESTION = "Tea?\n\nno\nyes\nmaybe\n\nAnswer with one of them."
CHOICES = ("no", "yes", "maybe")
KEY = "sk-planted-4f9a81c7d2e05b36"
QUICK = Limits(timeout=5, attempts=4, backoff=0.002)


def panel(personas: int = 3, runs: int = 1, *, score: bool = False, sampling: Sampling | None = None) -> list[Request]:
    prompts = [(Message("system", f"You are number {index}."), Message("user", QUESTION)) for index in range(personas)]
    return [Request(messages, run, CHOICES, sampling or Sampling(), score) for messages in prompts for run in range(runs)]


def asked(request: Request, n: int = 1, seed: int | None = None) -> dict[str, Any]:
    """The body that the society reads."""
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    return {"model": "m", "messages": messages, "n": n} | ({} if seed is None else {"seed": seed})


VARIABLE = "SOME_KEY"


async def gathered(model: OpenAICompatible, requests: Iterable[Request]) -> list[tuple[int, Reply]]:
    return [pair async for pair in model.answer(requests)]


def ask_all(server: faults.Server, requests: list[Request], **settings: Any) -> list[Reply]:
    """Replies in the order of the asks: exactly one each."""
    given: dict[str, Any] = {"limits": QUICK, "key_variable": VARIABLE} | settings
    pairs = asyncio.run(gathered(OpenAICompatible("m", server.base_url, **given), requests))
    assert sorted(index for index, _ in pairs) == list(range(len(requests)))
    return [reply for _, reply in sorted(pairs, key=lambda pair: pair[0])]


def right(replies: list[Reply], requests: list[Request]) -> bool:
    return [reply.text for reply in replies] == [faults.society(asked(request)) for request in requests]


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "EMPTY")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.parametrize("fault", faults.TRANSIENT)
def test_a_fault_that_passes_costs_a_call_and_changes_no_answer(fault: str) -> None:
    requests = panel(20)
    with faults.serve(faults.once(fault)) as server:
        replies = ask_all(server, requests)
    assert right(replies, requests)
    assert {reply.calls for reply in replies} == {2}
    assert set(server.counts.values()) == {2}


@pytest.mark.parametrize("fault", [*faults.TRANSIENT, "no choices", "no message", "deep"])
def test_a_fault_that_stays_fails_every_ask_with_its_reason(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server:
        replies = ask_all(server, panel(3, runs=2), limits=Limits(attempts=2, backoff=0.002))
    assert {reply.outcome for reply in replies} == {ReplyOutcome.FAILED}
    assert all(reply.text is None and "2 attempts failed, the last one with: " in reply.detail for reply in replies)
    assert [reply.calls for reply in replies] == [2, 0] * 3
    assert len(server.seen) == 6


def test_a_server_that_stalls_is_asked_again() -> None:
    requests = panel(4)
    with faults.serve(faults.once("stall")) as server:
        replies = ask_all(server, requests, limits=Limits(timeout=0.1, backoff=0.002))
        assert right(replies, requests)
        assert {reply.calls for reply in replies} == {2}
    with faults.serve(faults.always("stall")) as server:
        (reply,) = ask_all(server, panel(1), limits=Limits(timeout=0.1, attempts=1))
    assert reply.detail == "1 attempt failed, the last one with: no answer within the time limit"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(faults.TRANSIENT), min_size=8, max_size=8), st.integers(1, 4), st.booleans())
def test_whatever_passes_in_whatever_mixture_ends_with_every_answer_right(mixture: list[str], runs: int, seeded: bool) -> None:
    requests = panel(6, runs, sampling=Sampling(seed=1) if seeded else None)

    def script(seen: faults.Seen) -> str:
        return mixture[int(8 * faults.draw(seen.body, seen.again))] if seen.again < 3 else ""

    with faults.serve(script) as server:
        replies = ask_all(server, requests)
        model = OpenAICompatible("m", server.base_url)
    together = 1 if seeded else runs
    for first in range(0, len(requests), together):
        body = asked(requests[first], together, requests[first].seed(model.id) if seeded else None)
        assert [reply.text for reply in replies[first : first + together]] == [faults.society(body, nth) for nth in range(together)]
        assert [reply.calls for reply in replies[first : first + together]] == [4] + [0] * (together - 1)


@pytest.mark.parametrize("fault", ["no choices", "no message", "number content", "finish error"])
def test_a_well_formed_answer_that_is_unreadable_is_asked_for_once_more_and_not_again(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server:
        replies = ask_all(server, panel(3), limits=Limits(attempts=6, backoff=0.002))
    assert {reply.outcome for reply in replies} == {ReplyOutcome.FAILED}
    assert all("2 attempts failed, the last one with: the server" in reply.detail for reply in replies)
    assert {reply.calls for reply in replies} == {2}
    assert len(server.seen) == 6
    requests = panel(3)
    with faults.serve(faults.once(fault)) as server:
        assert right(ask_all(server, requests), requests)


@pytest.mark.parametrize("fault", ["number content", "error 200 billed"])
@pytest.mark.parametrize("again", [False, True])
def test_the_tokens_of_unreadable_answers_are_counted(fault: str, again: bool) -> None:
    with faults.serve(faults.always(fault) if again else faults.once(fault)) as server:
        replies = ask_all(server, panel(3), limits=Limits(attempts=6, backoff=0.002))
    for reply in replies:
        times = 1 if not again else reply.calls
        assert (reply.unread_in, reply.unread_out) == (11 * times, 5 * times)
        assert reply.calls == (2 if fault == "number content" or not again else 6)
        assert (reply.tokens_in is None) == again


def test_the_tokens_of_an_answer_without_scores_are_counted_although_it_ends_the_run() -> None:
    pairs = list[tuple[int, Reply]]()

    async def main(model: OpenAICompatible) -> None:
        async for pair in model.answer(panel(1, score=True)):
            pairs.append(pair)

    with faults.serve(faults.always("no logprobs")) as server, pytest.raises(ModelError, match="no log-probabilities"):
        asyncio.run(main(OpenAICompatible("m", server.base_url)))
    ((index, reply),) = pairs
    assert (index, reply.outcome, reply.calls) == (0, ReplyOutcome.FAILED, 1)
    assert reply.unread_in == faults.completion(server.seen[0].body)["usage"]["prompt_tokens"]


@pytest.mark.parametrize("wrong", [ValueError("odd"), RecursionError(), KeyError("a"), TypeError("b\nc")])
def test_whatever_goes_wrong_with_one_answer_fails_its_request_alone(wrong: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    requests, read, seen = panel(6), chat.replies, [0]

    def broken(payload: Any, *rest: Any) -> list[Reply]:
        seen[0] += 1
        if seen[0] == 3:
            raise wrong
        return read(payload, *rest)

    monkeypatch.setattr(chat, "replies", broken)
    with faults.serve() as server:
        replies = ask_all(server, requests)
    (failed,) = [reply for reply in replies if reply.outcome is ReplyOutcome.FAILED]
    assert f"cannot be read ({type(wrong).__name__}" in failed.detail
    assert "\n" not in failed.detail
    assert (failed.calls, failed.unread_in) == (1, 13)


def test_an_answer_in_parts_is_read() -> None:
    requests = panel(6, runs=2)
    with faults.serve(faults.always("parts")) as server:
        assert [reply.text for reply in ask_all(server, requests)] == [
            faults.society(asked(request, 2), index % 2) for index, request in enumerate(requests)
        ]
    with faults.serve(faults.always("other parts")) as server:
        assert [reply.text for reply in ask_all(server, panel(1))] == ["yes"]


@pytest.mark.parametrize("fault", ["int64", "huge int", "odd usage"])
def test_an_absurd_count_of_tokens_is_unreported(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server:
        (reply,) = ask_all(server, panel(1))
    assert reply.tokens_in is None
    assert reply.text in CHOICES


def test_the_name_that_the_server_gives_and_its_thinking_are_kept() -> None:
    with faults.serve(faults.always("thinking")) as server:
        (reply,) = ask_all(server, panel(1))
    assert (reply.model, reply.tokens_thought) == ("m", 64)
    with faults.serve(faults.always("other model")) as server:
        (reply,) = ask_all(server, panel(1))
    assert (reply.model, reply.tokens_thought) == ("totally-other", None)


def test_a_refusal_where_scores_were_asked_for_is_a_refusal() -> None:
    with faults.serve(lambda seen: "refused score" if seen.at == 0 else "") as server:
        replies = ask_all(server, panel(4, score=True))
    assert sorted(reply.outcome for reply in replies) == [ReplyOutcome.ANSWERED] * 3 + [ReplyOutcome.REFUSED]
    assert [reply.detail for reply in replies if reply.outcome is ReplyOutcome.REFUSED] == ["I cannot."]


def test_one_answer_without_scores_among_others_fails_alone() -> None:
    with faults.serve(lambda seen: "null content score" if seen.at == 3 else "") as server:
        replies = ask_all(server, panel(4, score=True), limits=Limits(connections=1))
    assert [reply.outcome for reply in replies] == [ReplyOutcome.ANSWERED] * 3 + [ReplyOutcome.FAILED]
    assert replies[3].detail == "the server's answer has no log-probabilities"


TEXTS = {
    "empty": ("", ReplyOutcome.ANSWERED, "stop"),
    "null content": ("", ReplyOutcome.ANSWERED, "length"),
    "nul": ("a\0b", ReplyOutcome.ANSWERED, ""),
    "lone surrogate": ("a\ufffdb", ReplyOutcome.ANSWERED, "\ufffd"),
    "refusal": ("I cannot.", ReplyOutcome.REFUSED, "stop"),
    "filtered": ("", ReplyOutcome.REFUSED, "content_filter"),
    "huge": (None, ReplyOutcome.FAILED, ""),
    "400": (None, ReplyOutcome.FAILED, ""),
}


@pytest.mark.parametrize("fault", TEXTS)
def test_what_a_server_says_is_kept_as_it_is_or_the_ask_fails_at_once(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server:
        replies = ask_all(server, panel(2))
    for reply in replies:
        assert ((reply.text or "") if fault == "filtered" else reply.text, reply.outcome, reply.finish) == TEXTS[fault]
        assert (reply.detail == "") == (reply.outcome is ReplyOutcome.ANSWERED)
        assert repr(reply).encode()
    assert len(server.seen) == 2


HOPELESS = {
    "401": "check the key in SOME_KEY",
    "403": "the key in SOME_KEY may not use this model",
    "404": r"404: no such model\): correct the model's name or base_url",
    "429 quota": "quota is used up",
    "429 hour": "3600 s .*Run the command later",
    "bad redirect": r"redirects to an address that cannot be read \(302\)",
    "redirect": r"redirects to http://elsewhere\.example/v1 \(307\)",
    "temperature": 'does not accept "temperature" .*: set sampling.temperature to null',
    "seed": 'does not accept "seed" .*: set sampling.seed to null',
}


@pytest.mark.parametrize("fault", HOPELESS)
def test_what_every_ask_would_get_ends_the_run_in_one_sentence(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server, pytest.raises(ModelError, match=HOPELESS[fault]) as caught:
        ask_all(server, panel(50, sampling=Sampling(temperature=0.5, seed=3)))
    assert server.base_url in str(caught.value)
    assert len(server.seen) <= 8


def test_a_parameter_named_after_something_was_answered_fails_only_its_ask() -> None:
    with faults.serve(lambda seen: "temperature" if seen.at == 20 else "") as server:
        replies = ask_all(server, panel(30, sampling=Sampling(temperature=0.5)))
    assert sorted(reply.outcome for reply in replies) == [ReplyOutcome.ANSWERED] * 29 + [ReplyOutcome.FAILED]


def test_answers_under_way_when_the_run_ends_are_given_first() -> None:
    requests, got = panel(8), list[Reply]()

    async def main(model: OpenAICompatible) -> None:
        async for _, reply in model.answer(requests):
            got.append(reply)

    with faults.serve(lambda seen: "401" if seen.at == 0 else "slow") as server, pytest.raises(ModelError):
        asyncio.run(main(OpenAICompatible("m", server.base_url)))
    assert len(got) == len(server.seen) - 1 == 7


def test_when_the_run_ends_nobody_waits_to_ask_again() -> None:
    began = time.monotonic()
    with faults.serve(lambda seen: "503" if seen.at else "401 slow") as server, pytest.raises(ModelError, match="check the key"):
        ask_all(server, panel(20), limits=Limits(backoff=1000))
    assert time.monotonic() - began < 5


def test_answers_of_a_short_n_are_given_when_the_run_ends_meanwhile() -> None:
    got = list[Reply]()

    async def main(model: OpenAICompatible) -> None:
        async for _, reply in model.answer(panel(1, runs=4)):
            got.append(reply)

    with faults.serve(lambda seen: "fewer" if seen.at == 0 else "401") as server, pytest.raises(ModelError):
        asyncio.run(main(OpenAICompatible("m", server.base_url)))
    assert [reply.degraded for reply in got] == [("n",)] * 2


@pytest.mark.parametrize("fault", ["n ignored", "fewer", "n refused"])
def test_a_server_that_gives_too_few_answers_is_asked_singly_for_the_rest_and_from_then_on(fault: str) -> None:
    requests = panel(30, runs=4)
    with faults.serve(faults.always(fault)) as server:
        replies = ask_all(server, requests)
    given = {"n ignored": 1, "fewer": 2, "n refused": 0}[fault]
    shared = [seen for seen in server.seen if seen.body.get("n")]
    assert len(shared) <= 8
    assert sum(reply.degraded == ("n",) for reply in replies) == 4 * len(shared)
    assert sum(reply.calls for reply in replies) == len(server.seen) == len(shared) * (5 - given) + 4 * (30 - len(shared))
    assert all(reply.outcome is ReplyOutcome.ANSWERED and reply.text in CHOICES for reply in replies)


def test_of_too_many_answers_the_first_are_kept() -> None:
    requests = panel(3, runs=4)
    with faults.serve(faults.always("more")) as server:
        replies = ask_all(server, requests)
    assert [reply.text for reply in replies] == [faults.society(asked(requests[index], 7), index % 4) for index in range(12)]
    assert not any(reply.degraded for reply in replies)


def test_runs_of_one_prompt_share_calls_whose_cost_the_first_carries() -> None:
    requests = panel(3, runs=MOST + 2)
    with faults.serve() as server:
        replies = ask_all(server, requests)
        assert sorted(seen.body.get("n", 1) for seen in server.seen) == [2] * 3 + [MOST] * 3
        assert [reply.calls for reply in replies] == ([1] + [0] * (MOST - 1) + [1, 0]) * 3
        assert [reply.tokens_in == 0 for reply in replies] == [reply.calls == 0 for reply in replies]
        assert sum(reply.tokens_out or 0 for reply in replies) == len(requests)
    with faults.serve() as server:
        ask_all(server, requests, can=CAN - {Can.MANY})
        assert len(server.seen) == len(requests)


def test_seeds_come_from_the_ask_and_nothing_that_is_none_is_sent() -> None:
    requests = panel(2, runs=3, sampling=Sampling(temperature=None, seed=7))
    with faults.serve() as server:
        ask_all(server, requests)
        model = OpenAICompatible("m", server.base_url)
        assert sorted(seen.body["seed"] for seen in server.seen) == sorted(request.seed(model.id) for request in requests)
        assert {key for seen in server.seen for key in seen.body} == {"model", "messages", "max_tokens", "seed"}
    with faults.serve() as server:
        ask_all(server, panel(1))
        assert set(server.seen[0].body) == {"model", "messages", "max_tokens", "temperature"}


def test_a_server_that_wants_max_completion_tokens_gets_them() -> None:
    requests = panel(20)
    with faults.serve(faults.always("max_completion_tokens")) as server:
        assert right(ask_all(server, requests), requests)
    assert sum("max_tokens" in seen.body for seen in server.seen) <= 8
    assert {seen.body.get("max_completion_tokens", 128) for seen in server.seen} == {128}


@pytest.mark.parametrize("structured", ["json_schema", "choice"])
def test_structured_answers_are_held_to_the_choices_and_free_ones_are_not(structured: Any) -> None:
    with faults.serve() as server:
        ask_all(server, [*panel(1), Request((Message("user", "Why?"),))], structured=structured)
        closed, free = sorted((seen.body for seen in server.seen), key=lambda body: -len(body["messages"]))
    text = json.dumps(closed["response_format" if structured == "json_schema" else "structured_outputs"])
    assert '["no", "yes", "maybe"]' in text
    assert not {"response_format", "structured_outputs"} & free.keys()


def test_a_server_that_says_500_to_a_parameter_ends_the_run_all_the_same() -> None:
    with faults.serve(faults.always("json_schema")) as server, pytest.raises(ModelError, match='set structured to ""'):
        ask_all(server, panel(3), structured="json_schema")


@pytest.mark.parametrize(
    ("structured", "text", "degraded"),
    [
        ("choice", "yes", ()),
        ("choice", "I am 70", ("structured",)),
        ("json_schema", ' {"answer": "yes"}', ()),
        ("json_schema", "yes", ("structured",)),
    ],
)
def test_answers_that_were_not_held_to_the_choices_are_degraded(
    structured: chat.Structured, text: str, degraded: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(faults.FAULTS, "says", faults.saying(text))
    with faults.serve(faults.always("says")) as server:
        (reply,) = ask_all(server, panel(1), structured=structured)
    assert (reply.text, reply.degraded) == (text, degraded)


def test_a_gateway_that_drops_the_persona_is_told_by_its_tokens() -> None:
    with faults.serve(faults.always("no system")) as dropping, faults.serve() as keeping:
        pairs = zip(ask_all(dropping, panel(5)), ask_all(keeping, panel(5)), strict=True)
    assert all((first.tokens_in or 0) < (second.tokens_in or 0) for first, second in pairs)


def test_first_tokens_give_the_probabilities_of_the_choices() -> None:
    requests = panel(5, runs=2, score=True)
    with faults.serve() as server:
        replies = ask_all(server, requests)
    for request, reply, seen in zip(requests, replies, server.seen, strict=True):
        assert reply.text is None
        assert set(reply.probabilities or ()) == set(request.choices)
        assert sum((reply.probabilities or {}).values()) == pytest.approx(0.95)
        assert (seen.body["max_tokens"], seen.body["top_logprobs"], seen.body["temperature"]) == (1, 20, 1.0)
    assert len({json.dumps(reply.probabilities) for reply in replies}) == 5


@pytest.mark.parametrize("fault", ["nan logprobs", "positive logprobs", "text logprobs", "too much", "no first token", "huge", "503"])
def test_probabilities_that_are_none_fail_their_ask(fault: str) -> None:
    with faults.serve(faults.always(fault)) as server:
        replies = ask_all(server, panel(2, score=True))
    assert all(reply.outcome is ReplyOutcome.FAILED and reply.probabilities is None and reply.detail for reply in replies)


@pytest.mark.parametrize("scoring", ["first_token", "continuation"])
@pytest.mark.parametrize("fault", ["no logprobs", "null logprobs"])
def test_a_server_without_log_probabilities_ends_the_run(fault: str, scoring: Scoring) -> None:
    faults.FAULTS["no prompt logprobs"] = faults.changed(lambda made: made.pop("prompt_logprobs", None))
    fault = fault if scoring == "first_token" else "no prompt logprobs"
    with faults.serve(faults.always(fault)) as server, pytest.raises(ModelError, match=r"Ask for answers instead \(score: false\)"):
        ask_all(server, panel(2, score=True), scoring=scoring)


def test_settings_that_scores_do_not_follow_are_degraded() -> None:
    with faults.serve() as server:
        (reply,) = ask_all(server, panel(1, score=True, sampling=Sampling(temperature=0.0, top_p=0.9)))
    assert reply.degraded == ("temperature", "top_p")


@pytest.mark.parametrize("choices", [("not", "not at all", "not sure"), ("I agree", "I do not agree")])
def test_continuations_give_the_probability_of_every_token_of_a_choice(choices: tuple[str, ...]) -> None:
    request = Request((Message("system", "You are 70."), Message("user", "Tea?")), choices=choices, score=True)
    with faults.serve() as server:
        (reply,) = ask_all(server, [request], scoring="continuation")
    assert reply.probabilities is not None
    for choice in choices:
        tokens = faults.pieces({"messages": [*asked(request)["messages"], {"role": "assistant", "content": choice}]})
        head, end = tokens.index("<assistant>") + 1, len(tokens) - (2 if choices[0] == "I agree" else 1)
        assert reply.probabilities[choice] == pytest.approx(
            prod(faults.piece_probability(tokens[: index + 1]) for index in range(head, end))
        )
    assert reply.calls == len(server.seen) == len(choices) + 1
    assert reply.tokens_in == sum(faults.completion(seen.body)["usage"]["prompt_tokens"] for seen in server.seen)


def test_no_server_is_one_sentence_and_not_ten_thousand_failures() -> None:
    with faults.serve() as server:
        url = server.base_url
    with pytest.raises(ModelError, match=rf"No server answers at {url} .*\. Start the server, or correct base_url"):
        asyncio.run(gathered(OpenAICompatible("m", url, limits=QUICK), panel(10_000)))


def test_openai_without_a_key_is_a_sentence_that_names_the_variable() -> None:
    with pytest.raises(ModelError, match="Set the environment variable MY_KEY"):
        asyncio.run(gathered(OpenAICompatible("gpt", key_variable="MY_KEY"), panel(1)))


def test_openais_key_goes_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with faults.serve() as server:
        ask_all(server, panel(3), key_variable="")
        assert not [seen for seen in server.seen if "Authorization" in seen.headers]
    with faults.serve(faults.always("401")) as server, pytest.raises(ModelError, match="key_variable"):
        ask_all(server, panel(3), key_variable="")


def told(error: BaseException | None) -> Iterator[str]:
    """Everything that an exception and those behind it say."""
    while error:
        yield from (str(error), repr(error), repr(vars(error)))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("score", [False, True])
@pytest.mark.parametrize("fault", faults.FAULTS)
def test_the_key_is_sent_and_shown_nowhere(
    fault: str, score: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    caplog.set_level(logging.DEBUG)
    with faults.serve(faults.always(fault)) as server:
        model = OpenAICompatible("m", server.base_url, VARIABLE, limits=Limits(timeout=0.15, attempts=2, backoff=0.002))
        shown = [repr(model), model.id]
        try:
            shown += map(repr, asyncio.run(gathered(model, panel(1, 2, score=score, sampling=Sampling(0.5, seed=1)))))
        except PersonametricsError as error:
            shown += told(error)
    assert {seen.headers["Authorization"] for seen in server.seen} == {f"Bearer {KEY}"}
    assert not [text for text in [*shown, caplog.text] if KEY in text or KEY[:12] in text]


def test_a_key_that_could_be_a_word_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "yes")
    requests = panel(20)
    with faults.serve() as server:
        assert right(ask_all(server, requests), requests)
    with faults.serve(faults.always("echo 401")) as server, pytest.raises(ModelError, match=r"provided: Bearer \*\*\*"):
        ask_all(server, requests)


def test_a_key_that_no_header_can_carry_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sk-planted\nX-Evil: 1")
    with faults.serve() as server, pytest.raises(ModelError, match=r"SOME_KEY holds characters") as caught:
        ask_all(server, panel(1))
    assert "planted" not in "".join(told(caught.value))


def test_a_redirect_takes_the_key_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with faults.serve() as other, faults.serve(faults.always("moved")) as server:
        monkeypatch.setitem(faults.FAULTS, "moved", faults.failing(308, Location=f"{other.base_url}/chat/completions"))
        with pytest.raises(ModelError, match=f"redirects to {other.base_url}/chat/completions"):
            ask_all(server, panel(3))
    assert server.seen
    assert not other.seen


def test_asks_are_pulled_only_when_they_can_be_sent() -> None:
    pulled, ahead = 0, 0

    def requests() -> Iterator[Request]:
        nonlocal pulled
        for pulled, request in enumerate(panel(100), 1):  # noqa: B007 (read below)
            yield request

    async def main(model: OpenAICompatible) -> None:
        nonlocal ahead
        given = 0
        async for _ in model.answer(requests()):
            given += 1
            ahead = max(ahead, pulled - given)

    with faults.serve(faults.always("slow")) as server:
        asyncio.run(main(OpenAICompatible("m", server.base_url, limits=Limits(connections=5))))
        assert (server.most, pulled, len(server.seen)) == (5, 100, 100)
    assert ahead <= 6


def test_closed_early_it_drops_what_is_under_way_and_leaves_nothing_behind() -> None:
    async def main(model: OpenAICompatible) -> set[Any]:
        async with aclosing(model.answer(panel(100))) as answers:
            async for _ in answers:
                break
        return asyncio.all_tasks() - {asyncio.current_task()}

    with faults.serve(lambda seen: "stall" if seen.at else "") as server:
        began = time.monotonic()
        assert not asyncio.run(main(OpenAICompatible("m", server.base_url)))
        assert time.monotonic() - began < 0.25
        assert len(server.seen) <= 9


def test_an_error_in_the_asks_is_the_callers_own() -> None:
    def requests() -> Iterator[Request]:
        yield from panel(3)
        message = "mine"
        raise LookupError(message)

    with faults.serve() as server, pytest.raises(LookupError, match="mine"):
        asyncio.run(gathered(OpenAICompatible("m", server.base_url), requests()))


@pytest.mark.parametrize(
    ("text", "name", "base_url"),
    [
        ("gpt-4.1-mini", "gpt-4.1-mini", "https://api.openai.com/v1"),
        ("org/model:tag@http://127.0.0.1:8000/v1/", "org/model:tag", "http://127.0.0.1:8000/v1"),
        ("a@b@https://host/v1", "a@b", "https://host/v1"),
    ],
)
def test_a_model_string_is_a_name_and_an_address(text: str, name: str, base_url: str) -> None:
    model = OpenAICompatible.named(text, structured="choice")
    assert (model.name, model.base_url, model.id) == (name, base_url, f"openai/{name}@{base_url}#structured=choice")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OpenAICompatible.named("m@http://user:secret@host/v1"), "write http://host/v1."),
        (lambda: OpenAICompatible.named("m@https://host/v1?key=secret"), "write https://host/v1."),
        (lambda: OpenAICompatible.named("m@http://host/v1#secret"), "write http://host/v1."),
        (lambda: OpenAICompatible("m", "host/secret"), "this is not an address"),
        (lambda: OpenAICompatible("m", "http://host:99999999/v1"), "this is not an address"),
        (lambda: OpenAICompatible("m", "http://[/v1"), "this is not an address"),
        (lambda: OpenAICompatible("m", "http://host/v1/chat/completions"), "leave out the part after /v1"),
        (lambda: OpenAICompatible.named("@http://host/v1"), "The model has no name"),
        (lambda: OpenAICompatible("m", key_variable="sk-live-secret"), "key_variable must be the name of an environment variable"),
        (lambda: OpenAICompatible.named("m@http://host/v1", key_variable="secret"), "never the key itself"),
        (lambda: OpenAICompatible.named("m", structured="choise"), 'structured: unknown value "choise". Did you mean "choice"'),
        (lambda: OpenAICompatible.named("m", scoring="x"), "Available: first_token, continuation"),
    ],
)
def test_what_cannot_be_used_is_said_without_repeating_a_secret(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        make()
    assert message in str(caught.value)
    assert "secret" not in "".join(told(caught.value))


def test_the_fault_server_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, str(Path(faults.__file__)), "--port", "0", "--fault", "500", "--once"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        requests = panel(3)
        pairs = asyncio.run(gathered(OpenAICompatible("m", url, limits=QUICK), requests))
        with urlopen(url.removesuffix("/v1") + "/seen") as response:  # noqa: S310 (our own server)
            seen = json.load(response)
        process.kill()
    assert right([reply for _, reply in sorted(pairs, key=lambda pair: pair[0])], requests)
    assert list(islice(seen.values(), 4)) == [2, 2, 2]
