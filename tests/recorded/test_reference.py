"""The same numbers as an independent, slow reference that lies beside the recorded answers."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import Panel, panels

from personametrics.stats import components, pairs, weighted_disagreements
from personametrics.stats.intervals.bootstrap import draw_weights

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "disagreement.py"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    if not REFERENCE.exists():
        pytest.skip("the slow reference is not at hand")
    spec = importlib.util.spec_from_file_location("reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@settings(max_examples=30, deadline=None)
@given(panels())
def test_disagreements_components_and_weights(reference: ModuleType, panel: Panel) -> None:
    codes, points, facets = np.stack(panel.codes, 1), panel.points[panel.labels], list(panel.facets)
    expected = reference.disagreements(codes, points, facets)
    cells = panel.cells()
    disagreements = pairs(cells).whole()
    for shared, value in expected.items():
        np.testing.assert_allclose(disagreements[shared], value, atol=1e-10)
    named = {effect.replace("×", ":"): value for effect, value in reference.components(expected, facets).items()}
    for effect, value in components(disagreements, facets).items():
        np.testing.assert_allclose(value, named[effect], atol=1e-10)
    rng = np.random.default_rng(0)
    weights = {facet: draw_weights(cells.levels[index], 2, rng) for index, facet in enumerate(("persona", "item"))}
    drawn = weighted_disagreements(cells, weights)
    for draw in range(2):
        each = reference.weighted(codes, points, facets, {facet: w[draw] for facet, w in weights.items()})
        for shared, value in each.items():
            np.testing.assert_allclose(drawn[shared][draw], value, atol=1e-9)
