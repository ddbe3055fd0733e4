from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import binom, hypergeom, wasserstein_distance

from personametrics.stats.arrays import Floats
from personametrics.stats.distances import (
    Distance,
    jensen_shannon,
    normalise,
    sampling_floor,
    split_half,
    total_variation,
    wasserstein,
)

DISTANCES: tuple[Distance, ...] = (total_variation, jensen_shannon, wasserstein)
SHARES = arrays(np.float64, 5, elements=st.floats(0, 1)).filter(lambda mass: bool(mass.sum() > 0.1)).map(normalise)


def exact_floor(p: Floats, n: int, distance: Distance) -> float:
    """The expected distance of a sample of n from p itself: each term needs one binomial variable only."""
    k = np.arange(n + 1)[:, None]
    if distance is jensen_shannon:
        share, middle = k / n, (k / n + p) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            term = np.where(k > 0, share * np.log2(share / middle), 0) + np.where(p > 0, p * np.log2(p / middle), 0)
        return float((binom.pmf(k, n, p) * term / 2).sum())
    q = np.cumsum(p)[:-1] if distance is wasserstein else p
    factor = 1.0 if distance is wasserstein else 0.5
    return float(factor * (binom.pmf(k, n, q) * np.abs(k / n - q)).sum())


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
    moved = wasserstein(p, q, shift + scale * np.arange(5))
    assert moved == pytest.approx(scale * wasserstein(p, q), abs=1e-9)


def test_opposite_ends_and_batches() -> None:
    p, q = np.eye(3)[:2, None, :], np.eye(3)[None, 1:, :]
    np.testing.assert_array_equal(total_variation(p, q), [[1, 1], [0, 1]])
    np.testing.assert_array_equal(jensen_shannon(p, q), [[1, 1], [0, 1]])
    np.testing.assert_array_equal(wasserstein(p, q), [[1, 2], [0, 1]])


def test_a_row_that_is_no_distribution_is_nan() -> None:
    p, fine = np.array([[0.0, 0.0], [np.nan, 1.0], [-0.5, 1.5], [0.5, 0.4], [0.5, 0.5]]), np.array([0.5, 0.5])
    for distance in DISTANCES:
        np.testing.assert_array_equal(distance(p, fine), [np.nan] * 4 + [0.0])
        np.testing.assert_array_equal(sampling_floor(p, 1, 1, distance, draws=2) >= 0, [False] * 4 + [True])
    np.testing.assert_array_equal(normalise(np.array([[2.0, np.inf], [-1.0, 3.0]])), np.full((2, 2), np.nan))


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_floor_is_the_exact_expectation(distance: Distance) -> None:
    p = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.3, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    n = np.array([3, 10, 40])
    exact = [exact_floor(row, size, distance) for row, size in zip(p, n.tolist(), strict=True)]
    np.testing.assert_allclose(sampling_floor(p, n, distance=distance), exact, rtol=0.05)
    np.testing.assert_allclose(sampling_floor(p, n, distance=distance, draws=100_000), exact, rtol=0.008)


def test_two_samples_are_further_apart_than_one_from_the_truth() -> None:
    p = np.full(4, 0.25)
    one, two = sampling_floor(p, 50, draws=20_000), sampling_floor(p, 50, 50, draws=20_000)
    assert two == pytest.approx(np.sqrt(2) * one, rel=0.02)
    assert sampling_floor(p, np.inf) == 0
    # Two single answers to a fair yes or no differ half of the time.
    assert sampling_floor(np.array([0.5, 0.5]), 1, 1, draws=20_000) == pytest.approx(0.5, abs=0.02)


def test_sizes_broadcast_round_and_repeat() -> None:
    p = np.array([0.2, 0.3, 0.5])
    floor = sampling_floor(p, np.array([[2.4], [0.1]]), np.array([5, np.inf, np.nan]))
    assert floor.shape == (2, 3)
    np.testing.assert_array_equal(np.isnan(floor), [[False, False, True]] * 2)
    assert floor[0, 1] == pytest.approx(exact_floor(p, 2, total_variation), rel=0.05)
    assert floor[1, 1] == pytest.approx(exact_floor(p, 1, total_variation), rel=0.05)
    np.testing.assert_array_equal(sampling_floor(p, 7), sampling_floor(p, 7))
    assert sampling_floor(p, 7, seed=1) != sampling_floor(p, 7)
    assert np.isnan(sampling_floor(np.zeros(3), 5))


def test_split_half_is_the_exact_expectation() -> None:
    k = np.arange(5)
    exact = (hypergeom.pmf(k, 10, 4, 5) * np.abs(2 * k - 4) / 5).sum()
    found = split_half(np.array([4, 6]), splits=50_000)
    assert found == pytest.approx(exact, rel=0.02)
    batch = split_half(np.array([[4, 6, 0], [1, 0, 0], [0, 0, 9], [0, 6, 4]]), splits=20_000)
    np.testing.assert_allclose(batch, [exact, np.nan, 0, exact], rtol=0.03)


@pytest.mark.parametrize("distance", DISTANCES)
def test_halves_are_as_far_apart_as_two_samples_of_half_the_size(distance: Distance) -> None:
    p = np.array([0.1, 0.2, 0.3, 0.4])
    people = np.random.default_rng(0).multinomial(60, p, size=300)
    assert split_half(people, distance).mean() == pytest.approx(sampling_floor(p, 30, 30, distance, draws=20_000), rel=0.03)


def test_wrong_input_is_refused() -> None:
    p = np.array([0.5, 0.5])
    with pytest.raises(ValueError, match="same labels"):
        total_variation(p, np.ones(3) / 3)
    with pytest.raises(ValueError, match="each of the 2 labels"):
        wasserstein(p, p, np.arange(3))
    with pytest.raises(ValueError, match="negative"):
        sampling_floor(p, -1)
    with pytest.raises(ValueError, match="at least one draw"):
        sampling_floor(p, 3, draws=0)
    with pytest.raises(ValueError, match="whole numbers"):
        split_half(p)
