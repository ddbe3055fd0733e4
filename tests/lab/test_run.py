"""One study, from a model to a finding."""

import asyncio
from pathlib import Path

import pytest

from personametrics.data.errors import RunError, StudyError
from personametrics.data.model import Can
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.dialogues.fading_world import fading_world
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.file import checked
from personametrics.elicit.plan.study import Plan
from personametrics.lab import members
from personametrics.lab.run import StudyRun, run
from personametrics.lab.session import Session
from personametrics.lab.task import Task
from personametrics.models.function import Scripted
from personametrics.studies.drift import Drift
from personametrics.studies.expertise import Expertise

KNOWN = Expertise().known()


def always(request: Request) -> str:
    return request.choices[0]


def test_a_study_of_a_model_asks_and_estimates(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), KNOWN.personas, KNOWN.items, out=tmp_path / "run", runs=2)
    assert finding["accuracy.none"].value == 1
    assert finding.verdict.label == "no change"


def test_a_second_call_asks_only_what_is_missing(tmp_path: Path) -> None:
    asked = list[Request]()

    def counting(request: Request) -> str:
        asked.append(request)
        return "yes"

    model = Scripted(counting, id="scripted/counting")
    run("expertise", model, KNOWN.personas, KNOWN.items, out=tmp_path, runs=1)
    before = len(asked)
    run("expertise", model, KNOWN.personas, KNOWN.items, out=tmp_path, runs=2)
    assert len(asked) == 2 * before


def test_label_probabilities_reach_the_study(tmp_path: Path) -> None:
    world = Scripted(KNOWN.world, id="scripted/known")
    finding = run(Expertise(), world, KNOWN.personas, KNOWN.items, out=tmp_path, score=True)
    assert finding["gain.ignorant"].value == pytest.approx(-0.25)


def test_a_model_that_lacks_what_is_needed_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    silent = Scripted(always, can=frozenset({Can.SAMPLE}))
    with pytest.raises(StudyError, match="does not offer label probabilities"):
        run("expertise", silent, KNOWN.personas, KNOWN.items, out=tmp_path, score=True)


def test_a_run_directory_belongs_to_one_model(tmp_path: Path) -> None:
    run("expertise", Scripted(always, id="scripted/one"), KNOWN.personas, KNOWN.items, out=tmp_path, runs=1)
    with pytest.raises(RunError, match="begun with another study: model"):
        run("expertise", Scripted(always, id="scripted/two"), KNOWN.personas, KNOWN.items, out=tmp_path, runs=1)


def test_shipped_personas_and_items_stand_in_and_are_said_to_be_unvalidated(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), out=tmp_path, runs=1)
    assert "shipped-items" in {notice.code for notice in finding.notices}


def test_a_card_says_what_was_asked_and_how_it_went(tmp_path: Path) -> None:
    model = Scripted(always)
    run("expertise:margin=0.1", model, KNOWN.personas, KNOWN.items, out=tmp_path, runs=1)
    card = StudyRun.planned("expertise:margin=0.1", model, KNOWN.personas, KNOWN.items, out=tmp_path, runs=1).card
    assert [finding.study for finding in card.findings] == ["expertise", "elicitation"]
    assert card.provenance["study"]["margin"] == "0.1"


def test_too_few_answers_end_in_a_sentence(tmp_path: Path) -> None:
    model = Scripted(lambda _: "I would rather not.")
    job = StudyRun.planned("expertise", model, KNOWN.personas, KNOWN.items, out=tmp_path, runs=1)

    asyncio.run(job.ask())
    assert job.task.finding_or_reason.verdict.label == "unknown"
    assert "Nothing can be said" in job.task.finding_or_reason.verdict.sentence


def test_prompts_and_answers_can_be_read_word_for_word(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), KNOWN.personas, KNOWN.items, out=tmp_path, runs=2)
    rows = finding.evidence["prompts"]
    assert 0 < len(rows) <= 8
    assert str(rows[1]["prompt"]).startswith("[system] Answer as the person")
    assert "Question 0 of law?" in str(rows[1]["prompt"])
    assert rows[1]["answer"] == "yes"


