"""Tests of the faults of requests and of the usage of replies."""

import math
from dataclasses import replace

import pytest

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.runtime import Prepared, add_usage, length_fault, probabilities, request_fault

SCORED = Request((Message("user", "Tea?"),), choices=("no", "yes"), score=True)
WORDS = replace(SCORED, score=False)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (SCORED, ""),
        (WORDS, ""),
        (Request((Message("user", "Tea <|end|>?"),)), 'A message holds "<|end|>"'),
        (replace(SCORED, choices=()), "asks for probabilities, but has no choices"),
        (replace(SCORED, choices=("no", "no")), "Two choices are equal"),
        (replace(SCORED, sampling=Sampling(temperature=-1.0)), "temperature is -1.0"),
        (replace(SCORED, sampling=Sampling(temperature=float("nan"))), "temperature is nan"),
        (replace(SCORED, sampling=Sampling(top_p=0.0)), "top_p is 0.0"),
        (replace(WORDS, sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
        (replace(SCORED, sampling=Sampling(max_tokens=0)), ""),
    ],
)
def test_a_request_with_a_fault_gets_a_message(given: Request, fault: str) -> None:
    message = request_fault(given, ["<|end|>"])
    assert fault in message
    assert bool(message) == bool(fault)


def test_room_is_needed_for_the_prompt_and_the_longest_answer() -> None:
    assert Prepared(0, SCORED, (1, 2, 3), ((1,), (2, 3))).needed == 5
    assert Prepared(0, replace(WORDS, sampling=Sampling(max_tokens=7)), (1, 2, 3)).needed == 10
    assert length_fault(5, 5) == ""
    assert "need 6 tokens, but the model has room for 5" in length_fault(6, 5)


def test_requests_with_equal_kind_and_sampling_are_worked_on_together() -> None:
    prepared = Prepared(0, SCORED)
    assert prepared.kind == Prepared(1, replace(SCORED, choices=("a", "b"))).kind
    different = [Prepared(0, WORDS), Prepared(0, SCORED, fault="No."), Prepared(0, replace(SCORED, sampling=Sampling(0.5)))]
    assert len({prepared.kind, *(other.kind for other in different)}) == 4


def test_the_first_of_several_requests_with_one_prompt_carries_the_call() -> None:
    requests = [Prepared(0, SCORED, (1, 2, 3)), Prepared(1, replace(SCORED, run=1), (1, 2, 3)), Prepared(2, SCORED, (4,))]
    replies = add_usage(requests, lambda: [Reply("no"), Reply("yes"), Reply("no")])
    assert [(reply.text, reply.calls, reply.tokens_in) for reply in replies] == [("no", 1, 3), ("yes", 0, 0), ("no", 1, 1)]
    assert len({reply.seconds for reply in replies}) == 1


def test_no_work_is_done_for_a_request_that_cannot_be_answered() -> None:
    def work() -> list[Reply]:
        raise AssertionError

    (reply,) = add_usage([Prepared(0, SCORED, fault="No.")], work)
    assert (reply.outcome, reply.detail, reply.calls) == (ReplyOutcome.FAILED, "No.", 0)


def test_probabilities_never_sum_to_more_than_one() -> None:
    assert probabilities(("no", "yes"), (math.log(0.3), math.log(0.2))) == pytest.approx({"no": 0.3, "yes": 0.2})
    assert math.fsum(probabilities(("no", "yes"), (math.log(0.6), math.log(0.4) + 1e-7)).values()) <= 1
