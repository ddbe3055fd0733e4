"""Tests of people: grammar, cards, and held-out people."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.models.embedded.society.people import CODES, CONVINCED, FACTS, TRAITS, TYPICAL, VOICES, Person, sentence, somebody


@pytest.mark.parametrize(
    ("voice", "words"),
    [
        ("first", "I have a flat and am on my way."),
        ("second", "You have a flat and are on your way."),
        ("he", "He has a flat and is on his way."),
        ("she", "She has a flat and is on her way."),
    ],
)
def test_verbs_and_pronouns_follow_the_grammatical_person(voice: str, words: str) -> None:
    assert sentence("[have] a flat and [am] on [my] way", voice) == words  # type: ignore[arg-type]


def test_every_phrase_becomes_a_sentence_in_every_voice() -> None:
    phrases = [phrase for values in TRAITS.values() for wordings in values.values() for phrase in wordings]
    phrases += [form.format("x") for _, forms in FACTS.values() for form in forms] + list(CONVINCED)
    for phrase in phrases:
        for voice in VOICES:
            text = sentence(phrase, voice)
            assert re.fullmatch(r"[A-Z][A-Za-z0-9 ]+\.", text)
            assert {"first": r"\b(I|My)\b", "second": r"\bYour?\b", "he": r"\bH(e|is)\b", "she": r"\b(She|Her)\b"}[voice]
            assert re.search({"first": r"\b(I|My)\b", "second": r"\bYour?\b", "he": r"\bH(e|is)\b", "she": r"\b(She|Her)\b"}[voice], text)


@given(st.integers(0, 2**32), st.booleans())
def test_a_card_tells_everything_and_the_persona_remembers_who_it_is(seed: int, convinced: bool) -> None:
    rng = np.random.default_rng(seed)
    person = somebody(rng, facts=tuple(FACTS), convinced=convinced)
    persona = person.persona("p", rng)
    assert Person.of(persona) == person
    assert persona.text.count(".") == len(TRAITS) + len(FACTS) + convinced
    for value in person.facts.values():
        assert value in persona.text


def test_wordings_of_two_values_never_coincide() -> None:
    wordings = [phrase for values in TRAITS.values() for phrases in values.values() for phrase in phrases]
    assert len(set(wordings)) == len(wordings)


def test_tables_know_only_values_that_exist() -> None:
    for trait, codes in CODES.items():
        assert set(codes) <= set(TRAITS[trait])
    for fact, expected in TYPICAL.items():
        assert set(expected) <= set(TRAITS["job"])
        assert set(expected.values()) <= set(FACTS[fact][0])
