"""Reweighting: composition is mended on questions not seen, answers are not, and nothing is moved without evidence."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError, StudyError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.lab import members
from personametrics.measures.population import people
from personametrics.remedies.reweight import Reweight
from personametrics.stats.arrays import Floats
from personametrics.studies.expertise import Expertise
from personametrics.studies.population import Population
from personametrics.testing import trials

ITEMS = 24
PANEL, CROWD = ("town",) * 32 + ("country",) * 8, ("town",) * 150 + ("country",) * 150
SCALE = Ordinal(("0", "1"))


def opinions(seed: int = 0) -> dict[str, Floats]:
    """Shares of those who say 1, by place and item; they lean either way."""
    shares = np.random.default_rng(seed).uniform(0.1, 0.9, (2, ITEMS))
    return dict(zip(("town", "country"), shares, strict=True))


def answered(
    places: Sequence[str], seed: int, runs: int = 1, items: Sequence[int] = range(ITEMS), scale: Scale = SCALE, more: float = 0.0
) -> Responses:
    """Everybody's answers to some items; `more` is what a side adds to all shares."""
    rng, shares = np.random.default_rng(seed), opinions()
    rows = [
        (f"{seed}-{who}", place, age, f"q{number}", str(int(rng.random() < shares[place][number] + more)))
        for who, place in enumerate(places)
        for age in ["old" if who % 4 else "young"]
        for number in items
        for _ in range(runs)
    ]
    frame = pl.DataFrame(rows, ["persona", "place", "age", "item", "answer"], orient="row")
    return Responses.read(frame, Columns(attributes=("place", "age")), scale, duplicates="runs")


TRAINING, TEST = range(0, ITEMS, 2), range(1, ITEMS, 2)


def errors(remedy: Reweight, crowd: Sequence[str] = CROWD, more: float = 0.0, scale: Scale = SCALE) -> tuple[float, float]:
    """Error on questions not seen, without the remedy and with it."""
    panel = {part: answered(PANEL, 1, 5, part, scale, more) for part in (TRAINING, TEST)}
    human = {part: answered(crowd, 2, 1, part, scale) for part in (TRAINING, TEST)}
    fitted = remedy.fit(panel[TRAINING], human[TRAINING])
    study = Population(human=human[TEST])
    return study.estimate(panel[TEST])["error"].value, fitted.estimates(study).estimate(panel[TEST])["error"].value


def shares(fitted: Reweight, panel: Responses, name: str) -> dict[str, float]:
    """What share of the weight each group has."""
    assert fitted.fitted is not None
    groups = panel.attribute(name)
    weights = fitted.fitted.weights
    return {group: sum(weights[who] for who in weights if groups[who] == group) / len(weights) for group in set(groups.values())}


ALL = [Reweight(), Reweight("poststratify", ("place",)), Reweight("rake", ("place", "age"))]


@pytest.mark.parametrize("remedy", ALL, ids=lambda remedy: remedy.method)
def test_the_error_on_questions_not_seen_falls_where_the_composition_is_wrong(remedy: Reweight) -> None:
    before, after = errors(remedy)
    expected = (0.3**2) * float(((opinions()["town"] - opinions()["country"])[list(TEST)] ** 2).mean())
    assert before - after == pytest.approx(expected, rel=0.35)
    assert after < 0.004


@pytest.mark.parametrize("scale", [Nominal(("0", "1")), Nominal(("1", "0", "other"))])
def test_labels_are_reweighted_as_scores_are(scale: Scale) -> None:
    assert errors(Reweight("poststratify", ("place",)), scale=scale) == pytest.approx(errors(Reweight("poststratify", ("place",))))
    before, after = errors(Reweight(), scale=scale)
    assert after < 0.004 < before


@pytest.mark.parametrize("remedy", ALL, ids=lambda remedy: remedy.method)
def test_nothing_happens_where_the_composition_is_right(remedy: Reweight) -> None:
    before, after = errors(remedy, crowd=("town",) * 240 + ("country",) * 60)
    assert after == pytest.approx(before, abs=3e-4)


def test_how_personas_answer_is_not_mended_by_composition() -> None:
    """Both kinds say 1 less often than people by .1; weights by place leave that as it is."""
    _, after = errors(Reweight("poststratify", ("place",)), more=-0.1)
    assert after > 0.1**2 * 0.7


def test_groups_have_their_shares_after_fitting() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    assert shares(Reweight("poststratify", ("place",)).fit(panel, human), panel, "place") == pytest.approx({"town": 0.5, "country": 0.5})
    raked = Reweight("rake", ("place", "age")).fit(panel, human)
    assert shares(raked, panel, "place") == pytest.approx({"town": 0.5, "country": 0.5})
    assert shares(raked, panel, "age") == pytest.approx({"young": 0.25, "old": 0.75})
    often = answered(PANEL, 1, runs=5)
    assert shares(Reweight().fit(often, human), often, "place")["country"] == pytest.approx(0.5, abs=0.1)


