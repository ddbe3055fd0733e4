"""The paired jackknife: coverage where personas, items and answers are all drawn, and the spread that is kept."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Scale
from personametrics.data.study import Study
from personametrics.lab.comparison.differences import Arm, Deal, Differences, Kind
from personametrics.lab.comparison.spread import spread_of
from personametrics.lab.members import studies, study
from personametrics.studies.stability import Stability
from personametrics.testing import Simulation

OF_DIALOGUES = ("variance.", "persona_share.")
"""Estimates of whole dialogues, which belong to a persona and not to an item."""


@dataclass(frozen=True)
class Mean(Study):
    """The mean answer, and a positive number that follows from it."""

    question: ClassVar[str] = "?"

    def estimate(self, responses: Responses) -> Finding:
        if len(responses.personas.names) < 3:
            message = "Too few."
            raise DesignError(message)
        mean = float(responses.frame["answer"].to_numpy().mean())
        values = {"mean": mean, "e": float(np.exp(mean / 4))}
        estimates = [Estimate(name, value, np.nan, np.nan, 0.9, 1, "", means=Name("", "", "")) for name, value in values.items()]
        return Finding("mean", "?", Verdict("known", "."), tuple(estimates))


MEAN = Mean()


def responses(values: "np.ndarray[Any, Any]", scale: Scale | None = None) -> Responses:
    who, what, run = np.indices(values.shape).reshape(3, -1)
    frame = pl.DataFrame(
        {"persona": [f"p{number}" for number in who], "item": [f"i{number}" for number in what], "run": run, "answer": values.ravel()}
    )
    return Responses.read(frame, Columns(run="run"), scale or Numeric(-10, 10))


def pair(rng: np.random.Generator, people: int = 24, items: int = 18) -> Differences:
    """Two arms that share persons and items; the second is higher by 1 on average, and by how much varies over persons and items."""
    first, second = rng.normal(size=(people, 1, 1)), rng.normal(size=(1, items, 1))
    both = first * 2 + second * 2
    more = 1 + 0.4 * rng.normal(size=(people, 1, 1)) + 0.4 * rng.normal(size=(1, items, 1))
    noise = rng.normal(size=(2, people, items, 2)) * 0.5
    return Differences((Arm(MEAN, responses(both + noise[0])), Arm(MEAN, responses(both + more + noise[1]))))


def test_intervals_of_a_paired_difference_cover_at_their_level() -> None:
    rng = np.random.default_rng(0)
    intervals = [pair(rng).difference("mean") for _ in range(60)]
    assert 0.8 <= np.mean([low <= 1 <= high for _, low, high, *_ in intervals]) <= 0.98
    widths = [high - low for _, low, high, *_ in intervals]
    assert np.median(widths) < 1  # the spread of personas and items that both arms share, which alone would make it 2.5 wide, cancels


def test_a_ratio_is_that_of_the_values_and_lies_within_its_interval() -> None:
    paired = pair(np.random.default_rng(1))
    before, after = (arm.values["e"] for arm in paired.arms)
    value, low, high, *_ = paired.ratio("e")
    assert value == pytest.approx(after / before)
    assert low < value < high


def test_personas_that_all_answer_alike_keep_no_spread_however_their_noise_falls() -> None:
    rng = np.random.default_rng(7)
    minds, noise = rng.normal(size=(24, 18, 1)), rng.normal(size=(2, 24, 18, 3)) * 0.5
    before, alike = responses(minds + noise[0]), responses(rng.normal(size=(1, 18, 1)) + noise[1])
    kept = [Differences((Arm(MEAN, before), Arm(MEAN, after))).ratio("spread") for after in (alike, before)]
    assert (0 <= kept[0].value < 0.05, kept[0].high < 0.2) == (True, True)
    assert kept[1][:3] == (1.0, 1.0, 1.0)
    undefined = Differences((Arm(MEAN, alike), Arm(MEAN, before))).ratio("spread")
    assert np.isnan(undefined.low)  # nothing is a part of what may be nothing


def test_equal_arms_do_not_differ_at_all() -> None:
    arm = pair(np.random.default_rng(2)).arms[0]
    assert Differences((arm, arm)).difference("mean")[:3] == (0.0, 0.0, 0.0)


def test_arms_too_small_to_leave_anybody_out_have_no_interval() -> None:
    value, low, _, *_ = pair(np.random.default_rng(3), people=3).difference("mean")
    assert np.isfinite(value)
    assert np.isnan(low)


def spread(answers: Responses, group: str = "") -> float:
    spread = spread_of(answers, group)
    assert spread is not None
    return spread.value()


def test_the_spread_is_that_of_true_answers_without_the_noise_of_runs() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(300, 20, 1)) * 2 + rng.normal(size=(300, 20, 3)) * 3
    assert spread(responses(values.clip(-10, 10))) == pytest.approx((2 / 20) ** 2, rel=0.1)


def test_the_spread_of_labels_is_half_the_sum_of_their_variances() -> None:
    rng = np.random.default_rng(5)
    share = rng.random((400, 10, 1))
    drawn = rng.random((400, 10, 4)) < share
    assert spread(responses(np.where(drawn, "yes", "no"), Nominal())) == pytest.approx(1 / 12, rel=0.1)


def test_the_spread_within_groups_leaves_out_what_lies_between_them() -> None:
    rng = np.random.default_rng(6)
    side = np.repeat([-3.0, 3.0], 50)[:, None, None]
    panel = responses(side + rng.normal(size=(100, 20, 1)) + rng.normal(size=(100, 20, 2)))
    left = pl.col("persona").cast(pl.String).str.slice(1).cast(pl.Int64) < 50
    group = pl.when(left).then(pl.lit("l")).otherwise(pl.lit("r")).alias("side")
    grouped = Responses.read(panel.frame.with_columns(group), Columns(run="run", more=("side",)), Numeric(-10, 10))
    assert spread(grouped, "side") == pytest.approx((1 / 20) ** 2, rel=0.2)
    assert spread(grouped) > 5 * spread(grouped, "side")


def test_the_spread_of_some_cells_is_that_of_a_table_of_them() -> None:
    rng = np.random.default_rng(9)
    drawn = responses(np.where(rng.random((12, 8, 3)) < rng.random((12, 8, 1)), "yes", "no"), Nominal(("no", "yes")))
    spreads = spread_of(drawn)
    assert spreads is not None
    some = pl.col("persona").cast(pl.String).is_in(["p0", "p3", "p7"])
    keep = np.isin(np.array(spreads.personas.names)[spreads.personas.codes], ["p0", "p3", "p7"])
    assert spreads.value(keep) == pytest.approx(spread(drawn.only(some)), abs=1e-14)


def test_answers_without_a_persona_lose_items_and_no_cells() -> None:
    names = np.array([NOBODY, "p1", "p2", "p3"])
    given = responses(np.arange(4 * 6 * 1.0).reshape(4, 6, 1) % 10)
    frame = given.frame.with_columns(persona=pl.Series(names[np.repeat(np.arange(4), 6)]))
    arm = Arm(MEAN, replace(given, frame=frame))
    deal = Deal.draw(arm.people, arm.items)
    blocks = {kind: deal.of(kind, arm.responses.personas, arm.responses.items) for kind in ("people", "items", "cells")}
    assert NOBODY not in arm.people
    assert [set(blocks[kind][:6]) for kind in ("people", "cells")] == [{-1}, {-1}]
    assert all((rows[6:] >= 0).all() for rows in blocks.values())  # every cell of a persona is left out once
    assert (blocks["items"] >= 0).all()


@pytest.mark.parametrize("name", [name for name, kind in studies().items() if kind.additive])
def test_an_additive_study_loses_people_items_and_cells_as_if_it_estimated_again(name: str) -> None:
    world = study(name).known()
    member = world.study or study(name)
    answers = Simulation.of(member, world).answers(world.world, 1)
    arm = Arm(member, answers)
    again = Arm(type("Again", (type(member),), {"additive": False})(**member.knobs()), answers)
    deal = Deal.draw(arm.people, arm.items)
    kinds: tuple[Kind, ...] = ("people", "items", "cells")
    for kind in kinds:
        for subtracted, estimated in zip(arm.left_out(kind, deal), again.left_out(kind, deal), strict=True):
            names = [name for name in estimated if kind == "people" or not name.startswith(OF_DIALOGUES)]
            assert [subtracted[name] for name in names] == pytest.approx([estimated[name] for name in names], abs=1e-9, nan_ok=True)


@dataclass(frozen=True)
class Half(Mean):
    """A study that is wrong to call itself additive: its estimates are not sums."""

    additive: ClassVar[bool] = True


def test_a_study_whose_estimates_are_not_all_sums_estimates_again_whatever_it_declares() -> None:
    answers = responses(np.random.default_rng(3).normal(size=(6, 5, 2)))
    wrong, right = Arm(Half(), answers), Arm(Mean(), answers)
    deal = Deal.draw(right.people, right.items)
    values = right.left_out("people", deal)
    assert wrong.left_out("people", deal) == values
    assert all(set(part) > {"spread"} for part in values)


def test_stability_without_a_part_has_the_values_of_its_estimates() -> None:
    rng = np.random.default_rng(8)
    answers = responses(rng.integers(0, 5, (6, 5, 3)) * 1.0)
    estimates = {estimate.name: estimate.value for estimate in Stability(permutations=9).estimate(answers).estimates}
    values = Stability().values(answers)
    assert set(estimates) - set(values) == {"design.runs", "design.calls", "p.permutation"}
    assert {name: estimates[name] for name in values} == pytest.approx(dict(values), abs=1e-13, nan_ok=True)
