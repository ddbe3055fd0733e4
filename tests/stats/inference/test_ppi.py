"""Prediction-powered inference: the figures of ppi-python, coverage, and invariances."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.inference.ppi import Rectified, Sample, alone, difference, mean, ols

ROOT = Path(__file__).parents[3]
PANELS, OTHERS = 2000, 2000


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The simulated worlds of the benchmarks, which are scripts in one folder."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("rectify")
    finally:
        sys.path.pop(0)


def drawn(seed: int = 0, n: int = 60, others: int = 700) -> tuple[Sample, np.ndarray[Any, Any]]:
    """A sample whose predictions are biased, and regressors of people and others."""
    rng = np.random.default_rng(seed)
    x = np.stack([np.ones(n + others), rng.normal(size=n + others)], 1)
    y = x @ [1.0, 2.0] + rng.normal(size=n + others)
    f = 0.7 * y + 0.5 + 0.4 * x[:, 1] + 0.5 * rng.normal(size=n + others)
    return Sample(y[:n], f[:n], f[n:]), x


@pytest.mark.parametrize("power", [None, 0.0, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_mean_and_interval_are_those_of_ppi_python(power: float | None, seed: int) -> None:
    oracle = pytest.importorskip("ppi_py")
    sample, _ = drawn(seed)
    rectified = mean(sample, power, small=False)
    low, high = oracle.ppi_mean_ci(*sample[:3], alpha=0.1, lam=power)
    assert float(rectified.value) == pytest.approx(oracle.ppi_mean_pointestimate(*sample[:3], lam=power)[0], abs=1e-9)
    assert [float(end) for end in rectified.interval(0.9)] == pytest.approx([low[0], high[0]], abs=1e-9)


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_weighted_mean_is_that_of_ppi_python(power: float) -> None:
    oracle = pytest.importorskip("ppi_py")
    sample, _ = drawn()
    w, v = np.random.default_rng(1).uniform(0.5, 2, 60), np.random.default_rng(2).uniform(0.5, 2, 700)
    rectified = mean(sample._replace(weights=w, other_weights=v), power)
    expected = oracle.ppi_mean_pointestimate(*sample[:3], lam=power, w=w, w_unlabeled=v)[0]
    assert float(rectified.value) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_coefficients_are_those_of_ppi_python(power: float) -> None:
    oracle = pytest.importorskip("ppi_py")
    sample, x = drawn()
    rectified = ols(sample, x[:60], x[60:], power)
    expected = oracle.ppi_ols_pointestimate(x[:60], *sample[:2], x[60:], sample.others, lam=power)
    assert rectified.value == pytest.approx(np.ravel(expected), abs=1e-9)


def test_standard_errors_without_predictions_are_the_sandwich_of_statsmodels() -> None:
    regression = pytest.importorskip("statsmodels.api")
    sample, x = drawn()
    rectified = ols(alone(sample.people), x[:60], np.empty((0, 2)), small=False)
    assert np.sqrt(rectified.variance) == pytest.approx(regression.OLS(sample.people, x[:60]).fit().HC0_se, abs=1e-12)


def test_a_regression_on_ones_is_the_mean() -> None:
    sample, x = drawn()
    regression, average = ols(sample, x[:60, :1], x[60:, :1], 0.5), mean(sample, 0.5)
    assert float(regression.value[0]) == pytest.approx(float(average.value))
    assert float(regression.variance[0]) == pytest.approx(float(average.variance))


def test_a_few_people_correct_a_biased_panel(bench: ModuleType) -> None:
    """The promise: 90 % intervals hold the truth, narrower than people alone, where the panel itself is always wrong."""
    rectified, people, panel = (
        bench.figures(bench.biased, bench.ESTIMATORS[name], PANELS, 100, OTHERS) for name in ("PPI++", "people alone", "panel alone")
    )
    assert 0.88 <= rectified.coverage <= 0.92
    assert rectified.width < 0.85 * people.width
    assert panel.coverage < 0.01


@pytest.mark.parametrize("name", ["biased", "perfect", "noise", "constant"])
def test_twenty_people_are_enough_for_an_interval(bench: ModuleType, name: str) -> None:
    """Standard errors of 2,000 panels: .007. With a normal quantile the interval would miss more often, by one or more panels in 100."""
    world = getattr(bench, name)
    figures, plain = (bench.figures(world, bench.ESTIMATORS[name], PANELS, 20, 200) for name in ("PPI++", "as ppi-python"))
    assert 0.87 <= figures.coverage <= 0.92
    assert plain.coverage < figures.coverage - 0.01


def test_pure_noise_costs_next_to_nothing(bench: ModuleType) -> None:
    rectified, people, full = (
        bench.figures(bench.noise, bench.ESTIMATORS[name], 1000, 100, 500) for name in ("PPI++", "people alone", "λ = 1")
    )
    assert rectified.power < 0.1
    assert rectified.width == pytest.approx(people.width, rel=0.02)
    assert full.width > 1.3 * people.width


def test_a_perfect_panel_counts_in_full(bench: ModuleType) -> None:
    figures = bench.figures(bench.perfect, bench.ESTIMATORS["PPI++"], 1000, 100, 500)
    assert figures.width == pytest.approx(2 * 1.645 / np.sqrt(600), rel=0.05)


def test_a_constant_panel_changes_nothing() -> None:
    """A constant .7 or .1 differs from its mean by rounding, which is not variation."""
    y = np.random.default_rng(0).normal(size=(50, 21))
    for constant in (3.0, 0.7, 0.1):
        rectified, people = mean(Sample(y, np.full((50, 21), constant), np.full((50, 333), constant))), mean(alone(y))
        assert not rectified.power.any()
        assert np.array_equal(rectified.value, people.value)
        assert np.array_equal(rectified.variance, people.variance)
        assert np.array_equal(rectified.freedom, people.freedom)
        x = np.stack([np.ones(354), np.arange(354.0)], 1)
        assert ols(Sample(y[0], np.full(21, constant), np.full(333, constant)), x[:21], x[21:]).power.tolist() == [0.0, 0.0]


def test_unequal_sampling_probabilities_need_weights(bench: ModuleType) -> None:
    held = bench.figures(bench.shifted, bench.ESTIMATORS["PPI++"], PANELS, 100, OTHERS)
    missed = bench.figures(bench.unweighted(bench.shifted), bench.ESTIMATORS["PPI++"], PANELS, 100, OTHERS)
    assert 0.87 <= held.coverage <= 0.92
    assert missed.coverage < 0.6


@pytest.mark.parametrize("n", [20, 100])
def test_strata_suffice_without_pairs(bench: ModuleType, n: int) -> None:
    rectified, people = (bench.figures(bench.strata, bench.ESTIMATORS[name], 1000, n, 300) for name in ("PPI++", "people alone"))
    assert 0.87 <= rectified.coverage <= 0.93
    assert rectified.width < 0.85 * people.width


def held(interval: Callable[[np.random.Generator], Rectified], truth: float, panels: int = 400) -> float:
    """Share of panels whose interval holds the truth."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(panels):
        low, high = interval(rng).interval(0.9)
        hits += int(np.ravel(low)[-1] <= truth <= np.ravel(high)[-1])
    return hits / panels


