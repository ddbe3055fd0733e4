"""Areas under risk–coverage curves against plain sums over every order of ties."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.inference.selective import augrc, aurc

GROUPS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda one: (one[0], min(one))), min_size=1, max_size=3)


def plainly(errors: tuple[int, ...]) -> tuple[float, float]:
    """AURC and AUGRC of answers in this order."""
    n, so_far = len(errors), np.cumsum(errors)
    return sum(so_far[k] / (k + 1) for k in range(n)) / n, sum(so_far[k] / n for k in range(n)) / n


@given(GROUPS)
def test_ties_are_the_mean_over_all_of_their_orders(groups: list[tuple[int, int]]) -> None:
    orders: list[tuple[int, ...]] = [()]
    for many, wrong in groups:
        within = set(permutations([1] * wrong + [0] * (many - wrong)))
        orders = [before + one for before in orders for one in within]
    wanted = np.mean([plainly(order) for order in orders], axis=0)
    answers, errors = np.array(groups, dtype=np.float64).T
    found = np.array([aurc(answers, errors), augrc(answers, errors)])
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize("area", [aurc, augrc])
def test_infinitely_many_answers_are_the_limit_of_many(area: type) -> None:
    many, wrong = np.array([0.2, 0.0, 0.5, 0.3]), np.array([0.02, 0.0, 0.1, 0.2])
    wanted = area(many * 1e6, wrong * 1e6)
    assert area(many, wrong, endless=True) == pytest.approx(wanted, abs=1e-5)
    assert area(many * 7, wrong * 7, endless=True) == pytest.approx(wanted, abs=1e-5)


def test_uninformative_certainty_has_the_whole_error_and_half_of_it() -> None:
    one = np.array([1.0])
    assert aurc(one, 0.3 * one, endless=True) == pytest.approx(0.3)
    assert augrc(one, 0.3 * one, endless=True) == pytest.approx(0.15)


def test_no_answers_have_no_area_and_leading_axes_are_kept() -> None:
    table = np.stack([np.ones(4), np.zeros(4)])
    for area in (aurc, augrc):
        found = area(table, np.zeros((2, 4)))
        assert found[0] == 0
        assert np.isnan(found[1])