def test_weights_of_people_say_what_the_population_is() -> None:
    human = answered(CROWD, 2)
    weighty = human.frame.with_columns(weight=pl.when(pl.col("place") == "town").then(1.0).otherwise(3.0))
    weighed = Responses.read(weighty, Columns(attributes=("place", "age"), more=("weight",)), SCALE)
    panel = answered(PANEL, 1)
    odds = shares(Reweight("poststratify", ("place",)).fit(panel, weighed), panel, "place")
    assert odds == pytest.approx({"town": 0.25, "country": 0.75})


def test_the_evidence_says_how_many_people_and_what_the_panel_is_worth() -> None:
    panel = answered(PANEL, 1)
    fitted = Reweight("poststratify", ("place",)).fit(panel, answered(CROWD, 2))
    tables = fitted.evidence(people(panel))
    row = tables["reweighted"][0]
    assert (row["humans"], row["questions"], row["personas"]) == (300, ITEMS, 40)
    assert row["design effect"] == pytest.approx(0.25 / 0.8 + 0.25 / 0.2)
    assert row["effective personas"] == pytest.approx(40 / 1.5625)
    assert [row["weight"] for row in tables["weights"]] == pytest.approx([2.5] * 8 + [0.625] * 32)
    assert fitted.seen == {f"q{index}" for index in range(ITEMS)}


def test_intervals_grow_with_the_design_effect() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    study = Population(human=human)
    plain, weighted = study, Reweight("poststratify", ("place",)).fit(panel, human).estimates(study)
    assert weighted.estimate(panel)["width"].value > 1.15 * plain.estimate(panel)["width"].value


def test_gaps_do_not_stop_a_mixture() -> None:
    panel = answered(PANEL, 1, runs=5)
    some = panel.only(pl.int_range(pl.len()) // 5 % 7 != 0)
    assert not people(some).asked.all()
    assert shares(Reweight().fit(some, answered(CROWD, 2)), panel, "place")["country"] == pytest.approx(0.5, abs=0.1)


def test_a_fixed_ridge_is_used() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    loose, tight = (Reweight(ridge=ridge).fit(panel, human) for ridge in (0.1, 1000.0))
    assert tight.fitted is not None
    assert tight.fitted.ridge == 1000
    worth = [fitted.evidence(people(panel))["reweighted"][0]["effective personas"] for fitted in (loose, tight)]
    assert worth[0] < worth[1]  # type: ignore[operator]
    assert worth[1] == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reweight:method=magic", 'reweight.method: unknown value "magic"'),
        ("reweight:method=rake", "needs attributes for method=poststratify or rake"),
        ("reweight:attributes=place", "none for method=mixture"),
    ],
)
def test_wrong_knobs_are_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        members.remedy(text)


def test_knobs_are_written_as_text() -> None:
    assert members.remedy("reweight:method=rake,attributes=place/age,ridge=2") == Reweight("rake", ("place", "age"), 2.0)


def test_what_cannot_be_learned_from_is_said() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    by_place = Reweight("poststratify", ("place",))
    with pytest.raises(DesignError, match="but has none"):
        Reweight().fit(panel, None)
    with pytest.raises(DesignError, match="fitted on 4 or more questions, but there are 3"):
        Reweight().fit(answered(PANEL, 1, items=range(3)), human)
    with pytest.raises(DesignError, match="50% of people are country, but no persona is"):
        by_place.fit(panel.only(pl.col("place") == "town"), human)
    with pytest.raises(ColumnError, match="faith"):
        Reweight("rake", ("faith",)).fit(panel, human)
    unknown = panel.frame.with_columns(place=pl.when(pl.col("persona") == "1-3").then(None).otherwise("place"))
    with pytest.raises(DesignError, match='"1-3" lacks them'):
        by_place.fit(Responses.read(unknown, panel.columns, SCALE), human)


def test_margins_that_contradict_each_other_are_said() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    same = [responses.frame.with_columns(kind=pl.col("place").cast(pl.String)) for responses in (panel, human)]
    odd = same[1].with_columns(kind=pl.when(pl.col("persona") == "2-0").then(pl.lit("country")).otherwise("kind"))
    columns = Columns(attributes=("place", "kind"))
    with pytest.raises(DesignError, match="cannot be weighted to match the human shares of place, kind"):
        Reweight("rake", ("place", "kind")).fit(Responses.read(same[0], columns, SCALE), Responses.read(odd, columns, SCALE))


def test_it_acts_on_numbers_about_people_once_it_is_fitted_to_the_panel() -> None:
    panel, human = answered(PANEL, 1), answered(CROWD, 2)
    with pytest.raises(DesignError, match="Use the remedy reweight with the study population"):
        Reweight().estimates(Expertise())
    with pytest.raises(DesignError, match="is not fitted"):
        Reweight().estimates(Population()).estimate(panel)
    with pytest.raises(DesignError, match='without "3-0"'):
        Reweight().fit(panel, human).estimates(Population()).estimate(answered(PANEL, 3))


def test_paired_changes_hold_the_truth_in_both_worlds() -> None:
    remedy = Reweight("poststratify", ("place",))
    for defect, truth in ((True, remedy.known().change["error"]), (False, 0.0)):
        change = trials(remedy, [1], defect=defect)[0]["change.error"]
        assert change.low - 1e-9 <= truth <= change.high + 1e-9
