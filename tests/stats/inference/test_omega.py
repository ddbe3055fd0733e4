import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.omega import omega


def one_factor(seed: int, loadings: Floats, noise: float = 1.0, objects: int = 60) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(objects, 1)) * loadings + noise * rng.normal(size=(objects, loadings.size))


def with_covariance(covariance: Floats, objects: int = 30) -> Floats:
    """Scores whose sample covariance is exactly the one asked for."""
    noise = np.random.default_rng(0).normal(size=(objects, len(covariance)))
    basis = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(objects - 1)
    scores: Floats = basis @ np.linalg.cholesky(covariance).T
    return scores


@pytest.mark.parametrize("seed", range(4))
def test_statsmodels_finds_the_same_loadings(seed: int) -> None:
    factor = pytest.importorskip("statsmodels.multivariate.factor")
    scores = one_factor(seed, np.linspace(0.6, 1.4, 6))
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0, ddof=1)
    fitted = factor.Factor(corr=np.corrcoef(scores.T), n_factor=1, method="pa").fit(maxiter=5000, tol=1e-12)
    expected = np.abs(fitted.loadings.ravel())
    omegas = omega(scores)
    np.testing.assert_allclose(omegas.loadings, expected, atol=1e-7)
    common = expected.sum() ** 2
    assert omegas.total == pytest.approx(common / (common + (1 - expected**2).sum()))


def test_parallel_runs_have_the_alpha_of_cronbach_and_the_icc() -> None:
    pingouin, pandas = pytest.importorskip("pingouin"), pytest.importorskip("pandas")
    scores = with_covariance(0.3 + 0.7 * np.eye(5))
    omegas = omega(scores)
    assert omegas.total == pytest.approx(pingouin.cronbach_alpha(pandas.DataFrame(scores))[0])
    assert omegas.total == pytest.approx(5 * 0.3 / (1 + 4 * 0.3))
    assert omegas.single == pytest.approx(0.3)


@pytest.mark.parametrize("seed", range(6))
def test_heywood_cases_are_the_bounded_optimum(seed: int) -> None:
    # Three runs, of which the first would need a loading beyond its own standard deviation.
    scores = with_covariance(np.array([[1.0, 0.8, 0.7], [0.8, 1.0, 0.3], [0.7, 0.3, 1.0]]), objects=20 + seed)
    covariance = np.cov(scores.T)

    def misfit(loadings: Floats) -> float:
        return float(((covariance - np.outer(loadings, loadings))[np.triu_indices(3, 1)] ** 2).sum())

    best = minimize(misfit, np.full(3, 0.5), bounds=[(-1, 1)] * 3, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-12})
    omegas = omega(scores)
    np.testing.assert_allclose(omegas.loadings, best.x, atol=1e-5)
    assert omegas.uniqueness[0] == pytest.approx(0, abs=1e-12)
    assert 0 < omegas.total < 1


def test_planted_reliability_is_recovered() -> None:
    loadings = np.array([0.3, 0.6, 0.9, 1.2])
    omegas = omega(one_factor(0, loadings, objects=40_000))
    np.testing.assert_allclose(omegas.loadings, loadings, atol=0.03)
    assert omegas.total == pytest.approx(9 / (9 + 4), abs=0.01)


def test_single_omega_does_not_grow_with_the_runs() -> None:
    few, many = (omega(np.stack([one_factor(seed, np.full(k, 0.6), 0.8) for seed in range(60)])) for k in (4, 40))
    assert many.total.mean() > few.total.mean() + 0.2
    assert few.single.mean() == pytest.approx(0.36, abs=0.03)
    assert many.single.mean() == pytest.approx(0.36, abs=0.03)


def test_more_runs_than_objects_and_two_runs() -> None:
    assert omega(one_factor(1, np.full(100, 0.6), 0.8, objects=40)).single == pytest.approx(0.36, abs=0.1)
    two = with_covariance(np.array([[1.0, 0.5], [0.5, 2.0]]))
    assert omega(two).total == pytest.approx(4 * 0.5 / (1 + 2 + 2 * 0.5))
    assert omega(with_covariance(np.array([[1.0, -0.5], [-0.5, 1.0]]))).total == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(5)), st.floats(-100, 100), st.floats(0.01, 100))
def test_order_shift_scale_and_direction_do_not_matter(seed: int, order: list[int], shift: float, scale: float) -> None:
    scores = one_factor(seed, np.linspace(0.8, 1.6, 5))
    omegas, moved = omega(scores), omega(shift - scale * scores[::-1, order])
    assert moved.total == pytest.approx(omegas.total, abs=1e-5)
    assert moved.single == pytest.approx(omegas.single, abs=1e-5)
    assert 0 <= omegas.single <= omegas.total <= 1
    np.testing.assert_allclose(moved.loadings, scale * omegas.loadings[order], rtol=1e-4, atol=1e-5 * scale)


def test_undefined_is_nan_and_stays_in_its_batch() -> None:
    batch = np.stack([one_factor(seed, np.ones(3)) for seed in range(4)])
    batch[1, 5, 2] = np.nan
    batch[2] = 0.1
    omegas = omega(batch)
    np.testing.assert_array_equal(np.isnan(omegas.total), [False, True, True, False])
    np.testing.assert_array_equal(np.isnan(omegas.uniqueness[:, 0]), [False, True, True, False])
    assert omegas.total[3] == pytest.approx(omega(batch[3]).total, abs=1e-6)
    assert np.isnan(omega(np.array([[1.0, 2.0], [3.0, 4.0]])).total)


def test_perfect_runs_and_a_constant_run() -> None:
    truth = np.random.default_rng(0).normal(size=(20, 1))
    np.testing.assert_allclose(omega(truth * np.ones(4))[:2], 1, atol=1e-6)
    constant = omega(np.hstack([one_factor(0, np.ones(3)), np.full((60, 1), 0.1)]))
    assert constant.loadings[3] == 0
    assert constant.total > 0.5


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="two or more runs"):
        omega(np.ones((5, 1)))
    with pytest.raises(ValueError, match="objects, runs"):
        omega(np.ones(5))
