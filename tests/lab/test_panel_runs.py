"""A plan, a model and a run directory: what is refused before anything is paid, what is asked, and how it is told apart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from faults import draw
from worlds import ITEMS, LIKERT, NAMES, PEOPLE, World, items, mind, planned, request, requests_of

from personametrics.data.errors import DesignError, InputError, ModelError, RunError, StudyError
from personametrics.data.grid import CONTROL, IRRELEVANT, NONE, PANEL, SHUFFLED
from personametrics.data.model import Can
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.scale import parse_scale
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Terms
from personametrics.elicit.journal import Journal
from personametrics.lab.audit import Audit
from personametrics.lab.directory import job_of

ALONE = {"none": False, "shuffled": False, "irrelevant": 0}


def texts_of(asked: Request) -> list[tuple[str, str]]:
    """The prompt, from which a world draws."""
    return [(message.role, message.text) for message in asked.messages]


def steady(asked: Request) -> Reply:
    """Personas decide everything."""
    return Reply(asked.choices[int(draw("fixed", texts_of(asked)) * len(asked.choices))], tokens_in=9, tokens_out=1)


def undecided(asked: Request) -> Reply:
    """Half of the disagreement is persona's."""
    texts, noisy = texts_of(asked), draw("lot", texts_of(asked), asked.run) < 0.3
    return Reply(asked.choices[int(5 * (draw("noise", texts, asked.run) if noisy else draw("mind", texts)))])


@pytest.mark.parametrize(
    ("study", "can", "message"),
    [
        ({"score": True}, {Can.SAMPLE, Can.SYSTEM}, "does not offer label probabilities. Set score to false"),
        ({}, {Can.SCORE, Can.SYSTEM}, "does not offer answers in words. Set score to true"),
        ({}, {Can.SAMPLE}, "does not offer a system message. Set prompt.place to user"),
        ({"prompt": {"place": "user"}, "conditions": {"place": ["given", "system"]}}, {Can.SAMPLE}, "does not offer a system message"),
        ({"model": "openai:x@http://127.0.0.1:1/v1", "caps": {"money": 1.0}}, {Can.SAMPLE, Can.SYSTEM}, "caps.money needs prices"),
        ({"adaptive": True, "runs": 1}, {Can.SAMPLE, Can.SYSTEM}, "Set runs to 2 or more"),
    ],
)
def test_what_the_model_lacks_is_said_before_anything_is_asked(tmp_path: Path, study: Any, can: set[Can], message: str) -> None:
    run, world = planned(tmp_path / "run", **study), World(can=frozenset(can), id="openai/x@http://127.0.0.1:1/v1")
    with pytest.raises(StudyError, match=message):
        request(run, world)
    assert not world.asked
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("study", [{"prompt": {"place": "user"}}, {"conditions": {"place": ["user"]}}])
def test_a_model_without_system_messages_takes_personas_in_the_user_turn(tmp_path: Path, study: Any) -> None:
    world = World(can=frozenset({Can.SAMPLE}))
    assert request(planned(tmp_path, check=True, **study), world).complete
    assert {message.role for asked in world.asked for message in asked.messages} == {"user"}


@pytest.mark.parametrize(
    ("questions", "error", "message"),
    [
        (items(3) + items(3, "0..10", "n"), StudyError, "on several scales. Make one study for each scale"),
        (ITEMS[:1], DesignError, "has 1 of the 1 items"),
    ],
)
def test_adaptive_asking_that_could_not_begin_costs_nothing(tmp_path: Path, questions: Any, error: type[InputError], message: str) -> None:
    world = World()
    with pytest.raises(error, match=message):
        request(planned(tmp_path, PEOPLE, questions, adaptive=True, check=True), world)
    assert not world.asked


def drops_system(asked: Request) -> Reply:
    return mind(replace(asked, messages=asked.messages[-1:]))


@pytest.mark.parametrize(
    "study", [{}, {"prompt": {"place": "user"}, "conditions": {"place": ["given", "system"]}}], ids=["everywhere", "in one condition"]
)
def test_a_lost_persona_ends_the_run_before_the_panel_is_paid(tmp_path: Path, study: Any) -> None:
    world, run = World(drops_system), planned(tmp_path, check=True, **study)
    with pytest.raises(ModelError, match=r"does not seem to reach scripted/function: the model read 0% .* \(prompt\.place: user\)"):
        request(run, world)
    assert len(world.asked) == 5
    with Journal.read(tmp_path) as journal:
        assert journal.manifest["applied"]["read"] == 0
    with pytest.raises(ModelError):
        request(run, world)
    assert len(world.asked) == 5  # the second time it is known


def test_without_the_check_it_is_asked_all_the_same(tmp_path: Path) -> None:
    assert request(planned(tmp_path), World(drops_system)).complete


def test_a_cap_during_the_check_is_a_cap_and_no_lost_persona(tmp_path: Path) -> None:
    run = planned(tmp_path, check=True)
    tally = request(run, World(drops_system), Terms(Caps(calls=2)))
    assert tally.stopped == "the cap of 2 calls is reached"
    with Journal.read(tmp_path) as journal:
        assert "applied" not in journal.manifest


