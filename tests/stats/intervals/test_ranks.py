"""Ranks and rank correlation of numbers that are known up to intervals."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from personametrics.stats.intervals.ranks import concordance, ranks

NUMBERS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 3)), min_size=2, max_size=6)


def test_intervals_that_overlap_share_ranks() -> None:
    intervals = ranks(np.array([0.0, 2.0, 2.5]), np.array([1.0, 3.0, 4.0]))
    assert intervals.low.tolist() == [3, 1, 1]
    assert intervals.high.tolist() == [3, 2, 2]


def test_without_an_interval_any_rank_is_possible() -> None:
    intervals = ranks(np.array([0.0, np.nan, 5.0]), np.array([1.0, np.nan, 6.0]))
    assert (intervals.low[1], intervals.high[1]) == (1, 3)
    assert (intervals.low[0], intervals.high[0]) == (2, 3)


@given(NUMBERS, st.data())
def test_ranks_of_numbers_within_their_intervals_are_within_the_ranges(spans: list[tuple[float, float]], data: st.DataObject) -> None:
    low = np.array([start for start, _ in spans])
    high = low + np.array([length for _, length in spans])
    truth = np.array([data.draw(st.floats(*ends)) for ends in zip(low, high, strict=True)])
    intervals = ranks(low, high)
    best = 1 + (truth[None, :] > truth[:, None]).sum(1)
    assert ((intervals.low <= best) & (best <= intervals.high)).all()
    middle = (low + high) / 2
    tau = concordance(middle, low, high, np.arange(float(len(spans))))
    pairs = [np.sign(truth[first] - truth[second]) * np.sign(first - second) for first, second in combinations(range(len(spans)), 2)]
    assert tau.low - 1e-12 <= np.mean(pairs) <= tau.high + 1e-12


def test_with_exact_numbers_concordance_is_kendall() -> None:
    value, other = np.array([1.0, 3.0, 2.0, 5.0]), np.array([2.0, 1.0, 4.0, 9.0])
    interval = concordance(value, value, value, other)
    tau = kendalltau(value, other).statistic
    assert interval[:3] == pytest.approx((tau, tau, tau))


def test_ties_of_exact_numbers_are_left_out() -> None:
    value = np.array([1.0, 2.0, 3.0])
    assert concordance(value, value, value, np.array([1.0, 1.0, 2.0])).value == 1
    assert np.isnan(concordance(value, value, value, np.ones(3)).value)
