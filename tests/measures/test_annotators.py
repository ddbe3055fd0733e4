"""Labels of a panel compared with those of annotators."""

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Scale
from personametrics.measures.annotators import annotation_table, column_of, pool_labels


def read(answers: dict[str, str], scale: Scale | None = None, **columns: list[str]) -> Responses:
    """Answers to each item, one letter a person; '-' for none."""
    rows = [(f"p{who}", item, None if label == "-" else label) for item, labels in answers.items() for who, label in enumerate(labels)]
    frame = pl.DataFrame(rows, ["persona", "item", "answer"], orient="row")
    more = [pl.col("item").replace_strict(list(answers), values).alias(name) for name, values in columns.items()]
    return Responses.read(frame.with_columns(more), Columns(more=tuple(columns)), scale or Nominal())


def test_answers_are_pooled_over_people_and_missing_ones_left_out() -> None:
    pooled = pool_labels(read({"one": "aab", "two": "bb-", "three": "---"}))
    assert (list(pooled.items), list(pooled.labels)) == (["one", "two"], ["a", "b"])
    assert pooled.counts.tolist() == [[2, 1], [0, 2]]


def test_labels_that_only_others_gave_have_no_answers() -> None:
    pooled = pool_labels(read({"one": "bbc"}), ("a", "c"))
    assert dict(zip(pooled.labels, pooled.counts[0], strict=True)) == {"a": 0, "b": 2, "c": 1}


def test_numbers_of_an_item_counted_by_hand() -> None:
    row = annotation_table(read({"one": "aab", "two": "bbb"}), read({"one": "aabb", "two": "bbba"})).sort("item").row(0, named=True)
    assert row["agreement"] == 0.5  # a, which two of four say
    assert row["agreement.single"] == pytest.approx(2 / 3 * 0.5 + 1 / 3 * 0.5)
    assert row["ceiling"] == 0  # without oneself, two against one say something else
    assert row["ceiling.single"] == pytest.approx(1 / 3)
    assert row["gap"] == 0.5
    assert row["gap.single"] == row["advantage"] == pytest.approx(0.5 - 1 / 3)
    assert row["certainty"] == pytest.approx(2 / 3)


def test_items_without_an_answer_of_the_panel_stay_and_those_without_people_go() -> None:
    rows = annotation_table(read({"a": "xx", "b": "xy", "c": "--", "d": "xx"}), read({"a": "xx", "b": "yy", "c": "xy"}))
    assert rows.sort("item").select("item", "labelled").rows() == [("a", True), ("b", True), ("c", False)]
    assert rows.filter(~pl.col("labelled"))["agreement"].null_count() == 1


def test_sets_are_judged_by_all_labels_of_people_also_where_the_panel_is_silent() -> None:
    panel = read({"a": "xx", "b": "xy", "c": "--"}, set=["x", "x|y", "y"])
    rows = annotation_table(panel, read({"a": "xxxy", "b": "yyyy", "c": "xxzy"})).sort("item")
    assert rows["sets.coverage"].to_list() == [0.75, 1.0, 0.25]
    assert rows["sets.size"].to_list() == [1, 2, 1]


def test_a_column_of_items_is_read_and_must_not_vary() -> None:
    panel = read({"a": "xx", "b": "xy"}, topic=["law", "farming"])
    assert column_of(panel, "topic") == {"a": "law", "b": "farming"}
    assert column_of(panel, "") == {"a": "", "b": ""}
    with pytest.raises(DesignError, match='no column "domain"'):
        column_of(panel, "domain")
    with pytest.raises(DesignError, match='item "a" has two values of "persona"'):
        column_of(panel, "persona")


def test_numbers_are_no_labels() -> None:
    with pytest.raises(DesignError, match="at most 64 different labels"):
        pool_labels(read({"a": "12", "b": "31"}, Numeric()))
