"""Calibration error, and its floor against simulated worlds in which certainty is right."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.inference.calibration import augrc, aurc, bin_of, calibration_error, calibration_floor


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


GROUPS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda group: (group[0], min(group))), min_size=1, max_size=3)


def plainly(errors: tuple[int, ...]) -> tuple[float, float]:
    """AURC and AUGRC of answers in this order."""
    n, so_far = len(errors), np.cumsum(errors)
    return sum(so_far[k] / (k + 1) for k in range(n)) / n, sum(so_far[k] / n for k in range(n)) / n


@given(GROUPS)
def test_ties_are_the_mean_over_all_of_their_orders(groups: list[tuple[int, int]]) -> None:
    orders: list[tuple[int, ...]] = [()]
    for many, wrong in groups:
        within = set(permutations([1] * wrong + [0] * (many - wrong)))
        orders = [before + order for before in orders for order in within]
    expected = np.mean([plainly(order) for order in orders], axis=0)
    answers, errors = np.array(groups, dtype=np.float64).T
    areas = np.array([aurc(answers, errors), augrc(answers, errors)])
    np.testing.assert_allclose(areas, expected, atol=1e-12)


@pytest.mark.parametrize("area", [aurc, augrc])
def test_infinitely_many_answers_are_the_limit_of_many(area: type) -> None:
    many, wrong = np.array([0.2, 0.0, 0.5, 0.3]), np.array([0.02, 0.0, 0.1, 0.2])
    expected = area(many * 1e6, wrong * 1e6)
    assert area(many, wrong, endless=True) == pytest.approx(expected, abs=1e-5)
    assert area(many * 7, wrong * 7, endless=True) == pytest.approx(expected, abs=1e-5)


def test_uninformative_certainty_has_the_whole_error_and_half_of_it() -> None:
    answers = np.array([1.0])
    assert aurc(answers, 0.3 * answers, endless=True) == pytest.approx(0.3)
    assert augrc(answers, 0.3 * answers, endless=True) == pytest.approx(0.15)


def test_no_answers_have_no_area_and_leading_axes_are_kept() -> None:
    table = np.stack([np.ones(4), np.zeros(4)])
    for area in (aurc, augrc):
        areas = area(table, np.zeros((2, 4)))
        assert areas[0] == 0
        assert np.isnan(areas[1])
