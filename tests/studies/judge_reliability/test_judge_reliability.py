"""Judges: grades small enough to be worked out by hand, and worlds where judges are steady, noisy, or swayed by the order of options."""

import math
from collections import Counter
from collections.abc import Mapping
from itertools import combinations, permutations, product
from statistics import fmean

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale, character_ngrams
from personametrics.data.study import Elicitation
from personametrics.models.embedded.society.instruments import ratings
from personametrics.stats.distributions.agreement import krippendorff_alpha
from personametrics.stats.inference.omega import omega
from personametrics.studies.judge_reliability import JudgeReliability
from personametrics.testing import Simulation

MARKS = ("1", "2", "3", "4", "5")
MORE = Columns(run="run", more=("order",))
Grades = Mapping[tuple[str, str, str], tuple[int, ...]]


def grades(seed: int = 0, judges: int = 4, things: int = 6, runs: int = 3, noise: float = 0.7) -> Grades:
    """Marks by judge, thing and order of the options."""
    rng = np.random.default_rng(seed)
    quality, strict = rng.uniform(1, 5, things), rng.normal(0, 0.3, judges)
    return {
        (f"j{j}", f"t{t}", order): tuple(int(mark) for mark in np.clip(np.rint(quality[t] + strict[j] + rng.normal(0, noise, runs)), 1, 5))
        for j, t, order in product(range(judges), range(things), ("given", "reversed"))
    }


def read(marks: Grades, scale: Scale | None = None) -> Responses:
    rows = [(*cell, str(mark), str(run)) for cell, runs in marks.items() for run, mark in enumerate(runs)]
    frame = pl.DataFrame(rows, ["persona", "item", "order", "answer", "run"], orient="row")
    return Responses.read(frame, MORE, scale or Ordinal(MARKS), duplicates="runs")


def test_the_reliability_of_one_grade_is_one_minus_noise_over_the_disagreement_of_different_things() -> None:
    marks = grades()
    noise = fmean((a - b) ** 2 / 2 for runs in marks.values() for a, b in combinations(runs, 2))
    things = fmean(
        (a - b) ** 2 / 2
        for (judge, thing, order), (other, another, same) in permutations(marks, 2)
        if judge == other and order == same and thing != another
        for a, b in product(marks[judge, thing, order], marks[other, another, same])
    )
    finding = JudgeReliability().estimate(read(marks))
    assert finding["omega.single"].value == pytest.approx(1 - noise / things)
    single = 1 - noise / things
    assert finding["omega.mean"].value == pytest.approx(3 * single / (1 + 2 * single))


def test_it_is_the_omega_of_a_factor_behind_exchangeable_runs() -> None:
    marks = grades(seed=3, judges=8, things=60, runs=4)
    finding = JudgeReliability().estimate(read(marks))
    fits = []
    for judge, order in product(range(8), ("given", "reversed")):
        fits.append(omega(np.array([marks[f"j{judge}", f"t{t}", order] for t in range(60)], float)))
    assert finding["omega.single"].value == pytest.approx(np.mean([fit.single for fit in fits]), abs=0.02)
    assert finding["omega.mean"].value == pytest.approx(np.mean([fit.total for fit in fits]), abs=0.02)


def test_alpha_is_that_of_each_judge_averaged() -> None:
    marks = grades(seed=1)
    each = []
    for judge in range(4):
        cells = [Counter(runs) for (who, _, _), runs in marks.items() if who == f"j{judge}"]
        each.append(krippendorff_alpha(np.array([[cell[int(mark)] for mark in MARKS] for cell in cells]), "ordinal"))
    assert JudgeReliability().estimate(read(marks))["alpha"].value == pytest.approx(np.mean(each))


