"""Every verb that asks a model, or looks at what was asked, through the command line and against a server."""

import json
import math
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
from faults import Server, always, completion, serve
from program import Program, program_in, refused
from program import study as study_of
from worlds import planned

from personametrics.data.card import Card, card_schema
from personametrics.elicit.journal import Journal
from personametrics.lab.directory import job_of

ASKS = 4 * 3 * 2 + 3 * 2 + 4 * 3 * 2
"""Panel, without persona, irrelevant texts."""
CHECK = 5


@pytest.fixture(name="program")
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with serve() as server:
        yield server


@pytest.fixture(name="study")
def _study(server: Server) -> tuple[str, ...]:
    return study_of(server.base_url)


def test_a_plan_makes_no_call(program: Program, study: tuple[str, ...], server: Server) -> None:
    completed = program("plan", *study)
    assert completed.code == 0
    assert f"{ASKS} requests to make" in completed.out
    assert "24 (shared with the panel)" in completed.out
    content = program("plan", *study, "--json", "--set", 'prices={"tokens_in": 1, "tokens_out": 2}').json
    assert (content["requests"], content["waiting"]) == (ASKS, ASKS)
    assert content["money"] == pytest.approx((content["tokens_in"] + 2 * content["tokens_out"]) / 1e6)
    assert program("plan", *study, "--json", "--set", "score=true").json["width"] is None
    assert re.search(r"^at most \d+ requests to make", program("plan", *study, "--adaptive", "--runs", "2").out, re.MULTILINE)
    assert not server.seen
    assert not Path("run").exists()


def test_an_audit_asks_what_was_planned_and_prints_the_card(program: Program, study: tuple[str, ...], server: Server) -> None:
    completed = program("audit", *study)
    assert completed.code == 0, completed.err
    assert f"{ASKS} requests to make" in completed.err
    assert "persona signal" in completed.out
    assert f"The report: {Path('run/card.html').resolve()}" in completed.out
    assert sum(seen.body.get("n", 1) for seen in server.seen) == ASKS + CHECK
    assert max(server.counts.values()) == 1
    Card.load("run/card.json")
    assert "<html" in Path("run/card.html").read_text()
    assert list(Path("run").glob("*.part")) == []


def test_resume_and_a_second_audit_ask_nothing(program: Program, study: tuple[str, ...], server: Server) -> None:
    first = program("audit", *study, "--json")
    asked = len(server.seen)
    again = (program("audit", *study, "--json"), program("resume", "run", "--json"), program("report", "run", "--json"))
    assert [completed.code for completed in again] == [0, 0, 0]
    assert all(completed.json == first.json for completed in again)
    assert "0 requests to make" in again[0].err
    assert len(server.seen) == asked


def test_json_is_a_card_and_nothing_else(program: Program, study: tuple[str, ...]) -> None:
    card = program("audit", *study, "--json").json
    jsonschema.validate(card, card_schema())
    assert card == json.loads(Path("run/card.json").read_text())


def test_a_study_file_is_changed_by_flags_and_by_set(program: Program, server: Server) -> None:
    content = (
        f"model: openai:world@{server.base_url}\npersonas: people.csv\nitems: items.csv\nruns: 5\nout: there\ncontrols: {{irrelevant: 3}}\n"
    )
    Path("study.yaml").write_text(content)
    completed = program(
        "audit", "study.yaml", "--runs", "1", "--out", "here", "--json",
        "--set", "sampling.temperature=0.5", "--set", "prompt.style=letter", "--set", "controls.none=false", "--set", "check=false",
    )  # fmt: skip
    assert completed.code == 0, completed.err
    assert not Path("there").exists()
    kept = completed.json["provenance"]["study"]
    assert (kept["runs"], kept["sampling"]["temperature"], completed.json["provenance"]["prompt"]["style"]) == (1, 0.5, "letter")
    assert kept["controls"] == {"none": False, "shuffled": True, "irrelevant": 3}
    assert len(server.seen) == 4 * 3 + 3 * 3
    assert {seen.body["temperature"] for seen in server.seen} == {0.5}
    assert "A. 1" in server.seen[0].body["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("foo", "is not of the form key=value"),
        ("foo=1", '--set, key "foo": unknown key'),
        ("=1", "unknown key"),
        ("level=high", '--set, key "level": input should be a valid number'),
        ("limits.attempts=1.5", '--set, key "limits.attempts"'),
        ("limits=3", '--set, key "limits"'),
        ("limits.conections=3", 'Did you mean "connections"?'),
        ("controls.none=1", '--set, key "controls.none"'),
        ("sampling.temperature=NaN", "sampling.temperature"),
        ("prompt.item=Only {item}", "instruction"),
        ("conditions.order=[]", "conditions.order: no level is listed"),
        ("conditions.mood=[]", "conditions.mood"),
        ("caps.money=1", "caps.money needs prices"),
        ("adaptive=true", "first block"),
        ("structured=xml", "structured"),
    ],
)
def test_a_bad_setting_is_one_sentence(program: Program, study: tuple[str, ...], server: Server, setting: str, message: str) -> None:
    arguments = list(study) if setting != "adaptive=true" else [*study[:5], "one.csv", *study[6:]]
    Path("one.csv").write_text("id,text,scale\na,Tea?,no|yes\n")
    refused(program("audit", *arguments, "--set", setting), message)
    assert not server.seen
    assert not Path("run").exists()


