"""Whatever happens to an audit, nothing that was paid for is lost, and nothing is asked twice that was answered."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

KILLS = 20
CONNECTIONS = 4
FAULTS = Path(__file__).parents[1] / "faults.py"
PROGRAM = [sys.executable, "-m", "personametrics"]
PEOPLE = "id,text,party\n" + "".join(
    f"p{index},You are person {index} of the panel.,{'left' if index % 2 else 'right'}\n" for index in range(8)
)
ITEMS = "id,text,scale\n" + "".join(f"i{index},Is statement {index} right?,1|2|3|4|5\n" for index in range(6))
STUDY = """\
model: openai:world@{url}
personas: people.csv
items: items.csv
runs: 3
out: {out}
sampling: {{seed: 1}}
limits: {{connections: 4, attempts: 3, timeout: 5}}
"""

TALK = """\
model: openai:world@{url}
partner: {{model: openai:bot@{url}, sampling: {{seed: 1}}}}
personas: people.csv
turns: 2
runs: 25
out: {out}
sampling: {{seed: 1}}
limits: {{connections: 8, attempts: 3, timeout: 5}}
"""
"""200 dialogues."""


@pytest.fixture(name="url")
def _url() -> Iterator[str]:
    """A server that takes a moment for each answer."""
    yield from serving("slow")


@pytest.fixture(name="stalling")
def _stalling() -> Iterator[str]:
    """A server that takes its time."""
    yield from serving("stall")


def serving(fault: str) -> Iterator[str]:
    """A server in a process of its own."""
    with subprocess.Popen([sys.executable, str(FAULTS), "--fault", fault], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path


def study(folder: Path, url: str, out: str) -> str:
    path = folder / f"{out}.yaml"
    path.write_text(STUDY.format(url=url, out=out))
    return str(path)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)


def finished(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)


def table(run: Path) -> pl.DataFrame:
    """The answers of a run, without what differs from call to call."""
    assert finished("export", str(run), "--to", "parquet").returncode == 0
    frame = pl.read_parquet(run / "answers.parquet")
    return frame.drop("seconds").sort("arm", "persona", "item", "run")


def seen(url: str) -> dict[str, int]:
    """How often the server saw each request."""
    with urllib.request.urlopen(url.replace("/v1", "/seen")) as answer:  # noqa: S310 (our own server)
        counts: dict[str, int] = json.load(answer)
        return counts


def wait_for(run: Path, replies: int) -> None:
    """Wait until a run has some replies."""
    for _ in range(2000):
        if (run / "journal.sqlite").exists() and count(run) >= replies:
            return
        time.sleep(0.005)
    pytest.fail(f"{run} never had {replies} replies")


def count(run: Path) -> int:
    """Replies in the journal."""
    try:
        with closing(sqlite3.connect(run / "journal.sqlite")) as journal:
            return int(journal.execute("SELECT count(*) FROM replies").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # no table yet


def test_killed_twenty_times_the_audit_ends_with_the_same_table(folder: Path, url: str) -> None:
    assert finished("audit", study(folder, url, "whole")).returncode == 0
    expected = count(folder / "whole")
    assert sum(seen(url).values()) == expected
    moments = sorted(random.Random(0).sample(range(1, expected - CONNECTIONS), KILLS))  # noqa: S311
    running = start("audit", study(folder, url, "killed"))
    for moment in moments:
        wait_for(folder / "killed", moment)
        assert running.poll() is None
        running.kill()
        running.communicate()
        missing, before = expected - count(folder / "killed"), sum(seen(url).values())
        running = start("resume", str(folder / "killed"))
    running.communicate()
    assert running.returncode == 0
    assert table(folder / "killed").equals(table(folder / "whole"))
    assert sum(seen(url).values()) == before + missing  # what had a reply is not asked again
    assert max(seen(url).values()) <= 2 + KILLS


def test_killed_inside_two_hundred_dialogues_no_line_is_lost_and_none_said_twice(folder: Path, url: str) -> None:
    for out in ("whole", "killed"):
        (folder / f"{out}.yaml").write_text(TALK.format(url=url, out=out))
    assert finished("talk", str(folder / "whole.yaml")).returncode == 0
    whole, expected = pl.read_parquet(folder / "whole" / "dialogues.parquet"), count(folder / "whole")
    assert (whole["dialogue"].n_unique(), len(whole), whole["text"].null_count()) == (200, 800, 0)
    assert sum(seen(url).values()) == expected
    running = start("talk", str(folder / "killed.yaml"))
    lost = 0
    for moment in (30, 230, expected - 40):  # in the first lines, in the first answers, in the last
        wait_for(folder / "killed", moment)
        assert running.poll() is None
        running.kill()
        running.communicate()
        missing, before = expected - count(folder / "killed"), sum(seen(url).values())
        lost += before - lost - 2 * expected + missing  # asked and not on disk
        running = start("talk", str(folder / "killed.yaml"))
    running.communicate()
    assert running.returncode == 0
    assert pl.read_parquet(folder / "killed" / "dialogues.parquet").equals(whole)
    assert sum(seen(url).values()) == before + missing  # what had a reply is not asked again
    assert lost <= 3 * 2 * 8  # what was on its way, or had just arrived


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_to_resume_and_loses_nothing(folder: Path, url: str, sign: signal.Signals) -> None:
    running = start("audit", study(folder, url, "run"))
    wait_for(folder / "run", 20)
    running.send_signal(sign)
    began = time.monotonic()
    _, output = running.communicate(timeout=20)
    assert running.returncode == 130
    assert time.monotonic() - began < 6
    assert f"personametrics resume {folder / 'run'}" in output
    assert "Traceback" not in output
    asked = seen(url)
    assert count(folder / "run") == sum(asked.values())  # all that was on its way arrived
    assert finished("resume", str(folder / "run")).returncode == 0
    assert max(seen(url).values()) == 1


def test_interrupted_twice_it_stops_at_once(folder: Path, stalling: str) -> None:
    running = start("audit", study(folder, stalling, "run"))
    wait_for(folder / "run", 1)
    running.send_signal(signal.SIGINT)
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, output = running.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert running.returncode == 130
    assert "Traceback" not in output


def test_a_second_process_is_refused_and_a_reader_is_not(folder: Path, stalling: str) -> None:
    running = start("audit", study(folder, stalling, "run"))
    wait_for(folder / "run", 1)
    second = finished("resume", str(folder / "run"))
    assert second.returncode == 2
    assert "in use by another process" in second.stderr
    assert finished("report", str(folder / "run")).returncode == 0
    assert running.poll() is None
    running.kill()
    running.communicate()