def test_agreements_and_flips_are_those_of_all_pairs_of_runs() -> None:
    marks = grades(seed=2)
    finding = JudgeReliability().estimate(read(marks))
    pairs = [(a, b) for runs in marks.values() for a, b in combinations(runs, 2)]
    swapped = [(a, b) for (j, t, order), runs in marks.items() if order == "given" for a in runs for b in marks[j, t, "reversed"]]
    assert finding["agreement.rerun"].value == pytest.approx(fmean(a == b for a, b in pairs))
    assert finding["agreement.order"].value == pytest.approx(fmean(a == b for a, b in swapped))
    assert finding["order.loss"].value == pytest.approx(fmean(a == b for a, b in pairs) - fmean(a == b for a, b in swapped))
    assert finding["verdict.flip"].value == pytest.approx(fmean((a >= 3) != (b >= 3) for a, b in pairs))
    assert finding["verdict.straddle"].value == pytest.approx(fmean(len({mark >= 3 for mark in runs}) == 2 for runs in marks.values()))


def test_the_threshold_can_be_moved() -> None:
    marks = grades(seed=2)
    estimate = JudgeReliability(threshold=4.5).estimate(read(marks))["verdict.flip"]
    pairs = [(a, b) for runs in marks.values() for a, b in combinations(runs, 2)]
    assert estimate.value == pytest.approx(fmean((a == 5) != (b == 5) for a, b in pairs))
    assert "4.5" in estimate.kind.meaning


def test_the_middle_is_that_of_the_scale_and_not_of_what_occurs() -> None:
    low = {cell: tuple(min(mark, 2) for mark in runs) for cell, runs in grades(seed=2).items()}
    for scale in (Ordinal(MARKS), Numeric(1, 5)):
        assert JudgeReliability().estimate(read(low, scale))["verdict.flip"].value == 0.0
    assert JudgeReliability().estimate(read(low, Numeric()))["verdict.flip"].value > 0  # without limits, of what occurs


def test_noise_is_taken_off_the_variance_between_judges() -> None:
    noisy = grades(seed=4, judges=8, things=40, noise=1.5)
    finding = JudgeReliability().estimate(read(noisy))
    means = [fmean(mark for (who, _, _), runs in noisy.items() if who == f"j{j}" for mark in runs) for j in range(8)]
    assert finding["component.persona"].value < np.var(means, ddof=1)
    assert finding["component.run"].value == pytest.approx(fmean(np.var(runs, ddof=1) for runs in noisy.values()))


def swayed(request: Request) -> Mapping[str, float]:
    """Always the second option shown."""
    return {mark: float(mark == request.choices[1]) for mark in request.choices}


def test_a_judge_who_goes_by_the_place_of_an_option_is_caught_by_the_order() -> None:
    study = JudgeReliability()
    world = study.known()
    finding = study.estimate(Simulation.of(study, world, Elicitation(runs=2)).answers(swayed))
    assert finding["agreement.rerun"].value == 1.0
    assert finding["agreement.order"].value == 0.0
    assert finding["order.loss"].value == 1.0


def test_label_probabilities_are_the_limit_of_many_runs() -> None:
    study = JudgeReliability()
    world = study.known()
    exact = study.estimate(Simulation.of(study, world, Elicitation(score=True)).answers(world.world))
    drawn = study.estimate(Simulation.of(study, world, Elicitation(runs=60)).answers(world.world))
    assert {estimate.name for estimate in drawn.estimates} - {estimate.name for estimate in exact.estimates} == {
        "omega.mean",
        "alpha",
        "verdict.straddle",
    }
    for estimate in exact.estimates:
        assert drawn[estimate.name].value == pytest.approx(estimate.value, abs=0.02), estimate.name
    for name, value in world.truth.items():
        assert exact[name].value == pytest.approx(value), name


def test_labels_without_order_have_no_verdicts_to_flip_and_texts_no_alpha() -> None:
    names = {estimate.name for estimate in JudgeReliability().estimate(read(grades(), Nominal(MARKS))).estimates}
    assert "verdict.flip" not in names
    assert {"omega.single", "alpha", "agreement.order"} <= names
    assert "alpha" not in {estimate.name for estimate in JudgeReliability().estimate(read(grades(), FreeText(character_ngrams))).estimates}


