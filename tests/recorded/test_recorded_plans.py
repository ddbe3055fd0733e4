"""Whether plans keep their promise on real recorded answers, which are less even than simulated ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.stats import components, deletions, interval, pairs, signal
from personametrics.stats.arrays import Floats
from personametrics.stats.variance.disagreement import Pairs
from personametrics.stats.variance.precision import UNEVEN, expected_width, unevenness

Find = Callable[[str], Path]
SETS = {
    "mfq_personas/responses.parquet": Columns("persona_id", "question_id", "rating", run="run_index"),
    "personallm_bfi_repeats/bfi_items.parquet": Columns("persona", "item", "rating", run="run"),
}
PILOTS = 10


def panel(frame: pl.DataFrame, columns: Columns, scale: Scale) -> Pairs:
    return pairs(Responses.read(frame, columns, scale, missing=("-1",)).cells)


def readings(find: Find) -> Iterator[tuple[pl.DataFrame, Columns, Scale]]:
    """Nine models, each read as scores and as labels; one that repeats runs is left out."""
    for name, columns in SETS.items():
        frame = pl.read_parquet(find(name)).filter(pl.col("model") != "gpt-4.1-mini")
        for model in frame["model"].unique().sort():
            for scale in (Ordinal(), Nominal()):
                yield frame.filter(pl.col("model") == model), columns, scale


def pilot(frame: pl.DataFrame, columns: Columns, scale: Scale, seed: int) -> Pairs:
    """All personas, ten items, three runs."""
    items = np.random.default_rng(seed).permutation(frame[columns.item].unique().sort().to_list())[:10].tolist()
    runs = frame[columns.run or ""].unique().sort().to_list()[:3]
    return panel(frame.filter(pl.col(columns.item).is_in(items), pl.col(columns.run or "").is_in(runs)), columns, scale)


def promised(pilot: Pairs, whole: Pairs, uneven: dict[str, float]) -> float:
    """Half-width that one panel promises for another, over what that has."""
    bounds = interval(signal, deletions(whole), 0.9, "share")
    effects = {effect: float(value) for effect, value in components(pilot.whole(), ("persona", "item")).items()}
    sizes = {"persona": whole.cells.levels[0], "item": whole.cells.levels[1], "run": 1 / float(np.mean(1 / whole.cells.n))}
    return expected_width(effects, sizes, 0.9, uneven) / ((bounds.high - bounds.low) / 2)


@pytest.fixture(scope="module")
def ratios(recorded: Find) -> dict[str, Floats]:
    """By what is taken for unevenness: (readings,) from the panel itself, (readings, pilots) from pilots."""
    rows: dict[str, list[list[float]]] = {"itself": [], "even": [], "own": [], "typical": []}
    for frame, columns, scale in readings(recorded):
        whole = panel(frame, columns, scale)
        pilots = [pilot(frame, columns, scale, seed) for seed in range(PILOTS)]
        rows["itself"].append([promised(whole, whole, unevenness(whole))])
        rows["even"].append([promised(whole, whole, {})])
        rows["own"].append([promised(pilot, whole, unevenness(pilot)) for pilot in pilots])
        rows["typical"].append([promised(pilot, whole, dict(UNEVEN)) for pilot in pilots])
    return {name: np.array(row) for name, row in rows.items()}


def test_a_panel_describes_its_own_interval(ratios: dict[str, Floats]) -> None:
    assert len(ratios["itself"]) == 18
    assert 0.99 < ratios["itself"].min() < ratios["itself"].max() < 1.07


def test_without_unevenness_the_promise_is_far_too_narrow(ratios: dict[str, Floats]) -> None:
    assert 1.8 < 1 / ratios["even"].max() < 1 / ratios["even"].min() < 10


def test_a_pilot_of_ten_items_and_three_runs_promises_the_width_of_the_panel(ratios: dict[str, Floats]) -> None:
    uneven = ratios["own"]
    assert np.median(uneven) == pytest.approx(1.09, abs=0.02)
    np.testing.assert_allclose(np.quantile(uneven, [0.05, 0.95]), [0.63, 1.62], atol=0.02)
    assert 0.5 < np.median(uneven, 1).min() < np.median(uneven, 1).max() < 1.4


def test_typical_unevenness_is_a_guess(ratios: dict[str, Floats]) -> None:
    np.testing.assert_allclose(np.quantile(ratios["typical"], [0.05, 0.5, 0.95]), [0.26, 1.08, 2.07], atol=0.02)
