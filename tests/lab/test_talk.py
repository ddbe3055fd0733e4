"""Simulated users and what they talk to: a table of all that was said, a card, and limits that are said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from personametrics.data.card import Card
from personametrics.data.errors import RunError, StudyError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.plan.talk import TalkPlan
from personametrics.lab import talk as module
from personametrics.lab.directory import job_of
from personametrics.lab.talk import Conversations, talk
from personametrics.models.function import Answer, Scripted

PEOPLE = [{"id": name, "text": f"You are {name}."} for name in ("ada", "ben")]
TASKS = [{"id": "tea", "text": "Get tea."}, {"id": "rain", "text": "Know the weather."}]


class Count:
    """A model that counts what it is asked."""

    def __init__(self, name: str, answer: Callable[[Request], Answer]) -> None:
        self.asked, self.answer = list[Request](), answer
        self.model = Scripted(self._answer, id=f"scripted/{name}")

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        return self.answer(request)


def said(request: Request) -> str:
    """A line that tells who speaks, and how much was said before."""
    return f"{len(request.messages)} from {'me' if request.messages[0].role == 'system' else 'it'}: {request.messages[0].text.split()[-1]}"


def held(folder: Path, partner: dict[str, Any] | None = None, **plan: Any) -> tuple[Conversations, Count, Count]:
    users, bot = Count("users", plan.pop("users", said)), Count("bot", plan.pop("bot", said))
    given = {"model": "users", "partner": partner or {"model": "bot"}, "personas": PEOPLE, "out": str(folder / "talk"), "turns": 2}
    return talk(TalkPlan.model_validate(given | plan), users.model, bot.model), users, bot


def test_every_line_of_both_sides_is_in_the_table_in_order(tmp_path: Path) -> None:
    conversations, users, bot = held(tmp_path, tasks=TASKS, runs=2)
    lines = conversations.dialogues
    assert lines.columns == ["dialogue", "persona", "task", "run", "turn", "speaker", "text", "outcome", "detail"]
    assert len(lines) == 2 * 2 * 2 * 2 * 2
    assert lines.filter(dialogue=7).rows() == [
        (7, "ben", "rain", 0, 1, "persona", "2 from me: weather.", "answered", ""),
        (7, "ben", "rain", 0, 1, "partner", "1 from it: weather.", "answered", ""),
        (7, "ben", "rain", 0, 2, "persona", "4 from me: weather.", "answered", ""),
        (7, "ben", "rain", 0, 2, "partner", "3 from it: weather.", "answered", ""),
    ]
    assert len(users.asked) == 16
    assert len(bot.asked) == 8  # both personas say the same words about a task in a run: one prompt
    assert conversations.card.findings[0].verdict.sentence == "8 of 8 dialogues of 2 turns reached their end."


def test_a_second_time_nothing_is_asked_and_another_plan_is_refused(tmp_path: Path) -> None:
    held(tmp_path)
    conversations, users, bot = held(tmp_path)
    assert users.asked == bot.asked == []
    assert conversations.dialogues["text"].null_count() == 0
    with pytest.raises(RunError, match=r"study.partner.instructions: none → Sell|study.partner.instructions:  → Sell"):
        held(tmp_path, {"model": "bot", "instructions": "Sell."})
    again = job_of(tmp_path / "talk")
    assert again.table.equals(conversations.dialogues)
    assert again.card.to_json() == conversations.card.to_json()


def test_given_words_stand_in_the_table_where_they_were_said(tmp_path: Path) -> None:
    def silent_later(request: Request) -> Answer:
        return (
            Reply(outcome=ReplyOutcome.REFUSED, detail="no more")
            if len(request.messages) > 2 and "ben" in request.messages[0].text
            else said(request)
        )

    conversations, _, bot = held(tmp_path, {"says": ["Hm.", "Why?"]}, users=silent_later)
    assert bot.asked == []
    by = conversations.dialogues.filter(speaker="partner")
    assert by.select("dialogue", "turn", "text", "outcome").rows() == [
        (1, 1, "Hm.", "given"), (1, 2, "Why?", "given"), (2, 1, "Hm.", "given"),
    ]  # fmt: skip
    talked = conversations.card.findings[0]
    assert talked.verdict.label == "cut short"
    assert talked.evidence["dialogues that did not go to their end"] == [{"ended": "no more", "dialogues": 1, "mean turn": 2.0}]


def test_a_dialogue_that_outgrows_its_room_stops_and_the_card_says_so(tmp_path: Path) -> None:
    conversations, users, _ = held(tmp_path, turns=6, room={"tokens": 110})
    lines = conversations.dialogues
    lost = lines.filter(pl.col("text").is_null())
    assert 0 < lost["turn"].min() < 6  # type: ignore[operator]
    assert set(lost["detail"]) == {"the dialogue is longer than 110 tokens"}
    assert len(users.asked) == len(lines.filter(pl.col("text").is_not_null(), speaker="persona"))
    talked, elicitation = conversations.card.findings
    assert talked.verdict.label == "cut short"
    assert talked.verdict.sentence.startswith("0 of 2 dialogues of 6 turns reached their end.")
    assert elicitation.verdict.label == "complete"  # what there was no room for is not waited for


def test_a_dialogue_may_forget_its_oldest_turns_but_not_who_speaks_and_what_it_wants(tmp_path: Path) -> None:
    conversations, users, _ = held(tmp_path, turns=6, tasks=TASKS[:1], room={"tokens": 120, "overflow": "truncate"})
    lines = conversations.dialogues
    assert lines["text"].null_count() == 0
    cut = lines.filter(truncated="yes")
    assert 0 < len(cut) < len(lines)
    assert "2 continued without their oldest turns, because they exceeded 120 tokens." in conversations.card.findings[0].verdict.sentence
    last = users.asked[-1]
    assert last.messages[0].text.endswith("Get tea.")
    assert [message.role for message in last.messages] == ["system", *["user", "assistant"] * ((len(last.messages) - 2) // 2), "user"]
    assert len(last.messages) < 12


def test_the_card_shows_what_was_said_and_no_more_dialogues_than_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN", 1)
    conversations, _, _ = held(tmp_path)
    (talked, elicitation) = Card.from_dict(conversations.card.to_dict()).findings
    rows = talked.evidence["transcripts"]
    assert [(row["speaker"], row["turn"]) for row in rows] == [("persona", 1), ("them", 1), ("persona", 2), ("them", 2)]
    assert list(rows[0]) == ["dialogue", "persona", "item", "run", "turn", "speaker", "text", "verdict", "against"]
    assert "The first 1 are shown here. dialogues.csv contains all of them." in talked.verdict.sentence
    assert elicitation.verdict.sentence.startswith("100.0% of 8 requests were answered")
    assert list(conversations.tables) == ["dialogues.csv", "dialogues.parquet"]
    assert all(table.equals(conversations.dialogues) for table in conversations.tables.values())


def test_a_cap_holds_for_both_sides_together(tmp_path: Path) -> None:
    conversations, users, bot = held(tmp_path, caps={"calls": 5})
    assert len(users.asked) + len(bot.asked) == 5
    assert conversations.card.findings[0].verdict.label == "incomplete"
    again, users, bot = held(tmp_path)
    assert again.dialogues["text"].null_count() == 0
    assert len(users.asked) + len(bot.asked) == 3


def test_a_model_without_words_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    plan = TalkPlan.model_validate({"model": "m", "partner": {"model": "m"}, "personas": PEOPLE, "out": str(tmp_path / "talk")})
    able = Scripted(said, id="scripted/a")
    with pytest.raises(StudyError, match="scripted/b does not give answers in words"):
        talk(plan, able, Scripted(said, id="scripted/b", can=frozenset()))
    assert not (tmp_path / "talk").exists()
