"""Reliability of averages against other programs, simulation and brute force."""

import itertools
import math

import numpy as np
import pingouin
import pytest
from generalizit import GeneralizIT
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.world import simulate
from personametrics.stats import components, designs, from_answers, generalizability, pairs, runs_needed, signal, spearman_brown

SHARE = st.floats(0.01, 0.99)
WORLD = {"persona": 0.3, "item": 0.5, "persona:item": 0.4, "run": 0.6}


@given(SHARE, st.integers(1, 50), st.integers(1, 50))
def test_spearman_brown_of_spearman_brown_is_one_step(s: float, j: int, k: int) -> None:
    assert float(spearman_brown(spearman_brown(s, j), k)) == pytest.approx(float(spearman_brown(s, j * k)))


@given(SHARE, SHARE)
def test_runs_needed_is_the_smallest_number_that_suffices(s: float, target: float) -> None:
    k = runs_needed(s, target)
    assert float(spearman_brown(s, k)) >= target - 1e-6
    assert k == 1 or float(spearman_brown(s, k - 1)) < target + 1e-6


def test_runs_needed_of_zero_and_unknown_signal() -> None:
    assert math.isinf(runs_needed(0.0, 0.8))
    assert math.isinf(runs_needed(-0.2, 0.8))
    assert math.isnan(runs_needed(math.nan, 0.8))


def test_one_item_signal_is_pingouins_icc1_and_averages_are_its_icc1k() -> None:
    frame = simulate({"persona": 1.0, "run": 1.0}, {"persona": 12, "item": 2, "run": 4}).frame.to_pandas()
    first_item = frame[frame["item"] == 0]
    table = pingouin.intraclass_corr(first_item, targets="persona", raters="run", ratings="answer").set_index("Type")["ICC"]
    rows = first_item.assign(item=0)
    codes = [rows["persona"].to_numpy(), np.zeros(len(rows), np.int64)]
    measured = float(signal(pairs(from_answers(["persona", "item"], codes, rows["answer"].to_numpy())).whole()))
    assert measured == pytest.approx(table.iloc[0], abs=1e-6)
    assert float(spearman_brown(measured, 4)) == pytest.approx(table.iloc[3], abs=1e-6)


def test_generalizit_finds_the_same_coefficients() -> None:
    answers = simulate(WORLD, {"persona": 8, "item": 6, "run": 3}, seed=1)
    frame = answers.frame.to_pandas()
    runs = frame["persona"].astype(str) + "." + frame["item"].astype(str) + "." + frame["run"].astype(str)
    other = GeneralizIT(data=frame.assign(run=runs), design_str="run:(persona x item)", response="answer")
    other.calculate_anova()
    other.calculate_g_coefficients()
    expected = other.design.g_coeffs_table.loc["persona"]
    measured = components(pairs(answers.cells).whole(), answers.cells.facets)
    numbers = {"item": 6.0, "run": 3.0}
    assert float(generalizability(measured, numbers)) == pytest.approx(expected["rho^2"], abs=1e-4)
    assert float(generalizability(measured, numbers, absolute=True)) == pytest.approx(expected["phi^2"], abs=1e-4)


def test_g_is_the_squared_correlation_of_persona_means_with_true_scores() -> None:
    """4,000 personas with known effects: means over 5 items and 2 runs correlate with them as G says."""
    rng = np.random.default_rng(0)
    P, I, R = 4000, 5, 2
    effect = np.sqrt(0.3) * rng.standard_normal(P)
    noise = np.sqrt(0.4) * rng.standard_normal((P, I)) + np.sqrt(0.6) * rng.standard_normal((P, I, R)).mean(2)
    expected = np.corrcoef(effect, effect + noise.mean(1))[0, 1] ** 2
    values = {effect_name: np.asarray(value) for effect_name, value in WORLD.items()}
    assert float(generalizability(values, {"item": I, "run": R})) == pytest.approx(expected, abs=0.03)


def test_infinitely_many_runs_leave_the_other_errors() -> None:
    numbers = {"item": 4.0, "run": math.inf}
    assert float(generalizability(WORLD, numbers)) == pytest.approx(0.3 / (0.3 + 0.4 / 4))


@pytest.mark.parametrize("absolute", [False, True])
def test_the_cheapest_design_is_the_best_of_all_small_ones(*, absolute: bool) -> None:
    world = WORLD | {"condition": 0.1, "persona:condition": 0.05, "item:condition": 0.02, "persona:item:condition": 0.2}
    best = math.inf
    for items, conditions, runs in itertools.product(range(1, 61), range(1, 13), range(1, 9)):
        reached = generalizability(world, {"item": items, "condition": conditions, "run": runs}, absolute=absolute)
        if reached >= 0.7:
            best = min(best, items * conditions * runs)
    plans = designs(world, 0.7, absolute=absolute)
    assert plans[0].calls == best
    for design in plans:
        numbers = {"item": design.items, "condition": design.conditions, "run": design.runs}
        assert float(generalizability(world, numbers, absolute=absolute)) == pytest.approx(design.reliability)
        assert design.reliability >= 0.7
        assert design.calls == design.items * design.conditions * design.runs


def test_without_a_persona_main_effect_there_is_no_design() -> None:
    assert designs({"persona": 0.0, "item": 1.0, "persona:item": 1.0, "run": 1.0}, 0.8) == []
    assert designs({"persona": -0.1, "item": 1.0, "persona:item": 1.0, "run": 1.0}, 0.8) == []