def billed(request: Request) -> Reply:
    """A judge or a persona whose replies cost a million tokens each way."""
    return Reply("consistent" if request.to else request.choices[0] if request.choices else "I stay at home.", tokens_in=100, tokens_out=10)


def test_every_key_of_a_study_file_holds_for_one_study_too(tmp_path: Path) -> None:
    asked = list[Request]()

    def noting(request: Request) -> str:
        asked.append(request)
        return request.choices[0]

    job = StudyRun.planned("expertise", Scripted(noting), KNOWN.personas, KNOWN.items, out=tmp_path, runs=1, caps={"calls": 7})
    tally = asyncio.run(job.ask())
    assert (len(asked), tally.stopped) == (7, "the cap of 7 calls is reached")
    settings = {"sampling": {"temperature": 0.2, "max_tokens": 9}, "prompt": {"style": "letter", "place": "user"}}
    other = StudyRun.planned("expertise", Scripted(noting), KNOWN.personas, KNOWN.items, out=tmp_path / "other", runs=1, **settings)
    assert {(request.sampling.temperature, request.sampling.max_tokens, request.messages[0].role) for request in other.task.requests} == {
        (0.2, 9, "user")
    }


def test_conditions_multiply_a_study_and_are_read_as_conditions(tmp_path: Path) -> None:
    job = StudyRun.planned(
        "stability", Scripted(always), KNOWN.personas, KNOWN.items, out=tmp_path, runs=1, conditions={"order": ["given", "reversed"]}
    )
    plain = StudyRun.planned("stability", Scripted(always), KNOWN.personas, KNOWN.items, out=tmp_path / "plain", runs=1)
    assert len(job.task.requests) == 2 * len(plain.task.requests)
    asyncio.run(job.ask())
    assert job.task.responses.columns.condition == ("order",)


def test_conditions_that_a_study_of_dialogues_cannot_ask_are_refused(tmp_path: Path) -> None:
    world = Drift().known()
    with pytest.raises(StudyError, match=r"conditions: drift cannot vary the"):
        run(Drift(), Scripted(always), world.personas, world.items, out=tmp_path, conditions={"order": ["given", "reversed"]})


def test_a_cap_in_money_counts_the_judge_at_its_own_price(tmp_path: Path) -> None:
    world = fading_world()
    prices = {"tokens_in": 0.0, "tokens_out": 0.0}
    judge = {"model": "oracle", "prices": {"tokens_in": 1e4, "tokens_out": 0.0}}  # one dollar per verdict
    plan: Plan = checked(
        {"model": "scripted/line", "out": str(tmp_path), "runs": 1, "prices": prices, "judge": judge, "caps": {"money": 3.5}}
    )
    models = {"": Scripted(billed, id="scripted/line"), "judge": Scripted(billed, id="scripted/judge")}
    session = Session.planned(plan, models, world["personas"][:2], world["items"])
    tally = asyncio.run(StudyRun(session, Task.of(session, members.study(world["study"]))).ask())
    assert "the cap of $3.50" in tally.stopped
    with Journal.read(tmp_path) as journal:
        assert {entry.role: entry.tokens_in for entry in journal.ledger()}["judge"] in {300, 400}


def test_adaptive_asking_of_a_study_stops_when_its_verdict_is_clear(tmp_path: Path) -> None:
    sure = StudyRun.planned("expertise", Scripted(KNOWN.world, id="w"), KNOWN.personas, KNOWN.items, out=tmp_path, runs=9, adaptive=True)
    tally = asyncio.run(sure.ask())
    with Journal.read(tmp_path) as journal:
        looks = journal.manifest["looks"]
    assert looks["decided"]
    assert looks["runs"] < 9
    assert looks["level"] == pytest.approx(1 - 0.1 / 4)
    assert tally.wanted == len(sure.reached.requests) < len(sure.task.requests)
    assert sure.card.findings[0].estimates[0].level == looks["level"]
