"""What a few people take off a panel's error."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.lab.members import remedy
from personametrics.measures.population import people, sample_means
from personametrics.remedies.rectify import Method, Rectify
from personametrics.stats.inference.design_based import design_based
from personametrics.stats.inference.ppi import Sample, mean
from personametrics.studies.population import Population
from personametrics.studies.stability import Stability

LIKERT = Ordinal(("1", "2", "3", "4", "5"))
SCORES = {"1": 0.0, "2": 0.25, "3": 0.5, "4": 0.75, "5": 1.0}


def table(answers: "np.ndarray[tuple[int, int], np.dtype[np.str_]]", who: str = "p", scale: Scale = LIKERT) -> Responses:
    """(people, items) answers."""
    rows = [(f"{who}{index}", f"item {what}", answer) for index, row in enumerate(answers) for what, answer in enumerate(row)]
    frame = pl.DataFrame(rows, ["persona", "item", "answer"], orient="row").with_columns(
        side=pl.col("persona").str.slice(1).cast(pl.Int64) % 3
    )
    return Responses.read(frame, Columns(attributes=("side",)), scale)


RNG = np.random.default_rng(0)
TRUE = RNG.choice(list(SCORES), (80, 4))
TOLD = np.where(RNG.random((80, 4)) < 0.7, TRUE, "5")
PANEL, HUMAN = table(TOLD), table(TRUE[:30])


def numbers(answers: "np.ndarray[tuple[int, int], np.dtype[np.str_]]") -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.array([[SCORES[answer] for answer in row] for row in answers])


@pytest.mark.parametrize(("method", "power"), [("ppi++", None), ("ppi", 1.0), ("people", 0.0)])
def test_numbers_are_those_of_the_rectified_mean(method: Method, power: float | None) -> None:
    rectified = Rectify(method=method).fit(PANEL, HUMAN).numbers(people(PANEL))
    for item in range(4):
        y, f = numbers(TRUE[:30])[:, item], numbers(TOLD)[:, item]
        expected = mean(Sample(y, f[:30], f[30:]), power)
        assert float(rectified.value[item, 0]) == pytest.approx(float(expected.value))
        assert float(rectified.variance[item, 0]) == pytest.approx(float(expected.variance))
        assert float(np.asarray(rectified.freedom)[item, 0]) == pytest.approx(float(expected.freedom))


def test_pseudo_outcomes_are_a_method() -> None:
    rectified = Rectify(method="dsl").fit(PANEL, HUMAN).numbers(people(PANEL))
    y, f = numbers(TRUE[:30])[:, 0], numbers(TOLD)[:, 0]
    assert float(rectified.value[0, 0]) == pytest.approx(float(design_based(Sample(y, f[:30], f[30:])).value))


def test_a_biased_panel_comes_nearer_to_everybody() -> None:
    """People say 1 to 5 alike often, the panel 5 too often."""
    truth = numbers(TRUE).mean(0)
    panel = people(PANEL)
    before, after = sample_means(panel).value[:, 0] - truth, Rectify().fit(PANEL, HUMAN).numbers(panel).value[:, 0] - truth
    assert (before > 0.1).all()
    assert np.abs(after).mean() < 0.5 * np.abs(before).mean()


def test_shares_of_labels_sum_to_one() -> None:
    scale = Nominal(tuple(SCORES))
    panel = table(TOLD, scale=scale)
    rectified = Rectify().fit(panel, table(TRUE[:30], scale=scale)).numbers(people(panel))
    assert rectified.value.sum(1) == pytest.approx(np.ones(4))


def test_strata_stand_in_for_pairs() -> None:
    stranger = table(TRUE[:30], "x")
    with pytest.raises(DesignError, match=r"The people of .* are not linked"):
        Rectify().fit(PANEL, stranger)
    fitted = Rectify(strata=("side",)).fit(PANEL, stranger)
    assert np.isfinite(fitted.numbers(people(PANEL)).value).all()
    assert fitted.evidence(people(PANEL))["rectified with"][0]["tied by"] == "side"


def test_it_needs_people_and_a_fit() -> None:
    with pytest.raises(DesignError, match="but has none"):
        Rectify().fit(PANEL, None)
    with pytest.raises(DesignError, match="Call fit first"):
        Rectify().numbers(people(PANEL))


def test_it_remembers_whom_it_has_seen_and_counts_them() -> None:
    fitted = Rectify().fit(PANEL, table(TRUE[:30]))
    assert fitted.seen == {f"p{index}" for index in range(30)}
    assert dict(fitted.evidence(people(PANEL))["rectified with"][0]) == {"people given": 30, "people used": 30, "tied by": "id"}


def test_evidence_says_what_the_panel_is_worth() -> None:
    row = Rectify(price=0.01).fit(PANEL, HUMAN).evidence(people(PANEL))["rectified"][0]
    rho = np.corrcoef(numbers(TRUE[:30])[:, 0], numbers(TOLD)[:30, 0])[0, 1]
    assert (row["people"], row["personas"]) == (30, 50)
    assert row["correlation"] == pytest.approx(rho)
    worth = 30 * 80 / (30 + (1 - rho**2) * 50)
    assert row["worth"] == pytest.approx(worth)
    needed = row["people for half the width"]
    assert isinstance(needed, int)
    assert needed * (needed + 50) / (needed + (1 - rho**2) * 50) >= 4 * worth - 1e-6
    assert (needed - 1) * (needed + 49) / (needed - 1 + (1 - rho**2) * 50) < 4 * worth
    assert isinstance(row["best worth"], int)
    assert row["best worth"] > worth
    assert "best worth" not in Rectify().fit(PANEL, HUMAN).evidence(people(PANEL))["rectified"][0]


def test_the_rival_are_the_same_people_alone() -> None:
    rival = Rectify(strata=("side",)).rival()
    assert rival == Rectify("people", ("side",))
    assert rival.rival() is None
    fitted = Rectify("people").fit(PANEL, HUMAN)
    assert fitted.numbers(people(PANEL)).value[:, 0] == pytest.approx(numbers(TRUE[:30]).mean(0))
    assert fitted.evidence(people(PANEL))["rectified"][0]["worth"] == 30.0


def test_it_changes_the_study_of_populations_and_no_other() -> None:
    fitted = Rectify().fit(PANEL, HUMAN)
    study = fitted.estimates(Population(human=table(TRUE)))
    assert isinstance(study, Population)
    assert study.estimator is fitted
    with pytest.raises(DesignError, match=r"stability does not estimate numbers about people.*population"):
        fitted.estimates(Stability())


def test_the_study_reads_what_it_says() -> None:
    rest = table(TRUE).only(~pl.col("persona").is_in([f"p{index}" for index in range(30)]))
    fitted = Rectify().fit(PANEL, HUMAN)
    before, after = Population(human=rest), fitted.estimates(Population(human=rest))
    assert after.estimate(PANEL)["error"].value < 0.5 * before.estimate(PANEL)["error"].value
    assert "rectified" in after.estimate(PANEL).evidence


def test_knobs_are_checked() -> None:
    with pytest.raises(StudyError, match="-1 is below 0"):
        Rectify(price=-1.0)
    with pytest.raises(StudyError, match=r"Did you mean ppi\+\+|ppi\+\+"):
        remedy("rectify:method=pi++")


def test_it_is_made_from_text() -> None:
    assert remedy("rectify:method=people,strata=age/region,price=0.002") == Rectify("people", ("age", "region"), price=0.002)


def test_pseudo_outcomes_know_no_weights_of_personas() -> None:
    weighted = replace(people(PANEL), weights=np.ones(80))
    with pytest.raises(DesignError, match="does not use weights of personas"):
        Rectify("dsl").fit(PANEL, HUMAN).numbers(weighted)
