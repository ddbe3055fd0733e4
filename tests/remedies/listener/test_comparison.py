import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, ModelError
from personametrics.data.model import Blend, Blends, Can
from personametrics.data.prompt import NOBODY
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.remedies.listener.comparison import Aware, question_rows
from personametrics.stats.arrays import Floats

LABELS = ("p:no", "p:yes")


def table(rows: list[dict[str, str]], **columns: Any) -> Responses:
    frame = pl.DataFrame([row | dict.fromkeys(LABELS, 0.5) for row in rows])
    return Responses.read(frame, Columns(probabilities=LABELS, **columns), Nominal())


def alike(responses: Responses, among: str = "") -> list[list[int]]:
    return [rows.tolist() for rows in question_rows(responses, np.ones(len(responses.frame), bool), among)]


def test_the_item_parts_and_nobody_is_left_out() -> None:
    rows = [{"persona": who, "item": item} for item in ("tea", "salt") for who in ("ann", NOBODY, "ben")]
    assert alike(table(rows)) == [[0, 2], [3, 5]]


def test_what_differs_within_a_persona_and_item_parts_and_what_is_the_personas_own_does_not() -> None:
    rows = [{"persona": who, "item": "tea", "turn": turn, "target": who[0]} for turn in "12" for who in ("ann", "ben")]
    assert alike(table(rows, more=("turn", "target"))) == [[0, 1], [2, 3]]
    assert alike(table(rows[:2], more=("turn", "target"))) == [[0, 1]]


def test_conditions_and_runs_part() -> None:
    rows = [{"persona": who, "item": "tea", "order": order} for who, order in (("ann", "given"), ("ben", "reversed"), ("cat", "given"))]
    assert alike(table(rows, condition=("order",))) == [[0, 2], [1]]
    rows = [{"persona": who, "item": "tea", "run": run} for who in ("ann", "ben") for run in "01"]
    assert alike(table(rows, run="run")) == [[0, 2], [1, 3]]


def test_an_attribute_parts_where_it_is_named() -> None:
    rows = [{"persona": who, "item": "tea", "job": job} for who, job in (("ann", "cook"), ("ben", "nurse"), ("cat", "cook"))]
    responses = table(rows, attributes=("job",))
    assert alike(responses) == [[0, 1, 2]]
    assert alike(responses, "job") == [[0, 2], [1]]
    with pytest.raises(DesignError, match=r'no column "jobs" of the personas\. Did you mean "job"'):
        alike(responses, "jobs")


def test_two_answers_of_one_persona_to_one_question_are_refused() -> None:
    rows = [{"persona": "ann", "item": "tea", "wording": wording} for wording in ("old", "new")]
    with pytest.raises(DesignError, match='several rows for the question "tea"'):
        alike(table(rows))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_rows_without_an_answer_are_left_out(answered: list[bool]) -> None:
    rows = [{"persona": who, "item": item} for item in ("tea", "salt") for who in ("ann", "ben", "cat")]
    groups = question_rows(table(rows), np.array(answered))
    assert sorted(index for some in groups for index in some.tolist()) == [index for index, full in enumerate(answered) if full]


PANEL = {"You are a cook.": "", "You are a cook. You are old.": "", "You are a nurse.": "", "You are a farmer.": ""}


def asked(text: str, role: str = "system") -> Request:
    return Request((Message("user", "Tea?") if not text else Message(role, text), Message("user", "Tea?")))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Toy:
    """Says what it was told."""

    id: str = "toy"
    can: frozenset[Can] = frozenset({Can.SAMPLE, Can.SCORE})
    seeds: list[int] = field(default_factory=list)

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        for index, request in reversed(list(enumerate(requests))):
            yield index, Reply(f"plain {request.messages[0].text}")

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        self.seeds.append(seed)
        rows = 1 + len(others)
        return Reply(
            " | ".join([request.messages[0].text, *(prompt[0].text for prompt in others)]) + f" | {blend(np.zeros((rows, 2)), None)[0]:g}"
        )


