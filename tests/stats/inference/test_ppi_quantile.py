"""Rectified quantiles: ppi-python, coverage, few steps."""

from typing import Any

import numpy as np
import pytest

from personametrics.stats.inference.ppi import Sample, alone
from personametrics.stats.inference.ppi_quantile import quantile


def drawn(rng: np.random.Generator, n: int, others: int) -> Sample:
    y = rng.normal(size=n + others)
    f = 0.8 * y + 0.6 + 0.4 * rng.normal(size=n + others)
    return Sample(y[:n], f[:n], f[n:])


@pytest.mark.parametrize("q", [0.25, 0.5, 0.8])
def test_ends_are_those_of_ppi_python_or_the_next_value(q: float) -> None:
    """The upper end lies one value further, so that it also holds for answers on few steps."""
    oracle = pytest.importorskip("ppi_py")
    sample = drawn(np.random.default_rng(0), 60, 700)
    grid = np.sort(np.concatenate(sample[:3]))
    found = np.searchsorted(grid, quantile(sample, q, 0.9, 1.0, small=False)[:3])
    ends = np.searchsorted(grid, oracle.ppi_quantile_ci(*sample[:3], q, alpha=0.1, exact_grid=True))
    assert found[1:].tolist() == [ends[0], ends[1] + 1]


def test_intervals_hold_the_truth_and_are_narrower_than_without_predictions() -> None:
    rng, hits, width, plain = np.random.default_rng(2), 0, 0.0, 0.0
    for _ in range(500):
        sample = drawn(rng, 60, 600)
        found, people = quantile(sample, 0.75), quantile(alone(sample.people), 0.75)
        hits += found.low <= 0.6744898 <= found.high
        width, plain = width + found.high - found.low, plain + people.high - people.low
    assert 0.87 <= hits / 500 <= 0.95
    assert width < 0.95 * plain


def test_a_median_on_five_steps_is_held() -> None:
    rng, hits = np.random.default_rng(3), 0
    for _ in range(300):
        y = rng.choice(5, 330, p=[0.1, 0.3, 0.2, 0.2, 0.2]).astype(float)
        f = np.minimum(y + rng.integers(0, 2, 330), 4)
        found = quantile(Sample(y[:30], f[:30], f[30:]), 0.5)
        hits += found.low <= 2.0 <= found.high
    assert hits / 300 >= 0.88


def test_weights_are_people_who_count_several_times() -> None:
    y, times = np.array([1.0, 2, 3, 4, 5]), np.array([5, 1, 1, 1, 1])
    weighted, repeated = quantile(alone(y, times.astype(float)), 0.5), quantile(alone(np.repeat(y, times)), 0.5)
    assert weighted.value == repeated.value == 1.0


@pytest.mark.parametrize("answers", [np.array([]), np.array([np.nan]), np.array([2.0])])
def test_too_few_people_have_no_interval(answers: "np.ndarray[Any, Any]") -> None:
    found = quantile(alone(answers), 0.5)
    assert np.isnan([found.low, found.high]).all()
