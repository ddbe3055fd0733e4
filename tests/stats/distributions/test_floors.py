import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.distances import Distance, jensen_shannon, normalise, total_variation, wasserstein
from personametrics.stats.distributions.floors import permutation_floor, sampling_floor, split_half

DISTANCES: tuple[Distance, ...] = (total_variation, jensen_shannon, wasserstein)


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


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_floor_is_the_exact_expectation(distance: Distance) -> None:
    p = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.3, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    n = np.array([3, 10, 40])
    exact = [exact_floor(row, size, distance) for row, size in zip(p, n.tolist(), strict=True)]
    np.testing.assert_allclose(sampling_floor(p, n, distance=distance), exact, rtol=0.05)
    np.testing.assert_allclose(sampling_floor(p, n, distance=distance, draws=100_000), exact, rtol=0.008)


def test_two_samples_are_further_apart_than_one_from_the_truth() -> None:
    p = np.full(4, 0.25)
    single, two = sampling_floor(p, 50, draws=20_000), sampling_floor(p, 50, 50, draws=20_000)
    assert two == pytest.approx(np.sqrt(2) * single, rel=0.02)
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
    estimate = split_half(np.array([4, 6]), splits=50_000)
    assert estimate == pytest.approx(exact, rel=0.02)
    batch = split_half(np.array([[4, 6, 0], [1, 0, 0], [0, 0, 9], [0, 6, 4]]), splits=20_000)
    np.testing.assert_allclose(batch, [exact, np.nan, 0, exact], rtol=0.03)


def test_the_permutation_floor_is_the_exact_expectation() -> None:
    k = np.arange(6)  # five of the pooled eleven are yes, four of the eleven go to one side
    exact = (hypergeom.pmf(k, 11, 5, 4) * np.abs(k / 4 - (5 - k) / 7)).sum()
    a, b = np.array([[4, 0], [0, 0]]), np.array([[1, 6], [2, 2]])
    np.testing.assert_allclose(permutation_floor(a, b, splits=50_000), [exact, np.nan], rtol=0.02)


@pytest.mark.parametrize("distance", DISTANCES)
def test_halves_are_as_far_apart_as_two_samples_of_half_the_size(distance: Distance) -> None:
    p = np.array([0.1, 0.2, 0.3, 0.4])
    people = np.random.default_rng(0).multinomial(60, p, size=300)
    assert split_half(people, distance).mean() == pytest.approx(sampling_floor(p, 30, 30, distance, draws=20_000), rel=0.03)


def test_samples_of_one_population_have_the_distance_of_the_permutation_floor() -> None:
    """Also where samples are so small that a plug-in floor would be too low: 300 items, four and five answers each."""
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(5), 300)
    a, b = rng.multinomial(4, p), rng.multinomial(5, p)
    for distance in DISTANCES:
        distances, floor = distance(normalise(a), normalise(b)), permutation_floor(a, b, distance)
        assert floor.mean() == pytest.approx(distances.mean(), rel=0.08)
    assert np.isnan(permutation_floor(np.zeros(3, np.int64), np.ones(3, np.int64)))


def test_a_row_that_is_not_a_distribution_has_no_floor() -> None:
    p = np.array([[0.0, 0.0], [np.nan, 1.0], [-0.5, 1.5], [0.5, 0.4], [0.5, 0.5]])
    for distance in DISTANCES:
        np.testing.assert_array_equal(sampling_floor(p, 1, 1, distance, draws=2) >= 0, [False] * 4 + [True])


def test_wrong_sizes_and_counts_are_refused() -> None:
    p = np.array([0.5, 0.5])
    with pytest.raises(ValueError, match="negative"):
        sampling_floor(p, -1)
    with pytest.raises(ValueError, match="at least 1"):
        sampling_floor(p, 3, draws=0)
    with pytest.raises(ValueError, match="whole numbers"):
        split_half(p)
