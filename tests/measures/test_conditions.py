"""Items put in several ways, and answers as cells of absolute differences."""

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.measures.conditions import condition_requests, graded_cells, label_points, with_conditions

PEOPLE = [Persona("a", "You are a."), Persona("b", "You are b.")]
GRADES = Ordinal(("1", "2", "4"))


def test_only_items_with_wordings_on_the_most_common_scale_are_asked() -> None:
    items = [Item(f"i{index}", "Is it?", GRADES, {}, {"blunt": "It is?"}) for index in range(3)]
    items += [Item("other", "Yes?", Nominal(("no", "yes")), {}, {"blunt": "Sure?"}), Item("plain", "And?", GRADES)]
    items += [Item("control", "Snow?", GRADES, {"control": "yes"}, {"blunt": "White?"})]
    asked = condition_requests(PEOPLE, items, Elicitation(runs=1), ("wording", "order"), "a study")
    assert {request.about["item"] for request in asked} == {"i0", "i1", "i2"}
    assert len(asked) == 2 * 3 * 3
    assert {request.messages[-1].text.split("\n")[0] for request in asked} == {"Is it?", "It is?"}


def test_an_empty_condition_is_the_given_one_and_one_level_is_no_facet() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["i", "i"], "answer": ["1", "4"], "wording": [None, "given"]})
    responses = with_conditions(Responses.read(frame, Columns(more=("wording",)), GRADES), ("wording",))
    assert responses.frame["wording"].to_list() == ["given", "given"]
    assert responses.conditions is None
    assert graded_cells(responses).facets == ("persona", "item")


def test_the_tables_own_conditions_count_where_none_of_those_wanted_is_there() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["i", "i"], "answer": ["1", "4"], "cue": ["x", "y"]})
    responses = with_conditions(Responses.read(frame, Columns(condition=("cue",)), GRADES), ("wording",))
    assert responses.conditions is not None
    assert responses.conditions.names == ("x", "y")
    with pytest.raises(ColumnError, match='no column "wording"'):
        with_conditions(Responses.read(frame.drop("cue"), Columns(), GRADES), ("wording",))


def test_probabilities_of_one_cell_are_averaged_and_labels_of_other_items_count_as_never() -> None:
    frame = pl.DataFrame(
        {"persona": ["a", "a", "b"], "item": ["i", "i", "j"], "p:1": [0.2, 0.4, 0.5], "p:2": [0.8, 0.6, None], "p:4": [None, None, 0.5]}
    )
    cells = graded_cells(Responses.read(frame, Columns(probabilities=("p:1", "p:2", "p:4")), GRADES))
    assert cells.counts is not None
    np.testing.assert_allclose(cells.counts, [[0.3, 0.7, 0.0], [0.5, 0.0, 0.5]])
    np.testing.assert_allclose(cells.within, [2 * 0.3 * 0.7 / 3, 0.5])
    assert np.isinf(cells.n).all()


def test_labels_without_order_differ_or_not() -> None:
    frame = pl.DataFrame({"persona": ["a", "a", "b"], "item": ["i", "i", "j"], "answer": ["1", "4", "2"]})
    points = label_points(Responses.read(frame, Columns(), Nominal()))
    np.testing.assert_allclose(((points[:, None] - points[None]) ** 2).sum(-1) / 2, 1 - np.eye(3))
