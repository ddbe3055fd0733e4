"""The command line in this process: what it is given, and what it leaves behind."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from personametrics import cli

PEOPLE = "id,text,party\n" + "".join(
    f"p{index},You are person {index} of the panel.,{'left' if index % 2 else 'right'}\n" for index in range(4)
)
ITEMS = "id,text,scale\n" + "".join(f"i{index},Is statement {index} right?,1|2|3|4|5\n" for index in range(3))


@dataclass(frozen=True)
class Said:
    """What the program left behind: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, which is JSON and nothing else."""
        return json.loads(self.out)


Program = Callable[..., Said]


def program_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program in a folder with people.csv and items.csv, with no key in the environment."""
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "items.csv").write_text(ITEMS)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["personametrics", *arguments])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        return Said(code, *capsys.readouterr())

    return run


def study(base_url: str, *settings: str) -> tuple[str, ...]:
    """Four personas, three items, two runs; settings of the form key=value."""
    given = ("--model", f"openai:world@{base_url}", "--personas", "people.csv", "--items", "items.csv", "--runs", "2")
    return (*given, *(part for setting in settings for part in ("--set", setting)))


def refused(completed: Said, *parts: str) -> None:
    """One sentence, exit code 2, nothing else."""
    assert completed.code == 2
    assert completed.out == ""
    line = completed.err.strip().splitlines()[-1]
    assert line.startswith("personametrics: ")
    assert "Traceback" not in completed.err
    for part in parts:
        assert part in line
