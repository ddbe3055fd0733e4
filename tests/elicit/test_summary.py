"""How the asking went: counts that add up, and every notice for its reason alone."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from worlds import ITEMS, PEOPLE, World, mind, planned, request

from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import Prices
from personametrics.elicit.journal import Journal
from personametrics.elicit.summary import OFTEN, record
from personametrics.lab.audit import Audit

PRICES = Prices(1e6, 2e6)
ALONE = {"none": False, "irrelevant": 0}


def of(run: Audit, prices: Prices | None = PRICES) -> Finding:
    with Journal.read(run.folder) as journal:
        return record(run.table, journal, prices, 0.9)


def recorded(folder: Path, function: Any, prices: Prices | None = PRICES, **study: Any) -> Finding:
    run = planned(folder, **({"controls": ALONE} | study))
    request(run, World(function))
    return of(run, prices)


def codes(finding: Finding) -> list[str]:
    return [notice.code for notice in finding.notices]


def plain(asked: Request) -> Reply:
    return Reply(asked.choices[0], tokens_in=3, tokens_out=1, calls=1, fingerprint="one")


def test_a_whole_run_is_complete_and_counted(tmp_path: Path) -> None:
    finding = recorded(tmp_path, plain)
    requests = len(PEOPLE) * len(ITEMS) * 2
    assert finding.verdict.label == "complete"
    assert finding.verdict.sentence == f"100.0% of {requests} requests were answered ({requests} answered)."
    assert {e.name: (e.value, e.n) for e in finding.estimates} == {
        "used.calls": (requests, requests),
        "used.tokens_in": (3 * requests, requests),
        "used.tokens_out": (requests, requests),
        "used.money": (5 * requests, requests),
    }
    assert codes(finding) == []


def test_the_shuffled_control_shares_its_replies_and_counts_once(tmp_path: Path) -> None:
    finding = recorded(tmp_path, plain, controls=ALONE | {"shuffled": True})
    assert "60 requests" in finding.verdict.sentence


def troubled(asked: Request) -> Reply:
    """Of 60 asks, 10 fail, 10 are refused, 10 cannot be read."""
    by_name = {
        "Ada": Reply(outcome=ReplyOutcome.FAILED, detail="503: away", calls=6),
        "Bela": Reply(outcome=ReplyOutcome.REFUSED),
        "Cleo": Reply("?"),
    }
    return next((reply for name, reply in by_name.items() if name in asked.messages[0].text), plain(asked))


def test_what_did_not_come_is_counted_by_persona_and_reason(tmp_path: Path) -> None:
    finding = recorded(tmp_path, troubled)
    assert finding.verdict.label == "incomplete"
    assert "50.0% of 60 requests were answered" in finding.verdict.sentence
    assert "10 have no reply yet (most often: 503: away). Resume" in finding.verdict.sentence
    shares = {row["persona"]: row for row in finding.evidence["outcomes by persona"]}
    assert (shares["Ada"]["failed"], shares["Bela"]["refused"], shares["Cleo"]["unparsable"], shares["Dora"]["answered"]) == (1, 1, 1, 1)
    why = {(row["outcome"], row["reason"]): row["asks"] for row in finding.evidence["asks without an answer"]}
    assert why == {("failed", "503: away"): 10, ("refused", ""): 10}
    assert codes(finding) == ["often-refused", "often-unparsable"]
    assert finding["used.calls"].value == 10 * 6 + 50


def test_shares_are_said_only_where_they_are_more_than_seldom(tmp_path: Path) -> None:
    seldom = int(OFTEN * 60)

    def function(asked: Request, left: list[int] = [seldom]) -> Reply:  # noqa: B006 (counts down)
        left[0] -= 1
        return Reply("?") if left[0] >= 0 else plain(asked)

    assert codes(recorded(tmp_path, function)) == []


def test_what_is_missing_is_not_what_failed(tmp_path: Path) -> None:
    run = planned(tmp_path, controls=ALONE)
    with Journal.open(tmp_path, run.manifest) as journal:
        journal.note("plan", {})
    finding = of(run)
    assert finding.verdict.sentence == "0.0% of 60 requests were answered (60 missing). 60 have no reply yet. Resume the run to ask them."
    assert finding["used.calls"].value == 0


def test_tokens_that_are_not_reported_are_not_zero(tmp_path: Path) -> None:
    finding = recorded(tmp_path, lambda asked: Reply(asked.choices[0]) if asked.run else plain(asked))
    for name in ("tokens_in", "tokens_out", "money"):
        assert math.isnan(finding[f"used.{name}"].value)
        assert finding[f"used.{name}"].status == EstimateStatus.UNREPORTED
    assert finding["used.calls"].value == 60


def test_a_model_of_ones_own_costs_nothing_even_if_it_counts_nothing(tmp_path: Path) -> None:
    assert recorded(tmp_path, lambda asked: asked.choices[0], Prices(0, 0))["used.money"].value == 0


def test_without_prices_there_is_no_money(tmp_path: Path) -> None:
    assert "used.money" not in {e.name for e in recorded(tmp_path, plain, None).estimates}


def test_a_server_that_changes_its_name_or_leaves_something_undone_is_said(tmp_path: Path) -> None:
    def function(asked: Request) -> Reply:
        return Reply(asked.choices[0], fingerprint=f"build {asked.run}", degraded=("seed",))

    finding = recorded(tmp_path, function)
    assert codes(finding) == ["model-changed", "degraded"]
    assert "2 different builds during the run (build 0, build 1)" in finding.notices[0].text
    assert "seed" in finding.notices[1].text


@pytest.mark.parametrize(
    ("asked", "answered", "other"),
    [
        ("openai/gpt-4o@https://api.openai.com/v1", "gpt-4o-2024-08-06", False),
        ("openai/gpt-4o@https://api.openai.com/v1#structured=choice", "gpt-4o", False),
        ("openai/org/llama:8b@http://h/v1", "llama:8b", False),
        ("openai/llama@http://h/v1", "models/llama.gguf", False),
        ("openai/llama@http://h/v1", "llama:latest", False),
        ("openai/claude-3-latest@http://h/v1", "claude-3-20240229", False),
        ("openai/weights@http://h/v1", "/folder/weights@main", False),
        ("openai/gpt-4o@https://api.openai.com/v1", "gpt-4o-mini-2024-07-18", True),
        ("openai/gpt-4o@https://api.openai.com/v1", "totally-other", True),
        ("scripted/world", "", False),
    ],
)
def test_another_model_than_the_one_asked_is_said(tmp_path: Path, asked: str, answered: str, other: bool) -> None:
    with Journal.open(tmp_path, {"model": asked}) as journal:
        journal.add([(bytes(32), Reply("x", model=answered))], [Request(())], asked)
        frame = pl.DataFrame(
            {"arm": ["panel"], "persona": ["a"], "item": ["b"], "outcome": ["answered"], "rule": ["exact"], "detail": [""]}
        )
        notices = {notice.code: notice.text for notice in record(frame, journal, None, 0.9).notices}
    assert ("other-model" in notices) == other
    if other:
        assert notices["other-model"].endswith(f": {answered} answered requests to gpt-4o.")


def test_money_is_summed_over_models_with_prices_of_their_own(tmp_path: Path) -> None:
    frame = pl.DataFrame({"arm": ["panel"], "persona": ["a"], "item": ["b"], "outcome": ["answered"], "rule": ["exact"], "detail": [""]})
    with Journal.open(tmp_path, {}) as journal:
        journal.add([(bytes(32), Reply("x", tokens_in=3, tokens_out=1))], [Request(())], "a")
        journal.add([(bytes([1] * 32), Reply("x", tokens_in=5, tokens_out=1))], [Request((), to="judge")], "b")
        prices = {"a": Prices(1e6, 2e6), "b": Prices(1e5, 0)}
        assert record(frame, journal, prices, 0.9)["used.money"].value == pytest.approx(5 + 0.5)
        assert "used.money" not in {estimate.name for estimate in record(frame, journal, {"a": prices["a"]}, 0.9).estimates}


def test_personas_that_do_not_speak_of_themselves_are_said(tmp_path: Path) -> None:
    def function(asked: Request) -> Reply:
        return mind(asked) if asked.choices else Reply("I am an assistant.", tokens_in=len(asked.messages[0].text) // 4)

    assert codes(recorded(tmp_path, function, check=True)) == ["persona-unheard"]
    assert codes(recorded(tmp_path / "heard", mind, check=True)) == []


def test_looks_of_adaptive_asking_are_said(tmp_path: Path) -> None:
    finding = recorded(tmp_path, lambda asked: Reply(asked.choices[len(asked.messages[0].text) % 5]), adaptive=True, runs=9)
    assert codes(finding) == ["adaptive"]
    assert "ended after 1 look (decided)" in finding.notices[0].text


def test_rules_that_read_the_answers_are_counted(tmp_path: Path) -> None:
    finding = recorded(tmp_path, lambda asked: asked.choices[0] if asked.run else f"My answer is: {asked.choices[0]}.")
    rules = {row["rule"]: row["answers"] for row in finding.evidence["rules that read the answers"]}
    assert rules == {"exact": 30, "declared": 30}


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_level_is_that_of_the_other_findings(tmp_path: Path, level: float) -> None:
    run = planned(tmp_path, controls=ALONE)
    request(run, World(plain))
    with Journal.read(run.folder) as journal:
        assert {e.level for e in record(run.table, journal, None, level).estimates} == {level}
