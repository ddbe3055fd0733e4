"""The persona told again."""

import pytest
from nurse import ADA, nurse, spoken

from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.models.embedded.society import talk
from personametrics.remedies.restate import Restate

REMINDER = f"Remember who you are. {ADA.text}"


def texts(remedy: Restate, requests: list[Request]) -> list[str]:
    """The turns that the last of some asks reads."""
    rewritten = remedy.requests(requests)
    return [
        message.text
        for message in spoken(rewritten, lambda request: f"Line {len(request.messages) // 2}.")[id(rewritten[-1])].messages
        if message.role == "user"
    ]


def test_every_turn_begins_with_the_persona_and_ends_as_it_was() -> None:
    lines = list(nurse().lines)
    assert texts(Restate(), lines) == [f"{REMINDER} Question {index}?" for index in range(1, 5)]
    assert texts(Restate(every=2), lines) == ["Question 1?", f"{REMINDER} Question 2?", "Question 3?", f"{REMINDER} Question 4?"]


def test_the_reminder_is_the_one_that_the_embedded_model_knows() -> None:
    assert Restate().template == talk.REMINDER
    turn = talk.Turn("chat", "How was your day?")
    lines = dialogue(Elicitation(), ADA, ("script", [Turn(turn.text)])).lines
    assert texts(Restate(), list(lines)) == [f"{talk.REMINDER.format(ADA.text)} {turn.text}"]


def test_with_a_summary_each_reminder_tells_what_was_said_until_then() -> None:
    first, second, *_, last = texts(Restate(form="summary"), list(nurse().lines))
    assert first == f"{REMINDER} Question 1?"
    assert second == f"{REMINDER} You have said so far:\n- Line 1.\n Question 2?"
    assert "- Line 1.\n- Line 2.\n- Line 3.\n Question 4?" in last


def test_questions_within_a_dialogue_are_reminded_and_asked_after_reminded_lines() -> None:
    (probe,) = Elicitation(1).ask(ADA, Item("tea", "Tea?", Nominal(("yes", "no"))), before=nurse().until(2))
    replies = texts(Restate(), [probe])
    assert len(replies) == 3
    assert all(text.startswith(REMINDER) for text in replies)


def test_where_the_persona_is_told_in_the_first_turn_it_is_not_told_twice_there() -> None:
    first, second, *_ = texts(Restate(), list(nurse("user").lines))
    assert first.count(ADA.text) == 1
    assert "Remember" not in first
    assert second == f"{REMINDER} Question 2?"


def test_without_a_persona_nothing_changes() -> None:
    lines = list(nurse(who=None).lines)
    assert all(first is second for first, second in zip(Restate().requests(lines), lines, strict=True))


@pytest.mark.parametrize(
    ("knobs", "says"),
    [({"every": 0}, "is not a number of turns"), ({"form": "crad"}, "card"), ({"template": "Remember."}, "Write {} once")],
)
def test_knobs_that_mean_nothing_are_refused(knobs: dict[str, object], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        Restate(**knobs)  # type: ignore[arg-type]
