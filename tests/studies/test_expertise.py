"""Accuracy of personas against that without one."""

from collections import defaultdict

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.studies.expertise import Expertise
from personametrics.testing import Simulation

STUDY = Expertise()
KNOWN = STUDY.known()


def requests() -> list[Request]:
    return STUDY.design(KNOWN.personas, KNOWN.items, Elicitation(runs=1))


def test_an_arm_follows_from_what_a_persona_knows() -> None:
    arms = {(request.about["persona"], request.about["domain"]): request.about["arm"] for request in requests()}
    assert arms["law 0", "law"] == "expert"
    assert arms["law 0", "farming"] == "other"
    assert arms["early 3", "law"] == "ignorant"
    assert arms["(no persona)", "law"] == "none"


def test_a_persona_without_a_field_is_not_asked() -> None:
    silent = Persona("silent", "You are tall.")
    assert "silent" not in {
        request.about["persona"] for request in STUDY.design([*KNOWN.personas, silent], KNOWN.items, Elicitation(runs=1))
    }


def test_gains_are_differences_of_accuracies_counted_by_hand() -> None:
    responses = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 3)
    right: dict[str, list[bool]] = defaultdict(list)
    for row in responses.frame.iter_rows(named=True):
        right[row["arm"]].append(row["answer"] == row["gold"])
    share = {arm: sum(each) / len(each) for arm, each in right.items()}
    finding = STUDY.estimate(responses)
    for arm in ("expert", "other", "ignorant"):
        assert finding[f"accuracy.{arm}"].value == pytest.approx(share[arm])
        assert finding[f"gain.{arm}"].value == pytest.approx(share[arm] - share["none"])


def test_label_probabilities_give_the_truth_itself() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(score=True)).answers(KNOWN.world))
    for name, truth in KNOWN.truth.items():
        assert finding[name].value == pytest.approx(truth)
    assert (finding["gain.ignorant"].low, finding["gain.ignorant"].high) == pytest.approx((-0.25, -0.25))


def test_the_verdict_can_be_no_change() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(score=True)).answers(KNOWN.null))
    assert finding.verdict.label == "no change"


def test_without_an_arm_without_a_persona_there_are_accuracies_and_no_gains() -> None:
    whole = Simulation.of(STUDY, KNOWN).answers(KNOWN.world)
    finding = STUDY.estimate(whole.only(pl.col("arm") != "none"))
    assert {estimate.name for estimate in finding.estimates} == {"accuracy.expert", "accuracy.other", "accuracy.ignorant"}
    assert finding.verdict.label == "undecided"
    assert finding.verdict.sentence == "Accuracy cannot be compared: answers with and without a persona are needed."


def test_items_without_gold_are_refused_with_what_to_add() -> None:
    with pytest.raises(DesignError, match="gold and domain"):
        STUDY.design(KNOWN.personas, [], Elicitation())
    with pytest.raises(DesignError, match='attribute "job"'):
        STUDY.design([Persona("p", "You are tall.")], KNOWN.items, Elicitation())


def test_a_missing_column_is_named() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "answer": ["yes"], "arm": ["none"]})
    with pytest.raises(ColumnError, match='no column "gold" \\(the right answer\\)'):
        STUDY.estimate(Responses.read(frame, Columns(more=("arm",)), Nominal()))
