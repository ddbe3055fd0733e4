"""Remedies from the command line: listed, compared, replayed, and tried in an audit."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from program import Program, program_in

from personametrics.data.roster import write_items, write_personas
from personametrics.lab.members import remedies
from personametrics.models.embedded.society.panels import bare, questionnaire


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


@pytest.fixture
def answers(program: Program) -> Path:
    """Answers of a panel in two arms: labels alone, and with values spelled out."""
    del program
    rng = np.random.default_rng(0)
    rows = [
        (arm, f"p{who}", f"q{what}", run, int(np.clip(np.rint(3 + strength * mind + rng.normal()), 1, 5)))
        for who in range(8)
        for what in range(8)
        for mind in [rng.normal()]
        for arm, strength in (("label", 0.5), ("values", 3.0))
        for run in range(4)
    ]
    pl.DataFrame(rows, ["arm", "persona", "item", "run", "answer"], orient="row").write_csv("answers.csv")
    return Path("answers.csv")


def test_every_remedy_is_listed_with_what_it_does(program: Program) -> None:
    rows = {row["name"]: row for row in program("remedies", "--json").json}
    assert set(rows) == set(remedies())
    assert rows["average"]["knobs"] == {"k": 5, "how": "mean"}
    assert rows["rectify"]["learns_from"] == "answers of half of the people"
    assert len(rows["average"]["sources"]) == len(rows["average"]["cite"])
    assert "average" in program("remedies").out


def test_a_remedy_is_compared_on_the_embedded_model_and_kept(program: Program) -> None:
    write_personas(bare(8), "people.csv")
    write_items(questionnaire(8), "items.csv")
    given = (
        "stability",
        "--remedy",
        "average:k=3",
        "--model",
        "embedded",
        "--personas",
        "people.csv",
        "--items",
        "items.csv",
        "--runs",
        "2",
    )
    completed = program("compare", *given, "--json")
    assert completed.code == 0
    assert [finding["study"] for finding in completed.json["findings"]] == ["comparison", "stability", "stability"]
    assert completed.json["provenance"]["knobs"]["remedy"] == {"k": "3", "how": "mean"}
    page = Path("compare-stability-average/card.html").read_text(encoding="utf-8")
    assert "Without and with the remedy" in page
    assert program("compare", *given, "--json").json == completed.json


def test_two_recorded_arms_are_compared(program: Program, answers: Path) -> None:
    completed = program("replay", "stability", str(answers), "--run", "run", "--than", "arm=label", "--where", "arm=values", "--json")
    change = completed.json["findings"][0]
    assert change["verdict"]["label"] == "helps"
    assert change["question"] == "Does the other arm improve the result of stability?"


def test_a_remedy_is_replayed_where_recorded_answers_tell(program: Program, answers: Path) -> None:
    completed = program("replay", "stability", str(answers), "--run", "run", "--where", "arm=label", "--remedy", "average:k=2", "--json")
    assert completed.json["findings"][0]["evidence"]["promised"][0]["estimate"] == "signal"
    refused = program("replay", "stability", str(answers), "--run", "run", "--where", "arm=label", "--remedy", "debias")
    assert refused.code == 2
    assert "debias acts on requests, before answers are given. Ask a model with personametrics compare." in refused.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "stabilty", "--remedy", "average", "--model", "embedded"), 'Did you mean "stability"'),
        (("compare", "stability", "--remedy", "averag", "--model", "embedded"), 'Did you mean "average"'),
        (("compare", "stability", "--remedy", "average:n=3", "--model", "embedded"), 'average has no option "n"'),
        (("compare", "stability", "--remedy", "average:k=many", "--model", "embedded"), 'average:k: "many" is not a value of type int'),
        (
            ("compare", "distortion", "--remedy", "rectify", "--model", "embedded", "--runs", "1"),
            "none are given. Give a table of them as human",
        ),
    ],
)
def test_bad_input_gets_one_sentence(program: Program, arguments: tuple[str, ...], message: str) -> None:
    completed = program(*arguments)
    assert completed.code == 2
    assert message in completed.err
    assert completed.err.strip().splitlines()[-1].startswith("personametrics: ")
