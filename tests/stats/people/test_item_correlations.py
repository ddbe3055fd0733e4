"""Correlations of items: against plain loops, and the effects of noise, gaps and chance."""

import numpy as np
import pytest
from scipy import stats

from personametrics.stats.people.item_correlations import (
    Table,
    correlations,
    dimension,
    distance,
    jackknife,
    leave_one_out,
    mean_square,
    noise_p,
    permutation_distance,
    reliabilities,
    shuffles,
    split_half_distance,
)

RNG = np.random.default_rng(3)


def drawn(P: int = 12, I: int = 4, runs: int = 3, noise: float = 0.7, gaps: float = 0.0, seed: int = 0) -> tuple[np.ndarray, Table]:
    """Answers (P, I, runs) of people with a line in common, and their table."""
    rng = np.random.default_rng(seed)
    answers = (rng.normal(size=(P, 1)) + 0.5 * rng.normal(size=(P, I)))[:, :, None] + noise * rng.normal(size=(P, I, runs))
    answers[rng.random((P, I)) < gaps] = np.nan
    present = np.isfinite(answers[:, :, 0])
    within = answers.var(-1, ddof=1) if runs > 1 else np.full((P, I), np.nan)
    return answers, Table(answers.mean(-1), within, np.where(present, float(runs), 0.0))


def oracle(answers: np.ndarray, first: int, second: int, runs: float) -> float:
    """The correlation of two items in plain loops."""
    means = [[float(np.mean(cell)) for cell in person] for person in answers]
    both = [(row[first], row[second]) for row in means if row[first] == row[first] and row[second] == row[second]]
    centre = [sum(pair[k] for pair in both) / len(both) for k in (0, 1)]
    covariance = sum((x - centre[0]) * (y - centre[1]) for x, y in both) / (len(both) - 1)
    spread = []
    for item in (first, second):
        values = [row[item] for row in means if row[item] == row[item]]
        mean = sum(values) / len(values)
        cells = [np.var(person[item], ddof=1) for person in answers if person[item][0] == person[item][0]]
        noise = sum(cells) / len(cells)
        spread.append(sum((x - mean) ** 2 for x in values) / (len(values) - 1) - noise / answers.shape[2] + noise / runs)
    return float(covariance / np.sqrt(spread[0] * spread[1]))


@pytest.mark.parametrize("runs", [np.inf, 1.0, 3.0])
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_correlations_equal_plain_loops(runs: float, gaps: float) -> None:
    answers, table = drawn(gaps=gaps)
    r = correlations(table, runs)
    for first in range(4):
        for other in range(first):
            assert r[first, other] == pytest.approx(oracle(answers, first, other, runs))


def test_without_noise_they_are_pearsons() -> None:
    _, table = drawn(runs=1)
    assert correlations(table) == pytest.approx(np.corrcoef(table.mean.T))
    exact = Table(table.mean, np.full_like(table.mean, 0.4), np.full_like(table.mean, np.inf))
    assert correlations(exact) == pytest.approx(np.corrcoef(table.mean.T))


def test_leave_one_out_equals_recomputing() -> None:
    _, table = drawn(gaps=0.15)
    expected = [float(mean_square(correlations(table.only(np.delete(np.arange(12), index))))) for index in range(12)]
    assert leave_one_out(table, mean_square) == pytest.approx(expected)


def test_more_runs_converge_to_exact_probabilities() -> None:
    _, few = drawn(P=200, runs=400)
    truth = drawn(P=200, runs=1, noise=0.0)[1]
    assert correlations(few) == pytest.approx(correlations(truth), abs=0.01)


def test_the_bias_of_squares_is_removed() -> None:
    """The squared correlations of independent items are 1/14 by chance with 15 personas, and 0 on average without bias."""
    tables = [Table(x, np.full((15, 5), np.nan), np.ones((15, 5))) for x in np.random.default_rng(0).normal(size=(150, 15, 5))]
    raw = [float(mean_square(correlations(table))) for table in tables]
    corrected = [jackknife(value, leave_one_out(table, mean_square))[0] for value, table in zip(raw, tables, strict=True)]
    assert np.mean(raw) == pytest.approx(1 / 14, abs=0.01)
    assert np.mean(corrected) == pytest.approx(0.0, abs=0.01)


def test_dimension_counts_independent_items() -> None:
    assert dimension(0.0, 7) == 7
    assert dimension(1.0, 7) == 1
    assert dimension(mean_square(np.kron(np.eye(2), np.ones((3, 3))).astype(np.float64)), 6) == pytest.approx(2)


def test_reliability_is_the_share_that_is_not_noise() -> None:
    answers, table = drawn()
    reliability = 1 - answers[:, 0].var(-1, ddof=1).mean() / 3 / table.mean[:, 0].var(ddof=1)
    assert reliabilities(table)[0] == pytest.approx(reliability)
    still = Table(np.ones((4, 2)), np.zeros((4, 2)), np.full((4, 2), 2.0))
    assert np.isnan(reliabilities(still)).all()


def test_noise_p_is_that_of_an_analysis_of_variance() -> None:
    answers, table = drawn(noise=3.0)
    assert noise_p(table) == pytest.approx([stats.f_oneway(*answers[:, item]).pvalue for item in range(4)])
    assert noise_p(drawn(runs=1)[1]) == pytest.approx(np.zeros(4))


def test_shuffles_remove_correlations_and_do_not_depend_on_names() -> None:
    _, table = drawn(P=60)
    order, items = RNG.permutation(60), RNG.permutation(4)
    deals = [float(mean_square(correlations(shuffled))) for shuffled in shuffles(table, 50)]
    turned = [float(mean_square(correlations(shuffled))) for shuffled in shuffles(table.only(order, items), 50)]
    assert deals == pytest.approx(turned)
    assert np.mean(deals) < 0.1
    assert mean_square(correlations(table)) > 0.4


def test_two_groups_of_one_population_have_the_distance_of_the_floor() -> None:
    distances, floors = [], []
    for seed in range(12):
        _, table = drawn(P=120, runs=1, seed=seed)
        first, second = table.only(slice(0, 40)), table.only(slice(40, None))
        distances.append(float(distance(correlations(first, 1.0), correlations(second, 1.0))))
        floors.append(permutation_distance(first, second, 1.0, 40))
    assert np.mean(floors) == pytest.approx(np.mean(distances), abs=0.02)


def test_floor_and_ceiling_do_not_depend_on_names() -> None:
    table, other = drawn(P=20, seed=1)[1], drawn(P=30, seed=2)[1]
    turn, back = RNG.permutation(20), RNG.permutation(30)
    items = RNG.permutation(4)
    assert permutation_distance(table, other, np.inf, 5) == pytest.approx(
        permutation_distance(table.only(turn, items), other.only(back, items), np.inf, 5)
    )
    assert split_half_distance(other, np.inf, 5) == pytest.approx(split_half_distance(other.only(back, items), np.inf, 5))


def test_pairs_with_few_answers_are_left_out() -> None:
    mean = np.array([[1.0, 2.0, np.nan], [2.0, 1.0, np.nan], [3.0, np.nan, 1.0], [4.0, 4.0, 3.0], [5.0, 3.0, 2.0]])
    table = Table(mean, np.full(mean.shape, np.nan), np.isfinite(mean).astype(float))
    r = correlations(table)
    assert np.isnan(r[1, 2])
    assert mean_square(r) == pytest.approx((r[0, 1] ** 2 + r[0, 2] ** 2) / 2)
