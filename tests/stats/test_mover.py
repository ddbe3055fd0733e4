import math

import pytest

from personametrics.stats.intervals import Interval
from personametrics.stats.mover import difference


def test_even_limits_add_as_squares() -> None:
    found = difference(Interval(5, 2, 8), Interval(1, -3, 5))
    assert found[:3] == pytest.approx((4, -1, 9))


def test_each_end_takes_the_limits_that_matter_to_it() -> None:
    found = difference(Interval(0.2, 0.17, 0.6), Interval(0.0, 0.0, 0.04))
    assert found[:3] == pytest.approx((0.2, 0.2 - 0.05, 0.6))


def test_a_part_without_limits_leaves_none() -> None:
    assert math.isnan(difference(Interval(1, math.nan, math.nan), Interval(0, -1, 1)).low)
