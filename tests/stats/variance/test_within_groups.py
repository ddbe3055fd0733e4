"""Spread within groups: by its definition over pairs, and a variance without bias."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.arrays import Floats
from personametrics.stats.variance.within_groups import spreads


def by_pairs(points: Floats) -> tuple[float, float]:
    """Spread and variance by their definitions."""
    pairs = list(combinations(range(len(points)), 2))
    half = {(i, j): float(((points[i] - points[j]) ** 2).sum()) / 2 for i, j in pairs}
    apart = [half[first] * half[second] for first in pairs for second in pairs if not set(first) & set(second)]
    spread = float(np.mean(list(half.values())))
    return spread, spread**2 - float(np.mean(apart))


@given(st.integers(4, 7), st.integers(1, 3), st.integers(0, 2**31))
def test_both_are_those_over_all_pairs(number: int, dimensions: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(1e3, 2.0, (2 * number, dimensions))
    group = np.arange(2 * number) % 2
    spread = spreads(points, group, 3)
    for index in (0, 1):
        assert (spread.spread[index], spread.variance[index]) == pytest.approx(by_pairs(points[group == index]), rel=1e-6, abs=1e-6)
    assert np.isnan(spread.spread[2])


def test_too_few_members_have_no_variance() -> None:
    spread = spreads(np.arange(6.0)[:, None], np.array([0, 0, 0, 1, 1, 2]), 3)
    assert spread.spread[:2].tolist() == [1.0, 0.5]
    assert np.isnan(spread.spread[2])
    assert np.isnan(spread.variance).all()


def test_the_variance_is_that_of_many_samples_however_skewed() -> None:
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(40_000), 6)
    spread = spreads(rng.exponential(size=(len(group), 1)), group, 40_000)
    assert spread.spread.mean() == pytest.approx(1.0, rel=0.02)
    assert spread.variance.mean() == pytest.approx(spread.spread.var(), rel=0.1)
