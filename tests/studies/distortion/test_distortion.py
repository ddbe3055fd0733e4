"""Distortion: every average is counted by hand, and worlds in which judgement bends, or only looks like it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError, StudyError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.sentences import INSTRUCTIONS
from personametrics.data.study import Elicitation
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.panels import bare, society
from personametrics.models.embedded.society.society import PLANTED
from personametrics.studies.distortion import Distortion
from personametrics.testing import Simulation

SIDES = ("left", "right")
YES_NO = Nominal(("yes", "no"))
EXACT = Elicitation(score=True)
COLUMNS = Columns(run="run", more=("gold", "side", "identity"))
Row = tuple[str, str, int, str, str, str, str]


def people(left: int = 4, right: int = 4) -> tuple[Persona, ...]:
    return tuple(
        Persona(f"{side} {index}", f"You are {index}.", {"politics": side})
        for side, n in zip(SIDES, (left, right), strict=True)
        for index in range(n)
    )


def questions(topic: str = "identity", sides: tuple[str, ...] = (*SIDES, "none")) -> tuple[Item, ...]:
    return tuple(
        Item(f"{topic} {side} {gold} {index}", "Did it help?", YES_NO, {"gold": gold, "side": side, "topic": topic})
        for side, gold, index in product(sides, YES_NO.labels, range(3))
    )


def asked(
    right: Callable[[Mapping[str, str]], float],
    who: tuple[Persona, ...] | None = None,
    items: tuple[Item, ...] | None = None,
    study: Distortion | None = None,
) -> Finding:
    """The finding where the probability of being right is a function of what an answer is about."""

    def world(request: Request) -> dict[str, float]:
        share = right(request.about)
        return {label: share if label == request.about["gold"] else 1 - share for label in YES_NO.labels}

    study = study or Distortion()
    planted = replace(study.known(), personas=who or people(), items=items or questions())
    return study.estimate(Simulation.of(study, planted, EXACT).answers(world))


def suits(about: Mapping[str, str]) -> float:
    return 0.0 if not about["identity"] or about["side"] == "none" else 0.5 if about["side"] == about["identity"] else -0.5


def recorded(seed: int = 0) -> list[Row]:
    """Persona, item, run, answer, gold, side, identity: uneven, with answers missing."""
    rng = np.random.default_rng(seed)
    rows = []
    who = [("a", "left"), ("b", "left"), ("c", "left"), ("d", "right"), ("e", "right"), ("f", "centre"), (NOBODY, "")]
    what = [
        (f"{side}{index}", side, YES_NO.labels[index % 2]) for side, n in (("left", 5), ("right", 3), ("none", 2)) for index in range(n)
    ]
    for (persona, identity), (item, side, gold), run in product(who, what, range(4)):
        if rng.random() < 0.8:
            right = rng.random() < 0.6 + 0.2 * (identity == side) + 0.1 * (persona == "a")
            rows.append((persona, item, run, gold if right else "yes" if gold == "no" else "no", gold, side, identity))
    return rows


def read(rows: list[Row], drop: str | None = None) -> Responses:
    frame = pl.DataFrame(rows, schema=["persona", "item", "run", "answer", "gold", "side", "identity"], orient="row")
    more = tuple(name for name in COLUMNS.more if name != drop)
    return Responses.read(frame.drop(drop) if drop else frame, replace(COLUMNS, more=more), YES_NO)


def accuracy(rows: list[Row], persona: Callable[[str], bool], identity: str, side: str) -> float:
    return fmean(r[3] == r[4] for r in rows if persona(r[0]) and r[6] == identity and r[5] == side)


@pytest.mark.parametrize("seed", range(3))
def test_every_number_equals_a_count_by_hand(seed: int) -> None:
    rows = recorded(seed)
    finding = Distortion().estimate(read(rows))

    def who(name: str) -> bool:
        return name != NOBODY

    congruent = fmean(accuracy(rows, who, side, side) for side in SIDES)
    other = fmean([accuracy(rows, who, "left", "right"), accuracy(rows, who, "right", "left")])
    control = fmean(accuracy(rows, who, side, "none") for side in SIDES)
    expected = {
        "accuracy.congruent": congruent,
        "accuracy.incongruent": other,
        "gap": congruent - other,
        "odds.ratio": congruent / (1 - congruent) / (other / (1 - other)),
        "accuracy.none": fmean(accuracy(rows, lambda name: name == NOBODY, "", side) for side in SIDES),
        "accuracy.control": control,
        "control.change": control - accuracy(rows, lambda name: name == NOBODY, "", "none"),
    }
    assert {estimate.name for estimate in finding.estimates} == set(expected)
    for name, value in expected.items():
        assert finding[name].value == pytest.approx(value), name
        assert finding[name].low < value < finding[name].high
    assert [notice.code for notice in finding.notices] == ["without-side"]


def test_harder_questions_and_abler_personas_of_one_side_are_not_a_bend() -> None:
    def right(about: Mapping[str, str]) -> float:
        return 0.5 + 0.2 * (about["side"] == "left") + 0.1 * (about["identity"] == "left")

    finding = asked(right, people(9, 2))
    assert finding["gap"].value == pytest.approx(0.0, abs=1e-12)
    assert finding.verdict.label == "no bend"


def test_the_society_bends_as_planted_and_not_on_neutral_questions() -> None:
    personas, items = bare(), instruments.evidence()
    study = Distortion()
    world = replace(study.known(), personas=personas, items=items)
    finding = study.estimate(Simulation.of(study, world, EXACT).answers(society(personas, items)))
    assert finding["odds.ratio"].value == pytest.approx(PLANTED.evidence)
    assert finding["control.change"].value == pytest.approx(0.0, abs=1e-9)
    assert finding.verdict.label == "identity bends judgement"


def test_control_questions_that_name_a_side_are_taken_off() -> None:
    def right(about: Mapping[str, str]) -> float:
        return 0.6 + (0.4 if about["topic"] == "identity" else 0.3) * suits(about)

    finding = asked(right, items=(*questions(), *questions("control", SIDES)))
    values = [finding[name].value for name in ("gap", "gap.control", "gap.net", "accuracy.congruent")]
    assert values == pytest.approx([0.4, 0.3, 0.1, 0.8])
    level = asked(lambda about: 0.6 + 0.4 * suits(about), items=(*questions(), *questions("control", SIDES)))
    assert level.verdict.label == "no bend"  # personas differ as much where nothing is at stake


def test_an_instruction_reaches_the_question_and_its_change_is_recovered() -> None:
    study = Distortion(instructions=("accuracy", "Take your time."))

    def right(about: Mapping[str, str]) -> float:
        return 0.6 + {"plain": 0.4, "accuracy": 0.1, "Take your time.": 0.5}[about["instruction"]] * suits(about)

    finding = asked(right, study=study)
    assert [finding[name].value for name in ("gap", "gap.accuracy", "change.accuracy")] == pytest.approx([0.4, 0.1, -0.3])
    assert finding["change.Take your time."].value == pytest.approx(0.1)
    requests = study.design(people(), questions(), Elicitation(runs=1))
    texts = {
        name: [request.messages[-1].text for request in requests if request.about["instruction"] == name] for name in ("plain", "accuracy")
    }
    assert all(text.startswith(f"{INSTRUCTIONS['accuracy']}\n\nDid it help?") for text in texts["accuracy"])
    assert all(text.startswith("Did it help?") for text in texts["plain"])
    with pytest.raises(StudyError, match="acuracy"):
        Distortion(instructions=("acuracy",)).design(people(), questions(), Elicitation())


def test_an_accuracy_of_one_gets_half_an_answer_and_no_interval() -> None:
    rows = [row for row in recorded() if row[6] in SIDES and row[5] in SIDES]
    sure = [(*row[:3], row[4], *row[4:]) if row[5] == row[6] else row for row in rows]
    finding = Distortion().estimate(read(sure))
    n = {(persona_side, side): sum(r[6] == persona_side and r[5] == side for r in sure) for persona_side, side in product(SIDES, SIDES)}
    k = {(persona_side, side): sum(r[6] == persona_side and r[5] == side and r[3] == r[4] for r in sure) for persona_side, side in n}
    shares = {pair: (k[pair] + 0.5) / (n[pair] + 1) for pair in n}
    congruent, incongruent = (fmean(shares[pair] for pair in n if (pair[0] == pair[1]) == same) for same in (True, False))
    ratio = finding["odds.ratio"]
    assert ratio.value == pytest.approx(congruent / (1 - congruent) / (incongruent / (1 - incongruent)))
    assert math.isnan(ratio.low)
    assert ratio.status == EstimateStatus.NO_INTERVAL
    assert "0.5 right" in ratio.method
    assert "half-counts" in {notice.code for notice in finding.notices}
    assert finding.verdict.label == "identity bends judgement"


def test_bending_against_ones_own_side_has_its_own_verdict() -> None:
    assert asked(lambda about: 0.6 - 0.5 * suits(about)).verdict.label == "judgement against one's side"


def test_without_the_model_itself_and_without_control_questions_the_gap_is_still_there() -> None:
    rows = [row for row in recorded() if row[0] != NOBODY and row[5] != "none"]
    names = [estimate.name for estimate in Distortion().estimate(read(rows)).estimates]
    assert names == ["accuracy.congruent", "accuracy.incongruent", "gap", "odds.ratio"]


def test_worst_questions_come_first() -> None:
    table = Distortion().estimate(read(recorded())).evidence["items"]
    gaps = [float(row["gap"] or 0) for row in table]
    assert gaps == sorted(gaps, reverse=True)
    assert {row["item"] for row in table} == {f"{side}{index}" for side, n in (("left", 5), ("right", 3)) for index in range(n)}


@pytest.mark.parametrize(
    ("personas", "items", "match"),
    [
        (people(), (Item("i", "?", YES_NO, {"gold": "yes"}),), "two sides .* gold .* and side"),
        (people(), questions(sides=("left", "none")), "two sides"),
        (people(right=0), questions(), 'sides of "politics": left, right'),
        ((Persona("p", "You."),), questions(), '"politics"'),
    ],
)
def test_a_design_names_what_is_missing(personas: tuple[Persona, ...], items: tuple[Item, ...], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        Distortion().design(personas, items, Elicitation())


def test_recorded_answers_that_cannot_tell_are_refused() -> None:
    with pytest.raises(ColumnError, match="side"):
        Distortion().estimate(read(recorded(), "side"))
    with pytest.raises(DesignError, match="two or more sides"):
        Distortion().estimate(read([row for row in recorded() if row[6] != "right"]))
