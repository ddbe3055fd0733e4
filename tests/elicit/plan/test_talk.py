"""The file of dialogues: what it says, and one sentence where it says nothing that can be carried out."""

from pathlib import Path

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.persona import Task
from personametrics.data.study import Room
from personametrics.dialogues.dialogue import BEGIN
from personametrics.elicit.plan.talk import TURNS, TalkPlan, load_talk

PLAN = "model: embedded\npersonas: people.csv\n"


def loaded(folder: Path, text: str) -> TalkPlan:
    path = folder / "talk.yaml"
    path.write_text(PLAN + text)
    return load_talk(path)


def test_paths_are_relative_to_the_file_and_the_rest_has_defaults(tmp_path: Path) -> None:
    plan = loaded(tmp_path, "partner: {model: 'local:weights'}\ntasks: tasks.csv\n")
    assert plan.partner.model == f"local:{tmp_path / 'weights'}"
    assert (plan.personas, plan.tasks, plan.out) == tuple(str(tmp_path / name) for name in ("people.csv", "tasks.csv", "talk"))
    assert plan.lasting() == TURNS
    assert plan.limit() == Room()
    assert plan.assistant().opening == BEGIN
    assert plan.worded(Task("t", "tea {now}")).text == "What you want of the assistant: tea {now}"


def test_given_words_say_how_long_a_dialogue_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, "partner: {says: [Hm., Well.]}").lasting() == 2
    assert loaded(tmp_path, "partner: {says: [Hm., Well.]}\nturns: 1").lasting() == 1
    with pytest.raises(StudyError, match=r"partner\.says has 2 turns, but turns is 3"):
        loaded(tmp_path, "partner: {says: [Hm., Well.]}\nturns: 3").lasting()


@pytest.mark.parametrize("partner", ["{}", "{model: embedded, says: [Hm.]}"])
def test_a_partner_is_a_model_or_words(tmp_path: Path, partner: str) -> None:
    with pytest.raises(StudyError, match=r"Give either partner\.model or partner\.says"):
        loaded(tmp_path, f"partner: {partner}").lasting()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("partner: {model: m, temperature: 1}", 'line 3, key "partner.temperature": unknown key'),
        ("partner: {model: m}\nroom: {tokens: 10, overflow: forget}", 'line 4, key "room.overflow"'),
        ("partner: {model: m}\ncaps: {monney: 3}", 'key "caps.monney": unknown key.*money'),
        ("partner: {model: m}\ntasks: [{id: 1}]", 'key "tasks.0.id": input should be a valid string'),
        ("partner: {model: m}\nitems: items.csv", 'key "items": unknown key'),
        ("", 'key "partner": it is missing'),
    ],
)
def test_a_mistake_is_said_with_its_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        loaded(tmp_path, text)


def test_a_file_that_is_no_mapping_is_told_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "talk.yaml"
    path.write_text("- 1")
    with pytest.raises(StudyError, match=r"a talk must be a mapping with the keys .*, personas\. See `personametrics schema talk`"):
        load_talk(path)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("{persona: Hello}", r'user.persona: the slot "\{persona\}" is missing'),
        ("{task: 'Get {thing}'}", r'user.task: unknown slot "\{thing\}"'),
    ],
)
def test_templates_have_their_slots(tmp_path: Path, user: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        loaded(tmp_path, f"partner: {{model: m}}\nuser: {user}").prompt()


def test_what_decides_what_is_asked_leaves_aside_where_and_how_hard(tmp_path: Path) -> None:
    plans = [loaded(tmp_path, f"partner: {{model: m, key_variable: {name}}}\nkey_variable: {name}\nout: {name}") for name in "AB"]
    assert plans[0].decides() == plans[1].decides()
    assert plans[0].decides() != loaded(tmp_path, "partner: {model: m, instructions: Sell.}").decides()
