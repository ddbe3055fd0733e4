"""Runs of format 1, as an earlier version left them (embedded model, 3 personas × 3 items × 2 runs), are read and gone on with."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from program import Program, program_in

from personametrics.data.errors import RunError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.roster import write_items, write_personas
from personametrics.elicit.journal import COPY, FILE, Journal
from personametrics.elicit.migration import VERSION
from personametrics.models.embedded.society.panels import questionnaire, strong

RUNS = Path(__file__).parent / "runs_format1"
NAMES = ("audit", "run", "compare", "talk")
Begin = Callable[[str], Path]


@pytest.fixture(name="begun")
def _begun(tmp_path: Path) -> Begin:
    def copied(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(RUNS / f"{name}.sqlite", folder / FILE)
        return folder

    return copied


def old(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder)) as raw:
        return raw.execute(query).fetchall()


def same_as_before(journal: Journal, name: str) -> None:
    """All that format 1 kept is there."""
    file = RUNS / f"{name}.sqlite"
    rows = old(file, "SELECT key, outcome, text, finish, tokens_in, tokens_out, calls, seconds FROM replies")
    replies = journal.replies([row[0] for row in rows])
    assert [
        (reply.outcome, reply.text, reply.finish, reply.tokens_in, reply.tokens_out, reply.calls, reply.seconds)
        for reply in replies
        if reply
    ] == [row[1:] for row in rows]
    manifest = {part: json.loads(content) for part, content in old(file, "SELECT part, content FROM manifest")}
    assert journal.manifest == {**manifest, "version": VERSION}
    sums = old(file, "SELECT count(*), sum(calls), sum(tokens_in), sum(tokens_out) FROM replies")[0]
    totals = journal.totals()
    assert tuple(totals[part] for part in ("replies", "calls", "tokens_in", "tokens_out")) == sums
    assert [(entry.role, entry.model) for entry in journal.ledger()] == [("", manifest["model"])]
    journal.check()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_run_is_read_and_left_as_it_is(begun: Begin, name: str) -> None:
    folder = begun(name)
    with Journal.read(folder) as journal:
        same_as_before(journal, name)
        with pytest.raises(RunError, match="readonly"):
            journal.note("a", 1)
    assert (folder / FILE).read_bytes() == (RUNS / f"{name}.sqlite").read_bytes()
    assert not (folder / COPY).exists()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_run_goes_on_in_the_new_format_and_a_copy_is_kept(begun: Begin, name: str) -> None:
    folder = begun(name)
    manifest = dict(old(RUNS / f"{name}.sqlite", "SELECT part, content FROM manifest"))
    for count in range(2):
        with Journal.open(folder, {"model": json.loads(manifest["model"])}) as journal:
            if not count:
                same_as_before(journal, name)
            journal.add([(bytes([count] * 32), Reply("new"))])
    with Journal.read(folder) as journal:
        assert [reply and reply.text for reply in journal.replies([bytes(32), bytes([1] * 32)])] == ["new", "new"]
    assert old(folder / FILE, "PRAGMA user_version") == [(VERSION,)]
    assert old(folder / COPY, "PRAGMA user_version") == [(1,)]
    assert old(folder / COPY, "SELECT * FROM replies") == old(RUNS / f"{name}.sqlite", "SELECT * FROM replies")
    assert {table for (table,) in old(folder / FILE, "SELECT name FROM sqlite_master WHERE type = 'table'")} == {
        "manifest", "requests", "replies", "failures", "ledger",
    }  # fmt: skip


def test_failures_and_absurd_counts_of_an_old_run_come_over(begun: Begin) -> None:
    folder = begun("run")
    with closing(sqlite3.connect(folder / FILE)) as raw, raw:
        raw.execute("UPDATE replies SET tokens_in = ?", (2**62,))
        raw.execute("INSERT INTO failures VALUES (?, 0, 6, 1.5, 'away')", (bytes(32),))
    with Journal.read(folder) as journal:
        assert journal.failures() == {bytes(32): "away"}
        totals = journal.totals()
        assert (totals["tokens_in"], totals["unreported"], totals["failures"], totals["calls"]) == (0, 18, 1, 9 + 6)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE replies SET outcome = 'banana'", "UPDATE manifest SET content = '{'", "UPDATE replies SET text = CAST(x'ff' AS TEXT)"],
)
def test_an_old_run_that_is_damaged_is_one_sentence_and_stays(begun: Begin, statement: str) -> None:
    folder = begun("run")
    with closing(sqlite3.connect(folder / FILE)) as raw, raw:
        raw.execute(statement)
    before = old(folder / FILE, "SELECT key, outcome, quote(CAST(text AS BLOB)) FROM replies")
    for use in (Journal.read, lambda place: Journal.open(place, {"model": "m"})):
        with pytest.raises(RunError, match="does not contain the data that were written to it"):
            use(folder)
    assert old(folder / FILE, "SELECT key, outcome, quote(CAST(text AS BLOB)) FROM replies") == before
    assert old(folder / FILE, "PRAGMA user_version") == [(1,)]


def test_a_refused_reply_of_an_old_run_stays_refused(begun: Begin) -> None:
    folder = begun("run")
    with closing(sqlite3.connect(folder / FILE)) as raw, raw:
        ((key,),) = raw.execute("SELECT key FROM replies LIMIT 1").fetchall()
        raw.execute("UPDATE replies SET outcome = 'refused', degraded = 'n,seed', probabilities = '{\"a\": 0.5}' WHERE key = ?", (key,))
    with Journal.read(folder) as journal:
        (reply,) = journal.replies([key])
    assert reply is not None
    assert (reply.outcome, reply.degraded, reply.probabilities, reply.mass) == (ReplyOutcome.REFUSED, ("n", "seed"), {"a": 0.5}, 0.5)


PLACES = ("--model", "embedded", "--personas", "people.csv", "--items", "items.csv", "--runs", "2")
AGAIN = {
    "run": ("run", "stability", *PLACES),
    "compare": ("compare", "stability", "--remedy", "average:k=2", *PLACES),
    "talk": ("talk", "talk.yaml"),
}
TALK = "model: embedded\npartner: {says: ['How are you?', 'What do you do?']}\npersonas: people.csv\nruns: 2\n"


@pytest.fixture(name="program")
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    program = program_in(tmp_path, monkeypatch, capsys)
    write_personas(strong(3), tmp_path / "people.csv")
    write_items(questionnaire(3), tmp_path / "items.csv")
    (tmp_path / "talk.yaml").write_text(TALK)
    return program


def used(folder: Path) -> dict[str, int]:
    with Journal.read(folder) as journal:
        return journal.totals()


def test_an_old_audit_is_reported_exported_and_resumed_without_a_call(program: Program, begun: Begin) -> None:
    folder = begun("audit")
    before, card = used(folder), program("report", "audit", "--json").json
    values = {estimate["name"]: estimate["value"] for finding in card["findings"] for estimate in finding["estimates"]}
    assert (values["signal"], values["disagreement.rerun"]) == pytest.approx((0.5, 13 / 9), abs=1e-12)
    assert values["used.tokens_in"] == 2_424
    assert program("export", "audit", "--to", "csv").code == program("export", "audit", "--to", "inspect").code == 0
    assert len((folder / "answers.csv").read_text().splitlines()) > 42
    assert old(folder / FILE, "PRAGMA user_version") == [(1,)]
    assert program("resume", "audit", "--json").code == 0
    assert used(folder) == before
    assert old(folder / FILE, "PRAGMA user_version") == [(VERSION,)]
    assert program("report", "audit", "--json").json["findings"] == card["findings"]


@pytest.mark.parametrize("name", AGAIN)
def test_the_command_of_an_old_run_asks_nothing_again(program: Program, begun: Begin, name: str) -> None:
    folder = begun(name)
    before = used(folder)
    completed = program(*AGAIN[name], "--out", name, "--json")
    assert completed.code == 0, completed.err
    assert used(folder) == before
    if name == "compare":
        values = {estimate["name"]: estimate["value"] for estimate in completed.json["findings"][0]["estimates"]}
        assert values["after.signal"] == pytest.approx(73 / 123, abs=1e-12)
