"""Columns as dense codes: the same whatever was read before."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.levels import levels


@given(st.lists(st.sampled_from(["b", "a", "10", "9", "2.5", "c c", "", "Z"]), min_size=1))
def test_names_stand_in_their_order_whatever_was_read_before(column: list[str]) -> None:
    coded = levels(pl.Series(column))
    texts, numbers = ({value for value in column if value in those} for those in ({"b", "a", "c c", "", "Z"}, {"10", "9", "2.5"}))
    assert list(coded.names) == [*sorted(numbers, key=float), *sorted(texts)]
    assert [coded.names[index] for index in coded.codes] == column


def test_text_whose_numbers_lie_far_apart_is_in_order() -> None:
    late = pl.Series(["first of late"]).cast(pl.Categorical)
    between = pl.Series([f"between {index}" for index in range(3000)]).cast(pl.Categorical)
    coded = levels(pl.Series(["a late one", "first of late", "a late one"]))
    assert coded.names == ("a late one", "first of late")
    assert coded.codes.tolist() == [0, 1, 0]
    assert len(late) < len(between)


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1))
def test_whole_numbers_stand_by_size_however_far_apart(column: list[int]) -> None:
    coded = levels(pl.Series(column))
    assert list(coded.names) == [str(value) for value in sorted(set(column))]
    assert [int(coded.names[index]) for index in coded.codes] == column
