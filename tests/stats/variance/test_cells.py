"""Cells against their definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Panel, panels

from personametrics.stats import Cells, from_answers, from_counts, from_labels, pairs
from personametrics.stats.variance.cells import from_blocks


@given(panels())
def test_counting_labels_equals_summing_points(panel: Panel) -> None:
    counted, summed = panel.cells(), panel.scored()
    np.testing.assert_array_equal(counted.codes, summed.codes)
    for name in ("n", "mean", "scatter", "within"):
        np.testing.assert_allclose(getattr(counted, name), getattr(summed, name), atol=1e-12)


@given(panels(), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(panel: Panel, random: "np.random.Generator") -> None:
    order = np.array(sorted(range(len(panel.labels)), key=lambda _: random.random()))
    shuffled = from_labels(panel.facets, [column[order] for column in panel.codes], panel.labels[order], panel.points)
    np.testing.assert_array_equal(shuffled.codes, panel.cells().codes)
    np.testing.assert_allclose(shuffled.scatter, panel.cells().scatter, atol=1e-12)


@given(panels(), st.sampled_from([1e6, -3e8, 12345.678]))
def test_a_large_constant_does_not_cost_digits(panel: Panel, shift: float) -> None:
    np.testing.assert_allclose(panel.scored(shift).scatter, panel.scored().scatter, atol=1e-7)


def test_within_is_the_unbiased_variance() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=(4, 5, 7))
    p, i, _ = np.indices(y.shape).reshape(3, -1)
    cells = from_answers(["persona", "item"], [p, i], y.ravel())
    np.testing.assert_allclose(cells.within.reshape(4, 5), y.var(2, ddof=1))


def test_one_answer_has_no_variance_and_a_constant_cell_has_none_left_by_rounding() -> None:
    cells = from_answers(["persona"], [np.array([0, 1, 1, 1])], np.array([0.1, 0.3, 0.3, 0.3]))
    assert np.isnan(cells.within[0])
    assert cells.within[1] == 0


def test_exact_probabilities_are_infinite_samples() -> None:
    share = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])
    exact = from_counts(["persona"], np.array([[0], [1]]), share, np.arange(3.0)[:, None], exact=True)
    sampled = from_counts(["persona"], np.array([[0], [1]]), share * 1e9, np.arange(3.0)[:, None])
    assert np.isinf(exact.n).all()
    np.testing.assert_allclose(exact.within, sampled.within, rtol=1e-8)
    np.testing.assert_allclose(exact.within, [0.49, 0.0], atol=1e-12)


def test_many_labels_take_the_sparse_path_with_the_same_sums() -> None:
    rng = np.random.default_rng(2)
    codes = [rng.integers(0, 3, 300), rng.integers(0, 4, 300)]
    labels, points = rng.integers(0, 80, 300), rng.normal(size=(80, 5)) + 4
    sparse, dense = from_labels(["persona", "item"], codes, labels, points), from_answers(["persona", "item"], codes, points[labels])
    assert sparse.counts is None
    np.testing.assert_allclose(sparse.mean, dense.mean)
    np.testing.assert_allclose(sparse.scatter, dense.scatter)


def test_splitting_the_data_and_adding_the_counts_is_the_same() -> None:
    rng = np.random.default_rng(3)
    codes, labels = [rng.integers(0, 3, 400), rng.integers(0, 4, 400)], rng.integers(0, 3, 400)

    def counts(part: slice) -> Cells:
        return from_labels(["persona", "item"], [column[part] for column in codes], labels[part], np.eye(3))

    first, two, whole = counts(slice(0, 170)), counts(slice(170, 400)), counts(slice(None))
    assert first.counts is not None
    assert two.counts is not None
    together = from_counts(["persona", "item"], whole.codes, first.counts + two.counts, np.eye(3))
    for shared, value in pairs(together).whole().items():
        assert value == pytest.approx(float(pairs(whole).whole()[shared]))


def test_widely_spread_codes_are_numbered_by_sorting() -> None:
    codes = [np.array([0, 5000, 0]), np.array([0, 7000, 0])]
    cells = from_answers(["persona", "item"], codes, np.array([1.0, 2.0, 3.0]))
    assert cells.codes.tolist() == [[0, 0], [5000, 7000]]
    assert cells.n.tolist() == [2, 1]


def test_blocks_without_an_answer_change_nothing() -> None:
    blocks = [([np.zeros(0, np.int64)], np.zeros((0, 1))), ([np.array([0, 0])], np.array([[1.0], [3.0]]))]
    cells = from_blocks(["persona"], [1], blocks, 2)
    assert cells.within.tolist() == [2.0]
