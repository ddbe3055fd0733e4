"""Whatever a server does, an audit ends in a sentence, loses no answer, invents none, and keeps the key to itself."""

import json
import os
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faults
import polars as pl
import pytest
from aiohttp import web
from faults import FAULTS, TRANSIENT, Server, always, once, serve
from program import Program, Said, program_in, refused, study

from personametrics.elicit.journal import Journal
from personametrics.lab.directory import job_of

ASKS = 4 * 3 * 2
PLAIN = (
    "check=false",
    'controls={"none": false, "shuffled": false, "irrelevant": 0}',
    'limits={"connections": 4, "attempts": 2, "timeout": 1}',
)
"""The panel alone."""
HARMLESS = {
    "stall", "slow", "fewer", "more", "n ignored", "n refused", "max_completion_tokens", "temperature", "seed", "logprobs", "no logprobs",
    "null logprobs", "nan logprobs", "positive logprobs", "too much", "text logprobs", "no first token", "no system",
    "dated model", "int64", "odd usage", "other model", "thinking", "null content score",
}  # fmt: skip
"""Faults that a plain audit does not meet, or gets round: every ask is answered."""
MUTE = dict.fromkeys(
    ("lone surrogate", "nul", "null content", "empty", "echo 200", "huge int", "other parts"), "unparsable"
) | dict.fromkeys(("refusal", "filtered"), "refused")
"""Faults that are replies from which no answer can be read."""
FATAL = {"429 hour", "429 quota", "401", "401 slow", "403", "404", "redirect", "bad redirect", "echo 401"}
"""Faults that no ask gets round: the first ends the run."""
SHAPES = {"parts", "refused score"}
"""Faults whose replies have another shape than their text; tests of the model read them."""
KEY = "sk-planted-8f3a61c09d27be54"


@pytest.fixture(name="program")
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    monkeypatch.setattr("personametrics.models.traffic.Traffic._wait", lambda *_: 0.0)  # what is waited for is tested elsewhere
    return program_in(tmp_path, monkeypatch, capsys)


Sent = Mapping[str, list[str | None]]


@contextmanager
def listened(script: faults.Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Sent]]:
    """A server, and every text that left it in a whole reply, by the messages that it was asked with."""
    complete, sent = Server._complete, defaultdict[str, list[str | None]](list)  # noqa: SLF001 (overheard)

    async def overhear(server: Server, request: web.Request) -> web.StreamResponse:
        response = await complete(server, request)
        if isinstance(response, web.Response) and response.status == 200 and isinstance(response.body, bytes):
            try:
                choices = json.loads(response.body.decode())["choices"]
                texts = [choice["message"]["content"] for choice in choices]
            except (ValueError, TypeError, KeyError, RecursionError):
                texts = []
            sent[json.dumps((await request.json())["messages"])].extend(texts)
        return response

    monkeypatch.setattr(Server, "_complete", overhear)
    with serve(script) as server:
        yield server, sent


def answers(folder: str = "run") -> pl.DataFrame:
    return job_of(folder).table


def check_truth(sent: Sent) -> None:
    """Every reply is a text that the server sent for these messages, each at most as often as it sent it."""
    run, left = job_of("run"), {asked: list(texts) for asked, texts in sent.items()}
    with Journal.read("run") as journal:
        requests, keys = zip(*run.exchanges(), strict=True)
        for request, reply in zip(requests, journal.replies(keys), strict=True):
            if reply is not None and reply.text is not None and reply.outcome == "answered":
                left[json.dumps([{"role": message.role, "content": message.text} for message in request.messages])].remove(reply.text)


