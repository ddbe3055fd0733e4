"""The study of belief structure: planted correlations alone and against people, noise, gaps, and small panels."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.prompt import NOBODY
from personametrics.data.reply import Reply
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal
from personametrics.data.study import Elicitation
from personametrics.elicit.table import reply_table, study_responses
from personametrics.models.embedded.society.instruments import SUBJECTS, groups, knowledge, statements
from personametrics.models.embedded.society.panels import society, strong
from personametrics.studies.belief_structure import BeliefStructure
from personametrics.testing import Simulation

ITEMS = 8
ALONE = BeliefStructure(deals=60)


def answers(seed: int, people: int, tied: float, runs: int = 1, noise: float = 0.5) -> np.ndarray:
    """(P, I, runs) answers to two blocks of items, correlated within a block by `tied`² but for noise."""
    rng = np.random.default_rng(seed)
    line = rng.normal(size=(people, 2))[:, np.arange(ITEMS) // 4]
    opinions = tied * line + np.sqrt(1 - tied**2) * rng.normal(size=(people, ITEMS))
    return np.asarray(opinions[:, :, None] + noise * rng.normal(size=(people, ITEMS, runs)))


def read(given: np.ndarray) -> Responses:
    axes = [axis.ravel() for axis in np.indices(given.shape)]
    frame = pl.DataFrame({"persona": axes[0], "item": axes[1], "run": axes[2], "answer": given.ravel()})
    return Responses.read(frame.filter(pl.col("answer").is_finite()), Columns(run="run"), Numeric())


def constraint(tied: float, noise: float = 0.0) -> float:
    """Root mean square correlation of two items, in the limit: 12 of 28 pairs share a line."""
    return float(np.sqrt((tied**2 / (1 + noise**2)) ** 2 * 12 / 28))


def test_intervals_cover_the_planted_constraint() -> None:
    """There are 40 panels from one population; fewer than 29 of 36 expected hits would be a one-in-a-thousand event."""
    findings = [ALONE.estimate(read(answers(seed, 40, 0.8, runs=3))) for seed in range(40)]
    assert sum(finding["constraint"].low <= constraint(0.8) <= finding["constraint"].high for finding in findings) >= 29
    assert np.mean([finding["constraint"].value for finding in findings]) == pytest.approx(constraint(0.8), abs=0.03)
    assert sum(finding.verdict.label == "structured" for finding in findings) >= 32


def test_few_random_panels_are_called_structured() -> None:
    findings = [ALONE.estimate(read(answers(seed, 25, 0.0, runs=2))) for seed in range(60)]
    assert sum(finding.verdict.label == "structured" for finding in findings) <= 8  # more than 8 of 60 at .05: once in 500
    assert sum(finding["p.ties"].value <= 0.5 for finding in findings) >= 15


def test_by_hand_without_reruns() -> None:
    """The jackknife's squares, and the dimension from eigenvalues."""
    given = answers(1, 15, 0.7)
    finding = ALONE.estimate(read(given))
    r = [np.corrcoef(np.delete(given[:, :, 0], index, 0).T) for index in range(15)]
    squares = [float(matrix[np.triu_indices(ITEMS, 1)].__pow__(2).mean()) for matrix in [np.corrcoef(given[:, :, 0].T), *r]]
    square = 15 * squares[0] - 14 * np.mean(squares[1:])
    assert finding["constraint"].value == pytest.approx(np.sqrt(square))
    assert finding["dimension"].value == pytest.approx(ITEMS / (1 + (ITEMS - 1) * square))
    assert finding["dimension"].low == pytest.approx(ITEMS / (1 + (ITEMS - 1) * finding["constraint"].high ** 2))
    assert [notice.code for notice in finding.notices] == ["with-noise"]


def test_probabilities_are_the_limit_of_many_runs() -> None:
    world = ALONE.known()
    limit = ALONE.estimate(Simulation.of(ALONE, world, Elicitation(score=True)).answers(world.world))
    many = ALONE.estimate(Simulation.of(ALONE, world, Elicitation(25)).answers(world.world))
    assert many["constraint"].value == pytest.approx(limit["constraint"].value, abs=0.03)
    r = {(row["item"], row["other"]): row["panel"] for row in limit.evidence["pairs"]}
    assert r["item 0", "item 1"] == pytest.approx(0.625)
    assert r["item 0", "item 7"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("panel", "people", "label"),
    [(0.9, 0.5, "tied tighter than in people"), (0.3, 0.8, "looser"), (0.8, 0.8, "tied as in people")],
)
def test_verdicts_with_people_follow_from_intervals(panel: float, people: float, label: str) -> None:
    study = replace(ALONE, human=read(answers(1, 500, people)))
    finding = study.estimate(read(answers(2, 300, panel, runs=3)))
    assert finding.verdict.label == label
    assert finding["constraint.ratio"].low < constraint(panel, 0.5) / constraint(people, 0.5) < finding["constraint.ratio"].high
    assert finding["constraint"].low < constraint(panel, 0.5) < finding["constraint"].high  # of single answers, as those of people are
    assert finding["constraint.human"].low < constraint(people, 0.5) < finding["constraint.human"].high
    assert finding["excess.ties"].value == pytest.approx(finding["distance.ties"].value - finding["floor.ties"].value)


def test_other_items_tied_as_tightly_are_tied_otherwise() -> None:
    turned = answers(2, 300, 0.9, runs=2)[:, [0, 4, 1, 5, 2, 6, 3, 7]]
    finding = replace(ALONE, human=read(answers(1, 500, 0.9))).estimate(read(turned))
    assert finding.verdict.label == "tied otherwise than in people"
    assert finding["constraint.ratio"].low < 1 < finding["constraint.ratio"].high


