import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import StudyError
from personametrics.data.grid import IRRELEVANT, NONE, PANEL, SHUFFLED, Grid
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale, character_ngrams, parse_scale
from personametrics.data.sentences import IRRELEVANT_SENTENCES
from personametrics.elicit.plan.study import Plan
from personametrics.lab.audit import Audit
from personametrics.lab.session import Recorded, Session
from personametrics.studies.controls.arms import irrelevant

PEOPLE = tuple(Persona(f"p{n}", f"You are number {n}, zealous about topic {n}.", {"age": str(20 + n)}) for n in range(7))
SCALE = Ordinal(("no", "so-so", "yes"))
ITEMS = (Item("tea", "Tea?", SCALE, wordings={"formal": "Would you care for tea?"}), Item("age", "How old?", Numeric(0, 120)))


def arms(people: tuple[Persona, ...] = PEOPLE, items: tuple[Item, ...] = ITEMS, model: str = "m", **plan: Any) -> Audit:
    """Return an audit of the first scale's items, or of those given."""
    settings = Plan.model_validate({"model": model, **plan})
    return Audit(Session.planned(settings, {"": Recorded(model)}, people, items))


def grids(*given: Any, **plan: Any) -> dict[str, Grid]:
    """Return the grids on the first scale, by arm."""
    return {grid.arm: grid for grid in reversed(arms(*given, **plan).grids)}


def requests(*given: Any, **plan: Any) -> list[Request]:
    """Return every request."""
    return [request for task in arms(*given, **plan).panels.values() for request in task.requests]


def test_the_shuffled_arm_is_answered_by_the_panel() -> None:
    arms = grids(runs=3)
    panel, shuffled = arms[PANEL], arms[SHUFFLED]
    assert {request.key("m") for request in shuffled} == {request.key("m") for request in panel}
    asked = {request.key("m"): request.about["persona"] for request in panel}
    assert [request.about["persona"] for request in shuffled] == [request.about["persona"] for request in panel]
    assert all(asked[request.key("m")] != request.about["persona"] for request in shuffled)


@given(st.integers(2, 7))
def test_every_persona_lends_its_text_to_exactly_one_other(count: int) -> None:
    shuffled = grids(PEOPLE[:count], runs=1)[SHUFFLED]
    lent = {request.about["persona"]: request.messages[0].text for request in shuffled}
    assert len(lent) == len(set(lent.values())) == count
    assert all(f"number {name[1:]}," not in text for name, text in lent.items())


def test_without_a_persona_nothing_is_said_about_one() -> None:
    for place in ("system", "user"):
        grid = grids(prompt={"place": place})[NONE]
        assert len(grid) == 5
        assert {message.role for request in grid for message in request.messages} == {"user"}
        assert {request.about["persona"] for request in grid} == {NOBODY}
        assert not any("person" in message.text for request in grid for message in request.messages)


def test_arms_are_told_apart_and_controls_come_first() -> None:
    asked = requests(runs=2)
    one_scale = [NONE] * 2 + [SHUFFLED] * 14 + [IRRELEVANT] * 10 + [PANEL] * 14
    assert [request.about["arm"] for request in asked] == one_scale * 2
    assert len({request.key("m") for request in asked}) == 4 + 20 + 28


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ({}, [PANEL, NONE, SHUFFLED, IRRELEVANT]),
        ({"none": False}, [PANEL, SHUFFLED, IRRELEVANT]),
        ({"shuffled": False, "irrelevant": 0}, [PANEL, NONE]),
        ({"none": False, "shuffled": False, "irrelevant": 0}, [PANEL]),
    ],
)
def test_only_the_controls_that_are_wanted_are_asked(controls: dict[str, Any], expected: list[str]) -> None:
    assert set(grids(controls=controls)) == set(expected)


def test_one_persona_has_nobody_to_change_texts_with() -> None:
    assert set(grids(PEOPLE[:1])) == {PANEL, NONE}