def test_bad_input_is_one_sentence(program: Program, study: tuple[str, ...], server: Server) -> None:
    model = study[:2]
    refused(program("audit"), "Name a study file, or give --model, --personas, --items.")
    refused(program("audit", *model), "give --personas, --items")
    refused(program("audit", "nowhere.yaml"), "nowhere.yaml cannot be read")
    refused(program("plan", *model, "--personas", "nowhere.csv", "--items", "items.csv"), "nowhere.csv")
    refused(program("audit", *study[2:], "--model", "what:x"), 'Unknown model "what:x"')
    refused(program("audit", *study[2:], "--model", "openai:gpt-4o"), "OPENAI_API_KEY")
    refused(program("audit", *study, "--runs", "0"), 'The options, key "runs"')
    for verb in ("resume", "report", "export"):
        refused(program(verb, "nowhere"), "nowhere is not a run directory")
    refused(program("schema", "cards"), 'Did you mean "card"?')
    Path("file").write_text("")
    refused(program("audit", *study, "--out", "file"), "file cannot be used as a run directory")
    assert not server.seen


def test_nobody_at_the_address_is_one_sentence(program: Program, study: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personametrics.models.traffic.Traffic._wait", lambda *_: 0.0)
    refused(program("audit", *study[2:], "--model", "openai:x@http://127.0.0.1:9/v1", "--set", "limits.timeout=2"), "No server answers at")


def test_a_changed_study_is_refused_until_it_extends(program: Program, study: tuple[str, ...], server: Server) -> None:
    program("audit", *study)
    refused(program("audit", *study, "--runs", "3"), "study.runs: 2 → 3", "--extend")
    before = sum(seen.body.get("n", 1) for seen in server.seen)
    assert program("audit", *study, "--runs", "3", "--extend").code == 0
    assert sum(seen.body.get("n", 1) for seen in server.seen) - before == ASKS // 2
    assert max(server.counts.values()) == 1


def test_resume_refuses_another_model(program: Program, study: tuple[str, ...]) -> None:
    program("audit", *study)
    with Journal.open(Path("run"), {}) as journal:
        journal.note("plan", journal.manifest["plan"] | {"model": "openai:other@http://127.0.0.1:9/v1"})
    refused(program("resume", "run"), "was begun with openai/world@", "choose another run directory (--out)")


def test_an_incomplete_audit_exits_with_3_and_says_how_to_go_on(program: Program, study: tuple[str, ...]) -> None:
    completed = program("audit", *study, "--set", "caps.calls=20", "--json")
    assert completed.code == 3
    assert "the cap of 20 calls is reached" in completed.err
    assert "Every reply so far is kept. Raise the cap and run the command again." in completed.err
    assert completed.json["findings"][-1]["verdict"]["label"] == "incomplete"


def test_a_report_can_be_made_while_it_runs(program: Program, study: tuple[str, ...], server: Server) -> None:
    """The server holds its answers back from the twenty-fifth call on, until a report was made in another process."""
    held, answers = threading.Event(), threading.Event()

    def hold(seen: Any) -> str:
        if seen.at >= 25:
            held.set()
            answers.wait(20)
        return ""

    server.script = hold
    reports: list[subprocess.CompletedProcess[str]] = []

    def look() -> None:
        held.wait(20)
        command = [sys.executable, "-m", "personametrics", "report", "run", "--json"]
        for _ in range(20):  # what has arrived may not be on disk yet
            reports.append(subprocess.run(command, capture_output=True, text=True, check=False))
            if reports[-1].returncode == 0:
                break
        answers.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    completed = program("audit", *study, "--set", "limits.connections=1")
    watcher.join()
    assert completed.code == 0
    during = json.loads(reports[-1].stdout)["findings"][-1]["verdict"]
    assert reports[-1].returncode == 0
    assert during["label"] == "incomplete"
    assert program("report", "run", "--json").json["findings"][-1]["verdict"]["label"] == "complete"


def test_a_report_goes_where_it_is_told_or_says_why_not(program: Program, study: tuple[str, ...]) -> None:
    program("audit", *study)
    Path("run/card.html").unlink()
    assert program("report", "run").code == 0
    assert Path("run/card.html").exists()
    assert program("report", "run", "--html", "new/page.html").code == 0
    assert Path("new/page.html").exists()
    refused(program("report", "run", "--html", "people.csv/page.html"), "cannot be written")


@pytest.mark.parametrize(("to", "name"), [("parquet", "answers.parquet"), ("csv", "answers.csv"), ("inspect", "inspect.json")])
def test_export_writes_what_is_wanted(program: Program, study: tuple[str, ...], to: str, name: str) -> None:
    program("audit", *study)
    completed = program("export", "run", "--to", to)
    assert (completed.code, completed.out.strip()) == (0, f"Written: run/{name}")
    rows = ASKS + 4 * 3 * 2
    if to == "inspect":
        assert len(json.loads(Path("run", name).read_text())["samples"]) == rows
    else:
        assert len((pl.read_csv if to == "csv" else pl.read_parquet)(Path("run", name))) == rows
    refused(program("export", "run", "--to", f"{to}s"), "Unknown format", f'Did you mean "{to}"?')
    refused(program("export", "run", "--to", to, "--file", "a.txt"), "does not end in")


def test_validate_shows_the_prompt_and_names_the_line_of_a_mistake(program: Program) -> None:
    Path("study.yaml").write_text("model: openai:m@http://127.0.0.1:9/v1\npersonas: people.csv\nitems: items.csv\n")
    completed = program("validate", "study.yaml", "--show")
    assert completed.code == 0
    assert "4 personas, 3 items, 5 runs" in completed.out
    assert "You are person 0 of the panel." in completed.out
    assert "Is statement 0 right?" in completed.out
    with Path("study.yaml").open("a") as file:
        file.write("sampling: {temprature: 1}\n")
    refused(program("validate", "study.yaml"), 'study.yaml, line 4, key "sampling.temprature"')


def test_doctor_says_what_it_found(program: Program, server: Server) -> None:
    model = ("doctor", "--model", f"openai:world@{server.base_url}")
    probes = {probe["name"]: probe["found"] for probe in program(*model, "--json").json}
    assert probes["answers"] is True
    assert probes["system"] is None
    assert "context" in probes
    completed = program(*model, "--no-context")
    assert completed.code == 0
    assert "answers" in completed.out
    assert "context" not in completed.out
    server.script = always("no system")
    assert {probe["name"]: probe["found"] for probe in program(*model, "--no-context", "--json").json}["system"] is False
    server.script = always("400")
    assert program(*model, "--json").code == 1
    server.script = always("401")
    refused(program(*model), "check the key")


def test_the_schema_of_a_study_takes_what_a_study_is(program: Program, tmp_path: Path) -> None:
    schema = program("schema", "study").json
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(planned(tmp_path).session.plan.model_dump(by_alias=True, mode="json"), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"model": "m", "personas": "p", "items": "i", "tempratur": 1}, schema)
    assert program("schema").json == card_schema()


