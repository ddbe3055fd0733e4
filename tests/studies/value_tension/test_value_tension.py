"""Value tension: numbers against plain sums over pairs of runs, planted truth, and verdicts that follow from intervals."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.panels import society, strong
from personametrics.models.embedded.society.society import PLANTED
from personametrics.studies.value_tension import ValueTension
from personametrics.testing import Simulation

STUDY = ValueTension()


def read(frame: pl.DataFrame) -> Responses:
    return Responses.read(frame, Columns(run="run", more=("first",)), Nominal(), duplicates="runs")


def exactly(share: float, first: float = 0.0) -> Finding:
    """Label probabilities: without a persona even, with one leaning to one side."""
    planted = STUDY.known()

    def world(request: Request) -> Mapping[str, float]:
        choice, other = sorted(request.choices)
        p = 0.5 if request.about["persona"] == NOBODY else share
        p += first if request.about["first"] == choice else -first
        return {choice: p, other: 1 - p}

    return STUDY.estimate(Simulation.of(STUDY, planted, Elicitation(score=True)).answers(world))


def test_leaning_is_the_mean_over_pairs_of_different_runs() -> None:
    """Four runs of each order; the oracle multiplies every pair of runs that are not the same one."""
    rng = np.random.default_rng(5)
    rows, cells = [], []
    for persona in (NOBODY, "a", "b"):
        for item in ("x", "y"):
            signs: dict[str, list[int]] = {}
            for first in ("peace", "honour"):
                answers = rng.choice(["peace", "honour"], 4, p=[0.8, 0.2])
                signs[first] = [1 if answer == "peace" else -1 for answer in answers]
                rows += [
                    {"persona": persona, "item": item, "first": first, "run": index, "answer": answer}
                    for index, answer in enumerate(answers)
                ]
            within = [left * right for each in signs.values() for left, right in permutations(each, 2)]
            across = [sign * other for sign in signs["peace"] for other in signs["honour"]]
            lean = (2 * float(np.mean(within)) + 2 * float(np.mean(across))) / 4
            order = float(np.mean([sign > 0 for sign in signs["peace"]] + [sign < 0 for sign in signs["honour"]])) - 0.5
            cells.append((persona == NOBODY, 1 - lean, order))
    finding = STUDY.estimate(read(pl.DataFrame(rows)))
    none, some = ([cell[1:] for cell in cells if cell[0] is nobody] for nobody in (True, False))
    assert finding["evenhandedness.none"].value == pytest.approx(np.mean([even for even, _ in none]))
    assert finding["evenhandedness.persona"].value == pytest.approx(np.mean([even for even, _ in some]))
    assert finding["order.persona"].value == pytest.approx(np.mean([order for _, order in some]))


def test_probabilities_give_the_limit_of_many_runs() -> None:
    finding = exactly(0.9, 0.05)
    assert finding["evenhandedness.none"].value == pytest.approx(1)
    assert finding["evenhandedness.persona"].value == pytest.approx(4 * 0.9 * 0.1)
    assert finding["collapse"].value == pytest.approx(0.64)
    assert finding["order.persona"].value == pytest.approx(0.05)


@pytest.mark.parametrize(("share", "label"), [(0.9, "collapses to one side"), (0.5, "weighs both")])
def test_verdicts_follow_from_intervals(share: float, label: str) -> None:
    finding = exactly(share)
    assert finding.verdict.label == label
    assert "letting personas" in (finding.verdict.unfit + finding.verdict.fit)[0]


def test_an_order_that_decides_is_no_leaning() -> None:
    """Whoever always keeps what is named first leans to neither value."""
    finding = exactly(0.5, 0.5)
    assert finding["evenhandedness.persona"].value == pytest.approx(1)
    assert finding["order.persona"].value == pytest.approx(0.5)


def test_a_model_that_is_one_sided_itself_is_not_called_even() -> None:
    world = STUDY.known()
    simulation = Simulation.of(STUDY, world, Elicitation(score=True))
    finding = STUDY.estimate(simulation.answers(lambda request: dict(zip(sorted(request.choices), (0.97, 0.03), strict=True))))
    assert finding["collapse"].value == pytest.approx(0)
    assert finding.verdict.label == "one-sided either way"


def test_single_runs_say_nothing_of_leaning_but_tell_the_order_effect() -> None:
    world = STUDY.known()
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(runs=1)).answers(world.world))
    assert finding["collapse"].status == EstimateStatus.NO_RERUNS
    assert math.isnan(finding["evenhandedness.persona"].value)
    assert finding["order.persona"].low < 0.05 < finding["order.persona"].high
    assert finding.verdict.label == "undecided"


def test_without_the_arm_that_is_compared_with_nothing_is_decided() -> None:
    world = STUDY.known()
    whole = Simulation.of(STUDY, world).answers(world.world)
    finding = STUDY.estimate(whole.only(pl.col("persona").cast(pl.String) != NOBODY))
    assert finding["evenhandedness.persona"].value == pytest.approx(0.36, abs=0.1)
    assert finding.verdict.label == "undecided"
    assert "with and without a persona" in finding.verdict.sentence


def test_tables_without_the_column_or_with_one_order_are_refused() -> None:
    world = STUDY.known()
    whole = Simulation.of(STUDY, world).answers(world.world)
    with pytest.raises(ColumnError, match="the value that the question named first"):
        STUDY.estimate(replace(whole, frame=whole.frame.drop("first")))
    with pytest.raises(DesignError, match="both orders"):
        STUDY.estimate(whole.only(pl.col("wording").cast(pl.String) == "given"))


def test_items_that_lack_what_is_needed_are_refused() -> None:
    with pytest.raises(DesignError, match="the attribute first"):
        STUDY.design((), [Item("one", "A or B?", Nominal(("A", "B")))], Elicitation())
    strange = [Item(name, "A or B?", Nominal(("A", "B")), {"first": "C"}, {"turned": "B or A?"}) for name in "ab"]
    with pytest.raises(DesignError, match="not one of its labels A and B"):
        STUDY.design((), strange, Elicitation())


def test_the_society_collapses_as_planted() -> None:
    """Of a file with every kind of item only the dilemmas are asked, and each value is named first once."""
    people, items = strong(12), (*instruments.dilemmas(), *instruments.knowledge())
    requests = STUDY.design(people, items, Elicitation(score=True))
    assert len(requests) == 2 * 6 * 13
    world = replace(STUDY.known(), personas=people, items=items)
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(society(people, items)))
    assert finding["order.none"].value == pytest.approx(1 / (1 + math.exp(-PLANTED.first)) - 0.5)
    assert finding["evenhandedness.none"].value == pytest.approx(1)
    assert finding.verdict.label == "collapses to one side"
