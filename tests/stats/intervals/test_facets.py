"""Intervals over several sampled facets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_ind

from personametrics.stats.intervals.facets import jackknives

X = np.array([1.0, 2.0, 4.0, 5.0, 9.0])


def drops(x: np.ndarray) -> np.ndarray:
    """The mean without each."""
    return np.asarray((x.sum() - x) / (len(x) - 1))


def test_a_mean_has_students_interval() -> None:
    low, high = t.interval(0.9, 4, X.mean(), X.std(ddof=1) / math.sqrt(5))
    assert jackknives(float(X.mean()), [drops(X)])[:3] == pytest.approx((4.2, low, high))


def test_a_difference_of_two_means_has_welchs_interval() -> None:
    y = np.array([0.0, 1.0, 5.0])
    ends = ttest_ind(X, y, equal_var=False).confidence_interval(0.8)
    found = jackknives(float(X.mean() - y.mean()), [drops(X) - y.mean(), X.mean() - drops(y)], 0.8)
    assert found[1:3] == pytest.approx((ends.low, ends.high))


@given(st.floats(0, 3))
def test_shared_variance_is_subtracted_once_and_variances_stay_above_zero(noise: float) -> None:
    own = float(X.var(ddof=1) / 5)
    assert jackknives(0.0, [drops(X), drops(X)], shared=(0.0, own + noise)).high == pytest.approx(jackknives(0.0, [drops(X)]).high)


def test_constant_and_undefined_drops() -> None:
    assert jackknives(2.0, [np.full(4, 2.0)])[:3] == (2.0, 2.0, 2.0)
    for some in (np.array([1.0]), np.zeros(0), np.array([1.0, math.nan, 2.0])):
        assert math.isnan(jackknives(2.0, [drops(X), some]).low)
