"""Expected widths: against intervals of simulated panels, and properties of any plan."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.world import simulate
from personametrics.stats import components, deletions, from_answers, interval, pairs, signal
from personametrics.stats.arrays import Floats
from personametrics.stats.variance.disagreement import Pairs
from personametrics.stats.variance.precision import TYPICAL, UNEVEN, cheapest, expected_width, personas_needed, signal_variance, unevenness

SIZES = ((10, 40, 5), (20, 20, 2), (50, 40, 12), (15, 60, 4), (30, 10, 3))


def world(signal_: float, share: float) -> dict[str, float]:
    return {"persona": signal_ * share, "persona:item": signal_ * (1 - share), "run": 1 - signal_}


def drawn(world: dict[str, float], sizes: tuple[int, int, int], rng: np.random.Generator, differ: tuple[float, float] = (0, 0)) -> Pairs:
    """A panel of normal effects; `differ`: standard deviations of the log run variance between personas and items."""
    P, I, _ = sizes
    p, i, _ = np.indices(sizes).reshape(3, -1)
    noise: Floats = np.exp(differ[0] * rng.standard_normal((P, 1, 1)) + differ[1] * rng.standard_normal((1, I, 1)))
    main, both, run = (math.sqrt(world[effect]) for effect in ("persona", "persona:item", "run"))
    y = main * rng.standard_normal((P, 1, 1)) + both * rng.standard_normal((P, I, 1))
    y = y + run * np.sqrt(noise / noise.mean()) * rng.standard_normal(sizes)
    return pairs(from_answers(["persona", "item"], [p, i], y.ravel()))


def numbers(sizes: tuple[int, int, int]) -> dict[str, float]:
    return dict(zip(("persona", "item", "run"), map(float, sizes), strict=True))


def half(panel: Pairs, level: float = 0.9) -> float:
    bounds = interval(signal, deletions(panel), level, "share")
    return (bounds.high - bounds.low) / 2


@pytest.mark.parametrize(
    ("sizes", "signal_", "share"),
    [
        *((sizes, signal_, 0.3) for sizes, signal_ in product(SIZES[:2], (0.2, 0.5, 0.8))),
        *((sizes, 0.5, 0.3) for sizes in SIZES[2:]),
        ((10, 40, 5), 0.5, 0.0),
        ((10, 40, 5), 0.5, 0.9),
    ],
)
def test_the_expected_width_is_the_mean_of_simulated_intervals(sizes: tuple[int, int, int], signal_: float, share: float) -> None:
    rng = np.random.default_rng(1)
    row = world(signal_, share)
    mean = np.mean([half(drawn(row, sizes, rng)) for _ in range(60 if sizes[0] == 50 else 200)])
    assert expected_width(row, numbers(sizes), 0.9, {}) == pytest.approx(mean, rel=0.1)


def test_few_personas_that_differ_leave_few_degrees_of_freedom() -> None:
    """At 99 % these decide: with twice as many the promise would be a sixth narrower."""
    rng, row, sizes = np.random.default_rng(6), world(0.5, 0.9), (10, 40, 5)
    mean = np.mean([half(drawn(row, sizes, rng), 0.99) for _ in range(200)])
    assert expected_width(row, numbers(sizes), 0.99, {}) == pytest.approx(mean, rel=0.1)


def test_a_pilot_of_uneven_answers_predicts_the_width_of_the_whole_panel() -> None:
    rng = np.random.default_rng(2)
    row, whole, ratios, even = world(0.6, 0.3), (40, 30, 5), [], []
    for _ in range(12):
        kept = half(drawn(row, whole, rng, (0.8, 0.6)))
        pilot = drawn(row, (40, 15, 3), rng, (0.8, 0.6))
        parts = {effect: float(value) for effect, value in components(pilot.whole(), ("persona", "item")).items()}
        ratios.append(expected_width(parts, numbers(whole), 0.9, unevenness(pilot)) / kept)
        even.append(expected_width(parts, numbers(whole), 0.9, {}) / kept)
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(1, abs=0.15)
    assert np.mean(even) < 0.8


@pytest.mark.parametrize(("world", "sizes"), [(world(0.5, 0.4), (15, 12, 3)), (world(0.7, 0.5), (60, 3, 3))])
def test_variance_parts_are_those_of_the_estimates(world: dict[str, float], sizes: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(3)
    values = [float(signal(drawn(world, sizes, rng).whole())) for _ in range(3000)]
    assert signal_variance(world, numbers(sizes), {}).total == pytest.approx(np.var(values), rel=0.1)


def test_even_answers_have_no_unevenness() -> None:
    measured = unevenness(drawn(world(0.5, 0.3), (60, 60, 5), np.random.default_rng(4)))
    assert measured["item"] < 0.2
    assert measured["persona"] < 0.4
    assert measured["persona:item"] < 0.6


def test_unevenness_between_personas_and_between_items_is_separated() -> None:
    rng = np.random.default_rng(5)
    personas = unevenness(drawn(world(0.5, 0.3), (60, 60, 5), rng, (0.8, 0)))
    items = unevenness(drawn(world(0.5, 0.3), (60, 60, 5), rng, (0, 0.8)))
    assert personas["persona"] == pytest.approx(0.95, abs=0.35)  # the log-normal's own coefficient of variation, √(e^.64 − 1)
    assert items["item"] == pytest.approx(0.95, abs=0.35)
    assert max(personas["item"], items["persona"]) < 0.5


@given(
    st.floats(0.05, 0.95),
    st.floats(0, 1),
    st.tuples(st.integers(8, 80), st.integers(5, 60), st.integers(2, 15)),
    st.sampled_from(["persona", "item", "run"]),
)
def test_more_personas_items_or_runs_never_widen(signal_: float, share: float, sizes: tuple[int, int, int], facet: str) -> None:
    row, here = world(signal_, share), numbers(sizes)
    wider = expected_width(row, {**here, facet: 2 * here[facet]})
    assert 0 < wider <= expected_width(row, here) * 1.035  # degrees of freedom may fall: by 3.41 % at most in 200,000 panels
    assert signal_variance(row, {**here, facet: 2 * here[facet]}).total <= signal_variance(row, here).total


@given(st.floats(0.05, 0.95), st.floats(0, 1), st.floats(0.1, 100))
def test_the_unit_of_the_scale_does_not_matter(signal_: float, share: float, unit: float) -> None:
    row, sizes = world(signal_, share), {"persona": 20, "item": 20, "run": 3}
    scaled = {effect: value * unit for effect, value in row.items()}
    assert expected_width(scaled, sizes) == pytest.approx(expected_width(row, sizes))


@given(st.floats(0.02, 0.3), st.integers(5, 80), st.integers(2, 30), st.integers(2, 6))
def test_no_narrow_enough_plan_is_cheaper(width: float, personas: int, items: int, runs: int) -> None:
    plan = cheapest(TYPICAL, width, {"persona": personas, "item": items, "run": runs}, price=lambda number: 3 + number)
    tried = list(product(range(2, items + 1), range(2, runs + 1)))
    widths = {size: expected_width(TYPICAL, {"persona": personas, "item": size[0], "run": size[1]}) for size in tried}
    costs = [personas * size[0] * (3 + size[1]) for size, reached in widths.items() if reached <= width]
    assert plan.reached == bool(costs)
    assert plan.cost == (min(costs) if costs else personas * plan.items * (3 + plan.runs))
    assert plan.width == widths[plan.items, plan.runs]
    assert plan.reached or plan.width == min(widths.values())


def test_an_expensive_prompt_leads_to_more_runs() -> None:
    cheap, dear = (cheapest(TYPICAL, 0.07, {"persona": 50}, price=price) for price in (float, lambda runs: 20.0 + runs))
    assert cheap.runs < dear.runs
    assert cheap.items > dear.items
    assert (cheap.calls, cheap.cost) == (50 * cheap.items * cheap.runs, float(cheap.calls))


def test_personas_needed_are_enough_and_hardly_more() -> None:
    number = personas_needed(TYPICAL, 0.05, {"item": 40, "run": 5})
    sizes = {"item": 40, "run": 5}
    assert expected_width(TYPICAL, {**sizes, "persona": number}) <= 0.05 < expected_width(TYPICAL, {**sizes, "persona": 0.95 * number})
    assert personas_needed({"persona": 0.0, "persona:item": 1.0, "run": 1.0}, 0.01, {"item": 2, "run": 2}, uneven={"item": 5.0}) == math.inf


def test_without_visible_noise_the_width_is_undefined() -> None:
    assert math.isnan(expected_width(TYPICAL, {"persona": 20, "item": 20, "run": 1}))
    assert math.isnan(expected_width({"persona": 0.0, "run": 0.0}, {"persona": 20, "item": 20, "run": 5}))
    assert math.isnan(expected_width({"persona": math.nan, "run": math.nan}, {"persona": 20, "item": 20, "run": 5}))
    assert math.isnan(personas_needed(TYPICAL, 0.05, {"item": 20, "run": 1}))
    constant = simulate({"persona": 1.0}, {"persona": 4, "item": 4, "run": 2})
    assert all(map(math.isnan, unevenness(pairs(constant.cells)).values()))


def test_known_probabilities_are_infinitely_many_runs() -> None:
    many, endless = (expected_width(TYPICAL, {"persona": 20, "item": 20, "run": runs}) for runs in (1e6, math.inf))
    assert endless == pytest.approx(many, rel=1e-4)


def test_interactions_of_persona_are_summed() -> None:
    split = {"persona": 0.15, "persona:item": 0.2, "persona:condition": 0.1, "persona:item:condition": 0.05, "condition": 3.0, "run": 0.5}
    sizes = {"persona": 20, "item": 20, "run": 3}
    assert expected_width(split, sizes) == pytest.approx(expected_width(TYPICAL, sizes))


def test_a_missing_component_is_named() -> None:
    with pytest.raises(ValueError, match='"run" is missing'):
        expected_width({"persona": 1.0}, {"persona": 20, "item": 20, "run": 3})
    with pytest.raises(ValueError, match="1 personas"):
        cheapest(TYPICAL, 0.1, {"persona": 1})


def test_defaults_are_conservative() -> None:
    sizes = {"persona": 50, "item": 40, "run": 5}
    assert TYPICAL["persona"] + TYPICAL["persona:item"] == TYPICAL["run"]
    assert expected_width(TYPICAL, sizes) >= 0.98 * max(expected_width(world(s, 0.3), sizes) for s in np.linspace(0.05, 0.95, 19))
    assert expected_width(TYPICAL, sizes, uneven=UNEVEN) > expected_width(TYPICAL, sizes, uneven={})
