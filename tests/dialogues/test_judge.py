"""Requests to judges and readers."""

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.request import Message, Request
from personametrics.data.role import JUDGE
from personametrics.data.scale import Nominal
from personametrics.dialogues.judge import INDEXED, PROMPTS, UNTOLD, VERDICT, indexed_request, judge_request, reader_request

LINE = Request((Message("user", "Hello."),))
PET = Item("pet", "Which {pet}?", Nominal(("cat", "dog")))


@pytest.mark.parametrize("kind", PROMPTS)
def test_every_kind_has_two_answers_in_either_order(kind: str) -> None:
    given = dict.fromkeys(("background", "line", "earlier", "turn"), "words {line}")
    request, turned = judge_request(kind, given, {"persona": "p"}), judge_request(kind, given, {"persona": "p"}, turned=True)
    assert request.choices == turned.choices[::-1]
    assert request.about["order"] == "given"
    assert turned.about["order"] == "turned"
    assert "words {line}" in request.messages[0].text  # braces in what was said are left as they are
    assert (request.to, request.about["part"], request.about["judged"]) == (JUDGE, VERDICT, kind)
    with pytest.raises(StudyError, match="Unknown prompt of the judge"):
        judge_request(f"{kind}s", given, {})


def test_lines_that_are_not_said_yet_have_their_slots_in_order() -> None:
    request = judge_request("line_to_line", {"earlier": LINE, "line": LINE}, {})
    assert request.waits
    spoken = request.messages[0].filled(["first", "second"]).text
    assert spoken.index("first") < spoken.index("second")


def test_a_line_and_all_before_it() -> None:
    request = indexed_request([LINE, "I said {line}.", LINE], LINE, {"item": "i"})
    spoken = request.messages[0].filled(["one", "three", "last"]).text
    assert "1. one\n2. I said {line}.\n3. three\n</said_before>" in spoken
    assert "<line>\nlast\n</line>" in spoken
    assert (request.choices, request.about["judged"], request.about["scale"]) == ((), INDEXED, "text")


def test_a_reader_reads_a_conversation_and_may_find_nothing() -> None:
    request = reader_request(
        [("Other", "Hello."), ("Person", LINE), ("Other", "And?"), ("Person", LINE)], PET, {"persona": "p", "item": "script"}
    )
    spoken = request.messages[0].filled(["one", "two"]).text
    assert "Person: one\n" in spoken
    assert "Person: two\n</conversation>" in spoken
    assert "Which {pet}?" in spoken
    assert request.choices == ("cat", "dog", UNTOLD)
    assert request.about["item"] == "pet"
