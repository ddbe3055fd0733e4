"""Asks that wait for one another, changed as a whole."""

from dataclasses import replace

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Message, Request, slot
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Turn, dialogue, reply_message
from personametrics.dialogues.judge import judge_request
from personametrics.dialogues.rewriting import by_persona, compose, in_waiting_order, persona_text, rewrite

ADA = Persona("ada", "You are Ada.")
LINES = dialogue(Elicitation(), ADA, ("script", [Turn(f"Question {index}?") for index in range(4)])).lines


def louder(request: Request) -> Request:
    """Marks what a change was made of."""
    return replace(request, run=request.run + 1) if by_persona(request) else request


def test_nothing_changes_where_nothing_is_changed() -> None:
    assert all(first is second for first, second in zip(rewrite(LINES, lambda request: request), LINES, strict=True))


def test_whatever_waits_for_a_changed_line_waits_for_the_changed_one_and_lines_stay_shared() -> None:
    verdict = judge_request("prompt_to_line", {"background": ADA.text, "line": LINES[2]}, {"persona": "ada", "item": "script"})
    *lines, last = rewrite([*LINES, verdict], louder)
    assert [line.run for line in lines] == [1, 1, 1, 1]
    assert last.messages[0].requests[0] is lines[2]
    assert lines[3].messages[2].requests[0] is lines[0] is lines[1].messages[2].requests[0]
    assert lines[3].messages[2] is lines[2].messages[2]
    assert [request.run for request in LINES] == [0, 0, 0, 0]


def test_lines_that_are_waited_for_are_changed_once_though_nobody_wants_them() -> None:
    seen: list[int] = []

    def noted(request: Request) -> Request:
        seen.append(id(request))
        return request

    rewrite([LINES[3], LINES[3], LINES[1]], noted)
    assert seen == [id(line) for line in LINES]


def test_a_long_dialogue_needs_no_recursion() -> None:
    lines = [Request((Message("user", "?"),))]
    for _ in range(3000):
        lines.append(Request((reply_message(lines[-1]),)))
    assert len(list(in_waiting_order(lines[-1], set()))) == 3001


def test_nothing_waits_for_itself() -> None:
    ring = Request((Message("user", slot(0), (LINES[0],)),))
    object.__setattr__(ring.messages[0], "requests", (ring,))
    with pytest.raises(StudyError, match="its own reply"):
        rewrite([ring], lambda request: request)


def test_the_persona_is_found_wherever_it_is_told() -> None:
    for place in ("system", "user"):
        lines = dialogue(Elicitation(prompt=Prompt(place=place)), ADA, ("script", [Turn("Hm?"), Turn("So?")])).lines
        assert [persona_text(line) for line in lines] == [ADA.text, ADA.text]
    assert not persona_text(dialogue(Elicitation(), None, ("script", [Turn("Hm?")])).lines[0])


def test_a_composed_message_knows_all_replies_that_its_parts_wait_for() -> None:
    message, other = Message("user", f"{slot(0)} and {slot(1)}", LINES[:2]), Message("user", slot(0), (LINES[2],))
    both = compose("user", "{other}; {one}; {none}", {"one": message, "other": other})
    assert both.filled(["c", "a", "b"]).text == "c; a and b; {none}"
    assert compose("user", "{text}", {"text": Message("user", "{other}")}).text == "{other}"