def test_what_is_exported_is_what_the_server_answered(program: Program, study: tuple[str, ...], server: Server) -> None:
    """No answer is lost and none is invented: the table is the server's truth, ask by ask."""
    program("audit", *study)
    truth: dict[str, list[str]] = {}
    for seen in server.seen:
        texts = [choice["message"]["content"] for choice in completion(seen.body)["choices"]]
        truth.setdefault(json.dumps(seen.body["messages"]), []).extend(texts)
    run = job_of("run")
    with Journal.read("run") as journal:
        for request, key in run.exchanges():
            (reply,) = journal.replies([key])
            messages = json.dumps([{"role": message.role, "content": message.text} for message in request.messages])
            assert reply is not None
            assert reply.text in truth[messages]
    assert math.isclose(sum(map(len, truth.values())), ASKS + CHECK)


def test_help_of_every_verb_is_there(program: Program) -> None:
    for verb in ("audit", "resume", "report", "export", "validate", "plan", "doctor", "schema"):
        with suppress(SystemExit):
            completed = program(verb, "--help")
            assert completed.code == 0
            assert verb in completed.out


def test_people_s_answers_are_checked_before_anything_is_asked(program: Program) -> None:
    text = "model: openai:m@http://127.0.0.1:9/v1\npersonas: people.csv\nitems: items.csv\n"
    Path("study.yaml").write_text(f"{text}studies: [fidelity]\nhuman: {{file: survey.csv, scale: a|b}}\n", encoding="utf-8")
    refused(program("validate", "study.yaml"), "survey.csv does not exist")
    item = pl.read_csv("items.csv")["id"].to_list()
    Path("survey.csv").write_text(f"respondent,item,answer\nr1,{item[0]},c\nr2,{item[1]},c\n", encoding="utf-8")
    refused(program("validate", "study.yaml"), "No answer is on the scale")
    Path("survey.csv").write_text(f"respondent,item,answer\nr1,{item[0]},a\nr2,{item[1]},b\n", encoding="utf-8")
    assert "Further studies: fidelity" in program("validate", "study.yaml").out
