"""From a model to a card: planted worlds are found again, and a second call is free."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from faults import draw
from worlds import ITEMS, PEOPLE, World, items, mind, planned
from worlds import request as asked

from personametrics.data.card import Card
from personametrics.data.errors import DesignError, InputError, RunError, StudyError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Terms
from personametrics.lab.audit import aaudit, audit
from personametrics.lab.session import opened


def test_a_second_call_asks_nothing_and_says_the_same(tmp_path: Path) -> None:
    world = World()
    card = audit(world, PEOPLE, ITEMS, 3, out=str(tmp_path))
    number = len(world.asked)
    assert number == len({request.key(world.id) for request in world.asked}) > 3 * len(PEOPLE) * len(ITEMS)
    assert audit(world, PEOPLE, ITEMS, 3, out=str(tmp_path)).to_json() == card.to_json()
    assert len(world.asked) == number
    assert [finding.study for finding in card.findings] == ["stability", "controls", "elicitation"]
    assert card.title == f"scripted/function ({tmp_path.name})"


def test_every_door_works_where_a_loop_runs_already(tmp_path: Path) -> None:
    async def notebook() -> tuple[Card, Card]:
        return audit(World(), PEOPLE, ITEMS, out=str(tmp_path / "plain")), await aaudit(
            World(), PEOPLE, ITEMS, out=str(tmp_path / "awaited")
        )

    plain, awaited = asyncio.run(notebook())
    assert plain.findings[-1].verdict.label == "complete"
    assert plain["signal"] == awaited["signal"]


def test_an_error_inside_a_running_loop_reaches_the_caller(tmp_path: Path) -> None:
    async def notebook() -> None:
        audit(World(), PEOPLE, ITEMS, runs=0, out=str(tmp_path))

    with pytest.raises(StudyError, match="runs"):
        asyncio.run(notebook())


def test_more_runs_extend_what_is_there(tmp_path: Path) -> None:
    world = World()
    first, more = planned(tmp_path, runs=2), planned(tmp_path, runs=5)
    asked(first, world)
    with pytest.raises(RunError, match=r"choose another run directory \(--out\), or pass --extend"):
        asked(more, world)
    with pytest.raises(RunError):
        audit(world, PEOPLE, ITEMS, 5, out=str(tmp_path), check=False)
    asked(more, world, extend=True)
    assert len(world.asked) == len({request.key(world.id) for request in world.asked})
    assert more.card["signal"].n == 5 * len(PEOPLE) * len(ITEMS)
    assert audit(world, PEOPLE, ITEMS, 5, out=str(tmp_path), check=False)["signal"] == more.card["signal"]


def test_the_order_of_personas_and_items_does_not_move_the_numbers(tmp_path: Path) -> None:
    shuffled = random.Random(3)  # noqa: S311
    people, questions = [*PEOPLE], [*ITEMS]
    shuffled.shuffle(people)
    shuffled.shuffle(questions)
    first, second = (
        audit(World(), who, what, 3, out=str(tmp_path / name), check=False)
        for name, who, what in (("one", PEOPLE, ITEMS), ("other", people, questions))
    )
    for estimate in first.findings[0].estimates:
        again = second[estimate.name]
        if not estimate.name.startswith("p."):  # a permutation draws
            assert (again.value, again.low, again.high) == pytest.approx((estimate.value, estimate.low, estimate.high), nan_ok=True)
    assert second["control.none"].value == pytest.approx(first["control.none"].value)


@pytest.mark.parametrize(("share", "label"), [(0.95, "persona dominates"), (0.6, "model uncertainty dominates")])
def test_a_planted_signal_is_found_again(tmp_path: Path, share: float, label: str) -> None:
    """A run says what the persona thinks with probability `share`, else it draws one of five: reruns differ with 0.8 (1 − share²)."""

    def world(request: Request) -> Reply:
        prompt = [(message.role, message.text) for message in request.messages]
        signal = draw("luck", prompt, request.run) < share
        return Reply(request.choices[int(5 * (draw("mind", prompt) if signal else draw("noise", prompt, request.run)))])

    people = [Persona(f"p{index}", f"You are number {index} of the panel.") for index in range(16)]
    study: dict[str, Any] = {"check": False, "controls": {"irrelevant": 4}}
    card = audit(World(world), people, items(12, "nominal:a|b|c|d|e"), 4, out=str(tmp_path), **study)
    rerun, apart = 0.8 * (1 - share**2), 0.8  # two draws of five labels differ four times in five
    assert card["disagreement.rerun"].low <= rerun <= card["disagreement.rerun"].high
    assert card["disagreement.persona"].low <= apart <= card["disagreement.persona"].high
    assert card["signal"].low <= share**2 <= card["signal"].high
    assert card["signal"].high - card["signal"].low < 0.2
    assert card.findings[0].verdict.label == label
    assert card["control.irrelevant"].low <= share**2 <= card["control.irrelevant"].high  # any text is a persona to this world
    assert card.findings[1].verdict.label == "undecided"


def test_a_world_that_hears_only_personas_passes_its_controls(tmp_path: Path) -> None:
    def world(request: Request) -> Reply:
        text = next((persona.text for persona in PEOPLE if persona.text in request.messages[0].text), "")
        luck = draw("luck", request.messages, request.run) < 0.2
        return Reply(
            request.choices[
                int(5 * (draw("noise", request.messages, request.run) if luck else draw("mind", text, request.messages[-1].text)))
            ]
        )

    card = audit(World(world), PEOPLE, items(12), 4, out=str(tmp_path), check=False)
    assert card.findings[1].verdict.label == "personas are heard"


@pytest.mark.parametrize("reply", [Reply("?"), Reply(outcome=ReplyOutcome.REFUSED)], ids=["unparsable", "refused"])
def test_where_nothing_is_answered_the_card_says_so(tmp_path: Path, reply: Reply) -> None:
    card = audit(World(lambda _: reply), PEOPLE, ITEMS, out=str(tmp_path), check=False)
    assert card.findings[0].verdict.label == "unknown"
    assert card.findings[0].verdict.sentence.startswith("Nothing can be said: ")
    assert card.findings[0].estimates == ()
    assert "0.0% of" in card.findings[-1].verdict.sentence
    Card.from_dict(card.to_dict())


def test_an_incomplete_run_has_a_card_that_says_so(tmp_path: Path) -> None:
    run = planned(tmp_path, runs=3)
    asked(run, terms=Terms(Caps(calls=100)))
    finding = run.card.findings[-1]
    assert finding.verdict.label == "incomplete"
    assert "Resume the run to ask them" in finding.verdict.sentence
    asked(run)
    assert run.card.findings[-1].verdict.label == "complete"


def test_a_failure_is_no_answer_and_is_asked_again(tmp_path: Path) -> None:
    broken = {"once": True}

    def world(request: Request) -> Reply:
        return (
            Reply(outcome=ReplyOutcome.FAILED, detail="503: away")
            if broken["once"] and "i0" in request.messages[-1].text
            else mind(request)
        )

    model = World(world)
    card = audit(model, PEOPLE, ITEMS, 2, out=str(tmp_path), check=False)
    assert card.findings[-1].verdict.label == "incomplete"
    assert card["signal"].n == 2 * len(PEOPLE) * (len(ITEMS) - 1)
    broken["once"] = False
    before = len(model.asked)
    assert audit(model, PEOPLE, ITEMS, 2, out=str(tmp_path), check=False)["signal"].n == 2 * len(PEOPLE) * len(ITEMS)
    assert len(model.asked) - before == sum("i0" in request.messages[-1].text for request in model.asked[:before])


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"runs": 0}, 'The study, key "runs": input should be greater than or equal to 1'),
        ({"tempratur": 1}, 'The study, key "tempratur": unknown key'),
        ({"sampling": {"temprature": 1}}, 'key "sampling.temprature": unknown key. Did you mean "temperature"?'),
        ({"model": "nothing:x"}, 'Unknown model "nothing:x"'),
        ({"personas": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_asked(tmp_path: Path, study: dict[str, Any], message: str) -> None:
    world = World()
    given: dict[str, Any] = {"model": world, "personas": PEOPLE, "items": ITEMS, "out": str(tmp_path / "run")} | study
    with pytest.raises(InputError) as caught:
        audit(**given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not world.asked
    assert not (tmp_path / "run").exists()


def test_two_models_need_two_directories(tmp_path: Path) -> None:
    audit(World(), PEOPLE, ITEMS, 2, out=str(tmp_path), check=False)
    with pytest.raises(RunError, match=r"model: scripted/function → scripted/other"):
        audit(World(id="scripted/other"), PEOPLE, ITEMS, 2, out=str(tmp_path), check=False)


def test_prices_make_the_design_cost_what_the_replies_did(tmp_path: Path) -> None:
    study: dict[str, Any] = {"prices": {"tokens_in": 1.0, "tokens_out": 2.0}, "check": False}
    card = audit(
        World(lambda request: Reply(mind(request).text, tokens_in=100, tokens_out=10)), PEOPLE, ITEMS, 3, out=str(tmp_path), **study
    )
    assert card["used.money"].value == pytest.approx(card["used.calls"].value * 120e-6)
    assert card["design.cost"].value == pytest.approx(card["design.calls"].value * len(PEOPLE) * 120e-6, nan_ok=True)


def test_a_model_is_opened_as_the_plan_says(tmp_path: Path) -> None:
    plan = planned(
        tmp_path, model="openai:m@http://127.0.0.1:9/v1", limits={"connections": 3, "attempts": 2}, structured="choice"
    ).session.plan
    model: Any = opened(plan, {})[""]
    assert model.id == "openai/m@http://127.0.0.1:9/v1#structured=choice"
    assert (model.limits.connections, model.limits.attempts) == (3, 2)
    with pytest.raises(StudyError, match="Unknown model"):
        opened(planned(tmp_path, model="nobody").session.plan, {})


def test_further_studies_stand_on_the_same_card_at_a_shared_level(tmp_path: Path) -> None:
    world = World()
    card = audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path), studies=["expertise", "wording"], check=False)
    findings = {finding.study: finding for finding in card.findings}
    assert next(iter(findings)) == "diagnosis"
    assert {"stability", "expertise", "wording", "controls", "elicitation"} <= set(findings)
    assert card["signal"].level == pytest.approx(1 - 0.1 / 3)
    assert findings["expertise"].estimates[0].level == pytest.approx(1 - 0.1 / 3)
    assert "shipped-items" in {notice.code for notice in findings["expertise"].notices}
    number = len(world.asked)
    again = audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path), studies=["expertise", "wording"], check=False)
    assert again.to_json() == card.to_json()
    assert len(world.asked) == number


def test_studies_of_people_stand_on_the_card_where_their_answers_are_named(tmp_path: Path) -> None:
    rows = [f"r{who},{item.id},{(who + index) % 5 + 1},{who % 2}" for who in range(20) for index, item in enumerate(ITEMS)]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(["respondent,item,answer,side", *rows]), encoding="utf-8")
    world, human = World(), {"file": str(table), "scale": "1|2|3|4|5"}
    with pytest.raises(StudyError, match="human: none of the studies compares with people"):
        audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path / "run"), check=False, human=human)
    assert not world.asked
    plain = audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path / "run"), check=False)
    number = len(world.asked)
    card = audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path / "run"), check=False, studies=["fidelity"], human=human)
    assert len(world.asked) == number  # the panel's answers are all it takes
    assert card["distance.tv"].n == len(ITEMS)
    assert card["signal"].value == plain["signal"].value


def test_a_study_that_cannot_be_asked_is_refused_by_name_and_left_out_aloud_of_all(tmp_path: Path) -> None:
    world = World()
    with pytest.raises(DesignError, match="fidelity needs people's answers"):
        audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path), studies=["fidelity"])
    assert not world.asked
    plan = planned(tmp_path, studies=["all"])
    assert "expertise" in plan.further
    assert "fidelity" not in plan.further
    assert "Some studies could not be asked. " in plan.further_forecast
    assert "fidelity needs" in plan.left_out[0].text


def test_an_unknown_study_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    world = World()
    with pytest.raises(StudyError, match='Unknown study "expertize"'):
        audit(world, PEOPLE, ITEMS, 2, out=str(tmp_path), studies=["expertize"])
    assert not world.asked
