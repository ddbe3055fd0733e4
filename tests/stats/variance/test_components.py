"""Variance components against their definition, planted truth and other programs."""

import brute
import numpy as np
import pandas as pd
import pytest
from generalizit import GeneralizIT
from hypothesis import assume, given, settings
from statsmodels.formula.api import mixedlm
from strategies import Panel, panels

from personametrics.data.world import simulate, truth
from personametrics.stats import components, from_answers, pairs, signal

WORLD = {"persona": 1.0, "item": 0.5, "persona:item": 0.7, "run": 0.6}


def estimated(frame: pd.DataFrame) -> dict[str, float]:
    codes = [frame["persona"].to_numpy(), frame["item"].to_numpy()]
    cells = from_answers(["persona", "item"], codes, frame["answer"].to_numpy())
    return {effect: float(value) for effect, value in components(pairs(cells).whole(), cells.facets).items()}


def small(seed: int) -> pd.DataFrame:
    return simulate(WORLD, {"persona": 8, "item": 6, "run": 3}, seed=seed).frame.to_pandas()


@settings(max_examples=40)
@given(panels())
def test_disagreements_are_sums_of_the_components_they_do_not_share(panel: Panel) -> None:
    d = pairs(panel.cells()).whole()
    assume(all(np.isfinite(value) for value in d.values()))
    measured = components(d, panel.facets)
    for shared, value in d.items():
        parts = [part for effect, part in measured.items() if effect == "run" or not set(effect.split(":")) <= shared]
        np.testing.assert_allclose(np.sum(parts), value, atol=1e-10)


def test_generalizit_finds_the_same_components() -> None:
    frame = small(1)
    runs = frame["persona"].astype(str) + "." + frame["item"].astype(str) + "." + frame["run"].astype(str)
    other = GeneralizIT(data=frame.assign(run=runs), design_str="run:(persona x item)", response="answer")
    other.calculate_anova()
    expected = other.design.anova_table["Variance"]
    names = {"persona": "persona", "item": "item", "persona:item": "persona x item", "run": "run:(persona x item)"}
    for effect, value in estimated(frame).items():
        assert value == pytest.approx(expected[names[effect]], abs=1e-4)  # it rounds to four digits


def test_restricted_maximum_likelihood_finds_the_same_components_on_balanced_scores() -> None:
    frame = small(3).assign(one=1)
    effects = {"persona": "0 + C(persona)", "item": "0 + C(item)", "persona:item": "0 + C(persona):C(item)"}
    fit = mixedlm("answer ~ 1", frame, groups="one", vc_formula=effects).fit(reml=True)
    expected = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True)) | {"run": fit.scale}
    for effect, value in estimated(frame).items():
        assert value == pytest.approx(expected[effect], abs=2e-4)


def test_unbiased_on_sparse_panels() -> None:
    """Over 300 panels with 60 % of the answers missing, the mean of every component lies within four standard errors of its truth."""
    rng = np.random.default_rng(5)
    estimates = []
    for seed in range(300):
        frame = simulate(WORLD, {"persona": 10, "item": 8, "run": 4}, seed=seed).frame.to_pandas()
        frame = frame[rng.random(len(frame)) < 0.4]
        estimates.append(estimated(frame))
    table = pd.DataFrame(estimates)
    for effect, value in WORLD.items():
        assert abs(table[effect].mean() - value) < 4 * table[effect].std() / np.sqrt(len(table))


def test_three_facets_recover_planted_components() -> None:
    world = WORLD | {"condition": 0.4, "persona:condition": 0.3, "item:condition": 0.2, "persona:item:condition": 0.5}
    answers = simulate(world, {"persona": 40, "item": 30, "condition": 12, "run": 2}, seed=2)
    measured = components(pairs(answers.cells).whole(), answers.cells.facets)
    assert set(measured) == set(world)
    for effect, value in world.items():
        assert float(measured[effect]) == pytest.approx(value, rel=0.5)
    assert float(signal(pairs(answers.cells).whole())) == pytest.approx(truth(world), abs=0.1)


def test_nominal_signal_is_one_minus_the_ratio_of_disagreement_probabilities() -> None:
    rng = np.random.default_rng(4)
    persona, item = rng.integers(0, 4, 200), rng.integers(0, 5, 200)
    labels = (persona + item + (rng.random(200) < 0.3)) % 3
    d = brute.all_disagreements(brute.as_answers(zip(persona, item, strict=True), np.eye(3)[labels]), ("persona", "item"))
    expected = 1 - d[frozenset({"persona", "item"})] / d[frozenset({"item"})]
    measured = signal(pairs(from_answers(["persona", "item"], [persona, item], np.eye(3)[labels])).whole())
    assert float(measured) == pytest.approx(expected)


def test_signal_is_undefined_where_nothing_differs() -> None:
    p, i = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
    assert np.isnan(signal(pairs(from_answers(["persona", "item"], [p, i], np.ones(4))).whole()))


def test_a_persona_that_never_varies_lowers_noise_alone() -> None:
    p, i = np.repeat([0, 1], 4), np.tile([0, 0, 1, 1], 2)
    noisy = np.array([1.0, 3, 2, 4, 5, 5, 6, 6])
    d = pairs(from_answers(["persona", "item"], [p, i], noisy)).whole()
    assert float(d[frozenset({"persona", "item"})]) == pytest.approx((2 + 2 + 0 + 0) / 4)
