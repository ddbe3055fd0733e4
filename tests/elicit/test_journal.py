import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from personametrics.data.errors import RunError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.elicit import journal as module
from personametrics.elicit.journal import FILE, Journal, changes
from personametrics.elicit.migration import VERSION, understood
from personametrics.elicit.rows import Entry

MANIFEST = {"model": "m", "study": {"runs": 5, "seed": None}, "personas": [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}]}
REQUEST = Request((Message("user", "Tea?"),), sampling=Sampling(0.5), about={"item": "tea"})
FAILED = Reply(outcome=ReplyOutcome.FAILED, detail="The server is away.", calls=6, seconds=1.5)
BUSY = r"is in use by another process\. Wait until that process ends, stop it, or choose another run directory \(--out\)\.$"
STORED = {"version": VERSION}
"""What every manifest holds in addition."""
TEXT = st.text(max_size=9)
REPLIES = st.builds(
    Reply,
    text=st.none() | TEXT,
    outcome=st.sampled_from([ReplyOutcome.ANSWERED, ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE]),
    probabilities=st.none() | st.dictionaries(st.text(), st.floats(0, 1), max_size=4),
    finish=TEXT,
    tokens_in=st.none() | st.integers(0, 10**6),
    tokens_out=st.none() | st.integers(0, 10**6),
    calls=st.integers(0, 9),
    seconds=st.floats(0, 100),
    fingerprint=TEXT,
    degraded=st.lists(st.text("abc_", min_size=1), max_size=2).map(tuple),
    detail=TEXT,
    model=TEXT,
    tokens_thought=st.none() | st.integers(0, 10**6),
    unread_in=st.integers(0, 99),
    unread_out=st.integers(0, 99),
)


def key(n: int) -> bytes:
    return n.to_bytes(32, "big")


def opened(folder: Path, manifest: dict[str, Any] = MANIFEST, *, extend: bool = False) -> Journal:
    return Journal.open(folder, manifest, extend=extend)


def kept(folder: Path, *numbers: int) -> list[str | None]:
    with Journal.read(folder) as journal:
        return [None if reply is None else reply.text for reply in journal.replies([key(n) for n in numbers])]


@contextmanager
def refused(part: str, folder: Path) -> Iterator[None]:
    """A RunError in one sentence that names the folder."""
    with pytest.raises(RunError, match=part) as caught:
        yield
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@contextmanager
def elsewhere(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A script in a process of its own, which waits to be told to go on; it is killed at the end."""
    command = [sys.executable, "-c", "from personametrics.elicit.journal import *\nimport sys\n" + script, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


HOLD = f"""
journal = Journal.open(sys.argv[1], {MANIFEST!r})
for n in range(3): journal.add([(n.to_bytes(32, "big"), Reply(str(n)))])
print("open", flush=True)
sys.stdin.readline()
journal.add([((9).to_bytes(32, "big"), Reply("later"))])
print("added", flush=True)
sys.stdin.readline()
"""
TRY = f"""
try: Journal.open(sys.argv[1], {MANIFEST!r})
except Exception as error: print(type(error).__name__, error)
else: print("open")
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with opened(tmp_path_factory.mktemp("shared")) as journal:
        yield journal


@given(st.lists(REPLIES, min_size=1, max_size=9))
@settings(max_examples=40)
def test_what_is_written_reads_back(shared: Journal, replies: list[Reply]) -> None:
    names = [os.urandom(32) for _ in replies]
    shared.add(list(zip(names, replies, strict=True)))
    with Journal.read(shared.folder) as reader:
        assert list(reader.replies([*names, bytes(32)])) == [*replies, None]
        assert reader.holds(np.frombuffer(b"".join([*names, bytes(32)]), np.dtype((np.void, 32)))).tolist() == [True] * len(names) + [False]
        texts = [reply.text if reply.outcome == ReplyOutcome.ANSWERED else None for reply in replies]
        assert list(reader.texts([*names, bytes(32)])) == [*texts, None]


def test_replies_and_manifest_survive_being_closed_and_opened(tmp_path: Path) -> None:
    for n in range(3):
        with opened(tmp_path / "new" / "run") as journal:
            journal.add([(key(n), Reply(str(n)))])
            journal.note("versions", [n])
    assert kept(tmp_path / "new" / "run", 0, 1, 2, 3) == ["0", "1", "2", None]
    with Journal.read(tmp_path / "new" / "run") as journal:
        assert journal.manifest == {**MANIFEST, **STORED, "versions": [2]}


def test_the_first_reply_to_a_key_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("first")), (key(1), Reply("second in the same go"))])
        journal.add([(key(1), Reply("later")), (key(2), Reply("other"))])
        journal.add([])
        assert journal.totals()["replies"] == 2
    assert kept(tmp_path, 1, 2) == ["first", "other"]


