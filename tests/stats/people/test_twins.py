"""People and twins: every formula against a plain loop."""

from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.twins import first_place, identification, likeness, own_and_others


def table(seed: int, people: int = 7, labels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((labels, people)), rng.integers(labels, size=people)


def over_pairs(scores: np.ndarray, truth: np.ndarray) -> float:
    pairs = list(permutations(range(len(truth)), 2))
    return float(np.mean([scores[truth[p], q] for p, q in pairs]))


@given(st.integers(0, 10**6), st.integers(2, 9))
def test_others_average_to_the_mean_over_all_pairs_of_different_people(seed: int, people: int) -> None:
    scores, truth = table(seed, people)
    matched, others = own_and_others(scores, truth)
    assert matched == pytest.approx([scores[truth[p], p] for p in range(people)])
    assert others.mean() == pytest.approx(over_pairs(scores, truth))


def test_the_variance_of_others_includes_each_person_as_person_and_as_twin() -> None:
    """Over many draws of people, the spread of the mean over pairs is what its rows say; half of the rows would say far less."""
    variances, means = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        truth = rng.choice(3, 30, p=(0.6, 0.3, 0.1))
        scores = np.eye(3)[:, rng.choice(3, 30, p=(0.6, 0.3, 0.1))]
        rows = own_and_others(scores, truth)[1]
        variances.append(rows.mean())
        means.append(rows.var(ddof=1) / 30)
    assert np.mean(means) == pytest.approx(np.var(variances), rel=0.2)


def test_a_single_person_has_no_others() -> None:
    matched, others = own_and_others(np.array([[0.25], [0.75]]), np.array([1]))
    assert matched.tolist() == [0.75]
    assert np.isnan(others).all()


@given(st.integers(0, 10**6))
def test_correlation_and_spread_with_one_run_are_the_plain_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=9) * 3, rng.normal(size=9)
    fit = likeness(x, y, np.zeros(9))
    assert fit.correlation == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert np.exp(fit.spread) == pytest.approx(y.std() / x.std())
    assert fit.correlation_rows.mean() == pytest.approx(fit.correlation)
    assert fit.spread_rows.mean() == pytest.approx(fit.spread)


def test_rows_of_the_correlation_have_its_jackknife_variance() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    without = [np.corrcoef(np.delete(x, index), np.delete(y, index))[0, 1] for index in range(12)]
    rows = likeness(x, y, np.zeros(12)).correlation_rows
    assert rows.var(ddof=1) / 12 == pytest.approx(11 / 12 * ((without - np.mean(without)) ** 2).sum())


def test_averaging_runs_changes_neither_correlation_nor_spread() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=4000)
    single = 0.5 * x + rng.normal(size=4000)
    runs = 0.5 * x[:, None] + rng.normal(size=(4000, 5))
    single_run, five = likeness(x, single, np.zeros(4000)), likeness(x, runs.mean(1), runs.var(1))
    assert five.correlation == pytest.approx(single_run.correlation, abs=0.04)
    assert five.spread == pytest.approx(single_run.spread, abs=0.04)


def test_constant_answers_and_few_people_have_no_correlation() -> None:
    assert np.isnan(likeness(np.ones(6), np.arange(6.0), np.zeros(6)).correlation)
    assert np.isnan(likeness(np.arange(6.0), np.ones(6), np.zeros(6)).spread)
    assert np.isnan(likeness(np.arange(3.0), np.arange(3.0), np.zeros(3)).correlation)


def by_drawing(before: int, tied: int, others: int, drawn: int) -> float:
    kind = ["before"] * before + ["tied"] * tied + ["behind"] * (others - before - tied)
    shares = [0.0 if "before" in chosen else 1 / (1 + chosen.count("tied")) for chosen in combinations(kind, drawn)]
    return sum(shares) / comb(others, drawn)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(1, 4))
def test_first_place_is_the_mean_over_all_draws(before: int, tied: int, behind: int, drawn: int) -> None:
    others = before + tied + behind
    if others >= drawn:
        assert first_place(np.array(before), np.array(tied), np.array(others), drawn) == pytest.approx(
            by_drawing(before, tied, others, drawn)
        )


@given(st.integers(0, 10**6))
def test_identification_and_its_jackknife_are_those_of_a_loop(seed: int) -> None:
    alike = np.random.default_rng(seed).integers(0, 4, size=(7, 7)) / 3.0

    def share(people: list[int]) -> float:
        ranks = []
        for p in people:
            rest = [q for q in people if q != p]
            before = sum(bool(alike[p, q] > alike[p, p]) for q in rest)
            tied = sum(bool(alike[p, q] == alike[p, p]) for q in rest)
            ranks.append(by_drawing(before, tied, len(rest), 3))
        return float(np.mean(ranks))

    rows, rank = identification(alike, 3)
    everyone = list(range(7))
    without = np.array([share([p for p in everyone if p != left]) for left in everyone])
    assert rows.mean() == pytest.approx(share(everyone))
    assert rows.var(ddof=1) / 7 == pytest.approx(6 / 7 * ((without - without.mean()) ** 2).sum())
    assert ((rank >= 1) & (rank <= 4)).all()


def test_equal_twins_are_identified_by_chance() -> None:
    rows, rank = identification(np.ones((6, 6)), 4)
    assert rows == pytest.approx(np.full(6, 1 / 5))
    assert rank == pytest.approx(np.full(6, 3.0))


def test_a_twin_without_common_data_ranks_last() -> None:
    alike = np.eye(5)
    alike[0, 1:] = -np.inf
    alike[1, 1] = np.nan
    rank = identification(alike, 3)[1]
    assert rank[0] == 1.0
    assert rank[1] == 4.0
