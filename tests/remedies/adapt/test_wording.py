import math

import pytest

from personametrics.data.item import Item
from personametrics.data.scale import Nominal
from personametrics.remedies.adapt.interactions import Interaction
from personametrics.remedies.adapt.wording import cards_apart, distances, groups_apart, most_alike, quoted_share

ASKED = "Do you drink tea in the morning? Always"
TEXTS = ["You like tea and calm.", "You like tea and rest.", "Nobody rules us: freedom!", "Nobody rules us: liberty!"]


def test_cards_that_say_the_same_lie_at_nothing_and_an_empty_one_lies_apart_from_all() -> None:
    assert distances(["Tea.", "tea", ""]).tolist() == [[0, pytest.approx(0), 1], [pytest.approx(0), 0, 1], [1, 1, 0]]


def test_groups_that_say_alike_things_lie_apart_and_others_do_not() -> None:
    assert groups_apart(TEXTS, ["a", "a", "b", "b"]) > 0.4
    assert groups_apart(TEXTS, ["a", "b", "a", "b"]) < 0
    assert math.isnan(groups_apart(TEXTS, ["a"] * 4))


def test_one_card_lies_apart_from_none() -> None:
    assert math.isnan(cards_apart(["Tea."]))


def test_a_quotation_that_stood_there_before_is_none() -> None:
    text = "Somebody asked: do you drink tea in the morning? You said always."
    assert quoted_share(text, ASKED) == pytest.approx(4 / 5)
    assert quoted_share(text, ASKED, f"You are Ann. {ASKED}") == 0


def test_of_a_short_source_only_the_whole_is_a_quotation_and_of_none_nothing() -> None:
    assert quoted_share("Tea? Yes, always.", "Tea? Yes") == 1
    assert quoted_share("Yes to tea.", "Tea? Yes") == 0
    assert quoted_share("Tea.", "?!") == 0


def test_the_questions_worded_most_alike_are_remembered_the_later_among_equals() -> None:
    scale, questions = Nominal(("no", "yes")), ("tea", "zzz", "tea", "www")
    interactions = [Interaction("ann", Item(str(index), text, scale), "no") for index, text in enumerate(questions)]
    assert [interaction.item.id for interaction in most_alike(interactions, "tea", 1)] == ["2"]
    assert [interaction.item.id for interaction in most_alike(interactions, "tea", 2)] == ["0", "2"]
    assert [interaction.item.id for interaction in most_alike(interactions, "zzz", 2)] == ["1", "3"]
    assert most_alike(interactions, "tea", 9) == interactions
