"""Monotonicity against sums over all answers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.monotonicity import monotone_probability, reversal_probability


@st.composite
def ladders(draw: st.DrawFn) -> np.ndarray:
    rungs, values = draw(st.integers(2, 4)), draw(st.integers(2, 3))
    weights = np.array(draw(st.lists(st.floats(0.01, 1), min_size=rungs * values, max_size=rungs * values))).reshape(rungs, values)
    shares: np.ndarray = weights / weights.sum(1, keepdims=True)
    return shares


@given(ladders())
def test_both_are_sums_over_all_possible_answers(shares: np.ndarray) -> None:
    rungs, values = shares.shape
    never, back = 0.0, 0.0
    for answer in product(range(values), repeat=rungs):
        odds = float(np.prod([shares[index, value] for index, value in enumerate(answer)]))
        never += odds * (list(answer) == sorted(answer))
        back += odds * float(np.mean([answer[index] > answer[index + 1] for index in range(rungs - 1)]))
    assert monotone_probability(shares) == pytest.approx(never)
    assert reversal_probability(shares) == pytest.approx(back)


def test_an_increasing_series_is_monotone_and_a_reversed_one_is_not() -> None:
    climbs = np.array([[1.0, 0], [1, 0], [0, 1]])
    assert monotone_probability(np.stack([climbs, climbs[::-1]])).tolist() == [1, 0]
    assert reversal_probability(np.stack([climbs, climbs[::-1]])).tolist() == [0, 0.5]
