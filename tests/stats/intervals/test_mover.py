import math

import pytest

from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.mover import difference, net


def test_symmetric_half_widths_add_as_squares() -> None:
    found = difference(Interval(5, 2, 8), Interval(1, -3, 5))
    assert found[:3] == pytest.approx((4, -1, 9))


def test_each_end_uses_the_limits_on_its_side() -> None:
    found = difference(Interval(0.2, 0.17, 0.6), Interval(0.0, 0.0, 0.04))
    assert found[:3] == pytest.approx((0.2, 0.2 - 0.05, 0.6))


def test_limits_are_undefined_if_those_of_a_part_are() -> None:
    assert math.isnan(difference(Interval(1, math.nan, math.nan), Interval(0, -1, 1)).low)


def test_the_net_hazard_is_the_share_that_ends_of_those_that_would_last() -> None:
    sure = net(Interval(0.72, 0.72, 0.72), Interval(0.3, 0.3, 0.3))
    assert sure[:3] == pytest.approx((0.6, 0.6, 0.6))  # .7 last for the other reason, and .4 of these for this one
    assert net(Interval(0.1, 0.1, 0.1), Interval(0.2, 0.1, 0.3)).value == pytest.approx(1 - 0.9 / 0.8)
    assert net(Interval(0.5, 0.4, 0.6), Interval(0.0, 0.0, 0.0))[:3] == pytest.approx((0.5, 0.4, 0.6))


def test_the_net_hazard_without_survivors_is_one_and_undefined_limits_stay_undefined() -> None:
    assert net(Interval(1.0, 0.8, 1.0), Interval(0.0, 0.0, 0.1)).value == pytest.approx(1)
    assert math.isnan(net(Interval(0.5, math.nan, math.nan), Interval(0.1, 0.0, 0.2)).low)
