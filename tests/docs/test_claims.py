"""The page of claims is equal to the output of its generator, and covers every study of a published claim."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from personametrics.lab.members import studies

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
FAST = ("A secret", "The value named first", "Models know groups")
"""Claims that take the embedded model a second or two each."""
UNCLAIMED = {"controls"}
"""Studies that check a panel and test no published claim."""


@pytest.fixture(scope="module")
def claims() -> ModuleType:
    """Return the generator, a script of the benchmarks."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("claims")
    finally:
        sys.path.pop(0)


def rows() -> dict[str, list[str]]:
    """Return the cells of the first table by claim."""
    (part,) = re.findall(r"<!-- begin claims -->(.*?)<!-- end claims -->", PAGE, re.DOTALL)
    cells = [line.strip("| \n").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {first: rest for first, *rest in cells[2:]}


def test_every_claim_is_on_the_page_and_every_study_among_them(claims: ModuleType) -> None:
    assert list(rows()) == [claim.says for claim in claims.CLAIMS]
    assert {claim.study for claim in claims.CLAIMS} == set(studies()) - UNCLAIMED


def test_the_table_of_figures_and_sources_is_that_of_the_claims(claims: ModuleType) -> None:
    assert claims.legend(claims.CLAIMS) in PAGE


@pytest.mark.parametrize("begin", FAST)
def test_the_embedded_model_says_what_the_page_says(claims: ModuleType, begin: str, tmp_path: Path) -> None:
    (claim,) = (claim for claim in claims.CLAIMS if claim.says.startswith(begin))
    source, command, _, answer, held = rows()[claim.says]
    outcome = claims.toy(claim, tmp_path)
    assert [source, command, answer] == [f"`{claim.source}`", f"`{claim.command}`", outcome.shown]
    assert held.endswith(f"embedded: {outcome.held}")


@pytest.mark.parametrize(
    "name",
    [
        "annotation",
        "capability",
        "consistency",
        "individuation",
        "population",
        "prior_pull",
        "resistance",
        "response_types",
        "stability",
        "wording",
    ],
)
def test_recorded_answers_say_what_the_page_says(claims: ModuleType, name: str) -> None:
    if not claims.data().is_dir():
        pytest.skip("recorded answers are not at hand; set PERSONAMETRICS_DATA to their folder")
    for claim in (claim for claim in claims.CLAIMS if claim.study == name):
        outcomes = claims.recorded(claim)
        assert rows()[claim.says][2] == "<br>".join(outcome.shown for outcome in outcomes)
        assert rows()[claim.says][4].startswith(f"recorded: {', '.join(outcome.held for outcome in outcomes)}<br>")


def test_a_claim_is_held_open_or_not_by_its_interval_or_its_verdict(claims: ModuleType) -> None:
    by_label, by_interval = (next(claim for claim in claims.CLAIMS if claim.claimed == claimed) for claimed in ("prior wins", "< 1"))
    assert [claims.held(by_label, 0.0, 0.0, label) for label in ("prior wins", "undecided", "persona wins")] == ["yes", "open", "no"]
    assert [claims.held(by_interval, *ends, "") for ends in ((0.5, 0.9), (0.9, 1.1), (1.1, 2.0))] == ["yes", "open", "no"]
