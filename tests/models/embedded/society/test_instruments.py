"""Tests of the questionnaires: their content, and the existence of held-out items."""

from collections import Counter

import pytest

from personametrics.data.item import Item
from personametrics.models.embedded.society import instruments


@pytest.mark.parametrize(
    ("items", "number"),
    [
        (instruments.statements(), 72),
        (instruments.evidence(), 36),
        (instruments.knowledge(), 20),
        (instruments.dilemmas(), 6),
        (instruments.groups(), 576),
    ],
)
def test_items_have_ids_and_texts_of_their_own(items: tuple[Item, ...], number: int) -> None:
    assert len({item.id for item in items}) == len({item.text for item in items}) == len(items) == number


def test_half_of_the_statements_are_reversed() -> None:
    assert Counter(item.attributes["keyed"] for item in instruments.statements()) == {"+": 36, "-": 36}


def test_the_right_result_is_wished_for_by_each_side_equally_often() -> None:
    counts = Counter((item.attributes["side"], item.attributes["gold"]) for item in instruments.evidence())
    assert counts == {(side, gold): 6 for side in ("left", "right", "none") for gold in ("yes", "no")}


def test_evidence_says_what_its_gold_answer_is() -> None:
    for item in instruments.evidence():
        with_it, without = (int(word) for word in item.text.split() if word.isdigit() and word != "100")
        assert item.attributes["gold"] == ("yes" if with_it > without else "no")


def test_right_answers_are_among_the_options_at_every_place() -> None:
    places = Counter(item.scale.labels.index(item.attributes["gold"]) for item in instruments.knowledge())  # type: ignore[union-attr]
    assert set(places) == {0, 1, 2}
    assert max(places.values()) <= 10