def test_keys_with_zeros_at_their_ends_are_different(tmp_path: Path) -> None:
    names = [bytes(32), b"\1" + bytes(31), bytes(31) + b"\1", b"\1\0" * 16]
    with opened(tmp_path) as journal:
        journal.add([(name, Reply(name.hex())) for name in names])
        assert journal.totals()["replies"] == len(names)
        assert [reply and reply.text for reply in journal.replies(names)] == [name.hex() for name in names]


def test_what_is_there_is_looked_up_in_any_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_UP", 3)
    names = [bytes(32), b"\1" + bytes(31), bytes(31) + b"\1", *(key(256 * n) for n in range(1, 8))]
    with opened(tmp_path) as journal:
        journal.add([(name, Reply("yes")) for name in names[::2]])
        for count in range(len(names) + 1):
            asked = np.frombuffer(b"".join(names[:count]), np.dtype((np.void, 32)))
            assert journal.holds(asked).tolist() == [index % 2 == 0 for index in range(count)]


def test_a_failure_is_no_reply_and_a_later_success_takes_its_place(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), FAILED), (key(2), FAILED)])
        journal.add([(key(1), Reply(outcome=ReplyOutcome.FAILED, detail="Still away."))])
        assert journal.totals()["replies"] == 0
        assert journal.failures() == {key(1): "Still away.", key(2): "The server is away."}
        journal.add([(key(1), Reply("back"))])
        journal.add([(key(1), FAILED)])
        assert journal.failures() == {key(2): "The server is away."}
    assert kept(tmp_path, 1, 2) == ["back", None]


def test_a_refusal_is_a_reply(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply(None, ReplyOutcome.REFUSED, detail="No."))])
        assert journal.totals()["replies"] == 1
        assert journal.failures() == {}


