"""Controls: planted worlds in which the persona, or any text, or nothing moves the answers."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.grid import CONTROL, IRRELEVANT, NONE, PANEL, SHUFFLED
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric
from personametrics.studies.controls import Controls
from personametrics.studies.stability import Stability

P, I, R = 20, 15, 5
Effects = Callable[[np.random.Generator], np.ndarray]


def answers(means: np.ndarray, noise: float = 1.0, seed: int = 0, condition: str | None = None) -> Responses:
    """Answers with these means (personas × items) and this noise."""
    rng = np.random.default_rng(seed)
    p, i, r = np.indices((*means.shape, R)).reshape(3, -1)
    frame = pl.DataFrame(
        {"persona": [f"p{x}" for x in p], "item": [f"i{x}" for x in i], "run": r, "answer": means[p, i] + noise * rng.normal(size=len(p))}
    )
    if condition:
        frame = frame.with_columns(pl.Series("order", ["given" if x % 2 else "reversed" for x in r]))
    return Responses.read(frame, Columns(run="run", condition=("order",) if condition else ()), Numeric())


@pytest.fixture(name="means")
def _means() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(P, I))


def test_personas_that_are_heard_are_told_from_irrelevant_texts(means: np.ndarray) -> None:
    none = answers(np.zeros((1, I)), seed=2)
    irrelevant = answers(np.zeros((8, I)), seed=3)
    finding = Controls().compare({PANEL: answers(means), NONE: none, IRRELEVANT: irrelevant})
    assert finding.verdict.label == "personas are heard"
    assert finding["control.irrelevant"].low <= 0.0 + 1e-9 < 0.1 > finding["control.irrelevant"].value


def test_the_distance_from_no_persona_is_recovered() -> None:
    # Answers with and without persona differ by the persona's effect, variance 1: half its square, ½, beside run noise 1 on either side.
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        none = answers(np.zeros((1, I)), seed=200 + seed)
        e = Controls().compare({PANEL: answers(rng.normal(size=(P, I)), seed=300 + seed), NONE: none})["control.none"]
        inside += e.low <= 0.5 / 1.5 <= e.high
    assert inside >= 32  # 36 expected of 40 at 90 %


def test_a_shuffled_panel_differs_as_two_personas_do(means: np.ndarray) -> None:
    panel = answers(means)
    shuffled = answers(np.roll(means, -1, axis=0), seed=5)
    e = Controls().compare({PANEL: panel, SHUFFLED: shuffled})["control.shuffled"]
    assert e.low <= Stability().estimate(panel)["signal"].value <= e.high


def test_any_text_that_moves_the_answers_is_not_credited_to_personas() -> None:
    rng = np.random.default_rng(4)
    weak, strong = 0.2 * rng.normal(size=(P, I)), 2.0 * rng.normal(size=(8, I))
    finding = Controls().compare({PANEL: answers(weak), IRRELEVANT: answers(strong)})
    assert finding.verdict.label == "not the persona"


def test_items_that_cannot_depend_on_the_persona_but_do_are_said(means: np.ndarray) -> None:
    finding = Controls().compare({PANEL: answers(means), CONTROL: answers(means[:, :6])})
    assert finding.verdict.label == "not the persona"
    quiet = Controls().compare({PANEL: answers(means), CONTROL: answers(np.zeros((P, 6)), seed=7)})
    assert quiet["control.items"].low <= 0.1
    assert not quiet.verdict.unfit


def test_without_any_control_nothing_is_decided(means: np.ndarray) -> None:
    assert Controls().compare({PANEL: answers(means)}).verdict.label == "undecided"


def test_conditions_are_kept_apart(means: np.ndarray) -> None:
    # The order of options moves all answers alike; compared within it, personas and no persona do not differ by it.
    finding = Controls().compare({PANEL: answers(means, condition="order"), NONE: answers(np.zeros((1, I)), seed=2, condition="order")})
    assert finding["control.none"].low > 0


def test_a_control_with_too_little_is_undefined_and_not_an_error(means: np.ndarray) -> None:
    e = Controls().compare({PANEL: answers(means), IRRELEVANT: answers(np.zeros((1, I)))})["control.irrelevant"]
    assert np.isnan(e.value)
    assert e.status.value.startswith("undefined")


def test_label_probabilities_serve_as_well() -> None:
    rng = np.random.default_rng(8)
    share = rng.uniform(size=(P, I))

    def exact(share: np.ndarray) -> Responses:
        p, i = np.indices(share.shape).reshape(2, -1)
        frame = pl.DataFrame({"persona": [f"p{x}" for x in p], "item": [f"i{x}" for x in i], "p:no": 1 - share[p, i], "p:yes": share[p, i]})
        return Responses.read(frame, Columns(probabilities=("p:no", "p:yes")), Nominal(("no", "yes")))

    e = Controls().compare({PANEL: exact(share), NONE: exact(np.full((1, I), 0.5))})["control.none"]
    # By hand: rerun disagreement is the mean chance that two draws differ; between arms, that a draw of each differs.
    rerun = np.mean([2 * share * (1 - share), np.full_like(share, 0.5)])
    between = np.mean(share * 0.5 + (1 - share) * 0.5)
    assert e.value == pytest.approx(1 - rerun / between)


def test_a_table_with_an_arm_column_is_read_by_arm(means: np.ndarray) -> None:
    arms = {PANEL: answers(means), NONE: answers(np.zeros((1, I)), seed=2)}
    frame = pl.concat([responses.frame.with_columns(arm=pl.lit(arm)) for arm, responses in arms.items()])
    whole = Responses.read(frame, Columns(run="run", more=("arm",)), Numeric(), duplicates="runs")
    assert Controls().estimate(whole)["control.none"].value == pytest.approx(Controls().compare(arms)["control.none"].value)
    with pytest.raises(DesignError, match='no column "arm"'):
        Controls().estimate(arms[PANEL])
