"""Individuation: people and twins small enough to be worked out by hand, and worlds where the profile is or is not heard."""

import math
from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean, pstdev

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.data.study import Elicitation
from personametrics.studies.individuation import Individuation
from personametrics.testing import Simulation

SCALE = Ordinal(("1", "2", "3", "4", "5"))
MORE = Columns(run="run", more=("human", "arm"))
HUMAN = {("a", "x"): 1, ("b", "x"): 2, ("c", "x"): 5, ("d", "x"): 4, ("a", "y"): 3, ("b", "y"): 3, ("c", "y"): 1, ("d", "y"): 5}
OWN = {
    ("a", "x"): (1, 2), ("b", "x"): (2, 4), ("c", "x"): (4, 4), ("d", "x"): (4, 3),
    ("a", "y"): (2, 3), ("b", "y"): (3, 3), ("c", "y"): (2, 1), ("d", "y"): (5, 3),
}  # fmt: skip
NONE = {"x": (3, 2), "y": (3, 1)}


def rows(
    answers: Mapping[tuple[str, str], tuple[int, ...]] = OWN, none: Mapping[str, tuple[int, ...]] = NONE
) -> list[tuple[str, str, str, int | None, str, str]]:
    table = [(p, i, "own", HUMAN[p, i], str(answer), str(run)) for (p, i), runs in answers.items() for run, answer in enumerate(runs)]
    return table + [("(no persona)", i, "none", None, str(answer), str(run)) for i, runs in none.items() for run, answer in enumerate(runs)]


def read(table: list[tuple[str, str, str, int | None, str, str]], scale: Scale = SCALE) -> Responses:
    frame = pl.DataFrame(table, ["persona", "item", "arm", "human", "answer", "run"], orient="row")
    return Responses.read(frame, MORE, scale, duplicates="runs")


def score(runs: tuple[int, ...], truth: int) -> dict[str, float]:
    """Return the scores of answers on a person's answer, by the definitions."""
    return {
        "accuracy": fmean(float(answer == truth) for answer in runs),
        "closeness": fmean(1 - abs(answer - truth) / 4 for answer in runs),
        "logscore": math.log((runs.count(truth) + 0.5) / (len(runs) + 5 / 2)),
    }


@pytest.mark.parametrize("measure", ["accuracy", "closeness", "logscore"])
def test_scores_and_gains_are_those_worked_out_by_hand(measure: str) -> None:
    finding = Individuation().estimate(read(rows()))
    accuracy = fmean(score(OWN[cell], HUMAN[cell])[measure] for cell in HUMAN)
    none = fmean(score(NONE[i], HUMAN[p, i])[measure] for p, i in HUMAN)
    others = fmean(score(OWN[q, i], HUMAN[p, i])[measure] for p, i in HUMAN for q in "abcd" if q != p)
    assert finding[f"{measure}.own"].value == pytest.approx(accuracy)
    assert finding[f"{measure}.gain.none"].value == pytest.approx(accuracy - none)
    assert finding[f"{measure}.gain.shuffled"].value == pytest.approx(accuracy - others)


def test_correlation_and_spread_are_those_of_single_answers() -> None:
    finding = Individuation().estimate(read(rows()))
    correlation, spread = [], []
    for item in "xy":
        people = [HUMAN[p, item] for p in "abcd"]
        means = [fmean(OWN[p, item]) for p in "abcd"]
        noise = fmean(pstdev(OWN[p, item]) ** 2 for p in "abcd")
        twins = pstdev(means) ** 2 * 4 / 3 + noise  # between single answers of different twins
        both = sum((x - fmean(people)) * (m - fmean(means)) for x, m in zip(people, means, strict=True)) / 3
        correlation.append(both / math.sqrt(pstdev(people) ** 2 * 4 / 3 * twins))
        spread.append(math.sqrt(twins / (pstdev(people) ** 2 * 4 / 3)))
    assert finding["correlation"].value == pytest.approx(fmean(correlation))
    assert finding["spread"].value == pytest.approx(math.sqrt(spread[0] * spread[1]))


def test_one_twin_who_did_not_answer_leaves_the_item_to_the_others() -> None:
    whole, table = Individuation().estimate(read(rows())), rows()
    finding = Individuation().estimate(read([*table, ("e", "x", "own", 3, None, "0")]))  # type: ignore[list-item]
    for name in ("correlation", "spread", "accuracy.own"):
        assert finding[name].value == pytest.approx(whole[name].value)


def test_a_recorded_arm_under_another_profile_is_read() -> None:
    table = rows() + [(p, i, "shuffled", HUMAN[p, i], "5", "0") for p, i in HUMAN]
    gain = Individuation().estimate(read(table))["accuracy.gain.shuffled"]
    assert gain.value == pytest.approx(fmean(score(OWN[cell], HUMAN[cell])["accuracy"] - (HUMAN[cell] == 5) for cell in HUMAN))


def test_answers_without_a_profile_may_also_be_recorded_person_by_person() -> None:
    table = rows(none={}) + [(p, i, "none", HUMAN[p, i], str(HUMAN[p, i]), "0") for p, i in HUMAN]
    finding = Individuation().estimate(read(table))
    assert finding["accuracy.gain.none"].value == pytest.approx(finding["accuracy.own"].value - 1)