def test_totals_are_hand_sums(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        assert set(journal.totals().values()) == {0}
        journal.add(
            [(key(1), Reply("a", tokens_in=10, tokens_out=2, calls=3)), (key(2), Reply("b", tokens_in=None, tokens_out=4, calls=0))]
        )
        journal.add([(key(3), FAILED), (key(3), FAILED)])
        expected = {"replies": 2, "calls": 15, "tokens_in": 10, "tokens_out": 6, "unreported": 1, "failures": 2}
        assert journal.totals() == expected


def test_what_the_server_said_is_listed_once(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add(
            [(key(1), Reply("a", fingerprint="f2", degraded=("seed", "n"))), (key(2), Reply("b", fingerprint="f1", degraded=("n",)))]
        )
        journal.add([(key(3), Reply("c")), (key(4), Reply("d", fingerprint="f1"))])
        assert journal.reported() == {"fingerprints": ["f1", "f2"], "degraded": ["n", "seed"]}


@pytest.mark.parametrize("text", ["", "a\0b\0", "\r\n", "☕" * 3, "\U0010ffff", "\ufeffx", "x" * 10_000_000])
def test_any_text_is_kept_as_it_came(tmp_path: Path, text: str) -> None:
    reply = Reply(text, detail=text[:9], finish=text[:9], fingerprint=text[:9], probabilities={text[:9]: 1.0})
    with opened(tmp_path) as journal:
        journal.add([(key(1), reply)])
        assert list(journal.replies([key(1)])) == [reply]


HALVES = st.text(st.characters(categories=["Cs"]) | st.sampled_from("aé☕\ufeff\U0001f600"), max_size=8)


@given(HALVES)
@settings(max_examples=40)
def test_half_a_character_becomes_a_sign_and_costs_no_other_reply(shared: Journal, text: str) -> None:
    names = [os.urandom(32) for _ in range(3)]
    broken = Reply(text, detail=text, finish=text, fingerprint=text, probabilities={"\ud800": 1.0})
    shared.add(list(zip(names, [Reply("whole"), broken, Reply(outcome=ReplyOutcome.FAILED, detail=text)], strict=True)))
    whole, stored = shared.replies(names[:2])
    assert whole == Reply("whole")
    assert stored is not None
    assert stored.text is not None
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")  # two halves that meet are a character
    assert stored.text == "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in joined)
    assert stored.detail == stored.finish == stored.fingerprint == stored.text
    assert stored.probabilities == {"\ud800": 1.0}


def test_half_a_character_in_the_study_is_one_sentence(tmp_path: Path) -> None:
    with refused("is not a complete character", tmp_path):
        opened(tmp_path, {"personas": [{"text": "\ud800"}]})
    opened(tmp_path).close()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_probabilities_that_are_no_numbers_are_refused(tmp_path: Path, number: float) -> None:
    with opened(tmp_path) as journal:
        with pytest.raises(RunError, match="probabilities that are not numbers"):
            journal.add([(key(1), Reply(probabilities={"a": number}))])
        journal.add([(key(1), Reply("good"))])
    assert kept(tmp_path, 1) == ["good"]


def test_a_reply_that_the_table_cannot_hold_is_never_dropped_in_silence(tmp_path: Path) -> None:
    with opened(tmp_path) as journal, refused("NOT NULL", tmp_path):
        journal.add([(key(1), Reply("paid", calls=None))])  # type: ignore[arg-type]


def test_all_of_a_batch_is_written_or_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        with refused("NOT NULL", tmp_path):
            journal.add([(key(1), Reply("good")), (key(2), FAILED), (key(3), Reply("bad", calls=None))])  # type: ignore[arg-type]
        assert journal.totals()["replies"] == journal.totals()["failures"] == 0
        journal.add([(key(1), Reply("good"))])
    assert kept(tmp_path, 1) == ["good"]


def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with elsewhere(HOLD, tmp_path) as first:
        assert line(first) == "open"
        with refused(BUSY, tmp_path):
            opened(tmp_path)
        with elsewhere(TRY, tmp_path) as second:
            assert line(second).startswith(f"RunError {tmp_path} is in use by another process")
        assert kept(tmp_path, 0, 1, 2, 9) == ["0", "1", "2", None]
        with Journal.read(tmp_path) as reader:
            first.stdin.write("\n")  # type: ignore[union-attr]
            first.stdin.flush()  # type: ignore[union-attr]
            assert line(first) == "added"
            assert [reply and reply.text for reply in reader.replies([key(9)])] == ["later"]
        with refused(BUSY, tmp_path):
            opened(tmp_path)


def test_a_second_journal_of_the_same_process_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        for _ in range(2):
            with refused(BUSY, tmp_path):
                opened(tmp_path)
        journal.add([(key(1), Reply("still mine"))])
    with opened(tmp_path):
        assert kept(tmp_path, 1) == ["still mine"]


def test_a_killed_process_leaves_every_reply_and_no_lock(tmp_path: Path) -> None:
    with elsewhere(HOLD, tmp_path) as first:
        assert line(first) == "open"
        first.kill()
        first.wait()
    with opened(tmp_path) as journal:
        assert journal.totals()["replies"] == 3
        journal.add([(key(7), Reply("resumed"))])
    assert kept(tmp_path, 0, 1, 2, 7) == ["0", "1", "2", "resumed"]


def test_a_run_that_fails_to_open_is_let_go(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("kept"))])
    with refused("begun with another study", tmp_path):
        opened(tmp_path, {**MANIFEST, "model": "other"})
    opened(tmp_path).close()


def test_a_run_in_which_nothing_was_answered_may_begin_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply(outcome=ReplyOutcome.FAILED, detail="no server"))])
    with opened(tmp_path, {**MANIFEST, "model": "other"}) as journal:
        assert journal.manifest["model"] == "other"


@pytest.mark.parametrize("name", ["card.html", "card.json", "answers.csv"])
def test_files_of_something_else_are_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with refused(f"contains {name} but no journal", tmp_path):
        opened(tmp_path)


def altered(folder: Path, statement: str, *values: object) -> None:
    """Do something to a journal that no version does."""
    with closing(sqlite3.connect(folder / FILE)) as raw, raw:
        raw.execute(statement, values)


