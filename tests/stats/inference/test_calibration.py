"""Calibration error, and its floor against simulated worlds in which certainty is right."""

import numpy as np
import pytest

from personametrics.stats.inference.calibration import bin_of, calibration_error, calibration_floor


def test_the_floor_is_the_error_of_calibrated_certainty() -> None:
    """4 bins, 60 questions of 5 answers each; both are means over 400 worlds."""
    rng = np.random.default_rng(3)
    sure = np.repeat([0.4, 0.6, 0.8, 0.9], 15)
    place = (np.arange(60), bin_of(sure, 10))
    errors, floors = [], []
    for _ in range(400):
        answers, gap = np.zeros((60, 10)), np.zeros((60, 10))
        answers[place], gap[place] = 5, rng.binomial(5, sure) - 5 * sure
        errors.append(calibration_error(answers.sum(0), gap.sum(0)))
        floors.append(calibration_floor(answers, gap))
    assert np.mean(floors) == pytest.approx(np.mean(errors), rel=0.06)


def test_undefined_without_answers_or_with_one_question() -> None:
    assert np.isnan(calibration_error(np.zeros(3), np.zeros(3)))
    assert np.isnan(calibration_floor(np.ones((1, 3)), np.zeros((1, 3))))


def test_gaps_of_opposite_bins_do_not_cancel() -> None:
    assert calibration_error(np.array([1.0, 1]), np.array([0.5, -0.5])) == 0.5