def replies(model: Aware, requests: Sequence[Request]) -> dict[int, Reply]:
    """Replies by position, each given once."""

    async def collect() -> list[tuple[int, Reply]]:
        return [pair async for pair in model.answer(iter(requests))]

    pairs = asyncio.run(collect())
    assert sorted(index for index, _ in pairs) == list(range(len(requests)))
    return dict(pairs)


def first(logs: Floats, _: int | None) -> Floats:
    return np.asarray(logs[0])


def aware(others: int = 0, panel: dict[str, str] | None = None) -> Aware:
    return Aware(Toy(), PANEL if panel is None else panel, others, lambda: first, "listener")


def test_a_toy_blends() -> None:
    assert isinstance(Toy(), Blends)


def test_the_others_stand_where_the_persona_stood() -> None:
    prompts = aware().prompts(asked("Be this person.\n\nYou are a nurse. You are a nurse.").messages)
    assert [prompt[0].text for prompt in prompts] == [
        f"Be this person.\n\n{text} You are a nurse." for text in ("You are a farmer.", "You are a cook.", "You are a cook. You are old.")
    ]
    assert all(prompt[0].role == "system" and prompt[1:] == (Message("user", "Tea?"),) for prompt in prompts)


def test_the_longest_text_is_the_persona() -> None:
    prompts = aware().prompts(asked("You are a cook. You are old.").messages)
    assert {prompt[0].text for prompt in prompts} == set(PANEL) - {"You are a cook. You are old."}
    panel = {"You are a cook.": "", "At 71, people say: You are a cook.": "", "You are a nurse.": ""}
    prompts = aware(panel=panel).prompts(asked("At 71, people say: You are a cook.").messages)
    assert [prompt[0].text for prompt in prompts] == ["You are a nurse.", "You are a cook."]


def test_only_those_of_the_same_group_are_minded() -> None:
    panel = {"You are a cook.": "town", "You are a nurse.": "town", "You are a farmer.": "village"}
    assert [prompt[0].text for prompt in aware(panel=panel).prompts(asked("You are a cook.").messages)] == ["You are a nurse."]
    assert not aware(panel=panel).prompts(asked("You are a farmer.").messages)


def test_a_persona_is_looked_for_in_the_first_message_only() -> None:
    assert not aware().prompts((Message("user", "Who are you?"), Message("assistant", "You are a nurse.")))
    assert not aware().prompts(())


def test_every_ask_is_answered_once_and_nobody_by_the_model_itself() -> None:
    requests = [asked(""), asked("You are a nurse."), asked("You are tall."), asked("You are a farmer.", "user")] * 40
    model = aware(others=1)
    answers = replies(model, requests)
    texts = [answers[index].text for index in range(len(requests))]
    assert texts[:4] == [
        "plain Tea?", "You are a nurse. | You are a cook. | 0", "plain You are tall.",
        "You are a farmer. | You are a cook. You are old. | 0",
    ]  # fmt: skip
    assert texts == texts[:4] * 40


def test_runs_are_drawn_anew_and_the_same_again() -> None:
    toy = Toy()
    model = Aware(toy, PANEL, 0, lambda: first, "listener")
    requests = [replace(asked("You are a nurse."), run=run) for run in range(3)]
    replies(model, requests)
    replies(model, requests)
    assert toy.seeds[:3] == toy.seeds[3:] == [request.seed(model.id) for request in requests]
    assert len(set(toy.seeds)) == 3


def test_the_id_says_how_and_with_whom() -> None:
    ids = [aware().id, aware(1).id, aware(panel={**PANEL, "You are tall.": ""}).id, aware(panel=dict.fromkeys(PANEL, "town")).id]
    ids += [replace(aware(), name="listener(a=8)").id, replace(aware(), base=Toy("other")).id]
    assert len(set(ids)) == len(ids)
    assert aware().id.startswith("toy+listener@")
    assert aware().id == aware().id


def test_label_probabilities_are_refused() -> None:
    assert aware().can == {Can.SAMPLE}
    with pytest.raises(ModelError, match="answers in words only"):
        replies(aware(), [Request((Message("user", "Tea?"),), choices=("no", "yes"), score=True)])
