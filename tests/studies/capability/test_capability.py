"""The study of capability: several models side by side."""

import asyncio
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.elicit.plan.file import checked
from personametrics.lab.run import StudyRun
from personametrics.lab.session import Session
from personametrics.lab.task import Task
from personametrics.models.function import Scripted
from personametrics.studies.capability import Capability
from personametrics.studies.stability import Stability
from personametrics.testing import Simulation

KNOWN = Capability().known()
STUDY = KNOWN.study or Capability()
WHOLE = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 1)
SCORES = {"tiny": 1.0, "small": 7.0, "large": 70.0, "huge": 400.0}


def scored(scores: dict[str, float]) -> Responses:
    score = pl.col("model").cast(pl.String).replace_strict(scores, default=None, return_dtype=pl.Float64)
    columns = replace(WHOLE.columns, more=(*WHOLE.columns.more, "capability"))
    return replace(WHOLE, frame=WHOLE.frame.with_columns(capability=score), columns=columns)


def test_each_model_has_the_signal_of_a_panel_of_its_own() -> None:
    finding = STUDY.estimate(WHOLE)
    for name in SCORES:
        alone = Stability().estimate(WHOLE.only(pl.col("model") == name))
        assert finding[f"signal.{name}"].value == pytest.approx(alone["signal"].value)
        assert finding[f"rerun.{name}"].value == pytest.approx(alone["disagreement.rerun"].value)
        assert finding[f"signal.{name}"].high > alone["signal"].high  # the intervals of four models hold together


def test_ranks_are_ranges_and_the_least_signal_is_the_smallest() -> None:
    finding = STUDY.estimate(WHOLE)
    ranges = {name: (finding[f"rank.{name}"].low, finding[f"rank.{name}"].high) for name in SCORES}
    for name, (best, worst) in ranges.items():
        estimate = finding[f"signal.{name}"]
        assert best == 1 + sum(finding[f"signal.{other}"].low > estimate.high for other in SCORES)
        assert worst == 4 - sum(finding[f"signal.{other}"].high < estimate.low for other in SCORES)
    assert finding["signal.least"].value == min(finding[f"signal.{name}"].value for name in SCORES)
    assert [row["model"] for row in finding.evidence["models"]] == ["huge", "large", "small", "tiny"]


def test_capability_in_the_same_order_and_in_the_other() -> None:
    finding = STUDY.estimate(scored(SCORES))
    assert finding["correlation"].value == 1
    assert finding.verdict.label == "stronger holds better"
    turned = STUDY.estimate(scored({name: -score for name, score in SCORES.items()}))
    assert turned["correlation"].value == -1
    assert turned.verdict.label == "weaker holds better"


def test_models_that_are_alike_are_not_put_in_order() -> None:
    alike = Simulation.of(STUDY, KNOWN).answers(KNOWN.null, 3)
    assert STUDY.estimate(alike).verdict.label == "undecided"


def test_one_capability_for_all_says_nothing_and_two_for_one_model_are_refused() -> None:
    finding = STUDY.estimate(scored(dict.fromkeys(SCORES, 1.0)))
    assert finding["correlation"].status != "ok"
    two = scored(SCORES)
    two = replace(two, frame=two.frame.with_columns(capability=pl.col("run").cast(pl.String).cast(pl.Float64)))
    with pytest.raises(DesignError, match='the model "huge" has two values of "capability"'):
        STUDY.estimate(two)


def test_the_model_at_hand_alone_is_one_model() -> None:
    alone = Capability()
    assert {(request.to, request.about["model"]) for request in alone.design(KNOWN.personas, KNOWN.items, Elicitation(1))} == {
        ("", "the model")
    }
    finding = STUDY.estimate(WHOLE.only(pl.col("model") == "huge"))
    assert finding.verdict.label == "one model"
    assert finding["rank.huge"].value == 1


def test_each_role_is_filled_by_a_model_of_its_own(tmp_path: Path) -> None:
    people, items = KNOWN.personas[:4], KNOWN.items[:4]

    def firm(request: Request) -> str:
        return "yes" if people.index(next(persona for persona in people if persona.text in request.messages[0].text)) % 2 else "no"

    def loose(request: Request) -> str:
        return ("no", "yes")[request.seed("loose") % 2]

    models = {
        "": Scripted(lambda _: "maybe", "scripted/any"),
        "firm": Scripted(firm, "scripted/firm"),
        "loose": Scripted(loose, "scripted/loose"),
    }
    session = Session.planned(checked({"model": "scripted/any", "out": str(tmp_path), "runs": 4}), models, people, items)
    job = StudyRun(session, Task.of(session, Capability(("firm", "loose"))))
    asyncio.run(job.ask())
    finding = job.task.finding
    assert finding["signal.firm"].value == 1
    assert finding["signal.loose"].value < 0.5
    assert (finding["rank.firm"].value, finding["rank.loose"].value) == (1, 2)


def test_label_probabilities_give_the_planted_signal() -> None:
    world = replace(KNOWN, elicitation=Elicitation(score=True))
    finding = STUDY.estimate(Simulation.of(STUDY, world).answers(KNOWN.world))
    for name, truth in KNOWN.truth.items():
        assert finding[name].value == pytest.approx(truth)


def test_missing_columns_and_personas_are_named() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "answer": ["yes"]})
    with pytest.raises(ColumnError, match='no column "model" \\(the model that answered\\)'):
        STUDY.estimate(Responses.read(frame, Columns(), Nominal()))
    with pytest.raises(DesignError, match="two or more personas"):
        STUDY.design(KNOWN.personas[:1], KNOWN.items, Elicitation())
