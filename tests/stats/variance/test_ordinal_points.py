"""The points of ordered labels have absolute differences."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.variance.ordinal_points import ordinal_points


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12, unique=True))
def test_half_the_squared_distance_is_the_absolute_difference_in_any_order(positions: list[int]) -> None:
    where = np.array(positions, float)
    points = ordinal_points(where)
    found = ((points[:, None] - points[None]) ** 2).sum(-1) / 2
    np.testing.assert_allclose(found, np.abs(where[:, None] - where) / np.ptp(where), atol=1e-12)


def test_a_wider_scale_makes_differences_smaller() -> None:
    points = ordinal_points(np.array([0.0, 10.0]), 100.0)
    assert np.isclose(((points[0] - points[1]) ** 2).sum() / 2, 0.1)


def test_one_position_has_no_differences() -> None:
    assert ordinal_points(np.array([3.0])).tolist() == [[0.0]]
    assert ordinal_points(np.array([3.0, 3.0])).tolist() == [[0.0], [0.0]]
