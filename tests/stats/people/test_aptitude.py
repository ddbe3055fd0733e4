"""Percentiles over repeats."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.aptitude import aptitude, expected_aptitude

SCORES = st.lists(st.floats(0, 100), min_size=1, max_size=12)


def test_ten_repeats_of_one_task() -> None:
    scores = aptitude(np.array([100.0, 0, 50, 100, 60, 0, 70, 100, 80, 90]))
    assert [float(value) for value in scores] == [65.0, 100.0, 100.0]


@given(SCORES, st.integers(0, 5))
def test_percentiles_are_those_of_numpy_and_missing_repeats_do_not_count(scores: list[float], missing: int) -> None:
    aptitudes = aptitude(np.array([*scores, *[np.nan] * missing]))
    low, high = np.percentile(scores, [10, 90])
    assert aptitudes.mean == pytest.approx(np.mean(scores))
    assert aptitudes.aptitude == pytest.approx(high)
    assert np.isnan(aptitudes.unreliability) if len(scores) == 1 else aptitudes.unreliability == pytest.approx(high - low, abs=1e-9)


def test_rows_are_independent_and_an_empty_one_is_undefined() -> None:
    scores = aptitude(np.array([[0.0, 100, 100], [np.nan, np.nan, np.nan], [50, np.nan, 50]]))
    assert scores.mean[[0, 2]] == pytest.approx([200 / 3, 50])
    assert scores.unreliability[[0, 2]] == pytest.approx([80, 0])
    assert all(np.isnan(values[1]) for values in scores)


@pytest.mark.parametrize(("share", "repeats"), [(0.3, 4), (0.8, 5), (1.0, 3), (0.4, 1)])
def test_the_expectation_is_the_mean_over_all_outcomes(share: float, repeats: int) -> None:
    total = np.zeros(3)
    for outcome in product((0.0, 1.0), repeat=repeats):
        odds = np.prod([share if success else 1 - share for success in outcome])
        total += np.nan_to_num(odds * np.array(aptitude(np.array(outcome))))
    expectation = np.nan_to_num(np.array(expected_aptitude(share, repeats)))
    assert expectation == pytest.approx(total)