def test_people_against_themselves_lie_at_the_floor() -> None:
    findings = []
    for seed in range(12):
        everybody = answers(seed, 400, 0.7)
        findings.append(replace(ALONE, human=read(everybody[200:])).estimate(read(everybody[:200])))
    assert np.mean([finding["excess.ties"].value for finding in findings]) == pytest.approx(0.0, abs=0.02)
    assert sum(finding["excess.ties"].low < 0 < finding["excess.ties"].high for finding in findings) >= 8
    assert sum(finding.verdict.label in {"tied as in people", "undecided"} for finding in findings) >= 9
    assert all(finding["ceiling.ties"].value > finding["floor.ties"].value for finding in findings)  # halves are half the size


def test_reruns_on_both_sides_take_noise_out_of_both() -> None:
    study = replace(ALONE, human=read(answers(1, 300, 0.8, runs=2, noise=1.0)))
    finding = study.estimate(read(answers(2, 100, 0.8, runs=4, noise=0.3)))
    assert not finding.notices
    for name in ("constraint", "constraint.human"):
        assert finding[name].low < constraint(0.8) < finding[name].high


def test_answers_without_a_persona_do_not_count() -> None:
    some = read(answers(4, 60, 0.8, runs=2))
    frame = some.frame.with_columns(pl.col("persona").cast(pl.String))
    nobody = frame.filter(persona="0").with_columns(persona=pl.lit(NOBODY), answer=pl.lit(99.0))
    finding = ALONE.estimate(Responses.read(pl.concat([frame, nobody]), Columns(run="run"), Numeric()))
    for first, second in zip(finding.estimates, ALONE.estimate(some).estimates, strict=True):
        assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high), nan_ok=True)


def test_missing_cells_do_not_bias_the_constraint() -> None:
    estimates = []
    for seed in range(20):
        given = answers(seed, 60, 0.8, runs=2)
        given[np.random.default_rng(seed).random(given.shape[:2]) < 0.2] = np.nan
        estimates.append(ALONE.estimate(read(given))["constraint"])
    assert np.mean([estimate.value for estimate in estimates]) == pytest.approx(constraint(0.8), abs=0.03)
    assert sum(estimate.low < constraint(0.8) < estimate.high for estimate in estimates) >= 14


def test_two_labels_are_an_order() -> None:
    given = np.where(answers(5, 80, 0.9, runs=2) > 0, "yes", "no")
    axes = [axis.ravel() for axis in np.indices(given.shape)]
    frame = pl.DataFrame({"persona": axes[0], "item": axes[1], "run": axes[2], "answer": given.ravel()})
    words = Responses.read(frame, Columns(run="run"), Nominal(("no", "yes")))
    numbers = Responses.read(frame.with_columns(answer=(pl.col("answer") == "yes").cast(pl.Int8)), Columns(run="run"), Ordinal(("0", "1")))
    for first, second in zip(ALONE.estimate(words).estimates, ALONE.estimate(numbers).estimates, strict=True):
        assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high), nan_ok=True)
    three = Responses.read(frame.with_columns(answer=pl.lit("perhaps")).vstack(frame), Columns(run="run"), Nominal(), duplicates="runs")
    with pytest.raises(DesignError, match="ordered scale, or two labels"):
        ALONE.estimate(three)


def test_items_without_persona_are_left_out_with_a_notice() -> None:
    given = answers(6, 40, 0.8, runs=3)
    given[:, 3] = np.random.default_rng(1).normal(size=(40, 3))
    finding = ALONE.estimate(read(given))
    assert finding["dimension"].n == ITEMS - 1
    assert finding.notices[0].text.endswith("little more than noise: 3.")
    given[:, 1:] = 0.0
    with pytest.raises(DesignError, match="needs two or more items on which"):
        ALONE.estimate(read(given))


def test_four_personas_are_few() -> None:
    assert ALONE.estimate(read(answers(0, 4, 0.9, runs=3)))["constraint"].status in {
        EstimateStatus.FEW_PERSONAS,
        EstimateStatus.NEGATIVE,
        EstimateStatus.NO_INTERVAL,
    }


def test_the_design_picks_opinions() -> None:
    panel, items = strong(4), (*statements(), *knowledge(), *groups()[:3])
    assert {request.about["item"] for request in ALONE.design(panel, items, Elicitation(1))} == {item.id for item in statements()}
    human = read(answers(0, 5, 0.5))
    renamed = replace(human, frame=human.frame.with_columns(item=pl.lit("taxes.good")))
    with pytest.raises(DesignError, match="that people answered too"):
        replace(ALONE, human=renamed).design(panel, items, Elicitation(1))
    with pytest.raises(DesignError, match="2 or more items"):
        ALONE.design(panel, knowledge(), Elicitation(1))
    odd = replace(statements()[0], id="odd", scale=Numeric(0, 10))
    with pytest.raises(DesignError, match="on one scale"):
        ALONE.design(panel, (*items, odd), Elicitation(1))


def test_the_society_is_structured_along_its_lines() -> None:
    panel, items = strong(30), statements()[::3]
    requests = ALONE.design(panel, items, Elicitation(score=True))
    world = society(panel, items)
    finding = ALONE.estimate(
        study_responses(reply_table(requests, [Reply(probabilities=world(request)) for request in requests]), "the society")
    )
    assert finding.verdict.label == "structured"
    strongest = finding.evidence["pairs"][0]
    first, second = (set(SUBJECTS[str(strongest[name]).split(".")[0]][1]) for name in ("item", "other"))
    assert first == second