CHANGES = {
    "outcome": "banana", "probabilities": "[1,2", "text": "other", "tokens_in": 7, "seconds": 3.0, "model": "other", "digest": b"x" * 16,
    "calls": "many", "mass": 0.5, "detail": b"",
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
def test_a_reply_that_is_not_what_was_written_is_named_and_never_read(tmp_path: Path, column: str) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("kept", tokens_in=3))])
    altered(tmp_path, f"UPDATE replies SET {column} = ?", CHANGES[column])  # noqa: S608
    with Journal.read(tmp_path) as journal:
        with refused(f"the row {key(1).hex()[:16]} of replies is damaged", tmp_path):
            list(journal.replies([key(1)]))
        with refused("of replies is damaged", tmp_path):
            journal.reported()


STATEMENTS = {
    "another key": "UPDATE replies SET key = x'09' WHERE text = '1'",
    "a reply less": "DELETE FROM replies WHERE text = '1'",
    "another count": "UPDATE ledger SET tokens_in = 1",
    "another part": "UPDATE manifest SET content = '1' WHERE part = 'model'",
    "another reason": "UPDATE failures SET detail = 'x'",
    "another request": "UPDATE requests SET role = 'judge'",
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_whatever_is_altered_in_whichever_table_is_found(tmp_path: Path, what: str) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(n), Reply(str(n), tokens_in=3)) for n in range(3)], [REQUEST] * 3, "m")
        journal.add([(key(7), FAILED)], [REQUEST], "m")
    altered(tmp_path, STATEMENTS[what])
    with Journal.read(tmp_path) as journal, refused("does not contain the data that were written to it", tmp_path):
        journal.check()
    with refused("does not contain the data that were written to it", tmp_path), opened(tmp_path) as journal:
        journal.totals()
        journal.failures()
        journal.holds(np.frombuffer(key(1) + key(50), np.dtype((np.void, 32))))


def everything(folder: Path) -> Any:
    """All that a report reads of a journal."""
    with Journal.read(folder) as journal:
        replies = list(journal.replies([key(n) for n in range(40)]))
        return journal.manifest, replies, journal.totals(), journal.failures(), journal.reported(), journal.answering_models()


def test_a_flipped_bit_is_harmless_or_one_sentence(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as journal:
        pairs = [(key(n), Reply(f"answer {n}", tokens_in=n, model="m", fingerprint="f")) for n in range(39)]
        journal.add(pairs, [REQUEST] * 39, "openai/m")
        journal.add([(key(39), FAILED)], [REQUEST], "openai/m")
    whole, content = everything(tmp_path / "run"), (tmp_path / "run" / FILE).read_bytes()
    refusals, random = list[str](), Random(1)  # noqa: S311
    for _ in range(300):
        flipped = bytearray(content)
        flipped[random.randrange(len(content))] ^= 1 << random.randrange(8)
        (tmp_path / FILE).write_bytes(flipped)
        try:
            assert everything(tmp_path) == whole
        except RunError as error:
            refusals.append(str(error))
    assert len(refusals) > 50
    assert not [sentence for sentence in refusals if "\n" in sentence]


def test_a_request_has_a_row_with_its_role_and_settings(tmp_path: Path) -> None:
    judge = replace(REQUEST, to="judge", run=3, sampling=Sampling(None, max_tokens=7))
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("x")), (key(2), FAILED)], [REQUEST, judge], "openai/m@http://h/v1")
        journal.add([(key(2), Reply("y"))], [judge], "openai/m@http://h/v1")
    with closing(sqlite3.connect(tmp_path / FILE)) as raw:
        columns = "role, model, run, about, temperature, effort, max_tokens, batch"
        rows = raw.execute(f"SELECT {columns} FROM requests ORDER BY key").fetchall()  # noqa: S608
    model = "openai/m@http://h/v1"
    assert rows == [("", model, 0, '{"item": "tea"}', 0.5, None, 128, None), ("judge", model, 3, '{"item": "tea"}', None, None, 7, None)]


