"""Pseudo-outcomes and strata."""

import numpy as np
import pytest

from personametrics.stats.inference.design_based import design_based, pseudo_outcomes, stratified
from personametrics.stats.inference.ppi import Sample, alone, mean, ols


def test_pseudo_outcomes_have_the_mean_of_the_answers_whatever_is_predicted() -> None:
    rng = np.random.default_rng(0)
    y, f, chance = rng.normal(size=200), rng.normal(3, 1, 200), rng.uniform(0.2, 0.9, 200)
    drawn = rng.random((4000, 200)) < chance
    made = pseudo_outcomes(np.where(drawn, y, np.nan), np.broadcast_to(f, drawn.shape), chance)
    assert made.mean(0) == pytest.approx(y, abs=6 * float(np.abs(y - f).max()) / np.sqrt(4000 * 0.2))


def test_regressions_of_pseudo_outcomes_hold_the_truth_where_the_predictions_do_not() -> None:
    rng, hits, naive = np.random.default_rng(1), 0, 0
    for _ in range(300):
        x = np.stack([np.ones(600), rng.normal(size=600)], 1)
        y = x @ [1.0, 2.0] + rng.normal(size=600)
        f = x @ [1.0, 1.5] + rng.normal(size=600)
        asked = rng.random(600) < 0.25
        made = pseudo_outcomes(np.where(asked, y, np.nan), f, 0.25)
        for values, panel in ((made, False), (f, True)):
            low, high = ols(alone(values), x, np.empty((0, 2))).interval(0.9)
            covered = bool(low[1] <= 2.0 <= high[1])
            naive, hits = naive + covered * panel, hits + covered * (not panel)
    assert 0.86 <= hits / 300 <= 0.95
    assert naive == 0


def test_the_mean_is_that_of_predictions_plus_that_of_their_errors() -> None:
    y, f, others = np.array([1.0, 2, 4, np.nan]), np.array([2.0, 2, 5, 7]), np.array([1.0, 3, 3, 4, 6])
    estimate = design_based(Sample(y, f, others))
    assert float(estimate.value) == pytest.approx(np.mean([2, 2, 5, 7, 1, 3, 3, 4, 6]) + np.mean([-1, 0, -1]))


def test_weights_are_inverse_sampling_probabilities() -> None:
    y, f, w = np.array([1.0, 2, 4]), np.array([2.0, 2, 5]), np.array([1.0, 1, 2])
    estimate = design_based(Sample(y, f, np.array([1.0, 3.0]), w))
    assert float(estimate.value) == pytest.approx(np.mean([2, 2, 5, 1, 3]) + (-1 * 1 + 0 * 1 - 1 * 2) / 4)


def test_all_people_are_predicted_by_the_weighted_mean_of_their_stratum() -> None:
    panel = np.array([[1.0, 3, 5, np.nan], [0, 0, 1, 1]])
    sample = stratified(np.zeros((2, 3)), np.array([1, 0, 0]), panel, np.array([0, 0, 1, 1]), (None, np.array([1.0, 3, 1, 3])))
    assert sample.twins.tolist() == [[5.0, 2.5, 2.5], [1.0, 0.0, 0.0]]
    assert sample.others.tolist() == [[2.5, 2.5, 5.0, 5.0], [0, 0, 1, 1]]


def test_strata_correct_an_unbalanced_sample() -> None:
    """Nine of ten people happen to be of the stratum that says 0; half of the panel is, which says 5 and 6."""
    people, strata = np.array([0.0] * 9 + [1.0]), np.array([0] * 9 + [1])
    sample = stratified(people, strata, np.repeat([5.0, 6.0], 20), np.repeat([0, 1], 20), (None, None))
    assert float(mean(sample, 1.0).value) == pytest.approx(0.1 + (5.5 - 5.1))


def test_a_stratum_without_a_simulated_person_is_refused() -> None:
    with pytest.raises(ValueError, match=r"strata \[2\] have no simulated person"):
        stratified(np.zeros(2), np.array([0, 2]), np.zeros(2), np.array([0, 1]), (None, None))
