from pathlib import Path

import polars as pl
import pytest

from personametrics.data.errors import DesignError, InputError, StudyError
from personametrics.data.persona import Persona
from personametrics.remedies.spell_out import SpellOut

PANEL = (Persona("ann", "You are Ann.", {"age": "70", "respondent": "x17"}), Persona("bo", "You are {Bo}."))
WRITTEN = ("<persona>\nYou value calm.\n</persona>", "Sure! <Persona>You speak {fast}.</PERSONA> Anything else?")


def test_a_draft_is_asked_of_every_persona_with_its_text_and_attributes() -> None:
    first, second = SpellOut(words=40).drafts(PANEL)
    assert [request.about["persona"] for request in (first, second)] == ["ann", "bo"]
    assert "You are Ann.\nage: 70\nrespondent: x17\n\nTell this person" in first.messages[0].text
    assert "You are {Bo}.\n\nTell" in second.messages[0].text
    assert "At most 40 words" in first.messages[0].text
    assert not first.choices
    assert first.sampling.max_tokens > 40
    assert first.about["item"] == "spell_out"


def test_attributes_that_are_not_to_be_told_do_not_reach_the_model() -> None:
    prompt = SpellOut(tell=("age",)).drafts(PANEL)[0].messages[0].text
    assert "age: 70" in prompt
    assert "x17" not in prompt


def test_the_forms_ask_for_different_things() -> None:
    values, interview = (SpellOut(form=form).drafts(PANEL)[0] for form in ("values", "interview"))
    assert values != interview
    assert "Interviewer:" in interview.messages[0].text


def test_personas_keep_who_they_are_and_are_told_more() -> None:
    personas = SpellOut().personas(PANEL, WRITTEN)
    assert [(persona.id, persona.attributes) for persona in personas] == [(persona.id, persona.attributes) for persona in PANEL]
    assert [persona.text for persona in personas] == ["You are Ann.\n\nYou value calm.", "You are {Bo}.\n\nYou speak {fast}."]


@pytest.mark.parametrize("reply", ["", "I'm sorry, I can't help with that.", "<persona> \n</persona>", "<persona>You value order and"])
def test_a_draft_that_is_refused_empty_or_cut_off_names_its_persona(reply: str) -> None:
    with pytest.raises(DesignError, match=r'no usable text \(refused, empty or cut off\) for "bo"\. Give the texts'):
        SpellOut().personas(PANEL, (WRITTEN[0], reply))


def test_drafts_that_were_never_written_are_missed() -> None:
    with pytest.raises(DesignError, match="there are 0 for 2"):
        SpellOut().personas(PANEL, ())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_texts_that_are_given_are_used_as_they_are_and_nothing_is_drafted(tmp_path: Path, kind: str) -> None:
    table, path = pl.DataFrame({"id": ["bo", "ann", "cy"], "text": ["You run.", " You\nwalk. ", "-"]}), tmp_path / f"texts.{kind}"
    table.write_csv(path) if kind == "csv" else table.write_parquet(path)
    remedy = SpellOut(texts=str(path))
    assert remedy.drafts(PANEL) == []
    assert [persona.text for persona in remedy.personas(PANEL, ())] == ["You are Ann.\n\nYou\nwalk.", "You are {Bo}.\n\nYou run."]


def test_a_persona_without_a_given_text_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["ann"], "text": ["You walk."]}).write_csv(tmp_path / "texts.csv")
    with pytest.raises(DesignError, match=r'texts\.csv has no text for the persona "bo"'):
        SpellOut(texts=str(tmp_path / "texts.csv")).personas(PANEL, ())


@pytest.mark.parametrize(
    ("knobs", "message"), [({"form": "values "}, 'Did you mean "values"'), ({"words": 0}, "0 is not a number of words")]
)
def test_knobs_that_mean_nothing_are_refused(knobs: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        SpellOut(**knobs)  # type: ignore[arg-type]


def test_an_attribute_that_nobody_has_is_refused() -> None:
    with pytest.raises(InputError, match=r'no persona has the attribute "aeg"\. Did you mean "age"'):
        SpellOut(tell=("aeg",)).drafts(PANEL)


def test_in_the_known_world_only_what_is_spelled_out_is_answered_more_surely() -> None:
    cure, remedy = SpellOut().known(), SpellOut()
    spelled = remedy.personas(cure.personas, [max(cure.world(request)) for request in remedy.drafts(cure.personas)])
    for index, (plain, rewritten) in enumerate(zip(cure.personas, spelled, strict=True)):
        before, after = (cure.elicitation.ask(who, cure.items[0])[0] for who in (plain, rewritten))
        assert max(cure.world(before).values()) == 0.7
        assert max(cure.world(after).values()) == 0.9, index
        assert cure.null(before) == cure.null(after)
