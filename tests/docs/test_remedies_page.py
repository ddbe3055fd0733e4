"""The page of remedies lists every remedy with its own description, and the failures of the diagnosis that it is published against."""

import re
from pathlib import Path

from personametrics.cli.remedies import LEARNS
from personametrics.lab.members import remedies

PAGE = (Path(__file__).parents[2] / "docs" / "remedies.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)


def test_the_table_has_every_remedy_in_order_with_its_own_description() -> None:
    rows = [(name, kind.says, kind.acts_on, LEARNS[kind.splits]) for name, kind in sorted(remedies().items())]
    assert [row[:4] for row in ROWS] == rows


def test_the_table_has_the_failures_of_the_diagnosis_that_each_is_published_against() -> None:
    for name, *_, against in ROWS:
        assert tuple(re.findall(r"`(\w+)`", against)) == remedies()[name].against, name


def test_the_limits_of_every_remedy_are_stated() -> None:
    _, _, limits = PAGE.partition("## Limits of each remedy")
    assert re.findall(r"^- \*\*`(\w+)`\*\*", limits, re.MULTILINE) == sorted(remedies())
