"""Dialogues as they are read, from a study's table."""

from typing import Any

import polars as pl
import pytest

from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.dialogues.transcripts import transcripts
from personametrics.lab import members
from personametrics.testing import Simulation

Row = dict[str, Any]


def line(turn: int, answer: str | None, **more: Any) -> Row:
    return {
        "persona": "ann",
        "item": "script 1",
        "run": "0",
        "turn": str(turn),
        "part": "line",
        "said": f"Turn {turn}?",
        "answer": answer,
        **more,
    }


def verdict(turn: int, answer: str | None, judged: str = "prompt_to_line", **more: Any) -> Row:
    outcome = "answered" if answer else "unparsable"
    return line(turn, answer, part="verdict", said=None, judged=judged, outcome=outcome, **more)


def read(*rows: Row, most: int = 1_000) -> list[Row]:
    return [dict(row) for row in transcripts(pl.from_dicts(list(rows), infer_schema_length=None), most)]


def own(rows: list[Row], *columns: str) -> list[Any]:
    return [tuple(row[name] for name in columns) for row in rows if row["speaker"] == "persona"]


def test_both_sides_stand_in_the_order_of_the_turns() -> None:
    dialogues = read(line(2, "Two."), line(1, "One."), line(10, "Ten."))
    assert [row["text"] for row in dialogues] == ["Turn 1?", "One.", "Turn 2?", "Two.", "Turn 10?", "Ten."]
    assert [row["speaker"] for row in dialogues] == ["them", "persona"] * 3
    assert dialogues[0] == {
        "dialogue": "1", "persona": "ann", "item": "script 1", "run": 0, "turn": 1, "speaker": "them", "text": "Turn 1?", "verdict": "",
        "against": "",
    }  # fmt: skip


def test_a_partners_words_are_the_other_sides() -> None:
    dialogues = read(line(1, "Hello.", said=""), line(1, "And to you.", part="partner", said=""))
    assert [(row["speaker"], row["text"]) for row in dialogues] == [("persona", "Hello."), ("them", "And to you.")]


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (("consistent", "consistent"), "consistent"),
        (("consistent", "contradicts"), "contradicts"),
        ((None, "contradicts"), "contradicts"),
        (("consistent", None), "unparsable"),
        ((None,), "unparsable"),
        ((), ""),
    ],
)
def test_an_unreadable_verdict_is_never_a_good_one(judged: tuple[str | None, ...], expected: str) -> None:
    assert own(read(line(1, "One."), *(verdict(1, label) for label in judged)), "verdict") == [(expected,)]


def test_the_line_that_is_contradicted_is_named() -> None:
    rows = [line(1, "I have a cat."), line(2, "I am tired."), line(3, "I have no cat.")]
    pairs = [verdict(3, "contradicts", "line_to_line", earlier="1"), verdict(3, "consistent", "line_to_line", earlier="2")]
    assert own(read(*rows, *pairs), "verdict", "against")[2] == ("contradicts", "I have a cat.")
    index = verdict(3, "1", "line_to_lines")
    assert own(read(*rows, index), "verdict", "against")[2] == ("contradicts", "I have a cat.")


def test_the_card_is_named_where_the_table_has_it() -> None:
    rows = [line(1, "One.", card="You are Ann."), line(2, "Two.", card="You are Ann.")]
    dialogues = read(*rows, verdict(1, "contradicts"), verdict(2, "consistent"))
    assert own(dialogues, "against") == [("You are Ann.",), ("",)]


def test_who_speaks_as_an_assistant_contradicts_that_a_person_speaks() -> None:
    rows = [line(1, "One."), line(2, "As an AI."), verdict(1, "no", "assistant"), verdict(2, "yes", "assistant")]
    assert own(read(*rows), "verdict") == [("consistent",), ("contradicts",)]


@pytest.mark.parametrize(
    "more",
    [{"plant": "other"}, {"order": "turned"}, {"run": "1"}, {"judged": "relevance"}, {"judged": "reader"}],
    ids=lambda report: next(iter(report)),
)
def test_what_measures_the_judge_or_something_else_is_no_verdict_on_the_line(more: Row) -> None:
    judged = {**verdict(1, "contradicts", dialogue="0"), **more}
    assert own(read(line(1, "One."), verdict(1, "consistent", dialogue="0"), judged), "verdict") == [("consistent",)]


def test_dialogues_under_other_suffixes_are_others() -> None:
    rows = [line(1, name, suffix=name, attack="3") for name in ("authority", "emotional")]
    judged = [verdict(1, "yes", "assistant", suffix="emotional", attack="3")]
    names = own(read(*rows, *judged), "dialogue", "item", "verdict")
    assert names == [("1", "script 1, suffix authority, attack 3", ""), ("2", "script 1, suffix emotional, attack 3", "contradicts")]


def test_the_model_without_a_persona_and_lines_that_were_never_said_are_left_out() -> None:
    dialogues = read(line(1, "One.", persona=NOBODY), line(1, "One."), line(2, None))
    assert [(row["persona"], row["text"]) for row in dialogues] == [("ann", "Turn 1?"), ("ann", "One."), ("ann", "Turn 2?")]


def test_of_too_many_dialogues_the_worst_are_kept_in_their_order() -> None:
    rows = [line(1, "x", run=str(run)) for run in range(4)]
    judged = [verdict(1, label, run=str(run)) for run, label in enumerate(("consistent", "contradicts", None, "contradicts"))]
    assert [row["run"] for row in read(*rows, *judged, most=2) if row["speaker"] == "persona"] == [1, 3]
    assert own(read(*rows, *judged, most=3), "dialogue") == [("1",), ("2",), ("4",)]


def test_a_table_without_dialogues_has_no_transcripts() -> None:
    assert read({"persona": "ann", "item": "i", "run": "0", "answer": "3"}) == []
    assert read(line(1, "3", part="probe")) == []


def test_lines_say_what_they_answer() -> None:
    spoken = dialogue(Elicitation(), Persona("ann", "You are Ann."), ("script 1", [Turn("Tea?"), Turn("", {})]), partner="You are a guest.")
    assert [request.about["said"] for request in spoken.lines] == ["Tea?", ""]


@pytest.mark.parametrize("name", ["consistency", "drift", "pressure"])
def test_studies_of_dialogues_have_transcripts(name: str) -> None:
    study = members.study(name)
    world = study.known()
    study = world.study or study
    frame = Simulation.of(study, world).answers(world.world).frame
    dialogues = transcripts(frame)
    assert len(dialogues) == 2 * len(frame.filter(pl.col("part") == "line", pl.col("persona") != NOBODY))
    assert {row["verdict"] for row in dialogues if row["speaker"] == "persona"} == {"consistent", "contradicts"}
    assert {row["verdict"] for row in dialogues if row["speaker"] == "them"} == {""}
