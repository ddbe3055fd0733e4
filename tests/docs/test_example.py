"""The worked example says what its stored cards say, and its files are those that its scripts write."""

import importlib.util
import json
import shlex
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "nli_panel"
CARDS: dict[str, Any] = json.loads((FOLDER / "cards.json").read_text(encoding="utf-8"))
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def script(name: str) -> ModuleType:
    """A script of the example, as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


report = script("report")


def test_the_page_says_what_the_cards_say() -> None:
    assert report.page(PAGE, CARDS) == PAGE
    assert all(f"<!-- begin {name} -->" in PAGE for name in report.blocks(CARDS))


def test_the_recommendation_rests_on_the_verdicts_it_was_written_for() -> None:
    assert report.unlike(CARDS) == []
    broken = json.loads(json.dumps(CARDS))
    broken["annotation"][0]["verdict"]["label"] = "worse than one annotator"
    assert report.unlike(broken) == ["annotation: annotation"]


def test_the_tables_are_those_that_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = script("make_inputs")
    monkeypatch.setattr(inputs, "HERE", tmp_path)
    inputs.main()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(name for name in report.INPUTS if name.endswith(".csv"))
    assert all((tmp_path / name).read_bytes() == (FOLDER / name).read_bytes() for name in written)


def test_a_command_says_anew_what_is_stored(tmp_path: Path) -> None:
    for name in report.INPUTS:
        shutil.copy(FOLDER / name, tmp_path)
    summary = report.summary(report.card(shlex.split(report.quoted(report.COMMANDS["few"])), tmp_path))
    assert report.told(summary) == report.told(CARDS["few"])
