from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import StudyError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.elicit.costs.prices import FRAME, LISTED, Caps, Meter, Prices, listed, tokens
from personametrics.models.function import Scripted

PLAIN = Scripted(lambda _: "yes")


class Counting(Scripted):
    """A model that knows its tokens: one a word."""

    def tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)


COUNTING = Counting(lambda _: "yes")


def request(words: int = 10, most: int = 5, run: int = 0) -> Request:
    return Request((Message("user", "abc " * words),), run, sampling=Sampling(max_tokens=most))


def meter(caps: Caps, before: dict[str, int] | None = None) -> Meter:
    return Meter(COUNTING, caps, Prices(1e6, 2e6), before)


@pytest.mark.parametrize("name", LISTED)
def test_listed_prices_hold_at_the_endpoint_they_are_of_and_nowhere_else(name: str) -> None:
    assert listed(f"openai/{name}@https://api.openai.com/v1") == LISTED[name]
    for other in (
        f"openai/{name}",
        f"openai/{name}@",
        f"openai/{name}@http://api.openai.com/v1",
        f"openai/{name}@https://api.openai.com.example.org/v1",
        f"openai/{name}@http://127.0.0.1:8000/v1",
        f"openai/{name}-next@https://api.openai.com/v1",
        f"other/{name}@https://api.openai.com/v1",
        name,
        "",
    ):
        assert listed(other) is None


@pytest.mark.parametrize("model", ["local/folder@abc", "embedded", "scripted/function"])
def test_models_of_ones_own_cost_nothing(model: str) -> None:
    prices = listed(model)
    assert prices is not None
    assert prices.of(10**9, 10**9) == 0


def test_prices_are_per_million() -> None:
    assert Prices(2.0, 8.0).of(1_000_000, 500_000) == 6.0
    assert all(0 < price.tokens_in < price.tokens_out for price in LISTED.values())


def test_tokens_are_the_models_own_or_about_four_letters_each() -> None:
    messages = (Message("system", "abcd" * 5), Message("user", "ab"))
    assert tokens(messages) == 2 * FRAME + 5 + 0.5
    assert tokens(messages, PLAIN) == tokens(messages)
    assert tokens((Message("user", "one two three"),), COUNTING) == 3


def test_the_meter_is_hand_sums() -> None:
    spending = meter(Caps())
    replies = [
        Reply("yes", tokens_in=12, tokens_out=3, calls=2),
        Reply(probabilities={"a": 1.0}, tokens_in=8, tokens_out=0),
        Reply(outcome=ReplyOutcome.FAILED, calls=6),
        Reply("no", tokens_in=0, tokens_out=1, calls=0),
    ]
    for index, reply in enumerate(replies):
        assert spending.take(index, request(run=index)) == ""
        spending.settle(index, reply)
    assert (spending.calls, spending.tokens_in, spending.tokens_out) == (9, 20, 4)
    assert spending.money == 20 + 2 * 4
    assert not spending.estimated


def test_without_prices_there_is_no_money() -> None:
    assert Meter(PLAIN, Caps(), None).money is None


@pytest.mark.parametrize(
    ("reply", "read", "written", "estimated"),
    [
        (Reply("yes, please.", tokens_in=9, tokens_out=3), 9, 3, False),
        (Reply("yes, please."), FRAME + 10, 3, True),
        (Reply("yes, please.", tokens_in=9), 9, 3, True),
        (Reply("yes, please.", tokens_out=2), FRAME + 10, 2, True),
        (Reply("", tokens_in=0, tokens_out=0), 0, 0, False),
        (Reply(probabilities={"a": 1.0}), FRAME + 10, 0, True),
        (Reply(outcome=ReplyOutcome.FAILED), 0, 0, False),
        (Reply(outcome=ReplyOutcome.REFUSED, tokens_in=9, tokens_out=1), 9, 1, False),
        (Reply(outcome=ReplyOutcome.FAILED, tokens_in=9, tokens_out=0), 9, 0, False),
    ],
)
def test_what_is_not_reported_is_estimated_and_said_to_be(reply: Reply, read: float, written: float, estimated: bool) -> None:
    spending = Meter(PLAIN, Caps(), None)
    spending.take(0, request(10))
    spending.settle(0, reply)
    assert (spending.tokens_in, spending.tokens_out, spending.estimated) == (read, written, estimated)


