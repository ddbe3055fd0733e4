import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from personametrics.data.errors import ModelError
from personametrics.data.model import Blend, Blends, Can
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.remedies.listener.speaker import Aware
from personametrics.stats.arrays import Floats

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
        for at, request in reversed(list(enumerate(requests))):
            yield at, Reply(f"plain {request.messages[0].text}")

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        self.seeds.append(seed)
        rows = 1 + len(others)
        return Reply(
            " | ".join([request.messages[0].text, *(one[0].text for one in others)]) + f" | {blend(np.zeros((rows, 2)), None)[0]:g}"
        )


def replies(model: Aware, requests: Sequence[Request]) -> dict[int, Reply]:
    """Replies by position, each given once."""

    async def collect() -> list[tuple[int, Reply]]:
        return [pair async for pair in model.answer(iter(requests))]

    found = asyncio.run(collect())
    assert sorted(at for at, _ in found) == list(range(len(requests)))
    return dict(found)


def first(logs: Floats, _: int | None) -> Floats:
    return np.asarray(logs[0])


def aware(others: int = 0, panel: dict[str, str] | None = None) -> Aware:
    return Aware(Toy(), PANEL if panel is None else panel, others, lambda: first, "listener")


def test_a_toy_blends() -> None:
    assert isinstance(Toy(), Blends)


def test_the_others_stand_where_the_persona_stood() -> None:
    prompts = aware().prompts(asked("Be this person.\n\nYou are a nurse. You are a nurse.").messages)
    assert [one[0].text for one in prompts] == [
        f"Be this person.\n\n{text} You are a nurse." for text in ("You are a farmer.", "You are a cook.", "You are a cook. You are old.")
    ]
    assert all(one[0].role == "system" and one[1:] == (Message("user", "Tea?"),) for one in prompts)


def test_the_longest_text_is_the_persona() -> None:
    prompts = aware().prompts(asked("You are a cook. You are old.").messages)
    assert {one[0].text for one in prompts} == set(PANEL) - {"You are a cook. You are old."}
    panel = {"You are a cook.": "", "At 71, people say: You are a cook.": "", "You are a nurse.": ""}
    prompts = aware(panel=panel).prompts(asked("At 71, people say: You are a cook.").messages)
    assert [one[0].text for one in prompts] == ["You are a nurse.", "You are a cook."]


def test_only_those_of_the_same_group_are_minded() -> None:
    panel = {"You are a cook.": "town", "You are a nurse.": "town", "You are a farmer.": "village"}
    assert [one[0].text for one in aware(panel=panel).prompts(asked("You are a cook.").messages)] == ["You are a nurse."]
    assert not aware(panel=panel).prompts(asked("You are a farmer.").messages)


def test_a_persona_is_looked_for_in_the_first_message_only() -> None:
    assert not aware().prompts((Message("user", "Who are you?"), Message("assistant", "You are a nurse.")))
    assert not aware().prompts(())


def test_every_ask_is_answered_once_and_nobody_by_the_model_itself() -> None:
    requests = [asked(""), asked("You are a nurse."), asked("You are tall."), asked("You are a farmer.", "user")] * 40
    model = aware(others=1)
    found = replies(model, requests)
    texts = [found[at].text for at in range(len(requests))]
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
    with pytest.raises(ModelError, match="without label probabilities"):
        replies(aware(), [Request((Message("user", "Tea?"),), choices=("no", "yes"), score=True)])
