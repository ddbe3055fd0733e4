import math

import numpy as np
import pytest
from scipy import stats

from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.mover import difference, fieller, net


def test_symmetric_half_widths_add_as_squares() -> None:
    interval = difference(Interval(5, 2, 8), Interval(1, -3, 5))
    assert interval[:3] == pytest.approx((4, -1, 9))


def test_each_end_uses_the_limits_on_its_side() -> None:
    interval = difference(Interval(0.2, 0.17, 0.6), Interval(0.0, 0.0, 0.04))
    assert interval[:3] == pytest.approx((0.2, 0.2 - 0.05, 0.6))


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


def test_at_its_ends_the_difference_just_differs_from_zero() -> None:
    interval = fieller((3.0, 0.2), (2.0, 0.1), 7, 0.9)
    t = stats.t.ppf(0.95, 7)
    for q in (interval.low, interval.high):
        assert abs(3 - q * 2) == pytest.approx(t * np.sqrt(0.2 + q**2 * 0.1))
    assert interval.low < interval.value == 1.5 < interval.high


def test_a_numerator_of_zero_has_an_interval_around_zero() -> None:
    interval = fieller((0.0, 0.2), (2.0, 0.01), 20)
    assert interval.low == pytest.approx(-interval.high)


@pytest.mark.parametrize("below", [(0.1, 0.2), (0.0, 0.2), (np.nan, 0.2)])
def test_a_denominator_that_may_be_zero_leaves_no_limits(below: tuple[float, float]) -> None:
    assert np.isnan(fieller((1.0, 0.1), below, 10).low)


def test_it_covers_the_ratio_of_noisy_numbers() -> None:
    rng = np.random.default_rng(0)
    hits = [
        interval.low <= 0.5 <= interval.high
        for x, y in rng.normal([1.0, 2.0], [0.3, 0.4], (400, 2))
        if np.isfinite((interval := fieller((x, 0.09), (y, 0.16), 1e6)).low)
    ]
    assert 0.86 <= np.mean(hits) <= 0.94