def test_without_answers_under_no_profile_there_is_no_gain_over_it() -> None:
    names = {estimate.name for estimate in Individuation().estimate(read(rows(none={}))).estimates}
    assert "accuracy.gain.shuffled" in names
    assert "accuracy.gain.none" not in names


def test_label_probabilities_are_the_limit_of_many_runs() -> None:
    study = Individuation()
    world = study.known()
    exact = study.estimate(Simulation.of(study, world, Elicitation(score=True)).answers(world.world))
    drawn = study.estimate(Simulation.of(study, world, Elicitation(runs=60)).answers(world.world))
    assert [estimate.name for estimate in exact.estimates] == [estimate.name for estimate in drawn.estimates]
    for estimate in exact.estimates:
        slack = 0.3 if estimate.name in {"identified", "rank"} else 0.04
        assert drawn[estimate.name].value == pytest.approx(estimate.value, abs=slack), estimate.name
    assert exact["accuracy.own"].value == pytest.approx(world.truth["accuracy.own"])
    assert exact["accuracy.gain.shuffled"].value == pytest.approx(world.truth["accuracy.gain.shuffled"])


def test_labels_without_order_have_neither_closeness_nor_correlation() -> None:
    finding = Individuation().estimate(read(rows(), Nominal(SCALE.labels)))
    assert {estimate.name.partition(".")[0] for estimate in finding.estimates} == {"accuracy", "logscore", "identified", "rank"}


def test_numbers_are_as_far_apart_as_they_are() -> None:
    finding = Individuation().estimate(read(rows(), Numeric(1, 5)))
    assert finding["closeness.own"].value == pytest.approx(fmean(score(OWN[cell], HUMAN[cell])["closeness"] for cell in HUMAN))


def test_missing_columns_and_arms_end_in_one_sentence() -> None:
    whole = read(rows())
    with pytest.raises(ColumnError, match='no column "human"'):
        Individuation().estimate(replace(whole, frame=whole.frame.drop("human")))
    with pytest.raises(DesignError, match='no answers in the arm "own"'):
        Individuation().estimate(whole.only(pl.col("arm") == "none"))
    with pytest.raises(AnswerError, match='"a" has two real answers to the item "x"'):
        Individuation().estimate(read([*rows(), ("a", "x", "own", 4, "1", "2")]))
    with pytest.raises(AnswerError, match='real answer "9" is not on the scale'):
        Individuation().estimate(read([*rows(), ("e", "x", "own", 9, "1", "0")]))


def test_one_person_leaves_it_undecided() -> None:
    finding = Individuation().estimate(read([row for row in rows() if row[0] in {"a", "(no persona)"}]))
    assert finding.verdict.label == "undecided"
    assert "too few people" in finding.verdict.sentence
    assert math.isnan(finding["accuracy.gain.shuffled"].value)


def test_the_people_predicted_worst_come_first_in_the_evidence() -> None:
    evidence = Individuation().estimate(read(rows())).evidence
    accuracy = [row["accuracy"] for row in evidence["people"]]
    assert accuracy == sorted(fmean(score(OWN[p, i], HUMAN[p, i])["accuracy"] for i in "xy") for p in "abcd")
    assert [row["item"] for row in evidence["items"]] == ["x", "y"]


def test_verdicts_follow_the_interval_of_the_gain_over_other_profiles() -> None:
    study = Individuation()
    world = study.known()
    simulation = Simulation.of(study, world)
    assert study.estimate(simulation.answers(world.world)).verdict.label == "individual"
    assert study.estimate(simulation.answers(world.null)).verdict.label == "no individuation"
    assert Individuation(margin=0.001).estimate(simulation.answers(world.null)).verdict.label == "undecided"


PEOPLE = tuple(Persona(name, f"You are {name}.", {"x": str(HUMAN[name, "x"])}) for name in "abc")
ITEMS = (Item("x", "X?", SCALE), Item("y", "Y?", SCALE))


def test_only_what_people_answered_is_asked_and_their_answers_stay_out_of_the_prompt() -> None:
    requests = Individuation().design(PEOPLE, ITEMS, Elicitation(runs=2))
    assert {(request.about["persona"], request.about["item"], request.about["arm"], request.about["human"]) for request in requests} == {
        ("(no persona)", "x", "none", ""), ("a", "x", "own", "1"), ("b", "x", "own", "2"), ("c", "x", "own", "5"),
    }  # fmt: skip
    assert len(requests) == 8
    assert len({request.key("m") for request in requests}) == 8


def test_people_may_come_as_a_table_of_answers() -> None:
    table = pl.DataFrame([(p, i, float(answer)) for (p, i), answer in HUMAN.items()], ["persona", "item", "answer"], orient="row")
    requests = Individuation(human=Responses.read(table)).design(PEOPLE, ITEMS, Elicitation(runs=1))
    assert {
        (request.about["persona"], request.about["item"]): request.about["human"] for request in requests if request.about["arm"] == "own"
    } == {(p, i): str(HUMAN[p, i]) for p in "abc" for i in "xy"}


def test_a_design_without_real_answers_says_what_is_missing() -> None:
    with pytest.raises(DesignError, match="give personas an attribute named like the item"):
        Individuation().design([Persona("a", "You are a.")], ITEMS, Elicitation())
    with pytest.raises(AnswerError, match='"7" of the person "d" is not on the scale of the item "x"'):
        Individuation().design([*PEOPLE, Persona("d", "You are d.", {"x": "7"})], ITEMS, Elicitation())
