"""Who plays other parts: named on the command line or in Python, in the keys, and said in the finding."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from personametrics.cli import app
from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.file import checked
from personametrics.lab.compare import compare
from personametrics.lab.run import StudyRun, run
from personametrics.lab.session import Session, opened
from personametrics.lab.task import Task
from personametrics.models.embedded.oracle import Oracle
from personametrics.models.function import Scripted
from personametrics.studies.consistency import Consistency

PEOPLE = tuple(Persona(f"p{index}", f"You have a {pet} at home.", {"pet": pet}) for index, pet in enumerate(("cat", "dog", "cat")))
TURNS = tuple(Item(f"turn {index}", f"Subject {index}?", Nominal(("a", "b")), {"kind": "turn", "turn": "chat"}) for index in range(2))
STUDY = Consistency(turns=2)


class Speaker:
    """Says that it has a cat, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = list[Request]()
        self.model = Scripted(self._answer, id="scripted/speaker")

    def _answer(self, request: Request) -> str:
        self.asked.append(request)
        return request.choices[0] if request.choices else "I have a cat."


def test_the_model_judges_itself_unless_another_is_named_and_the_finding_says_so(tmp_path: Path) -> None:
    self_judged = run(STUDY, Speaker().model, PEOPLE, TURNS, out=tmp_path / "own", runs=1)
    assert self_judged["prompt_to_line"].value == 1
    assert "judged its own lines" in next(notice.text for notice in self_judged.notices if notice.code == "own-judge")
    other = run(STUDY, Speaker().model, PEOPLE, TURNS, out=tmp_path / "other", runs=1, judge="oracle")
    assert other["prompt_to_line"].value == pytest.approx(2 / 3)
    assert "embedded/oracle" in next(notice.text for notice in other.notices if notice.code == "judge")


def test_another_judge_reads_the_same_lines_which_are_not_asked_again(tmp_path: Path) -> None:
    speaker = Speaker()
    first = run(STUDY, speaker.model, PEOPLE, TURNS, out=tmp_path, runs=1, judge=Oracle())
    lines = len(speaker.asked)
    assert not any(request.to for request in speaker.asked)
    lenient = Scripted(lambda _: "consistent", id="scripted/lenient")
    second = run(STUDY, speaker.model, PEOPLE, TURNS, out=tmp_path, runs=1, judge=lenient)
    assert len(speaker.asked) == lines
    assert first["prompt_to_line"].value == pytest.approx(2 / 3)
    assert second["prompt_to_line"].value == 1
    with Journal.read(tmp_path) as journal:
        assert journal.manifest["cast"] == {"judge": "scripted/lenient"}


def judge_of(model: Model, **roles: object) -> object:
    """Return the judge of a plan."""
    return opened(checked({"model": model.id, **roles}), {"": model}).get("judge")


def test_the_embedded_model_is_judged_by_the_oracle_of_its_world() -> None:
    toy, other = Scripted(lambda _: "", id="embedded/weights@0"), Scripted(lambda _: "", id="openai/gpt")
    assert judge_of(toy) == Oracle()
    assert judge_of(other) is None
    assert judge_of(other, judge={"model": "oracle"}) == Oracle()
    with pytest.raises(StudyError, match='model "orakel"'):
        judge_of(other, judge={"model": "orakel"})


def test_a_role_has_settings_of_its_own(tmp_path: Path) -> None:
    asked = list[Request]()

    def judge(request: Request) -> str:
        asked.append(request)
        return "consistent"

    model = Scripted(judge, id="scripted/judge")
    settings = {"judge": {"model": "oracle", "max_tokens": 2000, "temperature": 0.5}}
    session = Session.planned(
        checked({"model": "embedded", "out": str(tmp_path), "runs": 1} | settings), {"": Speaker().model, "judge": model}, PEOPLE, TURNS
    )
    asyncio.run(StudyRun(session, Task.of(session, STUDY)).ask())
    assert {(request.sampling.max_tokens, request.sampling.temperature) for request in asked} == {(2000, 0.5)}


def test_a_comparison_has_one_judge_for_both_arms(tmp_path: Path) -> None:
    card = compare(STUDY, Speaker().model, Remedy(), PEOPLE, TURNS, out=tmp_path, runs=1, judge=Oracle())
    assert card.before["prompt_to_line"].value == card.after["prompt_to_line"].value == pytest.approx(2 / 3)
    assert "judge" in {notice.code for notice in card.change.notices}


def test_a_judge_on_the_command_line(tmp_path: Path) -> None:
    command = ["run", "consistency:turns=2,pairs=index", "--model", "embedded", "--judge", "oracle", "--runs", "1"]
    personas = tmp_path / "people.csv"
    personas.write_text(
        "id,text,pet\na,You have a cat at home.,cat\nb,You have a dog at home.,dog\nc,You have a dog at home. You work as a nurse.,dog\n"
    )
    result = CliRunner().invoke(app, [*command, "--personas", str(personas), "--out", str(tmp_path / "run"), "--json"])
    assert result.exit_code == 0, result.output
    assert "The judge was embedded/oracle" in result.output
    wrong = CliRunner().invoke(app, [*command[:4], "--judge", "orakel"])
    assert wrong.exit_code != 0
