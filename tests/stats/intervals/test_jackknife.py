"""Intervals: their parts against other routes to the same number, and their coverage on a few worlds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t, ttest_ind
from strategies import Panel, panels

from personametrics.data.world import simulate, truth
from personametrics.stats import deletions, from_answers, interval, pairs, replicates, signal
from personametrics.stats.intervals.jackknife import by_level, jackknives
from personametrics.stats.variance.components import components

WORLD = {"persona": 0.4, "item": 0.5, "persona:item": 0.6, "run": 1.0}


def cover(world: dict[str, float], size: dict[str, int], panels_: int = 250) -> float:
    """Share of panels whose 90 % interval holds the true signal."""
    held = 0
    for seed in range(panels_):
        bounds = interval(signal, deletions(pairs(simulate(world, size, seed=seed).cells)), 0.9, "share")
        held += bounds.low <= truth(world) <= bounds.high
    return held / panels_


@pytest.mark.parametrize(
    ("world", "size"),
    [
        (WORLD, {"persona": 12, "item": 10, "run": 3}),
        ({"persona": 0.02, "item": 0.5, "persona:item": 0.02, "run": 1.0}, {"persona": 15, "item": 10, "run": 3}),
        ({"persona": 8.0, "item": 2.0, "persona:item": 6.0, "run": 1.0}, {"persona": 15, "item": 12, "run": 2}),
    ],
)
def test_coverage_of_the_signal(world: dict[str, float], size: dict[str, int]) -> None:
    assert 0.84 <= cover(world, size) <= 0.96  # ± 3 standard errors of the required .86 to .94


def test_a_higher_level_is_wider() -> None:
    source = deletions(pairs(simulate(WORLD).cells))
    narrow, wide = (interval(signal, source, level, "share") for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_bootstrap_and_jackknife_agree_on_an_ordinary_panel() -> None:
    panel = pairs(simulate(WORLD, {"persona": 40, "item": 30, "run": 4}, seed=1).cells)
    jackknifed, bootstrapped = interval(signal, deletions(panel), 0.9, "share"), interval(signal, replicates(panel, 400), 0.9, "share")
    assert jackknifed.value == bootstrapped.value
    assert (jackknifed.high - jackknifed.low) / (bootstrapped.high - bootstrapped.low) == pytest.approx(1, abs=0.35)


@settings(max_examples=60)
@given(panels(facets=2))
def test_ends_are_ordered_and_defined_together(panel: Panel) -> None:
    source = deletions(pairs(panel.cells()))
    bounds = interval(signal, source, 0.9, "share")
    assert np.isnan(bounds.low) == np.isnan(bounds.high)
    if np.isfinite(bounds.low):
        assert bounds.low <= bounds.value + 1e-9
        assert bounds.value <= bounds.high + 1e-9
        assert bounds.high <= 1


def test_plain_scale_is_value_plus_minus_t_standard_errors() -> None:
    """The jackknife over personas of a mean of cell variances is the textbook variance of a mean."""
    rng = np.random.default_rng(0)
    p, i, _ = np.indices((9, 2, 3)).reshape(3, -1)
    y = rng.normal(size=len(p))
    panel = pairs(from_answers(["persona", "item"], [p, i], y))
    everything = frozenset({"persona", "item"})
    by_persona = panel.cells.within.reshape(9, 2).mean(1)
    source = deletions(panel)
    drops = source.persona[everything]
    np.testing.assert_allclose((len(drops) - 1) / len(drops) * ((drops - drops.mean()) ** 2).sum(), by_persona.var(ddof=1) / 9)


def test_a_component_with_an_interval() -> None:
    source = deletions(pairs(simulate(WORLD, {"persona": 50, "item": 30, "run": 4}, seed=2).cells))
    bounds = interval(lambda d: components(d, ["persona", "item"])["persona:item"], source)
    assert bounds.low < WORLD["persona:item"] < bounds.high


def test_by_level_measures_each_item_alone() -> None:
    answers = simulate(WORLD, {"persona": 15, "item": 6, "run": 4})
    value, low, high = by_level(pairs(answers.cells), "item", "persona", signal)
    for item in range(6):
        rows = answers.frame.filter(answers.frame["item"] == item)
        codes = [rows["persona"].to_numpy(), np.zeros(len(rows), np.int64)]
        alone = pairs(from_answers(["persona", "item"], codes, rows["answer"].to_numpy())).whole()
        assert value[item] == pytest.approx(float(signal(alone)))
        assert low[item] < value[item] < high[item]


def test_by_level_covers_a_known_signal_per_item() -> None:
    """Many items, each a one-way panel with signal one half."""
    answers = simulate({"persona:item": 1.0, "item": 1.0, "run": 1.0}, {"persona": 20, "item": 400, "run": 4}, seed=4)
    _, low, high = by_level(pairs(answers.cells), "item", "persona", signal)
    assert 0.85 <= ((low <= 0.5) & (high >= 0.5)).mean() <= 0.95


X = np.array([1.0, 2.0, 4.0, 5.0, 9.0])


def drops(x: np.ndarray) -> np.ndarray:
    """The mean without each."""
    return np.asarray((x.sum() - x) / (len(x) - 1))


def test_a_mean_has_students_interval() -> None:
    low, high = t.interval(0.9, 4, X.mean(), X.std(ddof=1) / math.sqrt(5))
    assert jackknives(float(X.mean()), [drops(X)])[:3] == pytest.approx((4.2, low, high))


def test_a_difference_of_two_means_has_welchs_interval() -> None:
    y = np.array([0.0, 1.0, 5.0])
    ends = ttest_ind(X, y, equal_var=False).confidence_interval(0.8)
    interval = jackknives(float(X.mean() - y.mean()), [drops(X) - y.mean(), X.mean() - drops(y)], 0.8)
    assert interval[1:3] == pytest.approx((ends.low, ends.high))


@given(st.floats(0, 3))
def test_shared_variance_is_subtracted_once_and_variances_stay_above_zero(noise: float) -> None:
    sampling = float(X.var(ddof=1) / 5)
    assert jackknives(0.0, [drops(X), drops(X)], shared=(0.0, sampling + noise)).high == pytest.approx(jackknives(0.0, [drops(X)]).high)


def test_constant_and_undefined_drops() -> None:
    assert jackknives(2.0, [np.full(4, 2.0)])[:3] == (2.0, 2.0, 2.0)
    for some in (np.array([1.0]), np.zeros(0), np.array([1.0, math.nan, 2.0])):
        assert math.isnan(jackknives(2.0, [drops(X), some]).low)
