"""What asks will take is counted before any is made."""

from collections.abc import Sequence

import pytest
from worlds import World

from personametrics.data.request import Message, Request, Sampling, slot
from personametrics.elicit.costs.estimate import SAMPLE, expected, written

WORDS = Message("user", "w" * 400)
PAID, FREE, OTHER = "openai/gpt-4o-mini@https://api.openai.com/v1", "local/m", "openai/m@http://127.0.0.1:1/v1"


def closed(run: int = 0) -> Request:
    return Request((WORDS,), run, choices=("yes", "no"), sampling=Sampling(max_tokens=64))


def test_prompts_and_replies_are_counted_and_priced() -> None:
    cost = expected([closed(), Request((WORDS, WORDS), sampling=Sampling(max_tokens=64))], {"": PAID})
    assert (cost.requests, cost.tokens_in, cost.tokens_out) == (2, 3 * (400 / 4 + 4), 8 + 32)
    assert str(cost) == "2 requests, about 312 tokens in and 40 out; $7.1e-05"


def test_a_reply_that_is_waited_for_is_read_too() -> None:
    first = Request((WORDS,), sampling=Sampling(max_tokens=100))
    second = Request((Message("user", f"{slot(0)}", (first,)),), sampling=Sampling(max_tokens=100))
    assert expected([second], {"": FREE}).tokens_in == pytest.approx(4 + len(slot(0)) / 4 + 50)


def test_a_number_takes_no_more_than_a_label_and_nothing_more_than_it_may() -> None:
    requests = [
        Request((WORDS,), sampling=Sampling(max_tokens=most), about={"scale": scale})
        for most, scale in ((64, "0..10"), (4, "0..10"), (64, "text"))
    ]
    assert [written(request) for request in requests] == [8, 4, 32]


@pytest.mark.parametrize(("judge", "price"), [(PAID, "$2e-05"), (FREE, "$0.00"), (OTHER, "price unknown")])
def test_each_part_has_the_price_of_who_plays_it(judge: str, price: str) -> None:
    verdict = Request((WORDS,), choices=("yes", "no"), to="judge")
    assert expected([closed(), verdict], {"": FREE, "judge": judge}).price == price


def test_many_prompts_are_counted_by_some_of_them() -> None:
    long = [Request((Message("user", "w" * 4 * (index % 100)),), index) for index in range(10 * SAMPLE)]
    exact = sum(4 + index % 100 for index in range(10 * SAMPLE))
    assert expected(long, {"": FREE}).tokens_in == pytest.approx(exact, rel=0.05)


def test_a_model_counts_its_own_tokens() -> None:
    class Counting(World):
        """Every message is one token."""

        def tokens(self, messages: Sequence[Message]) -> int:
            return len(messages)

    assert expected([closed(), closed(1)], {"": FREE}, Counting()).tokens_in == 2
