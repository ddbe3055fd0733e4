"""The change that a remedy makes in given answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.remedy import Chain, Remedy, Split, Stage
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.data.study import Aim, Study
from personametrics.lab.comparison.arms import ArmPair
from personametrics.lab.comparison.change import measure_change, replay_arms
from personametrics.remedies.abstain import Abstain
from personametrics.remedies.average import Average
from personametrics.remedies.debias import Debias
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.population import Population
from personametrics.studies.stability import Stability


def answered(signal: float, seed: int = 0, people: int = 12, items: int = 10) -> Responses:
    """Answers 1 to 5 of people who have a mind of their own as far as the signal says."""
    rng = np.random.default_rng(seed)
    mind = rng.normal(size=(people, items, 1))
    values = 3 + np.sqrt(signal) * mind + np.sqrt(1 - signal) * rng.normal(size=(people, items, 6))
    grid = np.indices(values.shape).reshape(3, -1)
    rated = np.rint(values.clip(1, 5)).astype(int).ravel()
    frame = pl.DataFrame(
        {"persona": [f"p{number}" for number in grid[0]], "item": [f"i{number}" for number in grid[1]], "run": grid[2], "answer": rated}
    )
    return Responses.read(frame, Columns(run="run"), Ordinal(("1", "2", "3", "4", "5")))


@dataclass(frozen=True)
class Learns(Remedy):
    """Remembers what it was fitted on."""

    met: frozenset[str] = frozenset()
    kind: str = "items"
    acts_on: ClassVar[Stage] = "responses"

    @property
    def splits(self) -> Split | None:  # type: ignore[override]
        return self.kind  # type: ignore[return-value]

    def fit(self, responses: Responses, human: Responses | None) -> "Learns":
        names = responses.items.names if self.kind == "items" else human.personas.names if human else ()
        return replace(self, met=frozenset(names))

    def responses(self, responses: Responses) -> Responses:
        assert not self.met & set(responses.items.names if self.kind == "items" else ())
        return responses


@pytest.mark.parametrize("labels", [(), ("1", "2", "3", "4", "5")])
def test_arms_that_name_no_labels_are_read_on_one_scale(labels: tuple[str, ...]) -> None:
    answers = replace(answered(0.9), scale=Ordinal(labels))
    far = answers.frame.with_columns(answer=pl.when(pl.col("answer") > 3).then(5).otherwise(1))
    near = far.with_columns(answer=pl.when(pl.col("answer") > 3).then(4).otherwise(2))
    changes = measure_change(ArmPair(Stability(), Remedy(), replace(answers, frame=far), replace(answers, frame=near)))[2]["spread.kept"]
    assert (changes.value, changes.high) == pytest.approx((0.25, 0.25))  # on ends of its own each arm would seem as spread as the other


@pytest.mark.parametrize(("before", "after", "label"), [(0.3, 0.9, "helps"), (0.9, 0.3, "harms"), (0.5, 0.5, "undecided")])
def test_the_verdict_follows_the_paired_interval(before: float, after: float, label: str) -> None:
    finding = measure_change(ArmPair(Stability(), Remedy(), answered(before), answered(after, 1)))[2]
    assert finding.verdict.label == label
    change = finding["change.signal"]
    assert change.value == pytest.approx(finding["after.signal"].value - finding["before.signal"].value)
    assert change.low < change.value < change.high


def test_the_same_answers_twice_change_nothing() -> None:
    same = answered(0.5)
    finding = measure_change(ArmPair(Stability(), Remedy(), same, same))[2]
    assert finding.verdict.label == "changes nothing"
    assert finding["spread.kept"].value == 1


def test_personas_that_become_alike_are_noticed_although_the_signal_rises() -> None:
    before = answered(0.5)
    mean, cell = pl.col("answer").mean().over("item"), pl.col("answer").mean().over("persona", "item")
    alike = before.frame.with_columns(answer=(mean + 0.5 * (cell - mean)).clip(1, 5))
    wide = Responses.read(before.frame, before.columns, Numeric(1, 5))
    finding = measure_change(ArmPair(Stability(), Remedy(), wide, Responses.read(alike, before.columns, Numeric(1, 5))))[2]
    assert finding["spread.kept"].high < 0.8
    assert finding.verdict.label == "helps, but makes personas alike"


def test_an_arm_without_its_estimate_gives_the_verdict_unknown() -> None:
    whole = answered(0.5)
    once = replace(whole, frame=whole.frame.filter(pl.col("run") == 0))
    verdict = measure_change(ArmPair(Stability(), Remedy(), once, whole))[2].verdict
    assert verdict.label == "unknown"
    assert verdict.sentence.startswith("Nothing can be said: signal is not defined without the remedy (no persona answered")


def test_answers_that_are_lost_with_the_remedy_are_noticed() -> None:
    before = answered(0.5)
    lost = before.frame.with_columns(answer=pl.when(pl.col("run") > 0).then(pl.col("answer")))
    after = Responses.read(lost, before.columns, before.scale)
    assert [notice.code for notice in measure_change(ArmPair(Stability(), Remedy(), before, after))[2].notices] == ["more-unread"]
    for remedy, arms in ((Remedy(), (after, before)), (Abstain(), (before, before))):
        assert not measure_change(ArmPair(Stability(), remedy, *arms))[2].notices


def test_a_baseline_of_the_same_price_is_compared_too() -> None:
    asked, rival = (ArmPair(Stability(), Average(), answered(0.3), answered(signal, seed)) for signal, seed in ((0.5, 1), (0.9, 2)))
    asked = replace(asked, remedy=Remedy())
    finding = measure_change(asked, replace(rival, remedy=Average(1)))[2]
    assert "worse than average:k=1 (" in finding.verdict.sentence
    assert finding["ahead.signal"].value == pytest.approx(finding["after.signal"].value - finding["rival.signal"].value)


def test_a_remedy_learns_from_one_half_and_is_read_on_the_other() -> None:
    asked = ArmPair(Stability(), Learns(), answered(0.5), answered(0.5, 1))
    before, after = asked.arms()
    assert len(before.responses.items.names) == len(after.responses.items.names) == 5
    assert asked.learned_from == "fitted on 5 of 10 items, and evaluated on the others"


def test_a_remedy_fitted_on_the_items_of_the_arms_is_refused() -> None:
    fitted = replace(Learns(), seen=frozenset({"i3"}))
    with pytest.raises(DesignError, match="was fitted on items of these answers, such as i3"):
        ArmPair(Stability(), fitted, answered(0.5), answered(0.5)).arms()
    elsewhere = replace(Learns(), seen=frozenset({"another"}))
    assert len(ArmPair(Stability(), elsewhere, answered(0.5), answered(0.5)).arms()[0].responses.items.names) == 10


def test_people_are_split_and_a_remedy_without_people_says_what_it_needs() -> None:
    people, panel = answered(0.5, 7), answered(0.5)
    before, after = ArmPair(Fidelity(people), Learns(kind="people"), panel, panel).arms()
    assert len(before.study.human.personas.names) == len(after.study.human.personas.names) == 6  # type: ignore[union-attr]
    with pytest.raises(DesignError, match="learns from people's answers, but none are given"):
        ArmPair(Stability(), Learns(kind="people"), panel, panel).arms()


def test_a_chain_learns_link_by_link_and_not_from_items_and_people() -> None:
    chain = Chain(remedies=(Average(2), Learns()))
    arms = ArmPair(Stability(), chain, answered(0.5), answered(0.5)).arms()
    assert arms[1].responses.frame.height == arms[0].responses.frame.height / 2
    with pytest.raises(DesignError, match="one at a time"):
        ArmPair(Stability(), Chain(remedies=(Learns(), Learns(kind="people"))), answered(0.5), answered(0.5)).arms()


def test_a_remedy_that_changes_requests_is_refused_for_recorded_answers() -> None:
    same = answered(0.5)
    with pytest.raises(DesignError, match="debias acts on requests, before answers are given"):
        replay_arms(ArmPair(Stability(), Debias(), same, same))
    change, before, after = replay_arms(ArmPair(Stability(), Average(3), same, same))
    assert (change.study, before.study, after.study) == ("comparison", "stability", "stability")
    assert change.evidence["promised"][0]["promised"] == pytest.approx(after["signal"].value, abs=0.1)


@dataclass(frozen=True)
class Tilt(Study):
    """Estimates the distance of the mean answer from 3, which should be 0."""

    margin: float = 0.05
    unit: str = "scale"
    cite: ClassVar[tuple[str, ...]] = ()
    aim: ClassVar[tuple[str, Aim]] = ("tilt", "zero")
    reads: ClassVar[Mapping[str, str]] = {}

    def estimate(self, responses: Responses) -> Finding:
        value = float(responses.coded.values.mean()) - 2
        tilt = Estimate("tilt", value, np.nan, np.nan, 0.9, 1, "", means=Name(self.unit, "answers", ""))
        other = Estimate("tilt.other", 2 * value, np.nan, np.nan, 0.9, 1, "", means=Name("scale", "answers", ""))
        return Finding("tilt", "?", Verdict("known", "."), (tilt, other))


def tilted(by: float, seed: int) -> Responses:
    """Answers whose mean lies so far from 3."""
    rng = np.random.default_rng(seed)
    grid = np.indices((12, 10, 6)).reshape(3, -1)
    answers = 3 + (rng.random(grid[0].size) < abs(by)) * int(np.sign(by))
    frame = pl.DataFrame(
        {"persona": [f"p{number}" for number in grid[0]], "item": [f"i{number}" for number in grid[1]], "run": grid[2], "answer": answers}
    )
    return Responses.read(frame, Columns(run="run"), Ordinal(("1", "2", "3", "4", "5")))


@pytest.mark.parametrize(
    ("before", "after", "label"), [(0.8, 0.2, "helps"), (0.2, -0.8, "harms"), (-0.2, 0.2, "undecided"), (-0.8, 0.2, "helps")]
)
def test_an_estimate_that_should_be_zero_is_not_better_on_the_other_side(before: float, after: float, label: str) -> None:
    study: Any = Tilt()
    assert measure_change(ArmPair(study, Remedy(), tilted(before, 0), tilted(after, 1)))[2].verdict.label == label


def test_a_change_of_a_squared_number_is_none_below_the_square_of_the_margin() -> None:
    arms = tilted(0.51, 0), tilted(0.49, 1)
    plain, squared = (measure_change(ArmPair(study, Remedy(), *arms))[2] for study in (Tilt(0.15), Tilt(0.15, "squared scale")))
    assert (plain.verdict.label, squared.verdict.label) == ("changes nothing", "undecided")


def test_every_other_estimate_is_compared_also_one_with_a_similar_name() -> None:
    study: Any = Tilt()
    finding = measure_change(ArmPair(study, Remedy(), tilted(0.8, 0), tilted(0.2, 1)))[2]
    assert [row["estimate"] for row in finding.evidence["changes"]] == ["tilt.other"]


def test_a_baseline_is_evaluated_on_the_items_of_the_remedy() -> None:
    plain, treated = answered(0.5), answered(0.5, 1)
    finding = measure_change(ArmPair(Stability(), Learns(), plain, treated), ArmPair(Stability(), Average(1), plain, treated))[2]
    assert finding["ahead.signal"].high == pytest.approx(0, abs=1e-12)  # the same answers, of the same half of the items


def test_a_remedy_fitted_elsewhere_is_not_reported_as_fitted_on_a_half() -> None:
    asked = ArmPair(Stability(), replace(Learns(), seen=frozenset({"another"})), answered(0.5), answered(0.5))
    assert asked.learned_from == "fitted before, on 1 other items"


def test_personas_do_not_become_alike_by_answering_fewer_items() -> None:
    whole = answered(0.5)
    apart = pl.col("answer").mean().over("persona", "item").std().over("item")
    alike = whole.frame.filter(apart <= apart.median())  # the items on which personas are most of one mind
    finding = measure_change(ArmPair(Stability(), Remedy(), whole, replace(whole, frame=alike)))[2]
    kept = finding["spread.kept"]
    assert (kept.value, kept.n) == (1, 12)


def test_answers_without_a_spread_are_compared_nevertheless() -> None:
    plain, treated = (Responses.read(answered(0.5, seed).frame, Columns(run="run"), Numeric()) for seed in range(2))
    finding = measure_change(ArmPair(Stability(), Remedy(), plain, treated))[2]
    assert np.isfinite(finding["change.signal"].low)
    assert np.isnan(finding["spread.kept"].value)


def test_a_study_without_its_aim_says_what_it_lacks() -> None:
    same = answered(0.5)
    with pytest.raises(DesignError, match=r"population does not estimate error from these answers.*Give people's answers"):
        measure_change(ArmPair(Population(), Remedy(), same, same))
