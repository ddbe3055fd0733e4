"""Paired differences and ratios: against refits without each level, planted truths, and invariances."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import Panel, panels

from personametrics.stats import (
    Cells,
    component,
    components,
    deletions,
    from_answers,
    generalizability,
    interval,
    mover,
    paired,
    paired_ratio,
    pairs,
    shared_cells,
    signal,
)
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Statistic, Values, two_way
from personametrics.stats.variance.disagreement import Disagreements

FACETS = ["persona", "item"]


def noise(d: Disagreements) -> Floats:
    return component(d, "run")


def reliability(d: Disagreements) -> Floats:
    return generalizability(components(d, FACETS), {"item": 8, "run": 3}, truncate=False)


def two_arms(
    seed: int, sd: tuple[float, float] = (1.0, 1.0), size: tuple[int, int, int] = (12, 8, 3), cell_spread: float = 0.0
) -> tuple[Cells, Cells]:
    """Two panels of the same personas and items; `own`: standard deviation of the effects that only one panel has."""
    rng = np.random.default_rng(seed)
    p, i, _ = np.indices(size).reshape(3, -1)
    common = rng.normal(size=size[0])[p] + rng.normal(size=size[:2])[p, i]
    arms = (common + cell_spread * rng.normal(size=size[:2])[p, i] + sd[arm] * rng.normal(size=len(p)) for arm in (0, 1))
    first, second = (from_answers(FACETS, [p, i], answers) for answers in arms)
    return first, second


def without(cells: Cells, facet: int, level: int) -> Cells:
    return cells.only(cells.codes[:, facet] != level)


@pytest.mark.parametrize("statistic", [signal, noise, reliability])
def test_it_is_the_jackknife_of_refits_in_which_both_panels_lose_the_same_level(statistic: Statistic) -> None:
    arms = two_arms(0, (1.0, 1.5))

    def change(sides: Sequence[Cells]) -> float:
        first, second = (float(statistic(pairs(side).whole())) for side in sides)
        return first - second

    persona, item = (
        np.array([change([without(side, facet, level) for side in arms]) for level in range(arms[0].levels[facet])]) for facet in (0, 1)
    )
    cell = np.array([change([side.only(np.arange(len(side)) != index) for side in arms]) for index in range(len(arms[0]))])
    codes = arms[0].codes
    refit = two_way(Values(np.asarray(change(arms)), persona, item, cell), codes[:, 0], codes[:, 1])
    np.testing.assert_allclose(paired(statistic, *arms), refit, rtol=1e-8)


def test_a_difference_of_two_means_has_the_paired_t_variance() -> None:
    """V_persona of a mean over personas is the variance of the paired differences over P."""
    arms = two_arms(1)
    by_persona = arms[0].within.reshape(12, 8).mean(1) - arms[1].within.reshape(12, 8).mean(1)
    first, second = (deletions(pairs(side)).values(noise) for side in arms)
    drops = first.persona - second.persona
    np.testing.assert_allclose(11 / 12 * ((drops - drops.mean()) ** 2).sum(), by_persona.var(ddof=1) / 12)
    assert paired(noise, *arms).value == pytest.approx(by_persona.mean())


@pytest.mark.parametrize(("cell_spread", "size"), [(0.0, (15, 10, 3)), (0.7, (15, 10, 3)), (0.0, (30, 6, 2))])
def test_planted_differences_are_covered(cell_spread: float, size: tuple[int, int, int]) -> None:
    """True signals: (2 + own²) / (2 + own² + sd²)."""
    sd, persona = (0.8, 1.3), 2 + cell_spread**2
    truth = persona / (persona + sd[0] ** 2) - persona / (persona + sd[1] ** 2)
    held = [
        interval.low <= truth <= interval.high
        for interval in (paired(signal, *two_arms(seed, sd, size, cell_spread)) for seed in range(250))
    ]
    assert 0.84 <= np.mean(held) <= 0.97


def test_planted_ratios_are_covered() -> None:
    truth = (0.8 / 1.3) ** 2
    held = [
        interval.low <= truth <= interval.high for interval in (paired_ratio(noise, *two_arms(seed, (0.8, 1.3))) for seed in range(250))
    ]
    assert 0.84 <= np.mean(held) <= 0.96


def test_what_the_panels_share_cancels() -> None:
    """The paired interval is narrower than that of independent panels if both share persona and item effects."""
    arms = two_arms(3, (0.5, 0.5), (20, 10, 4))
    apart = mover.difference(*(interval(signal, deletions(pairs(side))) for side in arms))
    bounds = paired(signal, *arms)
    assert bounds.value == pytest.approx(apart.value)
    assert bounds.high - bounds.low < 0.7 * (apart.high - apart.low)


@settings(max_examples=40)
@given(panels(facets=2))
def test_exchanging_the_panels_changes_the_sign(panel: Panel) -> None:
    first = panel.cells()
    second = first.only(np.ones(len(first), bool))
    second = Cells(second.facets, second.codes, second.n, second.mean[::-1].copy(), second.scatter[::-1].copy())
    forward, backward = paired(signal, first, second), paired(signal, second, first)
    np.testing.assert_allclose(forward[:3], (-backward.value, -backward.high, -backward.low), atol=1e-9)
    same = paired(signal, first, first)
    assert np.isnan(same.value) or same.value == 0
    assert np.isnan(same.low) or same.low == same.high == 0


@settings(max_examples=40)
@given(panels(facets=2))
def test_names_and_scale_units_do_not_matter(panel: Panel) -> None:
    first, second = panel.scored(), panel.scored()
    second = Cells(second.facets, second.codes, second.n, np.sin(3 * second.mean), second.scatter)
    left, right = (Cells(c.facets, c.codes.max(0) - c.codes, c.n, 5 * c.mean + 2, 25 * c.scatter) for c in (first, second))
    np.testing.assert_allclose(paired(signal, left, right)[:3], paired(signal, first, second)[:3], atol=1e-7)


def test_only_shared_cells_count() -> None:
    first, second = two_arms(4)
    fewer = first.only(~((first.codes[:, 0] == 2) & (first.codes[:, 1] > 4)))
    rest = second.only(~((second.codes[:, 0] == 2) & (second.codes[:, 1] > 4)))
    assert paired(signal, fewer, second) == paired(signal, fewer, rest)
    left, right = shared_cells(fewer, second)
    assert left.codes.tolist() == right.codes.tolist() == rest.codes.tolist()
    assert paired(signal, first, without(second, 0, 2)) == paired(signal, without(first, 0, 2), second)


def test_a_further_facet_of_one_panel_is_kept() -> None:
    rng = np.random.default_rng(5)
    p, i, c, _ = np.indices((8, 6, 2, 3)).reshape(4, -1)
    y = rng.normal(size=8)[p] + rng.normal(size=len(p))
    plain = from_answers(FACETS, [p[c == 0], i[c == 0]], y[c == 0])
    wordings = from_answers([*FACETS, "condition"], [p, i, c], y)
    left, right = shared_cells(wordings, without(plain, 1, 5))
    assert (len(left), len(right)) == (8 * 5 * 2, 8 * 5)
    assert paired(signal, wordings, plain).value == pytest.approx(float(signal(pairs(wordings).whole()) - signal(pairs(plain).whole())))


def test_each_panel_may_have_its_own_statistic() -> None:
    first, second = two_arms(6)
    interval = paired((signal, noise), first, second)
    assert interval.value == pytest.approx(float(signal(pairs(first).whole()) - noise(pairs(second).whole())))


def test_a_ratio_is_that_of_the_statistics_and_has_no_limits_where_its_denominator_may_be_zero() -> None:
    first, second = two_arms(7, (1.0, 2.0))
    interval = paired_ratio(noise, first, second)
    assert interval.value == pytest.approx(float(noise(pairs(first).whole()) / noise(pairs(second).whole())))
    assert interval.low < 1 / 4 < interval.high
    p, i, _ = np.indices((6, 5, 2)).reshape(3, -1)
    faint = from_answers(FACETS, [p, i], np.random.default_rng(8).normal(size=len(p)))

    def persona(d: Disagreements) -> Floats:
        return component(d, "persona")

    ends = [paired_ratio(persona, faint, faint), paired_ratio(lambda d: -noise(d), first, second)]
    assert all(np.isnan(end.low) and np.isnan(end.high) for end in ends)
    assert np.isnan(ends[1].value)


def test_panels_of_different_cells_are_refused() -> None:
    first, second = two_arms(9)
    fewer = deletions(pairs(without(second, 1, 0)))
    with pytest.raises(ValueError, match="same persona × item cells"):
        paired(signal, deletions(pairs(first)), fewer)
    with pytest.raises(ValueError, match="have no persona × item cell in common"):
        paired(signal, first, Cells(second.facets, second.codes + 100, second.n, second.mean, second.scatter))


def test_one_persona_has_a_difference_of_noise_without_an_interval() -> None:
    first, second = (side.only(side.codes[:, 0] == 0) for side in two_arms(10))
    interval = paired(noise, first, second)
    assert np.isfinite(interval.value)
    assert np.isnan(interval.low)
