import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from personametrics.data.errors import ModelError
from personametrics.data.model import Can, Counts, Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.models.function import Scripted

ASKS = [Request((Message("user", f"Number {n}?"),), choices=("no", "yes")) for n in range(5)]


def answers(model: Model, requests: Any = ASKS) -> list[tuple[int, Reply]]:
    async def collect() -> list[tuple[int, Reply]]:
        return [pair async for pair in model.answer(requests)]

    return asyncio.run(collect())


def test_every_ask_is_answered_once_with_its_position() -> None:
    assert answers(Scripted(lambda request: request.messages[0].text)) == [(n, Reply(f"Number {n}?")) for n in range(5)]
    assert answers(Scripted(lambda _: ""), []) == []


async def _later(request: Request) -> str:
    await asyncio.sleep(0)
    return request.messages[0].text


def test_a_coroutine_function_is_awaited() -> None:
    assert answers(Scripted(_later)) == answers(Scripted(lambda request: request.messages[0].text))


def test_a_text_probabilities_or_a_reply_are_taken() -> None:
    given: list[Any] = [
        "yes",
        "",
        {"no": 0.25, "yes": 0.75},
        Reply("no", ReplyOutcome.REFUSED),
        Reply(outcome=ReplyOutcome.FAILED, calls=3),
    ]
    left = iter(given)
    replies = [reply for _, reply in answers(Scripted(lambda _: next(left)))]
    assert replies == [Reply("yes"), Reply(""), Reply(probabilities={"no": 0.25, "yes": 0.75}), given[3], given[4]]
    assert replies[2].text is None


def test_asks_are_pulled_one_by_one_only_when_there_is_room() -> None:
    pulled: list[int] = []

    def lazily() -> Iterator[Request]:
        for index, request in enumerate(ASKS):
            pulled.append(index)
            yield request

    async def first_two() -> None:
        stream = Scripted(lambda _: "x").answer(lazily())
        for expected in ([0], [0, 1]):
            await anext(stream)
            assert pulled == expected

    asyncio.run(first_two())


def test_what_the_function_raises_comes_out() -> None:
    def broken(_: Request) -> str:
        message = "No such model."
        raise ModelError(message)

    with pytest.raises(ModelError, match="No such model"):
        answers(Scripted(broken))


def test_it_is_a_model_that_does_not_count_tokens() -> None:
    model: Model = Scripted(lambda _: "x", id="scripted/x")
    assert model.id == "scripted/x"
    assert {Can.SAMPLE, Can.SCORE, Can.SYSTEM, Can.SEED} == model.can
    assert not isinstance(model, Counts)


def test_another_function_has_another_id_and_the_same_one_the_same() -> None:
    ids = {Scripted(lambda _: "5").id, Scripted(lambda _: "2").id, Scripted(str).id}
    assert len(ids) == 3

    def five(_: object) -> str:
        return "5"

    assert Scripted(five).id == Scripted(five).id
    assert Scripted(five, "mine").id == "mine"


def test_an_answer_of_another_kind_is_one_sentence() -> None:
    with pytest.raises(ModelError, match=r"answered with int\. Return a text, a Reply, or probabilities"):
        answers(Scripted(lambda _: 3))  # type: ignore[arg-type, return-value]