def test_the_ledger_counts_every_call_of_every_role_and_model(tmp_path: Path) -> None:
    judge = replace(REQUEST, to="judge")
    with opened(tmp_path) as journal:
        journal.add(
            [(key(1), Reply("x", tokens_in=5, tokens_out=1)), (key(2), Reply("y", calls=2, unread_in=5, unread_out=9))],
            [REQUEST, judge],
            "m",
        )
        journal.add([(key(1), Reply("again", tokens_in=5, tokens_out=2)), (key(3), replace(FAILED, unread_in=4))], [REQUEST, REQUEST], "m")
        journal.add([(key(4), Reply("z", tokens_in=10**9, tokens_out=0))], [judge], "n")
        assert journal.ledger() == [
            Entry("", "m", 1, 1, 8, 14, 3, 0), Entry("judge", "m", 1, 0, 2, 5, 9, 1), Entry("judge", "n", 1, 0, 1, 10**9, 0, 0),
        ]  # fmt: skip
        assert journal.totals() == {"replies": 3, "calls": 11, "tokens_in": 10**9 + 19, "tokens_out": 12, "unreported": 1, "failures": 1}


@pytest.mark.parametrize("count", [2**63, 2**62, 10**4000, -1, 10**9 + 1])
def test_a_count_that_no_reply_has_is_unreported_and_poisons_nothing(tmp_path: Path, count: int) -> None:
    with opened(tmp_path) as journal:
        for n in range(3):
            journal.add([(key(n), Reply("x", tokens_in=count, tokens_out=count, tokens_thought=count))])
    with Journal.read(tmp_path) as journal:
        assert (journal.totals()["tokens_in"], journal.totals()["unreported"]) == (0, 3)
        assert [reply and reply.tokens_thought for reply in journal.replies([key(0)])] == [None]


def test_a_number_that_no_file_can_hold_is_one_sentence(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        with refused("a number is too large", tmp_path):
            journal.add([(key(1), Reply("x", calls=2**70))])
        assert journal.totals()["replies"] == 0


def test_what_answered_is_listed_by_what_was_asked(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("a", model="m-2024-08-06")), (key(2), Reply("b")), (key(3), Reply("c", model="n"))], [REQUEST] * 3, "m")
        assert journal.answering_models() == [("m", "m-2024-08-06"), ("m", "n")]


@pytest.mark.skipif(os.name != "posix", reason="permissions of another kind")
def test_only_the_owner_reads_a_run(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as journal:
        journal.add([(key(1), Reply("x"))])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()}
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert set(modes) >= {FILE, f"{FILE}-wal", "lock"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_folder_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="cannot be used as a run directory"):
        opened(tmp_path / name)
    with pytest.raises(RunError, match="is not a run directory"):
        Journal.read(tmp_path / name)


@pytest.mark.parametrize("version", [VERSION + 1, "two", None, 0])
def test_a_manifest_of_a_later_version_is_one_sentence(tmp_path: Path, version: object) -> None:
    with opened(tmp_path) as journal:
        journal.note("version", version)
    with Journal.read(tmp_path) as journal, refused("has a manifest of the format .* Use the version that wrote the file", tmp_path):
        journal.manifest  # noqa: B018


def test_a_manifest_that_this_version_does_not_know_is_one_sentence() -> None:
    class Part(BaseModel):
        model_config = ConfigDict(extra="forbid")
        runs: int

    for content in ({"runs": "many"}, {"runs": 1, "new": 2}, {}):
        with (
            pytest.raises(
                RunError,
                match=r"^x cannot be understood by this version .* \((runs|new): .*\)\. Use the version that wrote the file\.$",
            ) as caught,
            understood(Path("x")),
        ):
            Part.model_validate(content)
        assert "\n" not in str(caught.value)
    with pytest.raises(RunError, match="the key 'a' is missing"), understood(Path("x")):
        dict[str, int]()["a"]
    with pytest.raises(RunError, match="unexpected keyword"), understood(Path("x")):
        Persona(id="a", text="b", soul="c")  # type: ignore[call-arg]


