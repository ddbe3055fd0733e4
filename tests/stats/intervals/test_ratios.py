"""Fieller's interval against its definition and in simulation."""

import numpy as np
import pytest
from scipy import stats

from personametrics.stats.intervals.ratios import fieller


def test_at_its_ends_the_difference_just_differs_from_zero() -> None:
    found = fieller((3.0, 0.2), (2.0, 0.1), 7, 0.9)
    t = stats.t.ppf(0.95, 7)
    for q in (found.low, found.high):
        assert abs(3 - q * 2) == pytest.approx(t * np.sqrt(0.2 + q**2 * 0.1))
    assert found.low < found.value == 1.5 < found.high


def test_a_numerator_of_zero_has_an_interval_around_zero() -> None:
    found = fieller((0.0, 0.2), (2.0, 0.01), 20)
    assert found.low == pytest.approx(-found.high)


@pytest.mark.parametrize("below", [(0.1, 0.2), (0.0, 0.2), (np.nan, 0.2)])
def test_a_denominator_that_may_be_zero_leaves_no_limits(below: tuple[float, float]) -> None:
    assert np.isnan(fieller((1.0, 0.1), below, 10).low)


def test_it_covers_the_ratio_of_noisy_numbers() -> None:
    rng = np.random.default_rng(0)
    hits = [
        found.low <= 0.5 <= found.high
        for x, y in rng.normal([1.0, 2.0], [0.3, 0.4], (400, 2))
        if np.isfinite((found := fieller((x, 0.09), (y, 0.16), 1e6)).low)
    ]
    assert 0.86 <= np.mean(hits) <= 0.94
