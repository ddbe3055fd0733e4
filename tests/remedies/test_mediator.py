"""Fresh contexts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nurse import ADA, TURNS, nurse, spoken

from personametrics.data.errors import StudyError
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Request
from personametrics.data.role import JUDGE
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import dialogue
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS
from personametrics.remedies.mediator import Keep, Mediator

MACHINE = "I am an AI."
LINES = ("My name is Ada.", MACHINE, "I like tea.", "Good night.")


def says(request: Request) -> str:
    """Lines in their order, told by the question; a judge that knows a machine."""
    text = request.messages[-1].text
    if request.to == JUDGE:
        return CONTRADICTS if MACHINE in text else CONSISTENT
    return LINES[int(re.findall(r"Question (\d)", text)[-1]) - 1]


def last(keep: Keep, place: str = "system") -> Request:
    """The last line of a dialogue as it is asked."""
    requests = Mediator(keep).requests(nurse(place).lines)  # type: ignore[arg-type]
    return spoken(requests, says)[id(requests[-1])]


def test_nothing_is_read_but_the_persona_its_lines_and_the_turn() -> None:
    messages, turn = last("all").messages
    assert messages == nurse().lines[0].messages[0]
    assert turn.text == "You have said so far:\n- My name is Ada.\n- I am an AI.\n- I like tea.\n\nQuestion 4?"


def test_what_contradicts_the_persona_is_no_commitment() -> None:
    assert last("consistent").messages[1].text == "You have said so far:\n- My name is Ada.\n- I like tea.\n\nQuestion 4?"
    assert last("none").messages[1].text == "Question 4?"


def test_where_the_persona_is_told_in_the_turn_it_is_told_in_each() -> None:
    (message,) = last("all", "user").messages
    assert message.text.startswith(f"{Prompt().persona.format(persona=ADA.text)}\n\nYou have said so far:\n- My name")
    assert message.text.endswith("\n\nQuestion 4?")
    assert "Question 1?" not in message.text
    assert message.persona == ADA.text


def test_the_first_turn_is_asked_as_before_and_so_is_the_model_itself() -> None:
    lines, alone = nurse().lines, nurse(who=None).lines
    assert Mediator().requests(lines)[0] is lines[0]
    assert all(first is second for first, second in zip(Mediator().requests(alone), alone, strict=True))


@given(st.lists(st.text(min_size=1, max_size=30), min_size=4, max_size=4), st.text(min_size=1, max_size=30))
def test_every_word_comes_from_the_card_the_lines_or_the_turn(written: list[str], card: str) -> None:
    remedy = Mediator("all", "{lines}")
    requests = remedy.requests(dialogue(Elicitation(prompt=Prompt("{persona}")), Persona("p", card), ("script", TURNS)).lines)
    filled = spoken(requests, lambda request: written[int(re.findall(r"Question (\d)", request.messages[-1].text)[-1]) - 1])
    for index, line in enumerate(requests):
        rest = "\n".join(message.text for message in filled[id(line)].messages)
        for part in (card, *(f"- {earlier}" for earlier in written[:index]), f"Question {index + 1}?"):
            before, matched, after = rest.partition(part)
            assert matched
            rest = before + after
        assert not rest.strip()


def test_it_asks_as_often_and_is_held_against_restating() -> None:
    assert len(Mediator().requests(nurse().lines)) == len(nurse().lines)
    assert Mediator().rival() == "restate"


@pytest.mark.parametrize(("knobs", "message"), [({"keep": "most"}, "consistent"), ({"template": "So far:"}, "Write {lines}")])
def test_knobs_that_mean_nothing_are_refused(knobs: dict[str, str], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Mediator(**knobs)  # type: ignore[arg-type]
