"""The coverage of conformal sets, and their properties."""

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.conformal import Score, fewest_items, nonconformity, quantile, sets

SCORES = get_args(Score)
DRAWS = 1000
SLACK = 0.015
"""Three standard errors: over thresholds from 10 items, the share of 20 further items varies by √(.16 / 12 + .16 / 20) = .15."""
GOLDEN = np.array([0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.7, 0.9])


def world(rng: np.random.Generator, items: int) -> tuple[Floats, np.ndarray]:
    """Label probabilities of a panel for four labels, and true labels, which follow a flatter distribution."""
    shares = rng.dirichlet(np.full(4, 0.6), items)
    return shares, (rng.random(items)[:, None] > np.cumsum(0.7 * shares + 0.3 / 4, 1)).sum(1)


def coverage(score: Score, n: int, alpha: float, *, shifted: bool = False) -> float:
    """Share of 20 further items whose set holds the true label, over all draws; shifted: labels there owe nothing to the panel."""
    rng, hits = np.random.default_rng(7), []
    for _ in range(DRAWS):
        shares, true = world(rng, n + 20)
        strange = nonconformity(shares, score, rng.random(n + 20))
        threshold = quantile(strange[np.arange(n), true[:n]], alpha)
        if shifted:
            true = rng.integers(0, 4, n + 20)
        hits.append(sets(strange[n:], threshold)[np.arange(20), true[n:]].mean())
    return float(np.mean(hits))


def test_the_golden_threshold_is_the_eighth_of_nine() -> None:
    assert quantile(np.random.default_rng(0).permutation(GOLDEN), 0.2) == 0.7


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("n", "alpha"), [(20, 0.1), (10, 0.2)])
def test_coverage_is_within_its_bounds(score: Score, n: int, alpha: float) -> None:
    low, high = 1 - alpha, 1 - alpha + 1 / (n + 1)
    assert low - SLACK <= coverage(score, n, alpha) <= high + SLACK


@pytest.mark.parametrize("score", SCORES)
def test_items_unlike_those_of_calibration_are_not_covered(score: Score) -> None:
    assert coverage(score, 49, 0.2, shifted=True) < 0.8 - 0.1


def test_weighted_labels_of_an_item_are_covered_and_pooled_labels_are_not() -> None:
    rng, hits, pooled = np.random.default_rng(3), [], []
    for _ in range(4 * DRAWS):
        hard = rng.random(13) < 0.2  # few labels of hard items, many of easy ones
        number = np.where(hard, 1, 30)
        scores = [hard[index] + rng.random(number[index]) for index in range(13)]
        values, weights = np.concatenate(scores[:12]), np.concatenate([np.full(n, 1 / n) for n in number[:12]])
        hits.append(scores[12][0] <= quantile(values, 0.2, weights))
        pooled.append(scores[12][0] <= quantile(values, 0.2))
    slack = 3 * math.sqrt(0.16 / len(hits))
    assert np.mean(hits) >= 0.8 - slack
    assert np.mean(pooled) < 0.8 - 3 * slack


def test_thresholds_per_group_cover_each_group_and_a_common_one_does_not() -> None:
    rng, n, alpha = np.random.default_rng(5), 40, 0.2
    group, hits = np.arange(2 * n + 2) % 2, []
    for _ in range(DRAWS):
        scores = rng.random(len(group)) * np.where(group == 0, 0.3, 1.0)
        thresholds = np.array([quantile(scores[:-2][group[:-2] == level], alpha) for level in (0, 1)])
        hits.append([*(sets(scores[-2:, None], thresholds)[:, 0]), *sets(scores[-2:, None], quantile(scores[:-2], alpha))[:, 0]])
    first, second, first_together, second_together = np.mean(hits, 0)
    low, high = 1 - alpha, 1 - alpha + 1 / (n + 1)
    slack = 3 * math.sqrt(0.16 / DRAWS)
    assert low - slack <= first <= high + slack
    assert low - slack <= second <= high + slack
    assert first_together > 0.95
    assert second_together < 0.7


@given(st.integers(1, 60), st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.3, 0.5]))
def test_a_group_smaller_than_the_least_gets_all_labels(n: int, alpha: float) -> None:
    threshold = quantile(np.linspace(0, 1, n), alpha)
    assert math.isinf(threshold) == (n < fewest_items(alpha))
    assert sets(np.array([[0.3, 1.0]]), math.inf).all()


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 6)), elements=st.floats(0.01, 1)), st.floats(0, 1), st.floats(0, 1))
def test_ordinal_sets_are_intervals(weights: Floats, u: float, threshold: float) -> None:
    inside = sets(nonconformity(weights / weights.sum(1, keepdims=True), "ordinal", np.full(len(weights), u)), threshold)
    assert (np.abs(np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(int), axis=1)).sum(1) <= 2).all()


@given(arrays(np.float64, st.integers(2, 6), elements=st.floats(0.01, 1)), st.sampled_from(SCORES), st.floats(0, 1))
def test_likelier_labels_have_lower_scores_and_scores_are_probabilities(weights: Floats, score: Score, u: float) -> None:
    share = weights / weights.sum()
    strange = nonconformity(share, score, np.array(u))
    assert ((strange >= -1e-12) & (strange <= 1 + 1e-12)).all()
    assert strange[share.argmax()] == pytest.approx(strange.min())
    if score != "ordinal":
        assert (np.diff(strange[np.argsort(-share, kind="stable")]) >= -1e-12).all()


def test_integer_weights_are_repeated_scores() -> None:
    values = np.array([0.4, 0.1, 0.3])
    assert quantile(values, 0.25, np.array([1.0, 3, 2])) == quantile(np.repeat(values, [1, 3, 2]), 0.25)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Available: lac, aps, ordinal"):
        nonconformity(np.array([0.5, 0.5]), "raps")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(GOLDEN, 1.0)
