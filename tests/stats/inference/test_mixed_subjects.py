"""The mixed subjects design against published figures, ppi-python and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.inference.mixed_subjects import Split, best_split, correlation, effective_size, people_needed, unit_price
from personametrics.stats.inference.ppi import Sample, alone, mean

RHO, PRICE = st.floats(0.0, 0.95), st.floats(1e-4, 2.0)


def test_the_worked_figures_of_the_mixed_subjects_design() -> None:
    plan = best_split(0.5, 5.0, 0.01, 500.0)
    assert plan == Split(97, 1161, plan.cost, 126)
    assert plan.cost == pytest.approx(497.58)


@given(st.floats(0.05, 0.95), PRICE, st.floats(200.0, 5000.0))
def test_splits_are_those_of_ppi_python(rho: float, price: float, budget: float) -> None:
    """It charges a person and a profile; prices of profiles are 0 here."""
    oracle = pytest.importorskip("ppi_py")
    expected = oracle.ppi_power(rho, cost_X=0.0, cost_Y=1.0, cost_Yhat=price, budget=budget)
    plan = best_split(rho, 1.0, price, budget)
    assert abs(plan.people - expected["n"]) <= 1
    assert plan.others == pytest.approx(expected["N"], abs=1)


@given(RHO, st.floats(1e-3, 0.2))
def test_no_other_split_of_the_budget_is_better(rho: float, price: float) -> None:
    budget = 1000.0
    best = best_split(rho, 1.0, price, budget)
    people = np.arange(1.0, budget)
    others = np.maximum((budget - people * (1 + price)) / price, 0.0)
    affordable = people * (1 + price) <= budget
    most = max(float(effective_size(people, others, rho)[affordable].max()), budget)
    assert best.effective == pytest.approx(most, rel=0.01, abs=2)
    assert best.cost <= budget + 1 + price


@given(st.floats(2.0, 1e4), st.floats(0.0, 1e5), RHO)
def test_people_needed_solves_the_effective_size(people: float, others: float, rho: float) -> None:
    assert float(people_needed(effective_size(people, others, rho), others, rho)) == pytest.approx(people, rel=1e-6)


def test_infinitely_many_predictions_reach_the_bound_of_their_correlation() -> None:
    """A third at ρ = .5, a tenth at .3."""
    assert [round(float(effective_size(100, 1e9, rho)), 1) for rho in (0.3, 0.5, 0.7)] == [109.9, 133.3, 196.1]
    assert float(effective_size(100, 1e9, -0.7)) == 100.0


def test_the_effective_size_follows_from_the_variance() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(400, 1300))
    f = 0.6 * y + 0.8 * rng.normal(size=y.shape)
    sample = Sample(y[:, :100], f[:, :100], f[:, 100:])
    gain = float(mean(alone(y[:, :100])).value.var() / mean(sample).value.var())
    assert gain * 100 == pytest.approx(float(effective_size(100, 1200, 0.6)), rel=0.15)


def test_the_unit_price_is_that_of_a_person_if_predictions_are_useless() -> None:
    assert unit_price(0.0, 5.0, 0.01) == 5.0
    assert unit_price(0.5, 5.0, 0.0) == pytest.approx(5.0 * 0.75)


def test_correlation_is_capped_and_zero_for_constant_values() -> None:
    y = np.arange(10.0)
    assert float(correlation(Sample(y, 2 * y, y))) == 0.9
    assert float(correlation(Sample(y, -y, y))) == pytest.approx(-1.0)
    assert float(correlation(Sample(y, np.ones(10), y))) == 0.0
    assert np.isnan(correlation(Sample(y[:1], y[:1], y)))
    shuffled = np.random.default_rng(0).permutation(10).astype(float)
    assert float(correlation(Sample(y, shuffled, y))) == pytest.approx(np.corrcoef(y, shuffled)[0, 1])