def test_as_many_irrelevant_texts_as_wanted_or_as_there_are_personas() -> None:
    assert len(grids(controls={"irrelevant": 3})[IRRELEVANT].personas) == 3
    assert len(grids(controls={"irrelevant": 30})[IRRELEVANT].personas) == len(PEOPLE)


TEXTS = st.lists(st.text(st.sampled_from("abc \n\t\u00a0é"), max_size=60), max_size=5)


@given(TEXTS, st.integers(-5, 5))
def test_irrelevant_texts_have_as_many_words_and_nothing_of_a_persona(texts: list[str], seed: int) -> None:
    people = [Persona(f"zebra{n}", f"zebra{n} {text}", {"a": "b"}) for n, text in enumerate(texts)]
    personas = irrelevant(people, seed)
    assert [len(persona.text.split()) for persona in personas] == [len(persona.text.split()) for persona in people]
    assert not any("zebra" in persona.text + persona.id for persona in personas)
    assert all(dict(persona.attributes) == {} for persona in personas)
    assert len({persona.id for persona in personas}) == len(personas)
    vocabulary = set(" ".join(IRRELEVANT_SENTENCES).split())
    assert all(set(persona.text.split()) <= vocabulary for persona in personas)
    assert personas == irrelevant(people, seed)


@given(st.integers(2, 40), st.integers(0, 99))
def test_short_irrelevant_texts_never_share_their_replies(words: int, seed: int) -> None:
    personas = irrelevant([Persona(str(n), "word " * words) for n in range(len(IRRELEVANT_SENTENCES))], seed)
    assert len({persona.text for persona in personas}) == len(IRRELEVANT_SENTENCES)


def test_irrelevant_texts_differ_by_seed_and_from_each_other_and_long_ones_go_on() -> None:
    people = [Persona(str(n), f"{n} word " * 500) for n in range(5)]
    texts = [persona.text for seed in range(3) for persona in irrelevant(people, seed)]
    assert len(set(texts)) == 15
    assert all(len(text.split()) == 1000 for text in texts)
    assert [persona.text for persona in grids(tuple(people), seed=2)[IRRELEVANT].personas if persona] == texts[10:]


def test_irrelevant_sentences_are_about_nobody() -> None:
    assert not any(
        re.search(r"\b(you|i|my|your|he|she|they|people|person|man|woman)\b", sentence.casefold()) for sentence in IRRELEVANT_SENTENCES
    )


def test_conditions_multiply_every_arm() -> None:
    arms = grids(items=ITEMS[:1], conditions={"wording": ["given", "formal"], "order": ["given", "reversed"]}, runs=1)
    assert {arm: len(grid) for arm, grid in arms.items()} == {PANEL: 28, NONE: 4, SHUFFLED: 28, IRRELEVANT: 20}


def test_scoring_asks_once() -> None:
    assert all(request.score and request.run == 0 for request in requests(items=ITEMS[:1], score=True, runs=9))
    assert grids(items=ITEMS[:1], score=True, runs=9)[PANEL].runs == 1
    with pytest.raises(StudyError, match=r'^score: the item "age" has no labels to score'):
        arms(score=True)


def test_the_plan_reaches_every_ask() -> None:
    asked = requests(sampling={"temperature": 0.3, "max_tokens": 7, "seed": 4}, prompt={"style": "letter"}, items=ITEMS[:1])
    assert {(request.sampling.temperature, request.sampling.max_tokens, request.sampling.seed, request.choices) for request in asked} == {
        (0.3, 7, 4, ("A", "B", "C"))
    }


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"conditions": {"wording": ["given", "formal"]}}, 'The item "age" has no wording "formal"'),
        ({"conditions": {"order": ["sideways"]}}, 'Unknown order of options "sideways"'),
        ({"conditions": {"place": ["given", "sytem"]}}, 'Unknown place of the persona "sytem"'),
        ({"conditions": {"order": []}}, "conditions.order: no level is listed"),
        ({"conditions": {"order": ["given", "given"]}}, "conditions.order: a level is listed twice"),
        ({"prompt": {"persona": "Hello."}}, 'prompt.persona: the slot "{persona}" is missing'),
        ({"prompt": {"style": "letter", "option": "{mark})"}}, 'prompt.option: the slot "{label}" is missing'),
    ],
)
def test_a_plan_that_cannot_be_asked_is_refused_before_anything_is(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        arms(**plan)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "scale",
    [Numeric(0, 2_500_000), Numeric(-0.1, 0.30000000000000004), Ordinal(("-2", "0", "2")), Nominal(("yes", "no way")), SCALE],
)
def test_the_manifest_remembers_every_scale(scale: Scale) -> None:
    (item,) = json.loads(json.dumps(arms(items=(Item("q", "?", scale),)).manifest))["items"]
    assert parse_scale(item["scale"]) == scale


