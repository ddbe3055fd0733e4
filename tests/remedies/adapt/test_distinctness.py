import math

import pytest

from personametrics.remedies.adapt.distinctness import cards_apart, distances, groups_apart

TEXTS = ["You like tea and calm.", "You like tea and rest.", "Nobody rules us: freedom!", "Nobody rules us: liberty!"]


def test_cards_that_say_the_same_lie_at_nothing_and_an_empty_one_lies_apart_from_all() -> None:
    assert distances(["Tea.", "tea", ""]).tolist() == [[0, pytest.approx(0), 1], [pytest.approx(0), 0, 1], [1, 1, 0]]


def test_groups_that_say_alike_things_lie_apart_and_others_do_not() -> None:
    assert groups_apart(TEXTS, ["a", "a", "b", "b"]) > 0.4
    assert groups_apart(TEXTS, ["a", "b", "a", "b"]) < 0
    assert math.isnan(groups_apart(TEXTS, ["a"] * 4))


def test_one_card_lies_apart_from_none() -> None:
    assert math.isnan(cards_apart(["Tea."]))
