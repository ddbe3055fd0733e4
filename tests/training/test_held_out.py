"""The parts of the society that training leaves out."""

from embedded_training.held_out import COMBINATIONS, STATEMENTS, WORDINGS, is_held_out
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.people import Person


def test_statements_and_wordings_that_are_held_out_exist() -> None:
    items = {item.id: item for item in instruments.statements()}
    assert set(items) >= STATEMENTS
    assert all(wording in items[name].wordings and name not in STATEMENTS for name, wording in WORDINGS)


def test_people_are_held_out_if_all_three_traits_are_given() -> None:
    for age, politics, faith in COMBINATIONS:
        assert is_held_out(Person({"age": age, "politics": politics, "faith": faith, "job": "cook"}))
        assert not is_held_out(Person({"age": age, "politics": politics}))
