"""The study and the remedy of the page "Write your own study" are listed, and take part in the diagnosis."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from personametrics.cli import app
from personametrics.lab import members

PAGE = (Path(__file__).parents[2] / "docs" / "write_your_own.md").read_text(encoding="utf-8")


def test_the_files_of_the_page_are_listed_and_add_a_failure_to_the_diagnosis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(members, "_loaded", {})
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(block, {})  # noqa: S102 (our own documentation)
    plugins = ["--plugin", "yeasaying.py", "--plugin", "doubt.py"]
    rows = json.loads(CliRunner().invoke(app, ["studies", *plugins, "--json"]).stdout)
    assert "yeasaying" in {row["name"] for row in rows}
    rows = json.loads(CliRunner().invoke(app, ["remedies", *plugins, "--json"]).stdout)
    assert {row["name"]: row["against"] for row in rows}["doubt"] == ["yeasaying"]
    panel = ["--model", "embedded", "--personas", "people.csv", "--items", "items.csv", "--runs", "1", "--out", "audited"]
    card = json.loads(CliRunner().invoke(app, ["audit", *plugins, *panel, "--studies", "yeasaying", "--json"]).stdout)
    findings = {finding["study"]: finding for finding in card["findings"]}
    assert findings["yeasaying"]["estimates"][0]["name"] == "excess"
    assert "yeasaying" in {row["failure"] for row in findings["diagnosis"]["evidence"]["failures"]}


def test_the_page_stays_short() -> None:
    assert len(PAGE.splitlines()) <= 60