def test_threads_take_turns(tmp_path: Path) -> None:
    troubles: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for n in range(5):
                journal.add([(key(1000 * thread + n), Reply("x")), (key(1), FAILED)])
                journal.note(f"part {thread}", n)
        except Exception as error:  # noqa: BLE001 (shown below)
            troubles.append(error)

    with opened(tmp_path) as journal:
        journal._connection.set_trace_callback(lambda _: time.sleep(0.0005))  # noqa: SLF001 (the others get a chance in between)
        threads = [threading.Thread(target=work, args=[n]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert troubles == []
        assert journal.totals()["replies"] == 20
        assert journal.totals()["failures"] == 20
        assert {part: content for part, content in journal.manifest.items() if "part" in part} == {f"part {n}": 4 for n in range(4)}


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "a value": ({"model": "n"}, "model: m → n"),
    "deep inside": ({"study": {"runs": 8, "seed": None}}, r"study\.runs: 5 → 8"),
    "from nothing": ({"study": {"runs": 5, "seed": 3}}, r"study\.seed: none → 3"),
    "a key more": ({"study": {"runs": 5, "seed": None, "x": 1}}, r"study\.x: none → 1"),
    "a key less": ({"study": {"seed": None}}, r"study\.runs: 5 → none"),
    "an entry": ({"personas": [{"id": "a", "text": "x"}, {"id": "b", "text": "z"}]}, r"personas\[1\]\.text: y → z"),
    "an entry less": ({"personas": [{"id": "a", "text": "x"}]}, "personas: 2 → 1 entries"),
    "another kind": ({"personas": "none"}, "personas: .* → none"),
    "a part more": ({"prompt": "p"}, "prompt: none → p"),
    "a long text": ({"model": "x" * 99}, f"model: m → {'x' * 37}…"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_changed_study_is_refused_with_what_changed(tmp_path: Path, what: str) -> None:
    change, message = CHANGED[what]
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("kept"))])
        journal.note("versions", "never compared")
    with refused(rf"was begun with another study: {message}\. Undo the change, .* \(--out\), or pass --extend", tmp_path):
        opened(tmp_path, {**MANIFEST, **change})
    with Journal.read(tmp_path) as journal:
        assert journal.manifest == {**MANIFEST, **STORED, "versions": "never compared"}
    with opened(tmp_path, {**MANIFEST, **change}, extend=True) as journal:
        assert journal.manifest == {**MANIFEST, **STORED, **change, "versions": "never compared"}
    assert kept(tmp_path, 1) == ["kept"]


def test_every_changed_part_is_named_however_much_changed(tmp_path: Path) -> None:
    parts = {name: list(range(100)) for name in ("model", "study", "prompt", "personas", "items")}
    with opened(tmp_path, parts) as journal:
        journal.add([(key(1), Reply("kept"))])
    with pytest.raises(RunError) as caught:
        opened(tmp_path, {name: [-1 - n for n in content] for name, content in parts.items()})
    for name in parts:
        assert f"{name}[0]: 0 → -1" in str(caught.value)
    assert str(caught.value).count("and 96 more") == 5


def test_a_setting_that_older_versions_did_not_know_is_no_change_while_it_is_unset(tmp_path: Path) -> None:
    opened(tmp_path, {"study": {"runs": 5}}).close()
    with opened(tmp_path, {"study": {"runs": 5, "new": None}}) as journal:
        assert journal.manifest == {"study": {"runs": 5, "new": None}, **STORED}


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text(), of, max_size=3))
)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert changes(value, value) == []
    assert changes({"x": value}, {"x": [value, 1]}) != []


def test_a_begin_that_was_killed_left_all_of_the_manifest_or_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, {}) as journal:
        trap = "CREATE TRIGGER trap BEFORE INSERT ON manifest WHEN NEW.part = 'study' BEGIN SELECT RAISE(ABORT, 'killed here'); END"
        journal._connection.execute(trap)  # noqa: SLF001
    with refused("killed here", tmp_path):
        opened(tmp_path)
    with opened(tmp_path, {}) as journal:
        assert journal.manifest == STORED
        journal._connection.execute("DROP TRIGGER trap")  # noqa: SLF001
    with opened(tmp_path) as journal:
        assert journal.manifest == MANIFEST | STORED


@contextmanager
def limited(pages: int, journal: Journal) -> Iterator[None]:
    """A disk that takes so many pages more."""
    connection = journal._connection  # noqa: SLF001
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {count + pages}")
    yield
    connection.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_is_one_sentence_and_costs_nothing_that_was_written(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("before"))])
        with limited(2, journal):
            with refused(r"full\. Free some space and resume\. Everything that was written before is kept\.$", tmp_path):
                journal.add([(key(n), Reply("x" * 2000)) for n in range(2, 50)])
            assert journal.totals()["replies"] == 1
        journal.add([(key(2), Reply("after"))])
    assert kept(tmp_path, 1, 2, 3) == ["before", "after", None]


FULL = f"""
import resource, signal
journal = Journal.open(sys.argv[1], {MANIFEST!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    for n in range(10_000): journal.add([(n.to_bytes(32, "big"), Reply("x" * 10_000))]); done = n
except Exception as error: print(done, type(error).__name__, error, flush=True)
"""


