"""One study, from a model to a finding."""

import asyncio
from pathlib import Path

import pytest

from personametrics.data.errors import RunError, StudyError
from personametrics.data.model import Can
from personametrics.data.request import Request
from personametrics.data.study import Elicitation
from personametrics.elicit.engine import Terms
from personametrics.lab.run import Session, run
from personametrics.models.scripted import Scripted
from personametrics.studies.expertise import Expertise

KNOWN = Expertise().known()


def always(request: Request) -> str:
    return request.choices[0]


def test_a_study_of_a_model_asks_and_estimates(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), KNOWN.personas, KNOWN.items, tmp_path / "run", Elicitation(runs=2))
    assert finding["accuracy.none"].value == 1
    assert finding.verdict.label == "no change"


def test_a_second_call_asks_only_what_is_missing(tmp_path: Path) -> None:
    asked = list[Request]()

    def counting(request: Request) -> str:
        asked.append(request)
        return "yes"

    model = Scripted(counting, id="scripted/counting")
    run("expertise", model, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1))
    before = len(asked)
    run("expertise", model, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=2))
    assert len(asked) == 2 * before


def test_label_probabilities_reach_the_study(tmp_path: Path) -> None:
    world = Scripted(KNOWN.world, id="scripted/known")
    finding = run(Expertise(), world, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(score=True))
    assert finding["gain.ignorant"].value == pytest.approx(-0.25)


def test_a_model_that_lacks_what_is_needed_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    silent = Scripted(always, can=frozenset({Can.SAMPLE}))
    with pytest.raises(StudyError, match="does not offer label probabilities"):
        run("expertise", silent, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(score=True))


def test_a_run_directory_belongs_to_one_model(tmp_path: Path) -> None:
    run("expertise", Scripted(always, id="scripted/one"), KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1))
    with pytest.raises(RunError, match="begun with another study: model"):
        run("expertise", Scripted(always, id="scripted/two"), KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1))


def test_shipped_personas_and_items_stand_in_and_are_said_to_be_unvalidated(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), out=tmp_path, elicitation=Elicitation(runs=1))
    assert "shipped-items" in {notice.code for notice in finding.notices}


def test_a_card_says_what_was_asked_and_how_it_went(tmp_path: Path) -> None:
    model = Scripted(always)
    run("expertise:margin=0.1", model, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1))
    card = Session.opened("expertise:margin=0.1", model.id, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1)).card
    assert [finding.study for finding in card.findings] == ["expertise", "elicitation"]
    assert card.provenance["study"]["margin"] == "0.1"


def test_too_few_answers_end_in_a_sentence(tmp_path: Path) -> None:
    model = Scripted(lambda _: "I would rather not.")
    session = Session.opened("expertise", model.id, KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=1))

    asyncio.run(session.ask(model, Terms()))
    assert session.said.verdict.label == "unknown"
    assert "Nothing can be said" in session.said.verdict.sentence


def test_prompts_and_answers_can_be_read_word_for_word(tmp_path: Path) -> None:
    finding = run("expertise", Scripted(always), KNOWN.personas, KNOWN.items, tmp_path, Elicitation(runs=2))
    rows = finding.evidence["prompts"]
    assert 0 < len(rows) <= 8
    assert str(rows[1]["prompt"]).startswith("[system] Answer as the person")
    assert "Question 0 of law?" in str(rows[1]["prompt"])
    assert rows[1]["answer"] == "yes"
