import math

import pytest

from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.mover import difference, net


def test_even_limits_add_as_squares() -> None:
    found = difference(Interval(5, 2, 8), Interval(1, -3, 5))
    assert found[:3] == pytest.approx((4, -1, 9))


def test_each_end_takes_the_limits_that_matter_to_it() -> None:
    found = difference(Interval(0.2, 0.17, 0.6), Interval(0.0, 0.0, 0.04))
    assert found[:3] == pytest.approx((0.2, 0.2 - 0.05, 0.6))


def test_a_part_without_limits_leaves_none() -> None:
    assert math.isnan(difference(Interval(1, math.nan, math.nan), Interval(0, -1, 1)).low)


def test_a_hazard_without_the_one_that_competes_is_what_ends_of_those_who_would_last() -> None:
    sure = net(Interval(0.72, 0.72, 0.72), Interval(0.3, 0.3, 0.3))
    assert sure[:3] == pytest.approx((0.6, 0.6, 0.6))  # .7 last for the other reason, and .4 of these for this one
    assert net(Interval(0.1, 0.1, 0.1), Interval(0.2, 0.1, 0.3)).value == pytest.approx(1 - 0.9 / 0.8)
    assert net(Interval(0.5, 0.4, 0.6), Interval(0.0, 0.0, 0.0))[:3] == pytest.approx((0.5, 0.4, 0.6))


def test_what_nobody_survives_is_a_hazard_of_one_and_no_limits_leave_none() -> None:
    assert net(Interval(1.0, 0.8, 1.0), Interval(0.0, 0.0, 0.1)).value == pytest.approx(1)
    assert math.isnan(net(Interval(0.5, math.nan, math.nan), Interval(0.1, 0.0, 0.2)).low)
