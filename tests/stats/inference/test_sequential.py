"""Error spending: published constants, simulated Brownian motion, and what must hold at any looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.inference.sequential import Spending, bounds, crossing_probabilities, levels, spent_error

KINDS: tuple[Spending, ...] = ("obrien-fleming", "pocock")
FRACTIONS = st.lists(st.floats(0.01, 1), min_size=1, max_size=7, unique=True).map(sorted)


def even(looks: int) -> list[float]:
    return [(k + 1) / looks for k in range(looks)]


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien"), [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040), (10, 2.555, 2.087)]
)
def test_published_constants_cross_with_five_percent(looks: int, pocock: float, obrien: float) -> None:
    """Jennison & Turnbull (1999), tables 2.1 and 2.3, two-sided α = .05."""
    t = np.array(even(looks))
    assert crossing_probabilities(even(looks), [pocock] * looks).sum() == pytest.approx(0.05, abs=1e-4)
    assert crossing_probabilities(even(looks), obrien / np.sqrt(t)).sum() == pytest.approx(0.05, abs=1e-4)


def test_published_spending_bounds() -> None:
    """Five even looks, two-sided .05, as the programs in use print them."""
    np.testing.assert_allclose(bounds(even(5), 0.05), [4.877, 3.357, 2.680, 2.290, 2.031], atol=6e-4)
    np.testing.assert_allclose(bounds(even(5), 0.05, "pocock"), [2.438, 2.427, 2.410, 2.397, 2.386], atol=6e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_brownian_motion_crosses_as_often_as_allowed(kind: Spending) -> None:
    t, paths = np.array([0.3, 0.45, 0.8, 1.0]), 400_000
    steps = np.random.default_rng(0).standard_normal((paths, len(t))) * np.sqrt(np.diff(t, prepend=0.0))
    beyond = np.abs(steps.cumsum(1) / np.sqrt(t)) > bounds(list(t), 0.1, kind)
    first = np.where(beyond.any(1), beyond.argmax(1), len(t))
    share = np.bincount(first, minlength=len(t) + 1)[: len(t)] / paths
    np.testing.assert_allclose(share, np.diff(spent_error(t, 0.1, kind), prepend=0.0), atol=0.0018)  # four standard errors


@given(FRACTIONS, st.floats(0.01, 0.4), st.sampled_from(KINDS))
def test_the_error_of_all_looks_is_the_allowed_one(t: list[float], error: float, kind: Spending) -> None:
    limits = bounds(t, error, kind)
    granted = float(spent_error(t, error, kind)[np.isfinite(limits)][-1:].sum())
    assert crossing_probabilities(t, limits).sum() == pytest.approx(granted, abs=1e-9)
    assert granted <= error + 1e-12


@given(FRACTIONS, st.floats(0.5, 0.99), st.sampled_from(KINDS))
def test_the_level_of_each_look_is_at_least_the_nominal_one(t: list[float], level: float, kind: Spending) -> None:
    assert (levels(t, level, kind) >= level - 1e-9).all()


@given(FRACTIONS, st.floats(0.01, 0.4), st.sampled_from(KINDS))
def test_bounds_do_not_depend_on_later_looks(t: list[float], error: float, kind: Spending) -> None:
    np.testing.assert_allclose(bounds(t, error, kind)[:-1], bounds(t[:-1], error, kind), rtol=1e-9)


@given(st.floats(0.02, 0.4), st.sampled_from(KINDS))
def test_a_single_full_look_is_an_ordinary_interval(error: float, kind: Spending) -> None:
    assert levels([1.0], 1 - error, kind)[0] == pytest.approx(1 - error)
    assert spent_error([1.0], error, kind)[0] == pytest.approx(error)


def test_close_looks_that_cannot_decide_change_nothing() -> None:
    with_them = crossing_probabilities([0.5, 0.5004, 0.5008, 1.0], [2.0, 30.0, 30.0, 2.0])
    np.testing.assert_allclose(with_them[[0, 3]], crossing_probabilities([0.5, 1.0], [2.0, 2.0]), atol=1e-5)


def test_a_look_without_new_information_does_not_decide_or_spend() -> None:
    limits = bounds([0.5, 0.5, 1.0], 0.1)
    assert limits[1] == np.inf
    np.testing.assert_allclose(limits[[0, 2]], bounds([0.5, 1.0], 0.1))
    assert levels([0.5, 0.50001, 1.0])[1] == 1


@pytest.mark.parametrize("t", [[0.5, 0.4], [0.0, 1.0], [0.5, 1.2], [float("nan")]])
def test_looks_out_of_order_are_refused(t: list[float]) -> None:
    with pytest.raises(ValueError, match="must not decrease"):
        bounds(t, 0.1)
    with pytest.raises(ValueError, match="must not decrease"):
        crossing_probabilities(t, [2.0] * len(t))


def test_an_unknown_spending_is_refused() -> None:
    with pytest.raises(ValueError, match="obrien-fleming, pocock"):
        spent_error([1.0], 0.1, "linear")  # type: ignore[arg-type]
