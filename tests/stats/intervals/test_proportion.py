"""Shares of successes: the same ends as statsmodels, and as the score test itself."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from personametrics.stats.intervals.proportion import wilson


@settings(deadline=None)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.99))
def test_ends_are_those_of_statsmodels(trials: tuple[int, int], level: float) -> None:
    interval = wilson(*trials, level)
    low, high = proportion_confint(*trials, alpha=1 - level, method="wilson")
    assert interval[:3] == pytest.approx((trials[0] / trials[1], low, high), abs=1e-9)
    assert interval.low <= interval.value <= interval.high


def test_an_end_is_a_share_that_the_score_test_just_rejects() -> None:
    interval = wilson(6, 22, 0.9)
    for end in (interval.low, interval.high):
        assert abs(6 / 22 - end) / math.sqrt(end * (1 - end) / 22) == pytest.approx(1.6448536, abs=1e-6)


def test_with_degrees_of_freedom_the_quantile_is_that_of_t() -> None:
    interval = wilson(6, 22, 0.9, freedom=4)
    for end in (interval.low, interval.high):
        assert abs(6 / 22 - end) / math.sqrt(end * (1 - end) / 22) == pytest.approx(2.1318468, abs=1e-6)


def test_the_share_without_trials_is_undefined() -> None:
    assert math.isnan(wilson(0, 0).value)
