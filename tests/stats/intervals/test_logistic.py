"""Logistic slopes: against statsmodels, a plain search over the likelihood, and a table of counts done by hand."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.stats import chi2

from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.logistic import log_odds_slope


def _drawn(seed: int, slope: float, n: int = 60) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.exponential(3, n)
    return x, (rng.random(n) < 1 / (1 + np.exp(1 - slope * x))).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_slope_and_profile_limits_are_those_of_statsmodels(seed: int) -> None:
    x, y = _drawn(seed, 0.5)
    slope, penalised = log_odds_slope(x, y, 0.9)
    fit = sm.Logit(y, sm.add_constant(x)).fit(disp=False)
    assert not penalised
    assert slope.value == pytest.approx(fit.params[1], rel=1e-6)
    for end in (slope.low, slope.high):
        bound = sm.GLM(y, np.ones((len(x), 1)), family=sm.families.Binomial(), offset=end * x).fit()
        assert 2 * (fit.llf - bound.llf) == pytest.approx(chi2.ppf(0.9, 1), rel=1e-4)


def test_separated_data_have_the_slope_of_a_plain_search_over_the_penalised_likelihood() -> None:
    x, y = np.array([0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 7.0]), np.array([0.0, 0, 0, 1, 1, 1, 1])

    def short(parameters: Floats) -> float:
        line = parameters[0] + parameters[1] * x
        p = 1 / (1 + np.exp(-line))
        w = p * (1 - p)
        determinant = w.sum() * (w * x**2).sum() - (w * x).sum() ** 2
        return -float((y * line - np.logaddexp(0, line)).sum() + 0.5 * math.log(max(determinant, 1e-300)))

    slope, penalised = log_odds_slope(x, y, 0.95)
    best = minimize(short, [-2.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})
    assert penalised
    assert slope.value == pytest.approx(best.x[1], abs=1e-5)
    for end in (slope.low, slope.high):
        bound = min(short(np.array([a, end])) for a in np.linspace(best.x[0] - 30, best.x[0] + 30, 20_001))
        assert 2 * (bound - best.fun) == pytest.approx(chi2.ppf(0.95, 1), rel=1e-3)


def test_penalised_log_odds_of_a_table_add_half_to_every_count() -> None:
    # With two groups Firth's estimate is the log odds ratio of counts + ½: 8 of 8 against 0 of 5.
    x = np.repeat([0.0, 1.0], [5, 8])
    slope, penalised = log_odds_slope(x, np.repeat([0.0, 1.0], [5, 8]))
    assert penalised
    assert slope.value == pytest.approx(math.log((8.5 / 0.5) / (0.5 / 5.5)), abs=1e-6)
    assert 0 < slope.low < slope.value < slope.high


def test_the_unit_of_x_and_its_origin_do_not_matter() -> None:
    x, y = _drawn(7, 0.4)
    plain, rescaled = log_odds_slope(x, y).interval, log_odds_slope(100 + 10 * x, y).interval
    assert [10 * end for end in rescaled[:3]] == pytest.approx(list(plain[:3]), rel=1e-6)


def test_intervals_cover_the_slope_at_their_level() -> None:
    hits = 0
    for seed in range(200):
        interval = log_odds_slope(*_drawn(seed, 0.5)).interval
        hits += interval.low <= 0.5 <= interval.high
    assert 168 <= hits <= 192  # 180 expected, ± 3 standard errors


@pytest.mark.parametrize(("x", "y"), [([1.0, 1.0], [0.0, 1.0]), ([1.0, 2.0], [1.0, 1.0]), ([], [])])
def test_the_slope_of_constant_data_is_undefined(x: list[float], y: list[float]) -> None:
    assert math.isnan(log_odds_slope(np.array(x), np.array(y)).interval.value)
