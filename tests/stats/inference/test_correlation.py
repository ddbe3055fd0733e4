import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.correlation import correlation, correlation_of_sums, disattenuated

VALUES = arrays(np.float64, 8, elements=st.floats(-100, 100).map(lambda value: round(value, 2)))


def noisy(seed: int, rho: float, slope: float, pairs: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Estimates with noise of unequal, known variances, more than the variance of the truth."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=pairs)
    panel = slope * (people + np.sqrt(1 / rho**2 - 1) * rng.normal(size=pairs))
    vx, vy = slope**2 * rng.uniform(0.5, 3, pairs), rng.uniform(0.5, 2, pairs)
    return panel + np.sqrt(vx) * rng.normal(size=pairs), people + np.sqrt(vy) * rng.normal(size=pairs), vx, vy


@pytest.mark.parametrize(("rho", "slope"), [(0.9, 1.0), (0.5, 2.0), (0.7, 0.4)])
def test_planted_correlation_and_slope_are_recovered_under_heavy_noise(rho: float, slope: float) -> None:
    x, y, vx, vy = noisy(0, rho, slope, 100_000)
    fit = disattenuated(x, y, vx, vy)
    assert fit.correlation == pytest.approx(rho, abs=0.03)
    assert fit.slope == pytest.approx(slope, rel=0.03)
    assert correlation(x, y) < 0.75 * rho


def test_moderate_samples_are_right_in_the_median() -> None:
    fits = [disattenuated(*noisy(seed, 0.8, 1.5, 200)) for seed in range(400)]
    assert np.nanmedian([fit.correlation for fit in fits]) == pytest.approx(0.8, abs=0.04)
    assert np.nanmedian([fit.slope for fit in fits]) == pytest.approx(1.5, abs=0.06)


@given(VALUES, VALUES)
def test_correlation_is_that_of_numpy(x: Floats, y: Floats) -> None:
    if np.ptp(x) < 1e-3 or np.ptp(y) < 1e-3:
        assert np.isnan(correlation(x, y)) == (np.ptp(x) == 0 or np.ptp(y) == 0)
    else:
        assert correlation(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)


@given(VALUES, VALUES)
def test_without_noise_it_is_correlation_and_regression(x: Floats, y: Floats) -> None:
    fit = disattenuated(x, y, 0, 0)
    np.testing.assert_allclose(fit.correlation, correlation(x, y), atol=1e-9)
    if np.ptp(y) > 1:
        assert fit.slope == pytest.approx(np.polyfit(y, x, 1)[0], abs=1e-7)


@given(VALUES, VALUES, st.floats(-10, 10), st.floats(0.1, 10))
def test_shift_and_scale_of_x(x: Floats, y: Floats, shift: float, scale: float) -> None:
    fit, moved = disattenuated(x, y, 1.0, 2.0), disattenuated(shift - scale * x, y, scale**2, 2.0)
    near = np.isclose(np.var(x, ddof=1), 1) or np.isclose(np.var(y, ddof=1), 2)  # rounding decides what is positive
    if not near:
        np.testing.assert_allclose(moved.correlation, -fit.correlation, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(moved.slope, -scale * fit.slope, rtol=1e-6, atol=1e-7)


def test_noise_larger_than_the_differences_is_undefined() -> None:
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])
    panel_is_noise, people_are_noise = disattenuated(x, y, 5.0, 0.1), disattenuated(x, y, 0.1, 5.0)
    assert np.isnan(panel_is_noise.correlation)
    assert panel_is_noise.slope == pytest.approx(1 / (5 / 3 - 0.1))
    assert np.isnan(people_are_noise.correlation)
    assert np.isnan(people_are_noise.slope)


def test_it_is_not_clipped() -> None:
    x = np.array([1.0, 2, 3, 4])
    assert disattenuated(x, x, 0.5, 0.5).correlation > 1


def test_pairs_with_a_gap_are_left_out_and_batches_are_independent() -> None:
    rng = np.random.default_rng(0)
    x, y, vx, vy = (rng.uniform(1, 2, (3, 9)) + shift for shift in (0.0, 0.0, -0.99, -0.99))
    x[:, 0] *= 9
    x[0, 1], y[1, 2], vx[2, 3], vy[2, 4] = (np.nan,) * 4
    fit = disattenuated(x, y, vx / 50, vy / 50)
    for row, gaps in enumerate(([1], [2], [3, 4])):
        full = (np.delete(part[row], gaps) for part in (x, y, vx / 50, vy / 50))
        np.testing.assert_allclose([part[row] for part in fit], np.array(disattenuated(*full)))
    np.testing.assert_allclose(correlation(x, y)[0], correlation(np.delete(x[0], 1), np.delete(y[0], 1)))


def test_constants_and_too_few_pairs_are_undefined() -> None:
    assert np.isnan(correlation(np.full(5, 0.1), np.arange(5.0)))
    assert np.isnan(correlation(np.array([1.0, np.nan]), np.array([1.0, 2.0])))
    assert np.isnan(correlation(np.array([np.nan]), np.array([1.0])))
    assert np.isnan(disattenuated(np.array([1.0]), np.array([1.0]), 0.0, 0.0)).all()


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="fit together"):
        correlation(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="negative"):
        disattenuated(np.ones(3), np.ones(3), -1.0, 0.0)
    with pytest.raises(ValueError, match="finite"):
        correlation(np.array([np.inf, 1.0]), np.ones(2))
    with pytest.raises(ValueError, match="last axis"):
        correlation(np.array([]), np.array([]))


@given(VALUES, VALUES)
def test_from_sums_it_is_the_same_correlation(x: Floats, y: Floats) -> None:
    both = np.stack([x**0, x, y, x * x, y * y, x * y])
    correlations = correlation_of_sums(np.stack([both.sum(1), both[:, :4].sum(1)]))
    for value, (a, b) in zip(correlations, ((x, y), (x[:4], y[:4])), strict=True):
        if min(np.ptp(a), np.ptp(b)) > 0.1:
            assert value == pytest.approx(correlation(a, b), abs=1e-6)
        elif min(np.ptp(a), np.ptp(b)) == 0:
            assert np.isnan(value)