def again(folder: Path) -> Audit:
    """Return the audit that a directory remembers."""
    job = job_of(folder)
    assert isinstance(job, Audit)
    return job


def test_a_second_time_nothing_is_asked(tmp_path: Path) -> None:
    run, world = planned(tmp_path, check=True), World()
    request(run, world)
    asked = len(world.asked)
    tally = request(run, world)
    assert tally.complete
    assert len(world.asked) == asked


def test_a_run_is_known_by_its_directory_alone(tmp_path: Path) -> None:
    questions = items(2) + items(2, "nominal:no|yes", "n", topic="food") + items(1, "0..10", "z") + items(1, "text", "t")
    run = planned(tmp_path, PEOPLE, questions, conditions={"place": ["system", "user"]}, prompt={"style": "letter"})
    request(run)
    reopened = again(tmp_path)
    assert (reopened.session.plan, reopened.manifest) == (run.session.plan, run.manifest)
    assert reopened.table.equals(run.table)
    tally = request(reopened)
    assert tally.answered == tally.failed == 0


def test_a_directory_of_something_else_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run directory"):
        job_of(tmp_path)
    Journal.open(tmp_path, {"model": "m"}).close()
    with pytest.raises(RunError, match="does not record the command that began it"):
        job_of(tmp_path)


def test_a_changed_plan_is_refused_until_it_extends(tmp_path: Path) -> None:
    world = World()
    request(planned(tmp_path, runs=2), world)
    asked = len(world.asked)
    with pytest.raises(RunError, match=r"study\.runs: 2 → 3"):
        request(planned(tmp_path, runs=3), world)
    more = planned(tmp_path, runs=3)
    tally = request(more, world, extend=True)
    assert tally.before == asked
    assert len(world.asked) == asked * 3 // 2


def test_scales_and_arms_are_told_apart(tmp_path: Path) -> None:
    run = planned(tmp_path, PEOPLE, items(3) + items(3, "nominal:no|yes", "n"), controls={"irrelevant": 2})
    request(run)
    panels = run.arms()
    assert set(panels) == {LIKERT, "nominal:no|yes"}
    for scale, arms in panels.items():
        assert set(arms) == {PANEL, NONE, SHUFFLED, IRRELEVANT}
        assert all(responses.scale == parse_scale(scale) for responses in arms.values())
        assert {arm: len(responses.frame) for arm, responses in arms.items()} == {PANEL: 36, SHUFFLED: 36, NONE: 6, IRRELEVANT: 12}
    findings = [(finding.study, "nominal" in finding.question) for finding in run.card.findings]
    assert findings == [("stability", False), ("controls", False), ("stability", True), ("controls", True), ("elicitation", False)]


def test_a_shuffled_answer_is_that_of_another_persona(tmp_path: Path) -> None:
    run = planned(tmp_path)
    request(run)
    frame = run.table
    given, other = (
        frame.filter(arm=arm).sort("item", "run").group_by("persona", maintain_order=True).agg("answer") for arm in (PANEL, SHUFFLED)
    )
    answers, shuffled = (dict(answers.rows()) for answers in (given, other))
    names = [persona.id for persona in PEOPLE]
    assert shuffled == dict(zip(names, [answers[name] for name in [*names[1:], names[0]]], strict=True))


def test_control_items_stand_apart_from_the_panel(tmp_path: Path) -> None:
    run = planned(tmp_path, PEOPLE, ITEMS + items(3, LIKERT, "c", control="yes"))
    request(run)
    (arms,) = run.arms().values()
    assert set(arms[PANEL].frame["item"]) == {item.id for item in ITEMS}
    assert set(arms[CONTROL].frame["item"]) == {"c0", "c1", "c2"}
    assert "c0" not in set(arms[NONE].frame["item"])
    assert run.card["control.items"].n == len(PEOPLE) * 3 * 2


def test_control_items_on_a_scale_of_their_own_are_not_dropped_in_silence(tmp_path: Path) -> None:
    run = planned(tmp_path, PEOPLE, ITEMS + items(3, "nominal:no|yes", "c", control="yes"))
    request(run)
    (finding,) = [finding for finding in run.card.findings if "nominal" in finding.question]
    assert finding.verdict.label == "unknown"
    assert "all items on this scale are controls" in finding.verdict.sentence


