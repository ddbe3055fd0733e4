"""What may be wrong with an ask, whoever is asked."""

import math
from dataclasses import replace

import pytest

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.prepared import Prepared, counted, crowded, misused, probabilities

ASK = Request((Message("user", "Tea?"),), choices=("no", "yes"), score=True)
WORDS = replace(ASK, score=False)


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (ASK, ""),
        (WORDS, ""),
        (Request((Message("user", "Tea <|end|>?"),)), 'A message holds "<|end|>"'),
        (replace(ASK, choices=()), "no choices to give probabilities of"),
        (replace(ASK, choices=("no", "no")), "A choice is given twice"),
        (replace(ASK, sampling=Sampling(temperature=-1.0)), "temperature is -1.0"),
        (replace(ASK, sampling=Sampling(temperature=float("nan"))), "temperature is nan"),
        (replace(ASK, sampling=Sampling(top_p=0.0)), "top_p is 0.0"),
        (replace(WORDS, sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
        (replace(ASK, sampling=Sampling(max_tokens=0)), ""),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(request: Request, fault: str) -> None:
    said = misused(request, ["<|end|>"])
    assert fault in said
    assert bool(said) == bool(fault)


def test_room_is_needed_for_the_prompt_and_the_longest_answer() -> None:
    assert Prepared(0, ASK, (1, 2, 3), ((1,), (2, 3))).needed == 5
    assert Prepared(0, replace(WORDS, sampling=Sampling(max_tokens=7)), (1, 2, 3)).needed == 10
    assert crowded(5, 5) == ""
    assert "take 6 tokens and the model has room for 5" in crowded(6, 5)


def test_asks_are_worked_on_together_that_share_kind_and_sampling() -> None:
    one = Prepared(0, ASK)
    assert one.kind == Prepared(1, replace(ASK, choices=("a", "b"))).kind
    assert (
        len({one.kind, Prepared(0, WORDS).kind, Prepared(0, ASK, fault="No.").kind, Prepared(0, replace(ASK, sampling=Sampling(0.5))).kind})
        == 4
    )


def test_of_several_asks_with_one_prompt_the_first_is_paid_for() -> None:
    requests = [Prepared(0, ASK, (1, 2, 3)), Prepared(1, replace(ASK, run=1), (1, 2, 3)), Prepared(2, ASK, (4,))]
    found = counted(requests, lambda: [Reply("no"), Reply("yes"), Reply("no")])
    assert [(one.text, one.calls, one.tokens_in) for one in found] == [("no", 1, 3), ("yes", 0, 0), ("no", 1, 1)]
    assert len({one.seconds for one in found}) == 1


def test_nothing_is_done_for_an_ask_that_cannot_be_answered() -> None:
    def work() -> list[Reply]:
        raise AssertionError

    (reply,) = counted([Prepared(0, ASK, fault="No.")], work)
    assert (reply.outcome, reply.detail, reply.calls) == (ReplyOutcome.FAILED, "No.", 0)


def test_probabilities_never_sum_to_more_than_one() -> None:
    assert probabilities(("no", "yes"), (math.log(0.3), math.log(0.2))) == pytest.approx({"no": 0.3, "yes": 0.2})
    assert math.fsum(probabilities(("no", "yes"), (math.log(0.6), math.log(0.4) + 1e-7)).values()) <= 1
