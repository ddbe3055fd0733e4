"""Clustered jackknife: a plain loop as the oracle, planted effects for coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals.cluster import cluster_jackknife, cluster_share
from personametrics.stats.intervals.jackknife import BEND, on_scale


def ratio(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1]


def table(rng: np.random.Generator, number: int = 60) -> tuple[Floats, Ints, Ints]:
    return np.stack([rng.normal(2, 1, number), rng.uniform(0.5, 1.5, number)], 1), rng.integers(0, 7, number), rng.integers(0, 5, number)


def left_out(rows: Floats, codes: "list[str]") -> float:
    """Jackknife variance, one cluster after the other."""
    without = [float(ratio(rows[[other_code != code for other_code in codes]].sum(0))) for code in sorted(set(codes))]
    mean = sum(without) / len(without)
    return (len(without) - 1) / len(without) * sum((value - mean) ** 2 for value in without)


@pytest.mark.parametrize("seed", range(5))
def test_variance_of_two_ways_is_the_sum_less_what_they_share(seed: int) -> None:
    rows, persona, item = table(np.random.default_rng(seed))
    interval = cluster_jackknife(rows, ratio, [persona, item])
    variances = [left_out(rows, [str(code) for code in codes]) for codes in (persona, item)]
    shared = left_out(rows, [f"{first} {second}" for first, second in zip(persona, item, strict=True)])
    variance = max(sum(variances) - shared, *variances)
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / 6 + variances[1] ** 2 / 4)
    from scipy.stats import t  # noqa: PLC0415 - the oracle's own table

    half = t.ppf(0.95, freedom) * variance**0.5
    assert interval.value == pytest.approx(rows[:, 0].sum() / rows[:, 1].sum())
    assert [interval.low, interval.high] == pytest.approx([interval.value - half, interval.value + half])


@given(st.integers(0, 1000))
def test_neither_order_of_rows_nor_names_of_clusters_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, persona, item = table(rng, 30)
    order = rng.permutation(30)
    interval = cluster_jackknife(rows, ratio, [persona, item])
    other = cluster_jackknife(rows[order], ratio, [10 - persona[order], item[order] * 3])
    assert interval[:3] == pytest.approx(other[:3])


def test_one_cluster_gives_no_interval() -> None:
    rows = np.ones((4, 2))
    assert np.isnan(cluster_jackknife(rows, ratio, [np.zeros(4, int), np.arange(4)]).low)


def test_a_number_that_one_cluster_alone_defines_has_no_interval() -> None:
    rows = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    assert np.isnan(cluster_jackknife(rows, ratio, [np.arange(3)]).low)


def test_no_variance_gives_a_point() -> None:
    assert cluster_jackknife(np.ones((6, 2)), ratio, [np.arange(6) % 3, np.arange(6) // 3])[:3] == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("spread", [(0.0, 0.0), (0.5, 0.0), (0.5, 0.5)], ids=["cells", "personas", "both"])
def test_intervals_cover_a_planted_mean(spread: tuple[float, float]) -> None:
    rng, hits = np.random.default_rng(1), 0
    persona, item = np.repeat(np.arange(15), 12), np.tile(np.arange(12), 15)
    for _ in range(400):
        values = spread[0] * rng.normal(size=15)[persona] + spread[1] * rng.normal(size=12)[item] + rng.normal(size=180)
        interval = cluster_jackknife(np.stack([values, np.ones(180)], 1), ratio, [persona, item])
        hits += interval.low <= 0 <= interval.high
    assert 0.86 <= hits / 400 <= 0.985


def test_rows_of_zeros_are_not_clusters() -> None:
    rows = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    more = np.vstack([rows, np.zeros((5, 2))])
    assert cluster_jackknife(rows, ratio, [np.arange(3)])[:3] == cluster_jackknife(more, ratio, [np.arange(8)])[:3]
    assert np.isnan(cluster_jackknife(np.zeros((4, 2)), ratio, [np.arange(4)])[:3]).all()


def test_two_equal_clusterings_count_once() -> None:
    rows = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 1.0], [0.0, 1.0]])
    assert cluster_jackknife(rows, ratio, [np.arange(4), 3 - np.arange(4)])[:3] == cluster_jackknife(rows, ratio, [np.arange(4)])[:3]


def quantile(number: int) -> float:
    """Quantile of t at 90 %, from the oracle's own table."""
    from scipy.stats import t  # noqa: PLC0415

    return float(t.ppf(0.95, number))


def test_limits_of_a_share_solve_wilson_s_equation_with_t() -> None:
    rng = np.random.default_rng(3)
    rows, codes = np.stack([rng.random(40) < 0.8, np.ones(40)], 1).astype(float), np.arange(40) % 10
    interval = cluster_share(rows, [codes])
    p, variance = rows[:, 0].mean(), left_out(rows, [str(code) for code in codes])
    for end in (interval.low, interval.high):
        assert (p - end) ** 2 == pytest.approx(quantile(9) ** 2 * end * (1 - end) * variance / (p * (1 - p)))
    assert 0 < interval.low < p < interval.high < 1


@given(st.integers(0, 1000))
def test_a_share_and_what_is_missing_from_it_have_mirrored_limits_within_0_and_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = (rng.random(30) < rng.random()).astype(float)
    first, second = (
        cluster_share(np.stack([part, np.ones(30)], 1), [np.arange(30) % 6, np.arange(30) // 6]) for part in (right, 1 - right)
    )
    assert [first.value, first.low, first.high] == pytest.approx([1 - second.value, 1 - second.high, 1 - second.low], abs=1e-9)
    assert 0 <= first.low <= first.value <= first.high <= 1


def test_a_share_of_one_keeps_an_interval_and_all_rows_count() -> None:
    interval = cluster_share(np.ones((24, 2)), [np.arange(24) // 2])
    assert interval[:3] == pytest.approx((1, 24 / (24 + quantile(11) ** 2), 1))
    assert cluster_share(np.full((6, 2), [0.5, 1.0]), [np.arange(6)])[:3] == (0.5, 0.5, 0.5)
    assert np.isnan(cluster_share(np.ones((6, 2)), [np.zeros(6, int)]).low)


def test_limits_of_a_share_miss_as_often_on_either_side() -> None:
    rng, codes = np.random.default_rng(2), np.arange(24) // 2
    ends: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for _ in range(600):
        rows = np.stack([rng.random(24) < 0.85, np.ones(24)], 1).astype(float)
        ends.append((cluster_jackknife(rows, ratio, [codes])[1:3], cluster_share(rows, [codes])[1:3]))
    even, wilson = np.array(ends).transpose(1, 2, 0)
    assert (even[0] > 0.85).mean() > 0.09
    assert max((wilson[0] > 0.85).mean(), (wilson[1] < 0.85).mean()) < 0.075


def test_a_share_of_variance_has_the_scale_of_signals_and_the_fewest_degrees_of_freedom() -> None:
    rows, persona, item = table(np.random.default_rng(1))
    interval = cluster_jackknife(rows / [20, 1], ratio, [persona, item], scale="share")
    names = [[str(code) for code in codes] for codes in (persona, item)]
    variances = [left_out(rows / [20, 1], codes) for codes in names]
    shared = left_out(rows / [20, 1], [f"{first} {second}" for first, second in zip(*names, strict=True)])
    half = quantile(4) * max(sum(variances) - shared, *variances) ** 0.5
    assert interval[1:3] == pytest.approx(on_scale(interval.value, half, BEND * (4 * shared) ** 0.5, "share"))
    assert interval.high - interval.value > interval.value - interval.low
