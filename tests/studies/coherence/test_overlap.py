"""The share of a line that is copied from its card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data import library
from personametrics.data.persona import Persona
from personametrics.studies.coherence.line_verdicts import overlap

CARD = "You are Marta, a nurse of 27. You left school at fifteen, and your cupboard is always tidy."


def test_a_card_in_the_first_person_is_copied_whole() -> None:
    assert overlap("I am Marta, a nurse of 27. I left school at fifteen, and my cupboard is always tidy.", CARD) == 1
    assert overlap("I’m Marta, a nurse of 27.", CARD) == 1


def test_an_answer_that_uses_a_word_of_the_card_is_not_a_copy() -> None:
    assert overlap("A nurse hardly has time for tea.", CARD) < 0.2
    assert overlap("My shift was long, thank you.", CARD) == 0


def test_word_pairs_are_counted_by_hand() -> None:
    assert overlap("My cupboard is full.", CARD) == pytest.approx(2 / 3)
    assert overlap("Marta", CARD) == 1
    assert overlap("", CARD) == 0


@given(st.sampled_from(library.personas()), st.sampled_from(library.personas()))
def test_cards_of_other_personas_are_not_copies(first: Persona, second: Persona) -> None:
    assert overlap(first.text, second.text) == 1 if first is second else overlap(first.text, second.text) < 0.6
