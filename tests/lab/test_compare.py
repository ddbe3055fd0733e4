"""A model without a remedy and with it: shared asks, price, resume, and what is written first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest

from personametrics import report
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, Stage
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.lab.compare import compare
from personametrics.models.function import Scripted
from personametrics.remedies.average import Average

CURE = Average(3).known()
PEOPLE, ITEMS = CURE.personas[:8], CURE.items[:8]


class Counting:
    """A world that counts what it is asked."""

    def __init__(self) -> None:
        self.asked = list[Request]()
        self.model = Scripted(self._answer, id="scripted/counting")

    def _answer(self, request: Request) -> str:
        self.asked.append(request)
        if not request.choices:
            return "You like order."
        odds = CURE.world(request)
        draw = request.seed("world") / 2**31
        return next(choice for choice, end in zip(odds, accumulate(odds.values()), strict=True) if draw < end or end >= 1)


@dataclass(frozen=True)
class Written(Remedy):
    """Personas that a model writes."""

    says: ClassVar[str] = "Writes."
    acts_on: ClassVar[Stage] = "personas"

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        return [
            Request((Message("user", f"Who is {persona.text}?"),), about={"persona": persona.id, "item": "draft"}) for persona in personas
        ]

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        return tuple(replace(persona, text=f"{persona.text} {text}") for persona, text in zip(personas, written, strict=True))


def test_both_arms_share_asks_and_a_second_call_asks_nothing(tmp_path: Path) -> None:
    world = Counting()
    card = compare("stability", world.model, "average:k=3", PEOPLE, ITEMS, out=tmp_path, runs=2)
    assert len(world.asked) == len(set(world.asked)) == 8 * 8 * 6
    price = {row["arm"]: row["asks"] for row in card.change.evidence["price"]}
    assert price == {"without": 8 * 8 * 2, "with": 8 * 8 * 6}
    assert "3× the requests" in card.change.verdict.sentence
    assert "Both arms share 128 requests" in card.change.verdict.sentence
    assert compare("stability", world.model, "average:k=3", PEOPLE, ITEMS, out=tmp_path, runs=2).card.to_json() == card.card.to_json()
    assert len(world.asked) == 8 * 8 * 6


def test_the_card_holds_change_before_and_after(tmp_path: Path) -> None:
    measured = compare("stability", Counting().model, "average:k=2", PEOPLE, ITEMS, out=tmp_path, runs=2)
    card = measured.card
    assert [finding.study for finding in card.findings] == ["comparison", "stability", "stability"]
    assert card["before.signal"].value == measured.before["signal"].value
    assert "Without and with the remedy" in report.html([card])


def test_what_a_model_writes_is_asked_first_kept_and_can_be_read(tmp_path: Path) -> None:
    world = Counting()
    card = compare("stability", world.model, Written(), PEOPLE, ITEMS, out=tmp_path, runs=2)
    drafts = [request for request in world.asked if not request.choices]
    assert len(drafts) == len(PEOPLE)
    assert {row["arm"]: row["asks"] for row in card.change.evidence["price"]} == {"without": 128, "with": 136}
    assert "You like order." in (tmp_path / "personas.csv").read_text(encoding="utf-8")
    requests = [request for request in world.asked if request.choices and "You like order." in request.messages[0].text]
    assert len(requests) == 128


def test_a_remedy_that_asks_more_has_averaging_as_its_rival(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Twice(Remedy):
        """Asks everything twice, under another wording the second time."""

        def requests(self, requests: Sequence[Request]) -> list[Request]:
            return [
                *requests,
                *(replace(request, run=request.run + 100, about={**request.about, "run": str(request.run + 100)}) for request in requests),
            ]

    world = Counting()
    card = compare("stability", world.model, Twice(), PEOPLE, ITEMS, out=tmp_path, runs=2)
    assert [row["arm"] for row in card.change.evidence["price"]] == ["without", "with", "average:k=2"]
    assert "average:k=2, at the same price" in card.change.verdict.sentence


def test_other_studies_are_looked_at_beside(tmp_path: Path) -> None:
    cure = compare("distortion", "embedded", "debias", out=tmp_path / "d", runs=1, score=True, also=["expertise"])
    assert [finding.question.rstrip("?").split()[-1] for finding in cure.others] == ["stability", "expertise"]


def test_what_cannot_be_compared_is_said_before_anything_is_paid(tmp_path: Path) -> None:
    world = Counting()
    with pytest.raises(StudyError, match=r'Unknown remedy "avrage"\. Did you mean "average"'):
        compare("stability", world.model, "avrage", PEOPLE, ITEMS, out=tmp_path)
    with pytest.raises(StudyError, match="0 is not a number of runs"):
        compare("stability", world.model, "average:k=0", PEOPLE, ITEMS, out=tmp_path)
    with pytest.raises(DesignError, match="stability does not compare with people"):
        compare(
            "stability",
            world.model,
            "average",
            PEOPLE,
            ITEMS,
            out=tmp_path,
            human=Responses.read(pl.DataFrame({"persona": ["a", "b"], "item": ["i", "i"], "answer": [1, 2]})),
        )
    assert not world.asked