@pytest.mark.parametrize(
    ("caps", "fit", "message"),
    [
        (Caps(calls=3), 3, "the cap of 3 calls"),
        (Caps(tokens=45), 3, "the cap of 45 tokens"),
        (Caps(tokens=44), 2, "the cap of 44 tokens"),
        (Caps(money=60), 3, "the cap of $60.00"),
        (Caps(money=59.99), 2, "the cap of $59.99"),
        (Caps(calls=5, tokens=30, money=1000), 2, "the cap of 30 tokens"),
    ],
)
def test_what_is_on_its_way_counts_with_the_most_it_can_cost(caps: Caps, fit: int, message: str) -> None:
    spending = meter(caps)
    assert [spending.take(index, request(10, 5, index)) for index in range(fit + 1)] == [""] * fit + [message]
    assert spending.calls == spending.tokens_in == 0


def test_what_came_back_cheaper_makes_room() -> None:
    spending = meter(Caps(tokens=30))
    assert [spending.take(index, request(10, 5, index)) for index in range(3)] == ["", "", "the cap of 30 tokens"]
    spending.settle(0, Reply("x", tokens_in=4, tokens_out=1))
    assert spending.take(2, request(5, 5)) == ""
    assert spending.take(3, request(1, 1)) == "the cap of 30 tokens"


def test_what_the_run_used_before_counts_for_its_caps() -> None:
    assert meter(Caps(calls=3), {"calls": 2}).take(0, request()) == ""
    assert meter(Caps(calls=3), {"calls": 3}).take(0, request()) == "the cap of 3 calls"
    assert meter(Caps(tokens=100), {"tokens_in": 80, "tokens_out": 5}).take(0, request(10, 5)) == ""
    assert meter(Caps(tokens=100), {"tokens_in": 80, "tokens_out": 6}).take(0, request(10, 5)) == "the cap of 100 tokens"
    assert meter(Caps(money=100), {"tokens_in": 80, "tokens_out": 0}).take(0, request(10, 5)) == ""
    assert meter(Caps(money=100), {"tokens_in": 80, "tokens_out": 1}).take(0, request(10, 5)) == "the cap of $100.00"
    assert meter(Caps(), {"calls": 7, "tokens_in": 5}).money == 0


def test_a_cap_in_money_without_prices_is_refused() -> None:
    with pytest.raises(StudyError, match=r"^A cap in money needs prices, and the prices of scripted/.* are unknown\. .*\.$"):
        Meter(PLAIN, Caps(money=1.0), None)


COSTS = st.tuples(st.integers(0, 30), st.integers(1, 30), st.floats(0, 1), st.floats(0, 1), st.booleans())


@given(st.lists(COSTS, max_size=30), st.builds(Caps, *[st.none() | st.integers(1, 200) for _ in range(3)]))
def test_caps_are_never_passed_by_costs_up_to_what_was_set_aside(costs: list[tuple[int, int, float, float, bool]], caps: Caps) -> None:
    spending, waiting = meter(caps), list[tuple[int, Reply]]()
    for index, (words, most, read, written, wait) in enumerate(costs):
        if not spending.take(index, request(words, most, index)):
            waiting.append((index, Reply("x", tokens_in=int(read * words), tokens_out=int(written * most))))
        while waiting and not wait:
            spending.settle(*waiting.pop())
    for call in waiting:
        spending.settle(*call)
    assert spending.calls <= (caps.calls or 10**9)
    assert spending.tokens_in + spending.tokens_out <= (caps.tokens or 10**9)
    assert spending.money is not None
    assert spending.money <= (caps.money or 10**9)
