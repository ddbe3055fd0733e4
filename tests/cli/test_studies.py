"""Studies from the command line: listed, asked, replayed, and all on one card."""

from pathlib import Path

import polars as pl
import pytest
from program import Program, program_in

from personametrics.lab.members import studies


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


def test_every_study_is_listed_with_question_sources_and_price(program: Program) -> None:
    rows = {row["name"]: row for row in program("studies", "--json").json}
    assert set(rows) == set(studies())
    assert rows["expertise"]["question"].endswith("?")
    assert rows["expertise"]["asks"] > 1000
    assert rows["expertise"]["reads"]["gold"] == "the right answer"
    assert len(rows["expertise"]["sources"]) == len(rows["expertise"]["cite"])
    assert rows["fidelity"]["asks"] is None


def test_the_list_is_a_table_for_people(program: Program) -> None:
    completed = program("studies")
    assert completed.code == 0
    assert "expertise" in completed.out


def test_a_study_is_asked_of_the_embedded_model_and_kept(program: Program) -> None:
    completed = program("run", "expertise", "--model", "embedded", "--runs", "1", "--json")
    assert completed.code == 0
    assert [finding["study"] for finding in completed.json["findings"]] == ["expertise", "elicitation"]
    assert Path("run-expertise/card.html").is_file()
    reported = program("report", "run-expertise", "--json")
    assert reported.json["findings"] == completed.json["findings"]
    assert program("resume", "run-expertise", "--json").json["findings"] == completed.json["findings"]
    assert "inspect.json" in program("export", "run-expertise", "--to", "inspect").out
    again = program("run", "expertise", "--model", "embedded", "--runs", "1", "--json")
    assert again.json["findings"][0] == completed.json["findings"][0]
    kept = program("replay", "expertise", "run-expertise/answers.parquet", "--run", "run", "--scale", "nominal", "--json")
    assert kept.json["findings"][0]["estimates"] == completed.json["findings"][0]["estimates"]


def test_a_study_is_estimated_from_recorded_answers(program: Program) -> None:
    rows = [
        (f"p{who}", f"q{what}", "yes" if (who + what + run) % 4 or who < 6 else "no", run, "yes", "ignorant" if who >= 6 else "none")
        for who in range(12)
        for what in range(8)
        for run in range(3)
    ]
    pl.DataFrame(rows, ["persona", "item", "answer", "run", "truth", "arm"], orient="row").write_csv("answers.csv")
    completed = program("replay", "expertise", "answers.csv", "--run", "run", "--column", "gold=truth", "--scale", "nominal", "--json")
    assert completed.json["findings"][0]["verdict"]["label"] == "personas cost accuracy"
    assert completed.json["findings"][0]["estimates"][0]["meaning"] == "accuracy without a persona"
    page = program("replay", "expertise", "answers.csv", "--column", "gold=truth", "--scale", "nominal", "--html", "card.html")
    assert page.code == 0
    assert "personas cost accuracy" in Path("card.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "expertize", "--model", "embedded"), 'Unknown study "expertize"'),
        (("run", "expertise:marge=1", "--model", "embedded"), 'no option "marge"'),
        (("run", "fidelity", "--model", "embedded"), "people's answers"),
        (("replay", "expertise", "people.csv", "--persona", "id", "--item", "text", "--answer", "party"), 'no column "gold"'),
        (("replay", "expertise", "people.csv", "--column", "gold=truth"), 'no column "truth"'),
        (("replay", "expertise", "people.csv"), 'people.csv has no column "persona"'),
        (("audit", "--model", "embedded", "--personas", "people.csv", "--items", "items.csv", "--studies", "none"), 'Unknown study "none"'),
    ],
)
def test_mistakes_are_one_sentence(program: Program, arguments: tuple[str, ...], message: str) -> None:
    completed = program(*arguments)
    assert completed.code == 2
    assert message in completed.err
    assert completed.err.count("personametrics: ") == 1
    assert "Traceback" not in completed.err


def test_people_s_answers_come_as_a_table(program: Program) -> None:
    rows = [(f"r{who}", f"q{what}", "yes" if who < 5 * what else "no") for who in range(40) for what in range(1, 8)]
    people = pl.DataFrame(rows, ["respondent", "item", "answer"], orient="row")
    people.write_csv("people-answers.csv")
    people.rename({"respondent": "persona"}).write_csv("answers.csv")
    completed = program("replay", "fidelity", "answers.csv", "--scale", "nominal", "--human", "people-answers.csv", "--json")
    assert completed.json["findings"][0]["verdict"]["label"] == "answers like people's"
    refused = program("replay", "expertise", "answers.csv", "--human", "people-answers.csv")
    assert "does not compare with people" in refused.err


def test_nothing_is_asked_no_times(program: Program) -> None:
    completed = program("run", "expertise", "--model", "embedded", "--runs", "0")
    assert completed.code == 2
    assert "runs" in completed.err
