"""Self-knowledge: numbers against plain sums over answers and certainties, planted truth, and verdicts that follow from intervals."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.panels import strong
from personametrics.models.embedded.society.people import Person
from personametrics.models.embedded.society.society import PLANTED, answers, sureness
from personametrics.studies.self_knowledge import SelfKnowledge
from personametrics.testing import Simulation

STUDY = SelfKnowledge()
CERTAIN = Columns(run="run", more=("gold", "certainty"))


def recorded(seed: int = 0, personas: int = 6, items: int = 8, runs: int = 4, over: float = 0.2, spread: float = 0.1) -> pl.DataFrame:
    """Return answers with their certainty in the same row."""
    rng = np.random.default_rng(seed)
    rows = []
    for persona in range(personas):
        for item in range(items):
            right = (0.5, 0.6, 0.7)[item % 3]
            for run in range(runs):
                answer = "yes" if rng.random() < right else "no"
                certainty = round(100 * (right + over + rng.choice([-spread, spread])))
                rows.append(
                    {"persona": f"p{persona}", "item": f"i{item}", "run": run, "answer": answer, "gold": "yes", "certainty": certainty}
                )
    return pl.DataFrame(rows)


def test_recorded_certainties_give_plain_means() -> None:
    frame = recorded()
    finding = STUDY.estimate(Responses.read(frame, CERTAIN, Nominal()))
    pairs = [(row["answer"] == row["gold"], row["certainty"] / 100) for row in frame.iter_rows(named=True)]
    sure = [right for right, certainty in pairs if certainty >= 0.8]
    expected = {
        "accuracy": np.mean([right for right, _ in pairs]),
        "overconfidence": np.mean([certainty - right for right, certainty in pairs]),
        "brier": np.mean([(certainty - right) ** 2 for right, certainty in pairs]),
        "sure.coverage": len(sure) / len(pairs),
        "sure.accuracy": np.mean(sure),
        "ece": sum(
            abs(sum(right - certainty for right, certainty in pairs if math.isclose(certainty, level)))
            for level in {certainty for _, certainty in pairs}
        )
        / len(pairs),
    }
    for name, value in expected.items():
        assert finding[name].value == pytest.approx(value), name


def test_areas_equal_means_over_random_orders_of_tied_answers() -> None:
    frame = recorded(1, 3, 4, 3)
    finding = STUDY.estimate(Responses.read(frame, CERTAIN, Nominal()))
    certainty, wrong = frame["certainty"].to_numpy(), (frame["answer"] != frame["gold"]).to_numpy()
    rng, areas = np.random.default_rng(0), []
    for _ in range(4000):
        errors = wrong[np.lexsort((rng.random(len(wrong)), -certainty))].cumsum()
        areas.append(((errors / np.arange(1, len(wrong) + 1)).mean(), (errors / len(wrong)).mean()))
    assert finding["aurc"].value == pytest.approx(np.mean(areas, 0)[0], abs=3e-3)
    assert finding["augrc"].value == pytest.approx(np.mean(areas, 0)[1], abs=3e-3)


def test_doubt_is_the_disagreement_of_the_other_runs() -> None:
    frame = recorded(2)
    doubt, wrong = [], []
    for _, cell in frame.group_by("persona", "item"):
        answers = cell["answer"].to_list()
        for index, answer in enumerate(answers):
            others = answers[:index] + answers[index + 1 :]
            doubt.append(np.mean([first != second for first, second in permutations(others, 2)]))
            wrong.append(answer != "yes")
    finding = STUDY.estimate(Responses.read(frame, CERTAIN, Nominal()))
    assert finding["unsteady"].value == pytest.approx(np.corrcoef(doubt, wrong)[0, 1])


def test_an_answer_has_the_certainty_that_was_stated_of_it() -> None:
    """Sure of "no" (wrong) and unsure of "yes": 3 answers yes, 1 no."""
    rows = [("yes", ""), ("yes", ""), ("yes", ""), ("no", ""), ("100", "no"), ("40", "yes"), ("60", "yes")]
    frame = pl.DataFrame(
        [
            {"persona": "p", "item": item, "run": index, "gold": "yes", "answer": answer, "certainty_of": of}
            for item in "ab"
            for index, (answer, of) in enumerate(rows)
        ]
    )
    finding = STUDY.estimate(Responses.read(frame, Columns(run="run", more=("gold", "certainty_of")), Nominal()))
    assert finding["accuracy"].value == pytest.approx(0.75)
    assert finding["certainty"].value == pytest.approx((3 * 0.5 + 1) / 4)
    assert finding["brier"].value == pytest.approx((3 * (0.6**2 + 0.4**2) / 2 + 1) / 4)


def test_probabilities_give_the_limit_of_many_runs() -> None:
    world = replace(STUDY.known(), personas=STUDY.known().personas[:1], items=STUDY.known().items[:6])
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(world.world))
    for name, value in world.truth.items():
        assert finding[name].value == pytest.approx(value), name
    many = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(runs=150)).answers(world.world))
    for name in ("aurc", "augrc", "sure.accuracy", "ece", "unsteady"):
        assert many[name].value == pytest.approx(finding[name].value, abs=0.04), name


@pytest.mark.parametrize(("over", "label"), [(0.2, "overconfident"), (0.0, "calibrated"), (-0.2, "underconfident")], ids=str)
def test_verdicts_follow_from_intervals(over: float, label: str) -> None:
    frame = recorded(3, 12, 30, 10, over=over)
    finding = STUDY.estimate(Responses.read(frame, CERTAIN, Nominal()))
    assert finding.verdict.label == label
    assert f"{finding['overconfidence'].value:+.2f}" in finding.verdict.sentence


def test_the_floor_separates_chance_from_a_calibration_error() -> None:
    """Over 20 tables; certainty is right in every bin, or 20 points too high."""
    right, wrong = (
        [STUDY.estimate(Responses.read(recorded(seed, items=20, over=over, spread=0), CERTAIN, Nominal())) for seed in range(20)]
        for over in (0.0, 0.2)
    )
    mean = {name: np.mean([finding[name].value for finding in right]) for name in ("ece", "ece.floor")}
    assert mean["ece"] == pytest.approx(mean["ece.floor"], rel=0.25)
    assert all(finding["ece"].value > 2 * finding["ece.floor"].value for finding in wrong)


def test_each_option_is_put_back_as_the_answer() -> None:
    world = STUDY.known()
    requests = STUDY.design(world.personas[:1], world.items, Elicitation(runs=1))
    assert len(requests) == len(world.items) * 2 * (1 + 2)
    question, of_yes, of_no = requests[3:6]
    assert question.about["certainty_of"] == ""
    for request, option in ((of_yes, "yes"), (of_no, "no")):
        *before, messages, asked = request.messages
        assert tuple(before) == question.messages
        assert (messages.role, messages.text) == ("assistant", option)
        assert asked.text.startswith(STUDY.follow_up)
        assert (request.about["persona"], request.about["item"], request.about["certainty_of"]) == ("person 0", "question 0", option)


def test_what_is_missing_is_named() -> None:
    whole = Responses.read(recorded(), CERTAIN, Nominal())
    with pytest.raises(ColumnError, match="the right answer"):
        STUDY.estimate(replace(whole, frame=whole.frame.drop("gold")))
    with pytest.raises(ColumnError, match="use a column certainty instead"):
        STUDY.estimate(replace(whole, frame=whole.frame.drop("certainty")))
    with pytest.raises(AnswerError, match='certainty "180" is not a number'):
        STUDY.estimate(replace(whole, frame=whole.frame.with_columns(certainty=pl.lit(180))))
    with pytest.raises(DesignError, match="no answer with its certainty"):
        STUDY.estimate(replace(whole, frame=whole.frame.drop("certainty").with_columns(certainty_of=pl.lit(""))))
    with pytest.raises(DesignError, match="the attribute gold"):
        STUDY.design((), [Item("one", "A or B?", Nominal(("A", "B")))], Elicitation())


def test_a_certainty_next_to_label_probabilities_is_refused() -> None:
    frame = recorded().with_columns(pl.lit(0.5).alias("p:yes"), pl.lit(0.5).alias("p:no")).drop("answer")
    table = Responses.read(frame, Columns(probabilities=("p:yes", "p:no"), more=("gold", "certainty")), Nominal())
    with pytest.raises(DesignError, match="one certainty for the probabilities of all labels"):
        STUDY.estimate(table)


def test_few_runs_and_constant_answers_have_no_correlation() -> None:
    two = STUDY.estimate(Responses.read(recorded(runs=2), CERTAIN, Nominal()))
    assert two["unsteady"].status == EstimateStatus.NO_RERUNS
    same = STUDY.estimate(Responses.read(recorded().with_columns(answer=pl.lit("yes")), CERTAIN, Nominal()))
    assert same["unsteady"].status == EstimateStatus.UNDEFINED
    assert same["accuracy"].value == 1


def test_answers_without_a_persona_are_analysed_as_the_models_own() -> None:
    frame = recorded().with_columns(persona=pl.lit(NOBODY))
    finding = STUDY.estimate(Responses.read(frame, CERTAIN, Nominal(), duplicates="runs"))
    assert finding["overconfidence"].low < 0.2 < finding["overconfidence"].high
    assert "overconfidence.none" not in {estimate.name for estimate in finding.estimates}


def test_the_society_is_overconfident_as_planted() -> None:
    people, items = strong(6), (*instruments.knowledge(), *instruments.evidence())
    about = {item.id: item for item in items}
    who = {persona.id: Person.of(persona) for persona in people} | {NOBODY: None}

    def world(request: Request) -> Mapping[str, float]:
        person, item = who[request.about["persona"]], about[request.about["item"]]
        return sureness(person, item, instruments.SURE.labels) if request.about["certainty_of"] else answers(person, item)

    planted = replace(STUDY.known(), personas=people, items=items)
    simulation = Simulation.of(STUDY, planted, Elicitation(score=True))
    assert len(simulation.requests) == 20 * 7 * 4
    assert simulation.requests[1].messages[-1] == Elicitation().ask(None, instruments.certainty())[0].messages[0]
    finding = STUDY.estimate(simulation.answers(world))
    assert finding["overconfidence"].value == pytest.approx(PLANTED.overconfidence)
    assert finding.verdict.label == "overconfident"