@pytest.mark.parametrize("name", ["wording", "order", "place"])
def test_a_condition_moves_what_it_should_and_shows_in_the_card(tmp_path: Path, name: str) -> None:
    """A model that always takes the first option, listens to the formal wording, or to user turns alone."""

    def biased(asked: Request) -> Reply:
        other = {"order": False, "wording": "formally" in asked.messages[-1].text, "place": len(asked.messages) == 1}[name]
        luck = draw(asked.messages, asked.run) < 0.2
        return Reply(asked.choices[int(5 * draw("l", asked.messages, asked.run)) if luck else 4 if other else 0])

    questions = [replace(item, wordings={"formal": f"{item.text} Speak formally."}) for item in ITEMS]
    levels = {"wording": ["given", "formal"], "order": ["given", "reversed"], "place": ["system", "user"]}[name]
    run = planned(tmp_path, PEOPLE, questions, conditions={name: levels}, runs=3)
    request(run, World(biased))
    panel = run.table.filter(arm=PANEL)
    common = dict(panel.group_by(name).agg(pl.col("answer").mode().first()).rows())
    assert common == {levels[0]: "1", levels[1]: "5"}
    card = run.card
    assert card["component.condition"].value > 5 * abs(card["component.persona"].value)


def test_probabilities_are_scored_once_and_give_the_signal_they_hold(tmp_path: Path) -> None:
    """Two kinds of personas say yes with 0.9 and with 0.1: rerun disagreement is 0.18, persona disagreement follows from who meets whom."""

    def score(asked: Request) -> Any:
        if not asked.score:
            return asked.messages[0].text
        left = any(persona.text in asked.messages[0].text for persona in PEOPLE[::2])
        return {"yes": 0.9, "no": 0.1} if left else {"yes": 0.1, "no": 0.9}

    world = World(score)
    run = planned(tmp_path, PEOPLE, items(4, "nominal:no|yes"), score=True, check=True, runs=5, controls=ALONE)
    assert request(run, world).complete
    assert sum(asked.score for asked in world.asked) == len(PEOPLE) * 4
    card = run.card
    rerun, apart = 2 * 0.9 * 0.1, 0.9**2 + 0.1**2
    between = (2 * 3 * rerun + 9 * apart) / 15  # of 15 pairs of six people, 9 are of different kinds
    assert card["disagreement.rerun"].value == pytest.approx(rerun)
    assert card["disagreement.persona"].value == pytest.approx(between)
    assert card["signal"].value == pytest.approx(1 - rerun / between)


def test_a_server_without_probabilities_fails_with_one_call(tmp_path: Path) -> None:
    def cannot(_: Request) -> Reply:
        message = "It gives no log-probabilities; ask for answers instead (score: false)."
        raise ModelError(message)

    world = World(cannot)
    with pytest.raises(ModelError, match="no log-probabilities"):
        request(planned(tmp_path, score=True, check=True), world)
    assert len(world.asked) == 1


def test_adaptive_asking_ends_early_and_goes_on_without_asking_again(tmp_path: Path) -> None:
    world, run = World(steady), planned(tmp_path, adaptive=True, runs=9, controls=ALONE)
    tally = request(run, world)
    asked = len(world.asked)
    assert tally.complete
    assert asked == len(PEOPLE) * len(ITEMS) * 2 < len(requests_of(run))
    assert len(run.table) == asked
    card = run.card
    (look,) = card.provenance["adaptive"]["looks"]
    assert card.provenance["adaptive"]["reason"] == "decided"
    assert card["signal"].level == look["level"] > 0.9
    request(run, world)
    request(again(tmp_path), world)
    assert len(world.asked) == asked
    assert run.card.to_json() == card.to_json()


def test_adaptive_asking_that_was_stopped_comes_to_what_it_would_have_come_to(tmp_path: Path) -> None:
    study: dict[str, Any] = {"adaptive": True, "runs": 4, "controls": ALONE | {"none": True}}
    people, questions = [Persona(name, f"You are {name}.") for name in NAMES], items(20)
    whole, world = planned(tmp_path / "whole", people, questions, **study), World(undecided)
    request(whole, world)
    looks = whole.card.provenance["adaptive"]["looks"]
    assert len(looks) > 2
    parts, again = planned(tmp_path / "parts", people, questions, **study), World(undecided)
    for cap in range(150, len(world.asked) + 150, 150):
        tally = request(parts, again, Terms(Caps(calls=cap)))
        card = parts.card
        seen = card.provenance["adaptive"]["looks"]
        assert seen == looks[: len(seen)]  # it looks at whole blocks alone
        assert tally.complete or card.findings[-1].verdict.label == "incomplete"
    assert len(again.asked) == len(world.asked)
    assert parts.table.equals(whole.table)
    assert parts.card["signal"] == whole.card["signal"]


def test_adaptive_asking_of_a_model_that_says_nothing_ends_with_a_card_that_says_so(tmp_path: Path) -> None:
    run = planned(tmp_path, adaptive=True, runs=4)
    tally = request(run, World(lambda _: "?"))
    assert "No row has an answer" in tally.stopped
    card = run.card
    assert card.findings[0].verdict.sentence.startswith("Nothing can be said: ")
    assert card.findings[-1].estimates[0].value < len(requests_of(run))


def test_a_control_without_an_interval_is_said_in_words(tmp_path: Path) -> None:
    run = planned(tmp_path)
    request(run, World(steady))
    verdict = run.card.findings[1].verdict
    assert "(no interval)" in " ".join(verdict.open)
    assert "nan" not in " ".join((verdict.sentence, *verdict.fit, *verdict.unfit, *verdict.open))
