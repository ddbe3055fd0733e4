from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.distances import (
    Distance,
    divergence_floor,
    jensen_shannon,
    kl_divergence,
    normalise,
    smoothed_shares,
    total_variation,
    wasserstein,
)

DISTANCES: tuple[Distance, ...] = (total_variation, jensen_shannon, wasserstein)
SHARES = (
    arrays(np.float64, 5, elements=st.floats(0, 1).map(lambda share: round(share, 6)))
    .filter(lambda mass: bool(mass.sum() > 0.1))
    .map(normalise)
)


@given(SHARES, SHARES)
def test_scipy_agrees(p: Floats, q: Floats) -> None:
    assert jensen_shannon(p, q) == pytest.approx(np.nan_to_num(jensenshannon(p, q, base=2)) ** 2, abs=1e-9)
    places = np.array([3.0, -1.0, 0.0, 10.0, 4.0])
    assert wasserstein(p, q, places) == pytest.approx(wasserstein_distance(places, places, p, q), abs=1e-9)
    nominal = 1 - np.minimum(p, q).sum()
    assert total_variation(p, q) == pytest.approx(nominal, abs=1e-9)


def test_wasserstein_takes_probabilities_as_weights() -> None:
    p, q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
    assert wasserstein(p, q) == pytest.approx(1.0)
    assert wasserstein_distance(p, q) == 0  # the published mistake


@given(SHARES, SHARES, SHARES)
def test_distances_are_distances(p: Floats, q: Floats, r: Floats) -> None:
    for distance in DISTANCES:
        assert distance(p, p) == 0
        assert distance(p, q) == distance(q, p)
        assert 0 <= distance(p, q) <= (4 if distance is wasserstein else 1) + 1e-9
        root = np.sqrt if distance is jensen_shannon else np.asarray
        assert root(distance(p, r)) <= root(distance(p, q)) + root(distance(q, r)) + 1e-7


@given(SHARES, SHARES, st.permutations(range(5)), st.floats(-5, 5), st.floats(0.1, 9))
def test_names_shift_and_scale(p: Floats, q: Floats, order: list[int], shift: float, scale: float) -> None:
    for distance in (total_variation, jensen_shannon, partial(wasserstein, positions=np.array(order))):
        plain = wasserstein if isinstance(distance, partial) else distance
        assert distance(p[order], q[order]) == pytest.approx(plain(p, q), abs=1e-9)
    moved = wasserstein(p, q, np.asarray(shift + scale * np.arange(5.0), dtype=np.float64))
    assert moved == pytest.approx(scale * wasserstein(p, q), abs=1e-9)


def test_opposite_ends_and_batches() -> None:
    p, q = np.eye(3)[:2, None, :], np.eye(3)[None, 1:, :]
    np.testing.assert_array_equal(total_variation(p, q), [[1, 1], [0, 1]])
    np.testing.assert_array_equal(jensen_shannon(p, q), [[1, 1], [0, 1]])
    np.testing.assert_array_equal(wasserstein(p, q), [[1, 2], [0, 1]])


def test_a_row_that_is_not_a_distribution_is_nan() -> None:
    p, fine = np.array([[0.0, 0.0], [np.nan, 1.0], [-0.5, 1.5], [0.5, 0.4], [0.5, 0.5]]), np.array([0.5, 0.5])
    for distance in DISTANCES:
        np.testing.assert_array_equal(distance(p, fine), [np.nan] * 4 + [0.0])
    np.testing.assert_array_equal(normalise(np.array([[2.0, np.inf], [-1.0, 3.0]])), np.full((2, 2), np.nan))


def test_wrong_input_is_refused() -> None:
    p = np.array([0.5, 0.5])
    with pytest.raises(ValueError, match="same labels"):
        total_variation(p, np.ones(3) / 3)
    with pytest.raises(ValueError, match="each of the 2 labels"):
        wasserstein(p, p, np.arange(3))


COUNTS = st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(lambda counts: 0 < sum(counts) <= 3)


@given(COUNTS, COUNTS)
def test_divergence_is_relative_entropy_in_nats(a: list[int], b: list[int]) -> None:
    p, q = smoothed_shares(np.array(a)), smoothed_shares(np.array(b))
    assert kl_divergence(p, q) == pytest.approx(entropy(p, q), abs=1e-12)


def test_the_divergence_from_an_excluded_label_is_infinite() -> None:
    assert kl_divergence(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [
        np.inf,
        pytest.approx(np.log(2)),
    ]


@given(COUNTS, COUNTS, st.sampled_from([0.5, 1.0]))
def test_the_divergence_floor_is_the_mean_over_all_permutations(a: list[int], b: list[int], more: float) -> None:
    pooled = np.repeat([0, 1, 2, 0, 1, 2], [*a, *b])
    every = []
    for hand in combinations(range(len(pooled)), sum(a)):
        counts = np.bincount(pooled[list(hand)], minlength=3)
        every.append(float(kl_divergence(smoothed_shares(counts, more), smoothed_shares(np.add(a, b) - counts, more))))
    assert divergence_floor(np.array(a), np.array(b), more) == pytest.approx(np.mean(every), abs=1e-10)


def test_the_divergence_floor_works_cell_by_cell() -> None:
    a, b = np.array([[3, 2, 0], [0, 0, 4]]), np.array([[1, 1, 1], [0, 0, 7]])
    assert divergence_floor(a, b).tolist() == pytest.approx([float(divergence_floor(*cell)) for cell in zip(a, b, strict=True)])
