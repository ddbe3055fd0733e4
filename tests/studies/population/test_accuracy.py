"""Numbers beside people's: errors freed of noise, coverage and width by hand."""

import numpy as np
import pytest
from scipy.stats import t

from personametrics.measures.population import Numbers
from personametrics.stats.arrays import Floats
from personametrics.studies.population.accuracy import Accuracy, half_width


def numbers(value: list[list[float]], variance: float, freedom: float = np.inf) -> Numbers:
    values: Floats = np.array(value)
    return Numbers(values, np.full(values.shape, variance), freedom)


def test_errors_are_freed_of_peoples_noise_but_not_of_the_panels_own() -> None:
    accuracy = Accuracy(numbers([[0.6], [0.5]], 0.09), numbers([[0.4], [0.5]], 0.01), np.ones((2, 1)))
    assert accuracy.error().tolist() == pytest.approx([0.03, -0.01])
    assert accuracy.bias().tolist() == pytest.approx([0.2, 0.0])


def test_two_labels_are_one_score_and_labels_nobody_gave_do_not_count() -> None:
    ours, theirs = numbers([[0.6, 0.4, 0.0]], 0.0), numbers([[0.4, 0.6, 0.0]], 0.01)
    given = np.array([[1.0, 1.0, 0.0]])
    assert Accuracy(ours, theirs, given).error().tolist() == pytest.approx([0.03])
    assert Accuracy(ours, theirs, given).covered(0.9).tolist() == [0.0]
    wide = numbers([[0.6, 0.4, 0.0]], 0.04)
    assert Accuracy(wide, theirs, given).covered(0.9).tolist() == [1.0]


def test_intervals_are_widened_by_peoples_noise_and_by_few_personas() -> None:
    ours, theirs = numbers([[0.5]], 0.01, 3.0), numbers([[0.76]], 0.0)
    assert t.ppf(0.95, 3) * 0.1 < 0.26
    assert Accuracy(ours, theirs, np.ones((1, 1))).covered(0.9).tolist() == [0.0]
    assert Accuracy(ours, numbers([[0.76]], 0.01, 3.0), np.ones((1, 1))).covered(0.9).tolist() == [1.0]
    assert Accuracy(ours, theirs, np.ones((1, 1))).width(0.9)[0] == pytest.approx(2 * t.ppf(0.95, 3) * 0.1)


def test_no_variance_is_no_width_and_unknown_variance_no_interval() -> None:
    assert half_width(0.0, np.nan, 0.9) == 0
    assert np.isnan(half_width(np.nan, 3.0, 0.9))
