"""The page of remedies lists every one as it says of itself, with the failures of the diagnosis against which it is published."""

import re
from pathlib import Path

from personametrics.cli.remedies import LEARNS
from personametrics.lab.diagnosis import FAILURES
from personametrics.lab.members import remedies

PAGE = (Path(__file__).parents[2] / "docs" / "remedies.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)


def test_the_table_has_every_remedy_in_order_as_it_says_of_itself() -> None:
    wanted = [(name, kind.says, kind.acts_on, LEARNS[kind.splits]) for name, kind in sorted(remedies().items())]
    assert [row[:4] for row in ROWS] == wanted


def test_the_table_has_the_failures_of_the_diagnosis_against_which_each_is_published() -> None:
    for name, *_, against in ROWS:
        assert set(re.findall(r"`(\w+)`", against)) == {failure for failure, known in FAILURES.items() if name in known.remedies}, name


def test_every_remedy_has_its_limits_told() -> None:
    _, _, limits = PAGE.partition("## What each is not")
    assert re.findall(r"^- \*\*`(\w+)`\*\*", limits, re.MULTILINE) == sorted(remedies())
