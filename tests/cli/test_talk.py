"""personametrics talk, through the command line and against a server."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import yaml
from faults import Server, always, serve
from program import Program, program_in

from personametrics.data.card import Card, card_schema

PLAN = """\
model: openai:world@{url}
partner: {{model: openai:bot@{url}, instructions: You sell shoes.}}
personas: people.csv
tasks: [{{id: refund, text: You want your money back.}}, {{id: size, text: You want another size.}}]
turns: 3
out: talk
sampling: {{seed: 1}}
"""
LINES = 4 * 2 * 3 * 2


@pytest.fixture(name="program")
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


@pytest.fixture(name="server")
def _server(program: Program) -> Iterator[Server]:
    del program
    with serve() as server:
        Path("talk.yaml").write_text(PLAN.format(url=server.base_url))
        yield server


def test_users_talk_to_a_server_and_a_second_time_nothing_is_asked(program: Program, server: Server) -> None:
    completed = program("talk", "talk.yaml")
    assert completed.code == 0, completed.err
    assert f"8 dialogues of 3 turns. This takes at most {LINES} requests" in completed.err
    assert "8 of 8 dialogues of 3 turns reached their end." in completed.out
    assert "talk/dialogues.csv and talk/dialogues.parquet" in completed.out
    assert max(server.counts.values()) == 1
    assert {seen.body["model"] for seen in server.seen} == {"world", "bot"}
    prompts = [seen.body["messages"][0]["content"] for seen in server.seen if seen.body["model"] == "bot"]
    assert set(prompts) == {"You sell shoes."}
    asked = len(server.seen)
    again = program("talk", "talk.yaml", "--json")
    assert again.code == 0
    assert len(server.seen) == asked
    jsonschema.validate(again.json, card_schema())
    assert Card.load("talk/card.json").to_dict() == again.json
    lines = pl.read_parquet("talk/dialogues.parquet")
    assert len(lines) == LINES
    assert lines["text"].null_count() == 0


def test_a_system_that_does_not_answer_leaves_the_dialogues_open_and_they_go_on_when_it_does(program: Program, server: Server) -> None:
    with serve(always("400")) as deaf:
        Path("deaf.yaml").write_text(PLAN.format(url=server.base_url).replace(f"bot@{server.base_url}", f"bot@{deaf.base_url}"))
        completed = program("talk", "deaf.yaml", "--out", "deaf")
    assert completed.code == 3
    assert "requests have no reply" in completed.err
    assert "personametrics resume deaf" in completed.err
    assert "0 of 8 dialogues" in completed.out
    assert len(pl.read_parquet("deaf/dialogues.parquet").filter(pl.col("text").is_not_null())) == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"partner": {}}, "partner has neither a model nor words"),
        ({"partner": {"model": "openai"}}, 'Unknown model "openai"'),
        ({"tasks": "no.csv"}, "no.csv"),
        ({"tasks": [{"id": "a"}]}, "text"),
        ({"turns": 0}, 'line 7, key "turns"'),
        ({"user": {"task": "Get it."}}, 'user.task: the slot "{task}" is missing'),
    ],
)
def test_what_cannot_be_carried_out_is_one_sentence_and_nothing_is_asked(
    program: Program, server: Server, change: dict[str, object], message: str
) -> None:
    content = yaml.safe_load(Path("talk.yaml").read_text()) | change
    Path("talk.yaml").write_text(yaml.safe_dump(content, sort_keys=True))
    completed = program("talk", "talk.yaml")
    assert completed.code == 2
    assert message in completed.err or message.partition(", ")[2] in completed.err
    assert len(completed.err.strip().splitlines()) == 1
    assert not server.seen
    assert not Path("talk").exists()


def test_another_plan_in_the_same_place_is_refused(program: Program, server: Server) -> None:
    assert program("talk", "talk.yaml").code == 0
    asked = len(server.seen)
    Path("talk.yaml").write_text(Path("talk.yaml").read_text().replace("You want your money", "I want my money"))
    completed = program("talk", "talk.yaml")
    assert completed.code == 2
    assert "was begun with another study: tasks[0].text: " in completed.err
    assert len(server.seen) == asked
    assert program("report", "talk").code == 0


def test_the_schema_of_the_file_takes_it(program: Program, server: Server) -> None:
    schema = json.loads(program("schema", "talk").out)
    jsonschema.validate(yaml.safe_load(Path("talk.yaml").read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"model": server.base_url}, schema)