def test_a_file_that_may_not_grow_is_one_sentence_and_the_run_goes_on_elsewhere(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    with elsewhere(FULL, tmp_path) as process:
        done, kind, message = line(process).split(" ", 2)
        process.wait()
    assert kind == "RunError"
    assert message.endswith("Everything that was written before is kept.")
    with opened(tmp_path) as journal:
        assert journal.totals()["replies"] == int(done) + 1 > 10
        journal.add([(key(2**200), Reply("more"))])


def damaged(folder: Path, content: bytes) -> Path:
    """A run directory whose journal was replaced."""
    with opened(folder) as journal:
        journal.add([(key(n), Reply("x" * 500)) for n in range(200)])
    for extra in ("-wal", "-shm"):
        (folder / f"{FILE}{extra}").unlink(missing_ok=True)
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[: len(whole) // 3] if content == b"cut" else content)
    return folder


@pytest.mark.parametrize("content", [b"cut", os.urandom(9000), b"SQLite format 3\0" + os.urandom(9000), b"text"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    folder = damaged(tmp_path / "run", content)
    for use in (opened, Journal.read):
        with refused("damaged", folder), use(folder) as journal:
            assert journal.manifest == MANIFEST | STORED
            list(journal.replies([key(n) for n in range(200)]))
            journal.check()


def test_an_empty_file_is_begun_anew_and_holds_no_run_before(tmp_path: Path) -> None:
    folder = damaged(tmp_path / "run", b"")
    with refused("is not the journal of a run", folder):
        Journal.read(folder)
    with opened(folder) as journal:
        assert journal.manifest == MANIFEST | STORED


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_another_schema_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    for use in (opened, Journal.read):
        with refused(
            f"has the format {version}, but this .* up to {VERSION}. Use the version that wrote the file",
            tmp_path,
        ):
            use(tmp_path)


def test_a_file_where_the_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with refused("cannot be used as a run directory", tmp_path / "run"):
        opened(tmp_path / "run")
    with refused("cannot be used as a run directory", tmp_path / "run" / "below"):
        opened(tmp_path / "run" / "below")
    with refused("is not a run directory", tmp_path / "run"):
        Journal.read(tmp_path / "run")


@pytest.mark.parametrize("name", [FILE, "lock"])
def test_a_folder_where_a_file_should_be_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with refused(f"{name}: unable to open database file", tmp_path):
        opened(tmp_path)


def test_a_lock_that_is_something_else_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"not a database, but long enough to look at" * 99)
    with refused("lock: file is not a database", tmp_path):
        opened(tmp_path)


def test_a_lock_that_cannot_be_taken_is_not_said_to_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def execute(self, _: str) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

        def close(self) -> None:
            pass

    monkeypatch.setattr(module, "_connect", lambda *_, **__: Broken())
    with refused("lock: disk I/O error", tmp_path):
        opened(tmp_path)


def test_a_folder_without_a_journal_is_no_run(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with refused(f"is not a run directory: it has no {FILE}", folder):
            Journal.read(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with refused("unable to open database file", tmp_path):
        opened(tmp_path)


def test_an_archive_that_nobody_can_write_to_is_read_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as journal:
        journal.add([(key(1), Reply("x"))])
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Journal.read(tmp_path) as reader:
        assert [reply and reply.text for reply in reader.replies([key(1)])] == ["x"]
        assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, "lock"]


@pytest.mark.parametrize("name", ["a b", "a%20b", "a?mode=rw", "a#b", "ä☕", "'"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name) as journal:
        journal.add([(key(1), Reply("x"))])
    assert kept(tmp_path / name, 1) == ["x"]


def test_a_copy_of_a_run_is_a_run(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as journal:
        journal.add([(key(1), Reply("x"))])
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    with opened(tmp_path / "copy") as journal:
        journal.add([(key(2), Reply("y"))])
    assert kept(tmp_path / "run", 1, 2) == ["x", None]
    assert kept(tmp_path / "copy", 1, 2) == ["x", "y"]


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with Journal.read(tmp_path) as reader:
        with refused("readonly", tmp_path):
            reader.add([(key(1), Reply("x"))])
        with refused("readonly", tmp_path):
            reader.note("a", 1)
