import hashlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import StudyError
from personametrics.data.request import Message, Request, Sampling

TEXT = st.text(max_size=12)  # any character but halves of one
MESSAGES = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), min_size=1, max_size=3).map(tuple)
SHARES = st.none() | st.floats(0, 5)
SAMPLINGS = st.builds(Sampling, SHARES, SHARES, st.integers(1, 999), st.none() | st.integers(0, 9))
ASKS = st.builds(Request, MESSAGES, st.integers(0, 9), st.lists(TEXT, max_size=3).map(tuple), SAMPLINGS, st.booleans())

ASK = Request((Message("system", "You are 70."), Message("user", "Tea? ☕")), 3, ("no", "yes"), Sampling(0.7, None, 16, 42), score=True)
CHANGED = {
    "a role": replace(ASK, messages=(Message("user", "You are 70."), ASK.messages[1])),
    "a text": replace(ASK, messages=(ASK.messages[0], Message("user", "Tea?"))),
    "the order of messages": replace(ASK, messages=ASK.messages[::-1]),
    "one message less": replace(ASK, messages=ASK.messages[1:]),
    "the run": replace(ASK, run=2),
    "the order of choices": replace(ASK, choices=("yes", "no")),
    "no choices": replace(ASK, choices=()),
    "where one choice ends": replace(ASK, choices=('no","yes',)),
    "temperature": replace(ASK, sampling=replace(ASK.sampling, temperature=0.70001)),
    "no temperature": replace(ASK, sampling=replace(ASK.sampling, temperature=None)),
    "top_p": replace(ASK, sampling=replace(ASK.sampling, top_p=1.0)),
    "max_tokens": replace(ASK, sampling=replace(ASK.sampling, max_tokens=17)),
    "seed": replace(ASK, sampling=replace(ASK.sampling, seed=None)),
    "score": replace(ASK, score=False),
}


def test_key_is_the_hash_of_json_written_by_hand() -> None:
    text = (
        '{"choices":["no","yes"],"messages":[["system","You are 70."],["user","Tea? ☕"]],'
        '"model":"m","run":3,"sampling":[0.7,null,16,42],"score":true}'
    )
    assert ASK.key("m") == hashlib.sha256(text.encode()).digest()


@pytest.mark.parametrize("what", CHANGED)
def test_whatever_may_change_the_answer_changes_the_key(what: str) -> None:
    assert CHANGED[what].key("m") != ASK.key("m")
    assert CHANGED[what] != ASK


def test_another_model_has_another_key() -> None:
    assert ASK.key("m") != ASK.key("m@1")


@given(ASKS, TEXT, st.dictionaries(TEXT, TEXT), st.lists(TEXT).map(tuple))
def test_what_an_answer_is_called_and_means_is_not_in_the_key(
    request: Request, model: str, about: dict[str, str], labels: tuple[str, ...]
) -> None:
    other = replace(request, about=about, labels=labels)
    assert other.key(model) == request.key(model)
    assert other == request
    assert hash(other) == hash(request)


@given(ASKS, ASKS, TEXT)
def test_keys_are_equal_exactly_where_asks_are(first: Request, second: Request, model: str) -> None:
    assert (first.key(model) == second.key(model)) == (first == second)


@pytest.mark.parametrize(("first", "second"), [(0, 0.0), (1, 1.0), (-0.0, 0.0), (True, 1.0)])
def test_equal_numbers_of_another_type_have_one_key(first: float, second: float) -> None:
    requests = [replace(ASK, sampling=Sampling(number, number)) for number in (first, second)]
    assert requests[0] == requests[1]
    assert requests[0].key("m") == requests[1].key("m")


@given(ASKS, TEXT)
def test_canonical_json_reads_back_and_has_one_spelling(request: Request, model: str) -> None:
    text = request.canonical(model)
    content = json.loads(text)
    assert list(content) == sorted(content)
    assert [tuple(pair) for pair in content["messages"]] == [(message.role, message.text) for message in request.messages]
    assert content["model"] == model
    assert text == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_one_sentence(number: float) -> None:
    with pytest.raises(StudyError, match=r"^A sampling setting is NaN or infinite and cannot be sent .*\)\. Give finite numbers\.$"):
        Request((Message("user", "Tea?"),), sampling=Sampling(temperature=number)).key("m")


@pytest.mark.parametrize("half", ["\ud800", "a\udc80b"])
def test_half_a_character_is_one_sentence(half: str) -> None:
    with pytest.raises(StudyError, match=r"^A prompt contains '\\ud[0-9a-f]{3}', which is not a complete character .*\. Remove it"):
        Request((Message("user", half),)).key("m")


@given(ASKS, TEXT)
def test_seeds_fit_what_servers_take(request: Request, model: str) -> None:
    assert 0 <= request.seed(model) < 2**31
    assert request.seed(model) == int(request.key(model).hex()[:8], 16) // 2


def test_every_run_has_a_seed_of_its_own() -> None:
    assert len({replace(ASK, run=run).seed("m") for run in range(200)}) == 200


@given(ASKS, st.integers(0, 9))
def test_runs_of_one_prompt_are_told_from_other_prompts(request: Request, run: int) -> None:
    assert request.same_prompt(replace(request, run=run))
    assert not request.same_prompt(replace(request, messages=(*request.messages, Message("user", "?")), run=run))
    assert not request.same_prompt(replace(request, score=not request.score))
