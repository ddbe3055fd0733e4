"""The page of studies lists every one with its question and the labels of its verdicts."""

import inspect
import re
from pathlib import Path

from personametrics.lab.members import studies

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
VERDICT = re.compile(r'Verdict\(\s*"([^"]+)"')


def test_the_table_has_every_study_in_order_with_its_question() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert rows == [(name, kind.question) for name, kind in sorted(studies().items())]


def test_the_table_has_every_label_of_a_verdict() -> None:
    for name, kind in studies().items():
        (row,) = re.findall(rf"^\| `{name}` \|.*\| (.*?) \|$", PAGE, re.MULTILINE)
        module = inspect.getmodule(kind)
        assert module is not None
        written = set(VERDICT.findall(inspect.getsource(module))) | {kind().known().verdict}
        assert written - {"undecided"} <= set(re.findall(r"`([^`]+)`", row)), name