@pytest.mark.parametrize(
    "scale", [Nominal(("a|b", "c")), Ordinal(("a:b", "c")), Ordinal((" a", "b")), Nominal(("", "b")), Numeric(0, 1e-9)]
)
def test_a_scale_that_no_run_directory_can_remember_is_refused(scale: Scale) -> None:
    with pytest.raises(StudyError, match=r'^The scale of the item "q" cannot be written down'):
        arms(items=(Item("q", "?", scale),))


def test_open_questions_can_be_asked() -> None:
    assert requests(items=(Item("q", "Why?", FreeText(character_ngrams)),))


def test_the_manifest_holds_whatever_decides_what_is_asked_and_nothing_else() -> None:
    base = arms()
    manifest = base.manifest
    assert json.loads(json.dumps(manifest)).keys() == {"model", "study", "prompt", "personas", "items"}
    for change in (
        {"runs": 6}, {"score": False, "seed": 1}, {"conditions": {"order": ["reversed"]}}, {"sampling": {"temperature": 0.0}},
        {"prompt": {"place": "user"}}, {"controls": {"none": False}}, {"structured": "choice"},
    ):  # fmt: skip
        assert arms(**change).manifest != manifest, change
    for aside in (
        {"out": "x"}, {"limits": {"connections": 1}}, {"caps": {"calls": 1}}, {"prices": {"tokens_in": 1, "tokens_out": 1}}, {"level": 0.5},
        {"target": 0.5}, {"check": False}, {"key_variable": "OTHER"},
    ):  # fmt: skip
        assert arms(**aside).manifest == manifest, aside
    assert arms(model="n").manifest != manifest
    assert arms(PEOPLE[:-1]).manifest != manifest
    assert arms(items=ITEMS[::-1]).manifest != manifest


def test_an_attribute_that_is_a_column_of_the_answers_is_refused() -> None:
    with pytest.raises(StudyError, match=r'^The persona "a" has the attribute "arm", which is also a column of the answers\. Rename it\.$'):
        arms((Persona("a", "x", {"arm": "left"}),))


def test_a_condition_that_changes_nothing_is_refused() -> None:
    hours = (Item("hours", "Hours?", parse_scale("0..24")),)
    with pytest.raises(StudyError, match='"hours" is the same under given and under reversed'):
        arms(items=hours, conditions={"order": ["given", "reversed"]})
    two = (Item("tea", "Tea?", parse_scale("no|yes")),)
    with pytest.raises(StudyError, match="under reversed and under rotated"):
        arms(items=two, conditions={"order": ["given", "reversed", "rotated"]})


def test_two_personas_with_one_text_are_refused() -> None:
    with pytest.raises(StudyError, match='"a" and "b" have the same text'):
        arms((Persona("a", "You are 70."), Persona("b", "You are 70.")))


@pytest.mark.parametrize("message", ["true", "1", "maybe"])
def test_a_control_that_is_neither_yes_nor_no_is_refused(message: str) -> None:
    with pytest.raises(StudyError, match=f'"q" has control "{message}". Write yes or no'):
        arms(items=(Item("q", "?", parse_scale("no|yes"), {"control": message}), *ITEMS))


def test_one_control_item_alone_is_refused() -> None:
    with pytest.raises(StudyError, match="Mark two or more items as control, or mark none"):
        arms(items=(Item("q", "?", parse_scale("no|yes"), {"control": "yes"}), *ITEMS))
