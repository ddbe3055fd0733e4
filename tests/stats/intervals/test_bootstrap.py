"""Weighted disagreements against their definition."""

import brute
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import Panel, panels

from personametrics.stats import from_answers, pairs, signal, weighted_disagreements
from personametrics.stats.intervals.bootstrap import draw_weights


@settings(max_examples=25)
@given(panels())
def test_weighted_disagreements_are_weighted_means_over_pairs(panel: Panel) -> None:
    cells = panel.cells()
    rng = np.random.default_rng(0)
    weights = {facet: draw_weights(cells.levels[index], 3, rng) for index, facet in enumerate(("persona", "item"))}
    disagreements = weighted_disagreements(cells, weights)
    answers = brute.as_answers(zip(*panel.codes, strict=True), panel.points[panel.labels])
    for draw in range(3):
        each = {facet: w[draw].tolist() for facet, w in weights.items()}
        for shared in brute.powerset(panel.facets):
            np.testing.assert_allclose(disagreements[shared][draw], brute.disagreement(answers, panel.facets, shared, each), atol=1e-9)


@given(panels())
def test_weights_of_one_change_nothing(panel: Panel) -> None:
    cells = panel.cells()
    disagreements = weighted_disagreements(
        cells, {facet: np.ones((1, cells.levels[index])) for index, facet in enumerate(("persona", "item"))}
    )
    for shared, value in pairs(cells).whole().items():
        np.testing.assert_allclose(disagreements[shared][0], value, atol=1e-9)


def test_copies_of_one_persona_are_never_compared() -> None:
    """A draw that holds one persona alone, however often, has no pair of personas."""
    cells = from_answers(["persona", "item"], [np.array([0, 1, 2]), np.zeros(3, np.int64)], np.array([1.0, 2.0, 3.0]))
    d = weighted_disagreements(cells, {"persona": np.array([[3.0, 0.0, 0.0], [2.0, 1.0, 0.0]]), "item": np.ones((2, 1))})
    assert np.isnan(d[frozenset({"item"})][0])
    assert d[frozenset({"item"})][1] == pytest.approx(0.5)
    assert np.isnan(signal(d)).all()  # nobody was asked twice
