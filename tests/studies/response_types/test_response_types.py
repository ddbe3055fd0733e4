"""Types of answers, in worlds where the type of every cell is known."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Nominal, Ordinal, character_ngrams
from personametrics.data.study import Elicitation
from personametrics.stats.variance.conditions import Split
from personametrics.studies.response_types import ResponseTypes
from personametrics.studies.response_types.cell_types import TYPES, Limits, type_table
from personametrics.testing import Simulation

LABELS = Ordinal(("1", "2", "3", "4", "5"))
PEOPLE = [Persona(f"p{index}", f"You are {index}.") for index in range(5)]
ITEMS = [Item(f"i{index}", f"Is it {index}?", LABELS, {}, {"formal": f"May it be {index}?"}) for index in range(8)]
STEADY, MOVED, RANDOM = {"2": 1.0}, {"5": 1.0}, dict.fromkeys(LABELS.labels, 0.2)


def answered(world: Callable[[int, str], Mapping[str, float]], elicitation: Elicitation, seed: int = 0) -> Responses:
    """Answers of a world that looks at the item and its wording."""
    simulation = Simulation(ResponseTypes(conditions=("wording",)).design(PEOPLE, ITEMS, elicitation))

    def whole(request: Request) -> Mapping[str, float]:
        return dict.fromkeys(LABELS.labels, 0.0) | dict(world(int(request.about["item"][1:]), request.about["wording"]))

    return simulation.answers(whole, seed)


def three(item: int, wording: str) -> Mapping[str, float]:
    """Five items are answered as they are worded, two at random, one always the same."""
    return RANDOM if item < 2 else STEADY if item == 2 or wording == "given" else MOVED


def shares(finding: Finding) -> dict[str, float]:
    """Share of each type."""
    return {name: finding[f"share.{name}"].value for name in TYPES}


@pytest.mark.parametrize("elicitation", [Elicitation(runs=30), Elicitation(score=True)])
def test_each_cell_is_of_the_type_that_was_planted(elicitation: Elicitation) -> None:
    finding = ResponseTypes().estimate(answered(three, elicitation))
    assert shares(finding) == {"preference": 1 / 8, "constructed": 5 / 8, "no_attitude": 2 / 8, "undecided": 0}
    assert finding["share.constructed"].low < 5 / 8 < finding["share.constructed"].high
    assert all(0 <= finding[f"share.{name}"].low <= finding[f"share.{name}"].high <= 1 for name in TYPES)
    assert sum(shares(finding).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("world", "label"),
    [
        (lambda _, __: STEADY, "mostly preferences"),
        (lambda _, wording: STEADY if wording == "given" else MOVED, "mostly constructed"),
        (lambda _, __: RANDOM, "mostly no attitude"),
        (lambda item, wording: STEADY if item % 2 or wording == "given" else MOVED, "undecided"),
    ],
)
def test_the_verdict_names_what_most_cells_are(world: Callable[[int, str], Mapping[str, float]], label: str) -> None:
    assert ResponseTypes().estimate(answered(world, Elicitation(runs=20))).verdict.label == label


def test_cells_that_never_vary_are_told_apart_by_conditions_alone() -> None:
    whole = answered(lambda item, wording: STEADY if item < 4 or wording == "given" else MOVED, Elicitation(runs=10))
    assert shares(ResponseTypes().estimate(whole)) == {"preference": 0.5, "constructed": 0.5, "no_attitude": 0, "undecided": 0}
    finding = ResponseTypes().estimate(whole.only(pl.col("wording") == "given"))
    assert finding.verdict.label == "undecidable"
    assert "Only one way of asking" in finding.verdict.sentence
    assert finding["share.preference"].status == finding["share.constructed"].status == EstimateStatus.UNDEFINED
    assert shares(finding)["no_attitude"] == 0
    assert shares(finding)["undecided"] == 1


def test_no_attitude_needs_no_conditions() -> None:
    finding = ResponseTypes().estimate(answered(lambda *_: RANDOM, Elicitation(runs=30)).only(pl.col("wording") == "given"))
    assert finding.verdict.label == "mostly no attitude"


def test_without_reruns_nothing_can_be_said() -> None:
    finding = ResponseTypes().estimate(answered(three, Elicitation(runs=1)))
    assert finding.verdict.label == "undecidable"
    assert {estimate.status for estimate in finding.estimates} == {EstimateStatus.NO_RERUNS}


def test_few_runs_leave_cells_undecided_rather_than_wrong() -> None:
    finding = ResponseTypes().estimate(answered(three, Elicitation(runs=2)))
    assert shares(finding)["undecided"] > 0.5
    assert shares(finding)["preference"] == 0


def test_agreement_is_that_of_brennan_and_prediger_and_shift_is_a_share_of_chance() -> None:
    """Two labels with .9 and .6 of yes: reruns differ in .18 and .48, answers of both in .42; at random in one half."""
    study = ResponseTypes()
    world = study.known()
    simulation = Simulation.of(replace(study, conditions=("wording",)), world, Elicitation(score=True))
    shares = {"given": 0.9, "formal": 0.6}
    whole = simulation.answers(lambda request: {"yes": shares[request.about["wording"]], "no": 1 - shares[request.about["wording"]]})
    for row in study.estimate(whole).evidence["items"]:
        assert row["agreement"] == pytest.approx(1 - 0.33 / 0.5)
        assert row["shift"] == pytest.approx((0.42 - 0.33) / 0.5)


def test_items_with_labels_of_their_own_are_compared_with_their_own_chance() -> None:
    """Two of four labels at random agree in one half of reruns: by chance on their own item, by more on a shared scale."""
    whole = answered(lambda item, _: {"1": 0.5, "2": 0.5} if item < 4 else {"3": 0.5, "4": 0.5}, Elicitation(runs=40))
    separate = ResponseTypes().estimate(replace(whole, scale=Nominal())).evidence["items"]
    shared = ResponseTypes().estimate(replace(whole, scale=Nominal(("1", "2", "3", "4")))).evidence["items"]
    assert all(abs(float(row["agreement"] or 0)) < 0.1 for row in separate)
    assert all(0.25 < float(row["agreement"] or 0) < 0.4 for row in shared)


@pytest.mark.parametrize(
    ("within", "error", "between", "room", "p", "kind"),
    [
        (0.10, 0.02, 0.0, 0.02, 0.9, "preference"),
        (0.20, 0.05, 0.0, 0.02, 0.9, "undecided"),
        (0.10, 0.02, 0.03, 0.02, 0.9, "undecided"),
        (0.10, 0.02, 0.03, 0.02, 0.01, "constructed"),
        (0.10, 0.02, 0.01, 0.01, 0.01, "preference"),
        (0.40, 0.05, 0.2, 0.01, 0.01, "no_attitude"),
        (0.30, 0.05, 0.2, 0.01, 0.01, "undecided"),
    ],
)
def test_whole_intervals_decide_and_a_difference_too_small_to_matter_does_not(
    within: float, error: float, between: float, room: float, p: float, kind: str
) -> None:
    """At random two answers differ in one half, so that .25 is half of the way; limits are 1.645 errors away."""
    disagreement = Split(*(np.array([number]) for number in (within, error, between, room, p)))
    row = type_table(disagreement, np.array([0.5]), Limits(steady=0.5, margin=0.1, level=0.9)).row(0, named=True)
    assert [name for name in TYPES if row[name]] == [kind]


def test_a_random_item_is_no_preference_in_any_world() -> None:
    for seed in range(5):
        finding = ResponseTypes().estimate(answered(three, Elicitation(runs=5), seed))
        worst = {str(row["item"]): row for row in finding.evidence["items"]}
        assert worst["i0"]["preference"] == worst["i1"]["preference"] == 0


def test_what_is_missing_is_said_in_one_sentence() -> None:
    whole = answered(three, Elicitation(runs=3))
    bare = Responses.read(whole.frame.drop("wording", "order"), Columns(run="run", outcome="outcome"), LABELS, duplicates="runs")
    with pytest.raises(ColumnError, match='has no column "wording" or "order"'):
        ResponseTypes().estimate(bare)
    with pytest.raises(DesignError, match="answers with labels"):
        ResponseTypes().estimate(replace(whole, scale=FreeText(character_ngrams)))
    with pytest.raises(DesignError, match="response_types needs two or more items"):
        ResponseTypes().design(PEOPLE, ITEMS[:1], Elicitation())


def test_an_item_with_one_answer_only_is_undecided_where_its_labels_are_unknown() -> None:
    finding = ResponseTypes().estimate(replace(answered(lambda *_: STEADY, Elicitation(runs=10)), scale=Nominal()))
    assert shares(finding)["undecided"] == 1
    assert not math.isnan(finding["share.undecided"].value)
