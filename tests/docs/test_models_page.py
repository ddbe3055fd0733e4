"""The page of the models says what the doctor tries, and what a server shows of label probabilities."""

import asyncio
import re
from pathlib import Path

from personametrics.data.request import Request
from personametrics.elicit.doctor import CONTEXT, examine
from personametrics.models.chat import SHOWN
from personametrics.models.function import Answer, Scripted
from personametrics.models.registry import GROUP

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def able(request: Request) -> Answer:
    return {choice: 1 / len(request.choices) for choice in request.choices} if request.score else "yes"


def test_the_table_of_probes_has_every_one_in_order() -> None:
    tried = [probe.name for probe in asyncio.run(examine(Scripted(able)))]
    (table,) = re.findall(r"^\| probe .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == tried


def test_the_figures_are_those_of_the_code() -> None:
    assert f"prompts of about {CONTEXT[0]:,}, {CONTEXT[1]:,} and {CONTEXT[2]:,} tokens" in PAGE
    assert f"the {SHOWN} likeliest" in PAGE
    assert f'[project.entry-points."{GROUP}"]' in PAGE
