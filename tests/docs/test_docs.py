"""Every code block of the documentation runs, in order, page by page; and what it lists is what there is."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from personametrics.cli import app
from personametrics.data.estimate import NAMES
from personametrics.data.outcome import ReplyOutcome

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OFTEN = (ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE)
"""Outcomes that are said when there are many."""
SET_UP = re.compile(r"make \w+|git clone \S+|cd \S+")


def run_commands(block: str) -> None:
    """Run the lines that are ours; anything but setting up the project must be."""
    for line in block.strip().splitlines():
        if SET_UP.fullmatch(line.split("#")[0].strip()):
            continue
        program, *arguments = shlex.split(line, comments=True)
        assert program == "personametrics", line
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            exec(compile(block, str(page), "exec"), namespace)  # noqa: S102 (our own documentation)
        else:
            run_commands(block)


def test_the_table_of_estimates_is_complete() -> None:
    page = (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.MULTILINE))
    assert rows == {name: f"{entry.unit} | {entry.counts} | {entry.meaning}" for name, entry in NAMES.items()}


def test_the_table_of_traps_is_complete() -> None:
    page = (ROOT / "docs" / "traps.md").read_text(encoding="utf-8")
    listed = {code for row in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE) for code in re.findall(r"`([a-z-]+)`", row)}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "personametrics").rglob("*.py")]
    raised = {code for source in sources for code in re.findall(r'Notice\(\s*"([a-z-]+)"', source)}
    often = {
        f"{kind}{outcome}" for source in sources for kind in re.findall(r'Notice\(\s*f"([a-z-]+){outcome}"', source) for outcome in OFTEN
    }
    few = {f"few-{facet}s" for facet in ("persona", "item") if any('Notice(f"few-{facet}s"' in source for source in sources)}
    assert listed == raised | often | few
