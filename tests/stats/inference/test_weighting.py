"""Weights: margins hold, the simplex is kept, and nothing is moved without evidence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, minimize

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.weighting import best_ridge, design_effect, mixture, poststratify, rake

RIDGES = (0.1, 1.0, 10.0, 100.0, np.inf)
seeds = st.integers(0, 2**16)


def panel(seed: int, personas: int = 12, questions: int = 7) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.random((personas, questions)), rng.random(questions)


def cost(weights: Floats, answers: Floats, target: Floats, ridge: float) -> float:
    even, spread = 1 / len(answers), answers.var(0).mean()
    return float(((weights @ answers - target) ** 2).mean() + ridge * spread * ((weights - even) ** 2).sum())


def test_the_design_effect_of_equal_weights_and_of_a_single_person() -> None:
    assert design_effect(np.full(7, 3.0)) == pytest.approx(1.0)
    assert design_effect(np.eye(7)[0]) == pytest.approx(7.0)
    assert design_effect(np.array([[1.0, 1.0], [1.0, 3.0]])).tolist() == pytest.approx([1.0, 1.25])


def test_raking_keeps_the_odds_ratio_of_a_table_of_two_by_two() -> None:
    """Weights 1, 2, 3, 4 with even margins: the odds ratio 1 · 4 / (2 · 3) stays, so p₁₁ = √(2/3) / (2 (1 + √(2/3)))."""
    rows, columns, even = np.array([0, 0, 1, 1], np.int64), np.array([0, 1, 0, 1], np.int64), np.array([0.5, 0.5])
    weights = rake([rows, columns], [even, even], np.array([1.0, 2.0, 3.0, 4.0]))
    first = np.sqrt(2 / 3) / (2 * (1 + np.sqrt(2 / 3)))
    assert weights == pytest.approx([first, 0.5 - first, 0.5 - first, first], abs=1e-9)


@settings(deadline=None)
@given(seeds)
def test_raking_finds_the_nearest_weights_with_these_margins(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups: list[Any] = [np.concatenate([np.arange(2), rng.integers(0, 2, 8)]), np.concatenate([[1, 0, 0, 1, 2, 2], rng.integers(0, 3, 4)])]
    truth = rng.dirichlet(np.full(10, 5.0))
    shares: list[Any] = [np.bincount(codes, truth) for codes in groups]
    weights = rake(groups, shares)
    for codes, expected in zip(groups, shares, strict=True):
        assert np.bincount(codes, weights) == pytest.approx(expected, abs=1e-9)
    entropy = [float((some * np.log(some * 10)).sum()) for some in (weights, truth)]
    assert entropy[0] <= entropy[1] + 1e-9


def test_unreachable_shares_are_undefined() -> None:
    even = np.array([0.5, 0.5])
    assert np.isnan(poststratify(np.zeros(3, np.int64), even)).all()
    same = np.array([0, 0, 1])
    assert np.isnan(rake([same, same], [even, np.array([0.2, 0.8])])).all()


def test_a_group_that_is_not_among_people_weighs_nothing() -> None:
    assert poststratify(np.array([0, 1, 1]), np.array([0.0, 1.0])).tolist() == [0.0, 0.5, 0.5]


@settings(deadline=None)
@given(seeds, st.sampled_from([0.0, 0.1, 1.0, 30.0]))
def test_mixtures_lie_on_the_simplex_and_no_others_are_better(seed: int, ridge: float) -> None:
    answers, target = panel(seed)
    weights = mixture(answers, target, ridge)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    least = cost(weights, answers, target, ridge)
    for other in np.random.default_rng(seed).dirichlet(np.full(len(answers), 0.3), 20):
        for step in (1.0, 1e-3):
            assert least <= cost(weights + step * (other - weights), answers, target, ridge) + 1e-12


@pytest.mark.parametrize("ridge", [0.1, 1.0])
def test_mixtures_are_what_a_general_solver_finds(ridge: float) -> None:
    answers, target = panel(5)
    start: Any = np.full(len(answers), 1 / len(answers))
    limits: Any = {"type": "eq", "fun": lambda w: w.sum() - 1}
    precise: Any = {"ftol": 1e-14}
    slow = minimize(cost, start, (answers, target, ridge), method="SLSQP", bounds=Bounds(0, 1), constraints=limits, options=precise)
    assert mixture(answers, target, ridge) == pytest.approx(slow.x, abs=1e-4)


@settings(deadline=None)
@given(seeds)
def test_mixtures_follow_their_personas(seed: int) -> None:
    answers, target = panel(seed)
    order = np.random.default_rng(seed).permutation(len(answers))
    assert mixture(answers[order], target, 0.5) == pytest.approx(mixture(answers, target, 0.5)[order], abs=1e-8)


def test_a_planted_mixture_is_recovered() -> None:
    answers, _ = panel(0, personas=6, questions=40)
    planted = np.array([0.5, 0.0, 0.3, 0.2, 0.0, 0.0])
    assert mixture(answers, planted @ answers, ridge=0) == pytest.approx(planted, abs=1e-8)


def test_without_information_the_weights_stay_equal() -> None:
    answers, target = panel(1)
    base = np.arange(1.0, 13.0)
    assert mixture(answers, target, np.inf).tolist() == [1 / 12] * 12
    assert mixture(answers, target, np.inf, base).tolist() == (base / base.sum()).tolist()
    assert mixture(np.full((12, 7), 0.3), target).tolist() == [1 / 12] * 12
    assert mixture(answers, target, 1e9) == pytest.approx(np.full(12, 1 / 12), abs=1e-6)


def test_the_ridge_is_small_where_weights_predict_and_infinite_where_they_do_not() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.random((2, 30))[np.repeat([0, 1], [18, 2])] + 0.05 * rng.standard_normal((20, 30))
    assert best_ridge(kinds[..., None], kinds[[0, -1]].mean(0)[:, None], RIDGES) <= 1
    chosen = [best_ridge(some.random((20, 30, 1)), some.random((200, 30)).mean(0)[:, None], RIDGES) for some in rng.spawn(20)]
    assert np.mean(np.isinf(chosen)) >= 0.8
