"""Survival and hazards against statsmodels and counts by hand, also without events or survivors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from personametrics.stats.intervals.proportion import wilson
from personametrics.stats.intervals.survival import hazard, kaplan_meier

LIVES = st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=40)


@given(LIVES)
def test_the_curve_and_greenwood_are_those_of_statsmodels(lives: list[tuple[int, bool]]) -> None:
    times, events = np.array([length for length, _ in lives]), np.array([event for _, event in lives])
    curve = kaplan_meier(times, events)
    if not events.any():
        assert (curve.share == 1).all()
        return
    other = SurvfuncRight(times, events.astype(int))
    steps = other.surv_times.astype(int) - 1
    assert curve.share[steps] == pytest.approx(other.surv_prob)
    for step, share, error in zip(steps, other.surv_prob, other.surv_prob_se, strict=True):
        if 1e-9 < share < 1:
            spread = 1.6448536 * error / share / abs(np.log(share))
            assert curve.low[step] == pytest.approx(share ** np.exp(spread), abs=1e-6)
            assert curve.high[step] == pytest.approx(share ** np.exp(-spread), abs=1e-6)


@given(LIVES, st.integers(1, 5))
def test_curves_fall_and_lie_in_their_intervals_within_0_and_1(lives: list[tuple[int, bool]], groups: int) -> None:
    times, events = np.array([length for length, _ in lives]), np.array([event for _, event in lives])
    curve = kaplan_meier(times, events, np.arange(len(times)) % groups)
    assert (np.diff(curve.share) <= 1e-12).all()
    assert (curve.low >= 0).all()
    assert (curve.high <= 1).all()
    assert (curve.low <= curve.share + 1e-12).all()
    assert (curve.share <= curve.high + 1e-12).all()


def test_clusters_widen_the_interval() -> None:
    times, events = np.repeat([1, 3], 20), np.repeat([True, False], 20)
    alone, together = kaplan_meier(times, events), kaplan_meier(times, events, np.repeat(np.arange(4), 10))
    assert together.share == pytest.approx(alone.share)
    assert together.low[0] < alone.low[0] - 0.05


def test_without_events_the_lower_end_is_wilsons() -> None:
    curve = kaplan_meier(np.full(30, 4), np.zeros(30, bool))
    assert curve.share.tolist() == [1.0] * 4
    assert curve.low == pytest.approx(1 - wilson(0, 30).high)
    ended = kaplan_meier(np.full(30, 1), np.ones(30, bool))
    assert (ended.low[0], ended.share[0]) == (0, 0)
    assert 0 < ended.high[0] < 0.1


def test_without_observations_the_curve_is_empty_and_the_hazard_undefined() -> None:
    assert not len(kaplan_meier(np.zeros(5, np.int64), np.zeros(5, bool)).share)
    assert np.isnan(hazard(np.zeros(0, bool), np.zeros(0, np.int64)).value)


def test_the_hazard_of_independent_steps_is_wilson_s() -> None:
    ended = np.arange(100) % 5 == 0
    assert hazard(ended, np.arange(100)) == pytest.approx(wilson(20, 100), nan_ok=True, abs=1e-2)


def test_intervals_cover_the_truth_where_personas_differ() -> None:
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(300):
        rates = rng.beta(2, 6, 20)
        interval = hazard((rng.random((20, 15)) < rates[:, None]).ravel(), np.repeat(np.arange(20), 15))
        hits.append(interval.low <= 0.25 <= interval.high)
    assert np.mean(hits) >= 0.85
