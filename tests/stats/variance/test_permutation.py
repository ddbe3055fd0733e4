"""The permutation test is exact."""

import itertools

import numpy as np
import pytest

from personametrics.stats import permutation_p


def test_p_is_the_share_of_all_permutations() -> None:
    """Six answers of two personas: all 20 ways to deal them, enumerated."""
    y = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0])
    who = np.repeat([0, 1], 3)

    def statistic(first: tuple[int, ...]) -> float:
        chosen = np.isin(np.arange(6), first)
        return float(y[chosen].var(ddof=1) + y[~chosen].var(ddof=1))

    every = [statistic(first) for first in itertools.combinations(range(6), 3)]
    expected = np.mean([value <= statistic((0, 1, 2)) + 1e-9 for value in every])
    assert permutation_p(np.zeros(6, np.int64), who, y, 20_000) == pytest.approx(expected, abs=0.01)


def test_uniform_without_a_persona_effect_even_where_items_differ() -> None:
    rng = np.random.default_rng(0)
    block, persona = np.repeat(np.arange(4), 24), np.tile(np.repeat(np.arange(8), 3), 4)
    ps = [permutation_p(block, persona, rng.normal(size=96) + 5 * block, 199, seed) for seed in range(400)]
    assert np.mean(np.array(ps) <= 0.1) == pytest.approx(0.1, abs=0.045)


@pytest.mark.parametrize("points", ["scores", "labels"])
def test_small_with_an_effect(points: str) -> None:
    persona = np.tile(np.repeat(np.arange(5), 4), 3)
    block = np.repeat(np.arange(3), 20)
    y = persona.astype(float) if points == "scores" else np.eye(5)[persona]
    assert permutation_p(block, persona, y, 999) == pytest.approx(0.001)


def test_blocks_keep_wordings_from_looking_like_personas() -> None:
    """A persona with its own wording is alone in its block, so that p is undefined."""
    persona = np.repeat([0, 1], 6)
    assert np.isnan(permutation_p(persona, persona, persona.astype(float)))


def test_undefined_without_reruns() -> None:
    assert np.isnan(permutation_p(np.zeros(3, np.int64), np.arange(3), np.arange(3.0)))


def test_the_seed_decides() -> None:
    rng = np.random.default_rng(1)
    block, persona, y = np.zeros(30, np.int64), np.repeat(np.arange(10), 3), rng.normal(size=30)
    assert permutation_p(block, persona, y, 99, 7) == permutation_p(block, persona, y, 99, 7)
