"""What may be wrong with an ask, whoever is asked."""

from dataclasses import replace

import pytest

from personametrics.data.ask import Ask, Message, Sampling
from personametrics.models.prepared import Prepared, crowded, misused

ASK = Ask((Message("user", "Tea?"),), choices=("no", "yes"), score=True)
WORDS = replace(ASK, score=False)


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (ASK, ""),
        (WORDS, ""),
        (Ask((Message("user", "Tea <|end|>?"),)), 'A message holds "<|end|>"'),
        (replace(ASK, choices=()), "no choices to give probabilities of"),
        (replace(ASK, choices=("no", "no")), "A choice is given twice"),
        (replace(ASK, sampling=Sampling(temperature=-1.0)), "temperature is -1.0"),
        (replace(ASK, sampling=Sampling(temperature=float("nan"))), "temperature is nan"),
        (replace(ASK, sampling=Sampling(top_p=0.0)), "top_p is 0.0"),
        (replace(WORDS, sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
        (replace(ASK, sampling=Sampling(max_tokens=0)), ""),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(ask: Ask, fault: str) -> None:
    said = misused(ask, ["<|end|>"])
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