def test_single_runs_and_constant_grades_say_why_there_is_no_reliability() -> None:
    once = JudgeReliability().estimate(read({cell: runs[:1] for cell, runs in grades().items()}))
    assert once["omega.single"].status == EstimateStatus.NO_RERUNS
    assert once["agreement.rerun"].status != EstimateStatus.OK
    assert math.isfinite(once["agreement.order"].value)
    assert once.verdict.label == "undecided"
    assert str(EstimateStatus.NO_RERUNS) in once.verdict.sentence
    same = JudgeReliability().estimate(read(dict.fromkeys(grades(), (3, 3))))
    assert same["omega.single"].status == EstimateStatus.CONSTANT
    assert same["agreement.rerun"].value == 1.0
    assert same.verdict.label == "undecided"


def test_a_judge_who_never_varies_is_reliable_as_far_as_the_number_of_reruns_shows() -> None:
    steady = {(j, t, order): (runs[0],) * 3 for (j, t, order), runs in grades(judges=5, things=12).items()}
    few = {cell: runs for cell, runs in steady.items() if cell[0] in {"j0", "j1"} and cell[1] in {"t0", "t1"}}
    estimate = JudgeReliability().estimate(read(steady))["omega.single"]
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert 0.9 < estimate.low < 1.0
    assert JudgeReliability().estimate(read(few))["omega.single"].low < estimate.low


def test_answers_in_one_order_say_nothing_of_orders() -> None:
    given = {cell: runs for cell, runs in grades().items() if cell[2] == "given"}
    names = {estimate.name for estimate in JudgeReliability().estimate(read(given)).estimates}
    assert "agreement.rerun" in names
    assert not {"agreement.order", "order.loss"} & names


def test_what_changes_most_comes_first_in_the_evidence() -> None:
    marks = grades(noise=0.4)
    evidence = JudgeReliability().estimate(read(marks)).evidence
    for name, place in (("items", 1), ("judges", 0)):
        noise: dict[str, list[float]] = {}
        for cell, runs in marks.items():
            noise.setdefault(cell[place], []).append(float(np.var(runs, ddof=1)))
        assert [row["noise"] for row in evidence[name]] == pytest.approx(sorted(map(fmean, noise.values()), reverse=True))


def test_verdicts_are_statements_about_the_interval() -> None:
    study = JudgeReliability()
    world = study.known()
    simulation = Simulation.of(study, world)
    good, bad = study.estimate(simulation.answers(world.world)), study.estimate(simulation.answers(world.null))
    assert (good.verdict.label, bad.verdict.label) == ("reliable enough", "not reliable enough")
    assert good["omega.single"].low >= study.target > bad["omega.single"].high
    between = JudgeReliability(target=round(good["omega.single"].value, 3)).estimate(simulation.answers(world.world))
    assert between.verdict.label == "undecided"
    assert "runs would reach" in bad.verdict.sentence


def test_things_to_be_graded_are_picked_from_any_items_and_shown_in_both_orders() -> None:
    judges = [Persona("a", "You are a."), Persona("b", "You are b.")]
    other = Item("o", "Tea?", Nominal(("yes", "no")), {"kind": "opinion"})
    requests = JudgeReliability().design(judges, [other, *ratings()], Elicitation(runs=2))
    assert len(requests) == 2 * 2 * 2 * len(ratings())
    assert {request.about["item"] for request in requests} == {item.id for item in ratings()}
    assert {(request.about["order"], request.choices) for request in requests} == {("given", MARKS), ("reversed", MARKS[::-1])}
    with pytest.raises(DesignError, match="kind=rating"):
        JudgeReliability().design(judges, [other], Elicitation())


def test_missing_columns_and_single_judges_end_in_one_sentence() -> None:
    frame = read(grades()).frame
    with pytest.raises(ColumnError, match='no column "order"'):
        JudgeReliability().estimate(Responses.read(frame.drop("order"), Columns(run="run"), Ordinal(MARKS), duplicates="runs"))
    with pytest.raises(DesignError, match="one persona"):
        JudgeReliability().estimate(read({cell: runs for cell, runs in grades().items() if cell[0] == "j0"}))