def test_intervals_of_coefficients_hold_the_truth() -> None:
    """The slope of the predictions is wrong by .4."""

    def one(rng: np.random.Generator) -> Rectified:
        sample, x = drawn(int(rng.integers(1 << 30)), 50, 300)
        return ols(sample, x[:50], x[50:])

    assert 0.85 <= held(one, 2.0) <= 0.94


def test_intervals_of_differences_hold_the_truth() -> None:
    def group(rng: np.random.Generator, shift: float, n: int) -> Rectified:
        y = rng.normal(shift, 1, n + 300)
        f = 0.8 * y + rng.normal(0, 0.5, n + 300) + shift
        return mean(Sample(y[:n], f[:n], f[n:]))

    assert 0.86 <= held(lambda rng: difference(group(rng, 1.0, 15), group(rng, 0.0, 60)), 1.0, 600) <= 0.94


def test_shares_of_all_labels_sum_to_one_only_with_one_power() -> None:
    rng = np.random.default_rng(0)
    labels = np.eye(3)
    people, twins, others = (labels[rng.integers(0, 3, size)].T for size in (40, 40, 300))
    twins[:, :25] = people[:, :25]
    together, apart = mean(Sample(people, twins, others), together=True), mean(Sample(people, twins, others))
    assert together.value.sum() == pytest.approx(1.0)
    assert len(set(together.power.tolist())) == 1
    assert abs(apart.value.sum() - 1) > 1e-6


@given(st.integers(0, 1000), st.floats(-5, 5), st.floats(0.1, 10))
def test_origin_and_unit_of_predictions_do_not_matter(seed: int, shift: float, factor: float) -> None:
    sample, _ = drawn(seed, 12, 40)
    rectified, moved = mean(sample), mean(sample._replace(twins=sample.twins + shift, others=sample.others + shift))
    assert float(moved.value) == pytest.approx(float(rectified.value), abs=1e-9)
    assert float(moved.variance) == pytest.approx(float(rectified.variance), abs=1e-9)
    scaled = mean(Sample(*(factor * values for values in sample[:3])))
    assert float(scaled.value) == pytest.approx(factor * float(rectified.value))
    assert float(scaled.power) == pytest.approx(float(rectified.power))


@given(st.integers(0, 1000))
def test_people_without_an_answer_are_left_out(seed: int) -> None:
    sample, _ = drawn(seed, 12, 40)
    gone = np.random.default_rng(seed).random(12) < 0.3
    blank = mean(sample._replace(people=np.where(gone, np.nan, sample.people)))
    without = mean(Sample(sample.people[~gone], sample.twins[~gone], sample.others))
    assert float(blank.value) == pytest.approx(float(without.value), nan_ok=True)
    assert float(blank.variance) == pytest.approx(float(without.variance), nan_ok=True)


@given(st.integers(0, 1000))
def test_integer_weights_are_repeated_people(seed: int) -> None:
    sample, _ = drawn(seed, 12, 40)
    times = np.random.default_rng(seed).integers(1, 4, 12)
    weighted = mean(sample._replace(weights=times.astype(float)), 0.5)
    repeated = mean(Sample(np.repeat(sample.people, times), np.repeat(sample.twins, times), sample.others), 0.5)
    assert float(weighted.value) == pytest.approx(float(repeated.value))


def test_too_few_people_have_no_variance() -> None:
    assert np.isnan(mean(alone(np.array([1.0]))).variance)
    assert np.isnan(mean(Sample(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.arange(9.0))).variance)
    assert np.isnan(mean(alone(np.array([np.nan]))).value)


def test_a_panel_without_others_changes_nothing() -> None:
    y = np.arange(5.0)
    rectified = mean(Sample(y, y + 1, np.empty(0)))
    assert (float(rectified.value), float(rectified.power)) == (2.0, 0.0)
