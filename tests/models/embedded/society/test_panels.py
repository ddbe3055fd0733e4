"""Tests of panels: distinct texts, known words, and the society behind them as a function."""

import pytest

from personametrics import audit
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, Prompt
from personametrics.models.embedded.society.instruments import statements
from personametrics.models.embedded.society.panels import bare, group_questions, questionnaire, resistant, society, strong
from personametrics.models.embedded.society.people import CODES, Person
from personametrics.models.embedded.society.society import answers
from personametrics.models.function import Scripted


@pytest.mark.parametrize("panel", [strong(30), bare(30), resistant(30), resistant(30, manner="mild")])
def test_every_persona_has_a_text_of_its_own(panel: tuple[Persona, ...]) -> None:
    assert len({persona.text for persona in panel}) == len({persona.id for persona in panel}) == 30


def test_the_same_seed_gives_the_same_panel() -> None:
    assert strong(4, seed=1) == strong(4, seed=1) != strong(4, seed=2)


def test_the_questionnaire_is_balanced() -> None:
    assert [item.attributes["keyed"] for item in questionnaire()].count("-") == 12


def test_questions_about_groups_know_the_share_that_agrees() -> None:
    asked = group_questions(3)
    assert {item.attributes["about"] for item in asked} == {item.id for item in questionnaire(3)}
    assert len(asked) == 3 * 8
    for item in asked:
        odds = answers(None, item)
        assert sum(float(label) * share for label, share in odds.items()) / 100 == pytest.approx(float(item.attributes["truth"]), abs=6e-4)


@pytest.mark.parametrize("order", [GIVEN, "reversed"])
@pytest.mark.parametrize("wording", [GIVEN, "formal"])
def test_the_society_answers_as_the_people_behind_the_personas(order: str, wording: str) -> None:
    personas, item = strong(2), statements()[0]
    world = society(personas, (item,))
    for persona in (*personas, None):
        request = Prompt().ask(persona, item, condition={"order": order, "wording": wording})
        assert world(request) == answers(Person.of(persona) if persona else None, item, wording, order)


def test_an_irrelevant_text_makes_somebody_of_whom_nothing_is_known() -> None:
    item = statements()[0]
    request = Prompt().ask(Persona("irrelevant 1", "Wool is washed."), item)
    assert society(strong(2), (item,))(request) == answers(Person(), item)


def test_people_told_of_in_full_have_more_signal_than_bare_labels(tmp_path: object) -> None:
    plain = {"score": True, "check": False, "controls": {"none": False, "shuffled": False, "irrelevant": 0}}
    signals = []
    for name, panel in {"strong": strong(12), "bare": bare(12)}.items():
        world = Scripted(society(panel, questionnaire(12)), f"society of {name}")
        signals.append(audit(world, panel, questionnaire(12), 1, out=f"{tmp_path}/{name}", **plain)["signal"].value)
    assert signals[0] > 0.5
    assert signals[1] < 0.3


def test_the_resistant_and_the_mild_are_the_same_people_but_for_their_manner() -> None:
    for hard, soft in zip(resistant(8), resistant(8, manner="mild"), strict=True):
        assert dict(hard.attributes) == {**soft.attributes, "manner": "ruthless"}
        assert len(set(hard.text.split(". ")) ^ set(soft.text.split(". "))) <= 4


def test_targets_are_where_somebody_leans() -> None:
    for persona in resistant(20, manner="mild"):
        faith, marriage = (CODES[line].get(persona.attributes[line], 0.0) for line in ("faith", "family"))
        assert persona.attributes.get("church", "") == ("high" if faith > 0 else "low" if faith < 0 else "")
        leaning = 1.2 * marriage + 0.6 * faith
        assert persona.attributes.get("marriage", "") == ("high" if leaning > 0 else "low" if leaning < 0 else "")
