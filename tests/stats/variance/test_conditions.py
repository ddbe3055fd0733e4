"""Reruns and conditions within single cells, against the definition and against simulation."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.arrays import Floats
from personametrics.stats.variance.conditions import Split, ordinal_points, split

LABELS = 3
GRADED = np.abs(np.arange(LABELS)[:, None] - np.arange(LABELS)) / 2


def by_hand(table: list[list[int]]) -> tuple[float, float]:
    """Compute both disagreements from every pair of answers."""
    answers = [[label for label, n in enumerate(row) for _ in range(n)] for row in table]
    answers = [row for row in answers if len(row) > 1]
    within = [np.mean([abs(a - b) / 2 for a, b in combinations(row, 2)]) for row in answers]
    apart = [np.mean([abs(a - b) / 2 for a in first for b in second]) for first, second in combinations(answers, 2)]
    rerun = float(np.mean(within)) if within else float("nan")
    return rerun, float(np.mean(apart)) - rerun if apart else float("nan")


@given(st.lists(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=3, max_size=3), min_size=1, max_size=4))
def test_both_disagreements_are_those_of_all_pairs(tables: list[list[list[int]]]) -> None:
    parts = split(np.array(tables, float), GRADED, np.full((len(tables), LABELS), 1 / LABELS))
    for index, table in enumerate(tables):
        np.testing.assert_allclose([parts.within[index], parts.between[index]], by_hand(table), atol=1e-12)
        assert np.isnan(parts.p[index]) == np.isnan(parts.between[index])
        assert np.isnan(parts.p[index]) or 0 <= parts.p[index] <= 1


def drawn(shares: list[list[float]], runs: int, cells: int = 4000) -> Split:
    rng = np.random.default_rng(1)
    counts = np.stack([rng.multinomial(runs, share, cells) for share in shares], 1).astype(float)
    return split(counts, 1 - np.eye(len(shares[0])), np.full((cells, len(shares[0])), 1 / len(shares[0])))


@pytest.mark.parametrize("runs", [5, 10, 30])
@pytest.mark.parametrize("share", [[0.5, 0.5], [0.8, 0.2], [0.2, 0.3, 0.5]])
def test_without_an_effect_the_test_keeps_its_level(runs: int, share: list[float]) -> None:
    assert np.mean(drawn([share] * 4, runs).p <= 0.05) < 0.06


def test_an_effect_is_found() -> None:
    assert np.mean(drawn([[0.9, 0.1]] * 3 + [[0.1, 0.9]], 5).p <= 0.05) > 0.8


def test_standard_errors_are_the_spread_over_repetitions() -> None:
    parts = drawn([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3]], 60)
    for value, error in ((parts.within, parts.within_error), (parts.between, parts.between_error)):
        assert np.sqrt(np.mean(error**2)) == pytest.approx(value.std(), rel=0.1)


def test_the_error_between_equal_conditions_is_conservative() -> None:
    parts = drawn([[0.6, 0.3, 0.1]] * 3, 60)
    assert 1 < np.sqrt(np.mean(parts.between_error**2)) / parts.between.std() < 2


def test_few_equal_answers_prove_little() -> None:
    def error(runs: int) -> float:
        return float(split(np.array([[[runs, 0.0], [runs, 0.0]]]), 1 - np.eye(2), np.array([[0.5, 0.5]])).within_error[0])

    assert error(2) > 0.2
    assert error(2) > error(10) > error(100) > 0


def test_two_answers_per_condition_are_too_few_for_the_test() -> None:
    parts = split(np.array([[[2.0, 0.0], [0.0, 2.0]]]), 1 - np.eye(2), np.array([[0.5, 0.5]]))
    assert parts.between[0] == 1
    assert parts.p[0] > 0.05


def test_probabilities_are_known_without_error() -> None:
    shares: Floats = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.9, 0.1], [0.9, 0.1]]])
    parts = split(shares, 1 - np.eye(2), np.full((2, 2), 0.5), exact=True)
    np.testing.assert_allclose(parts.within, [(2 * 0.09 + 2 * 0.24) / 2, 0.18])
    np.testing.assert_allclose(parts.between, [0.5**2, 0.0], atol=1e-12)
    assert parts.within_error.tolist() == parts.between_error.tolist() == [0.0, 0.0]
    assert parts.p[0] == 0


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12, unique=True))
def test_half_the_squared_distance_is_the_absolute_difference_in_any_order(positions: list[int]) -> None:
    where = np.array(positions, float)
    points = ordinal_points(where)
    distances = ((points[:, None] - points[None]) ** 2).sum(-1) / 2
    np.testing.assert_allclose(distances, np.abs(where[:, None] - where) / np.ptp(where), atol=1e-12)


def test_a_wider_scale_makes_differences_smaller() -> None:
    points = ordinal_points(np.array([0.0, 10.0]), 100.0)
    assert np.isclose(((points[0] - points[1]) ** 2).sum() / 2, 0.1)


def test_one_position_has_no_differences() -> None:
    assert ordinal_points(np.array([3.0])).tolist() == [[0.0]]
    assert ordinal_points(np.array([3.0, 3.0])).tolist() == [[0.0], [0.0]]
