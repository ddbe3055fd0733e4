from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from personametrics.stats.distributions.divergence import divergence_floor, kl_divergence, smoothed_shares

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
        one = np.bincount(pooled[list(hand)], minlength=3)
        every.append(float(kl_divergence(smoothed_shares(one, more), smoothed_shares(np.add(a, b) - one, more))))
    assert divergence_floor(np.array(a), np.array(b), more) == pytest.approx(np.mean(every), abs=1e-10)


def test_the_divergence_floor_works_cell_by_cell() -> None:
    a, b = np.array([[3, 2, 0], [0, 0, 4]]), np.array([[1, 1, 1], [0, 0, 7]])
    assert divergence_floor(a, b).tolist() == pytest.approx([float(divergence_floor(*cell)) for cell in zip(a, b, strict=True)])
