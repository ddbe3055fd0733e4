"""Simulated users: the persona speaks first, and what it talks to is told of none."""

from personametrics.data.persona import Persona, Task
from personametrics.data.prompt import Prompt
from personametrics.data.request import Message, slot
from personametrics.data.role import PARTNER
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import BEGIN
from personametrics.dialogues.user_dialogue import Assistant, user_dialogue

ADA = Persona("ada", "You are Ada.")
REFUND = Task("refund", "You want your money back.")
SAID = Message("user", slot(0))


def roles(messages: tuple[Message, ...]) -> list[str]:
    return [message.role for message in messages]


def test_the_persona_speaks_first_and_each_side_hears_the_other_as_its_user() -> None:
    held = user_dialogue(Elicitation(), ADA, REFUND, Assistant("You sell shoes."), 2, run=3)
    assert [roles(line.messages) for line in held.lines] == [["system", "user"], ["system", "user", "assistant", "user"]]
    assert held.lines[0].messages[1].text == BEGIN
    assert [roles(held.partner[index].messages) for index in range(2)] == [["system", "user"], ["system", "user", "assistant", "user"]]
    assert held.partner[0].messages == (Message("system", "You sell shoes."), SAID)
    assert held.partner[1].messages[1].requests == (held.lines[0],)
    assert held.lines[1].messages[3].requests == (held.partner[0],)
    assert {request.run for request in (*held.lines, *held.partner.values())} == {3}


def test_only_the_persona_is_told_who_it_is_and_what_it_wants() -> None:
    held = user_dialogue(Elicitation(), ADA, REFUND, Assistant(), 3)
    assert all(line.messages[0].text.endswith("You are Ada.\n\nYou want your money back.") for line in held.lines)
    assert all(request.to == PARTNER for request in held.partner.values())
    assert "Ada" not in str([request.messages for request in held.partner.values() if not request.waits])
    assert not any("money" in message.text or "Ada" in message.text for request in held.partner.values() for message in request.messages)


def test_where_the_persona_is_told_in_the_first_turn_sides_alternate_too() -> None:
    held = user_dialogue(Elicitation(prompt=Prompt(place="user")), ADA, None, Assistant(opening="Begin."), 3)
    assert roles(held.lines[2].messages) == ["user", "assistant", "user", "assistant", "user"]
    assert held.lines[2].messages[0].text.endswith("You are Ada.\n\nBegin.")


def test_given_words_are_asked_of_nobody() -> None:
    held = user_dialogue(Elicitation(), ADA, None, Assistant(says=("Hm.", "Why?")), 2)
    assert held.partner == {}
    assert held.lines[1].messages[-1] == Message("user", "Hm.")


def test_lines_say_whose_they_are() -> None:
    held = user_dialogue(Elicitation(), ADA, REFUND, Assistant(), 2, run=1)
    about = {"persona": "ada", "item": "refund", "run": "1", "scale": "text"}
    assert held.lines[1].about == {**about, "turn": "2", "part": "line"}
    assert held.partner[1].about == {**about, "turn": "2", "part": PARTNER}