def ended(completed: Said, code: int) -> Any:
    """The finding about the asking."""
    assert completed.code == code, completed.err
    assert "Traceback" not in completed.err + completed.out
    return completed.json["findings"][-1]


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_fault_that_can_be_got_round_costs_no_answer(program: Program, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with listened(always(name), monkeypatch) as (server, sent):
        finding = ended(program("audit", *study(server.base_url, *PLAIN), "--json"), 0)
    assert finding["verdict"]["sentence"] == f"100.0% of {ASKS} requests were answered ({ASKS} answered)."
    check_truth(sent)


@pytest.mark.parametrize("name", sorted(MUTE))
def test_a_reply_that_says_nothing_is_kept_and_is_no_answer(program: Program, name: str) -> None:
    with serve(always(name)) as server:
        finding = ended(program("audit", *study(server.base_url, *PLAIN), "--json"), 0)
        asked = len(server.seen)
        assert program("resume", "run").code == 0
        assert len(server.seen) == asked
    assert f"0.0% of {ASKS} requests were answered" in finding["verdict"]["sentence"]
    assert set(answers()["outcome"]) == {MUTE[name]}


@pytest.mark.parametrize("name", sorted(FATAL))
def test_a_fault_that_no_ask_gets_round_ends_with_a_few_calls(program: Program, name: str) -> None:
    with serve(always(name)) as server:
        refused(program("audit", *study(server.base_url, *PLAIN)), "http://127.0.0.1:")
        assert len(server.seen) <= 4


@pytest.mark.parametrize("name", sorted({*FAULTS} - HARMLESS - {*MUTE} - FATAL - SHAPES))
def test_other_faults_end_with_a_table_of_what_failed_and_why(program: Program, name: str) -> None:
    """Every other ask meets the fault, whenever it comes."""
    with serve(lambda seen: name if faults.draw(seen.body["messages"]) < 0.5 else "") as server:
        finding = ended(program("audit", *study(server.base_url, *PLAIN), "--json"), 3)
        server.script = always("")
        assert program("resume", "run").code == 0
    frame = answers()
    failed = sum(row["asks"] for row in finding["evidence"]["asks without an answer"])
    assert 0 < failed < ASKS
    assert f"{failed} failed" in finding["verdict"]["sentence"]
    assert all(row["outcome"] == "failed" and len(row["reason"]) > 5 for row in finding["evidence"]["asks without an answer"])
    assert frame["outcome"].to_list() == ["answered"] * ASKS


def test_where_every_ask_fails_it_is_said_why(program: Program) -> None:
    with serve(always("400")) as server:
        completed = program("audit", *study(server.base_url, *PLAIN), "--json")
    finding = ended(completed, 3)
    (row,) = finding["evidence"]["asks without an answer"]
    assert (row["asks"], row["reason"]) == (ASKS, "400: this prompt is too long")
    assert f"{ASKS} of {ASKS} requests have no reply" in completed.err


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_fault_that_passes_costs_a_call_and_no_answer(program: Program, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with listened(once(name), monkeypatch) as (server, sent):
        ended(program("audit", *study(server.base_url, *PLAIN), "--json"), 0)
        assert max(server.counts.values()) == 2
    assert answers()["outcome"].to_list() == ["answered"] * ASKS
    check_truth(sent)


def test_every_fault_is_tried() -> None:
    assert {*FAULTS} > HARMLESS | {*MUTE} | FATAL
    assert not HARMLESS & {*MUTE} | HARMLESS & FATAL | {*MUTE} & FATAL


def test_a_gateway_that_drops_the_system_message_is_caught_for_the_price_of_the_check(program: Program) -> None:
    with serve(always("no system")) as server:
        completed = program("audit", *study(server.base_url))
        assert len(server.seen) == 5
        refused(completed, "does not seem to reach", "the model read 0% of the tokens", "prompt.place: user", "check: false")
        assert program("audit", *study(server.base_url, "prompt.place=user"), "--out", "user").code == 0
        assert program("audit", *study(server.base_url, "check=false"), "--out", "unchecked").code == 0


def test_the_key_is_nowhere(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors and answers repeat it; no file, no output and no table does."""
    monkeypatch.setenv("PLANTED", KEY)
    faulty = ["", "echo", "echo 200", "", "echo", "echo 200", "", "echo 401"]
    setting = (*PLAIN, "key_variable=PLANTED")
    with serve(lambda seen: faulty[seen.at % 8]) as server:
        completed = [program("audit", *study(server.base_url, *setting), "--json")]
        assert completed[0].code == 3  # answered, then the key was refused
        assert all(seen.headers["Authorization"] == f"Bearer {KEY}" for seen in server.seen)
        with Journal.read("run"):  # keeps the write-ahead log where it is
            server.script = lambda seen: faulty[seen.at % 7]
            completed.append(program("resume", "run"))
            completed += [program("export", "run", "--to", to) for to in ("csv", "parquet", "inspect")] + [program("report", "run")]
            files = {path.name: path.read_bytes() for path in Path("run").iterdir()}
        server.script = always("echo 401")
        completed += [program("audit", *study(server.base_url, *setting), "--out", "other"), program("doctor", *study(server.base_url)[:2])]
        completed.append(program("doctor", *study(server.base_url)[:2], "--set", "key_variable=PLANTED", "--json"))
        server.script = always("echo")
        completed.append(program("doctor", *study(server.base_url)[:2], "--set", "key_variable=PLANTED", "--json"))
    assert {"journal.sqlite", "journal.sqlite-wal", "card.json", "card.html", "answers.csv", "answers.parquet", "inspect.json"} <= {*files}
    frame = answers()
    assert frame.filter(pl.col("text").str.contains("Bearer")).height > 0  # it was there to be found
    secret = KEY.removeprefix("sk-planted-")
    for name, content in files.items():
        assert secret.encode() not in content, name
    assert secret not in frame.write_json()
    for answer in completed:
        assert secret not in answer.out + answer.err
        assert "Traceback" not in answer.err


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk that is soon full, of so many kilobytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("small_disk", [300], indirect=True)
def test_a_full_disk_is_one_sentence_and_costs_nothing_that_was_written(program: Program, small_disk: Path) -> None:
    run, wide = small_disk / "run", ["out=disk/run", "runs=100", *PLAIN]
    with serve() as server:
        given = [argument for argument in study(server.base_url, *wide) if argument not in {"--runs", "2"}]
        refused(program("audit", *given), "full", "Free some space and resume", "Everything that was written before is kept")
        with Journal.read(run) as journal:
            kept = journal.totals()["replies"]
        asked = sum(seen.body.get("n", 1) for seen in server.seen)
        assert 0 < kept <= asked < 4 * 3 * 100
        refused(program("resume", str(run)), "full")
        asked = sum(seen.body.get("n", 1) for seen in server.seen)
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        assert program("resume", str(run)).code == 0
        after = sum(seen.body.get("n", 1) for seen in server.seen) - asked
        assert after <= 4 * 3 * 100 - kept
    assert answers(str(run))["outcome"].to_list() == ["answered"] * (4 * 3 * 100)


@pytest.mark.parametrize("small_disk", [220], indirect=True)
def test_a_disk_that_fills_up_for_the_card_is_one_sentence(program: Program, small_disk: Path) -> None:
    with serve() as server:
        given = study(server.base_url, *PLAIN)
        completed = program("audit", *given, "--out", str(small_disk / "run"))
        assert completed.code == 2
        assert "card.html cannot be written (No space left on device)" in completed.err
        assert "Traceback" not in completed.err
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        asked = len(server.seen)
        assert program("resume", str(small_disk / "run")).code == 0
        assert len(server.seen) == asked


@pytest.mark.parametrize(
    ("cap", "more", "message"),
    [
        ("caps.calls=7", "caps.calls=100", "the cap of 7 calls is reached"),
        ("caps.tokens=400", "caps.tokens=100000", "the cap of 400 tokens is reached"),
        ("caps.money=0.0004", "caps.money=10", "the cap of $0.0004 is reached"),
    ],
)
def test_a_cap_stops_the_run_and_a_higher_one_completes_it(program: Program, cap: str, more: str, message: str) -> None:
    prices = 'prices={"tokens_in": 1, "tokens_out": 1}'
    with serve() as server:
        stopped = program("audit", *study(server.base_url, *PLAIN, prices, cap))
        assert stopped.code == 3
        assert message in stopped.err
        assert "Raise the cap and run the command again" in stopped.err
        asked = sum(seen.body.get("n", 1) for seen in server.seen)
        assert 0 < asked < ASKS
        again = program("resume", "run")
        assert (again.code, message in again.err) == (3, True)
        assert program("audit", *study(server.base_url, *PLAIN, prices, more)).code == 0
        assert sum(seen.body.get("n", 1) for seen in server.seen) == ASKS
    with sqlite3.connect("run/journal.sqlite") as journal:
        assert journal.execute("SELECT count(*) FROM replies").fetchone() == (ASKS,)
