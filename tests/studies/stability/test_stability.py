"""Stability: planted truth, null worlds, verdicts that follow from intervals, and what it says when little can be said."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, parse_scale
from personametrics.data.world import simulate, truth
from personametrics.studies.stability import Stability

STRONG = {"persona": 0.5, "item": 1.0, "persona:item": 0.9, "run": 0.25}
WEAK = {"persona": 0.02, "item": 1.0, "persona:item": 0.08, "run": 1.2}
NULL = {"item": 1.0, "run": 1.0}


def panel(world: dict[str, float], seed: int = 0, **sizes: int) -> Finding:
    return Stability().estimate(simulate(world, {"persona": 20, "item": 15, "run": 4} | sizes, seed=seed))


def test_verdicts_follow_from_intervals() -> None:
    strong, weak = panel(STRONG), panel(WEAK)
    assert strong["signal"].low > 0.5
    assert strong.verdict.label == "persona dominates"
    assert weak["signal"].high < 0.5
    assert weak.verdict.label == "model uncertainty dominates"
    close = panel({"persona": 0.5, "item": 1.0, "persona:item": 0.5, "run": 1.0}, 1, persona=8, item=6, run=2)
    assert close["signal"].low < 0.5 < close["signal"].high
    assert close.verdict.label == "undecided"
    assert "would" in close.verdict.sentence


@pytest.mark.parametrize("world", [STRONG, WEAK])
def test_planted_components_lie_in_their_intervals(world: dict[str, float]) -> None:
    """Of 40 panels, each component's 90 % interval holds its truth in most; binomially fewer than 28 would be a one-in-10,000 event."""
    held = dict.fromkeys(["signal", *(f"component.{effect}" for effect in world)], 0)
    for seed in range(40):
        finding = panel(world, seed)
        for name in held:
            value = truth(world) if name == "signal" else world[name.removeprefix("component.")]
            held[name] += finding[name].low <= value <= finding[name].high
    assert min(held.values()) >= 28, held


def test_no_persona_effect_is_found_where_there_is_none() -> None:
    """False positives of the permutation test over 100 null panels stay near their nominal rate."""
    positives = sum(panel(NULL, seed, persona=6, item=5, run=3)["p.permutation"].value <= 0.05 for seed in range(100))
    assert positives <= 12  # binomial(100, .05) exceeds 12 once in 600
    assert panel(NULL).verdict.label == "model uncertainty dominates"


def test_conditions_split_the_disagreement_further() -> None:
    world = STRONG | {"condition": 0.3, "persona:condition": 0.2, "item:condition": 0.1, "persona:item:condition": 0.4}
    finding = Stability().estimate(simulate(world, {"persona": 15, "item": 12, "condition": 3, "run": 2}))
    assert {e.name.removeprefix("component.") for e in finding.estimates if e.name.startswith("component.")} == set(world)
    assert finding["component.persona:item:condition"].value == pytest.approx(0.4, abs=0.15)


def test_uses_are_sorted_by_where_the_interval_lies() -> None:
    finding = panel(STRONG, persona=60, item=40)
    target = Stability().target
    for line in finding.verdict.fit:
        assert float(line.split("reliability ")[1].split(", ")[1].split(" to ")[0]) >= target - 0.005
    assert any("real people" in line for line in finding.verdict.unfit)
    assert any("a single answer" in line for line in panel(WEAK).verdict.unfit)


def test_price_turns_calls_into_money() -> None:
    finding = Stability(price=0.01).estimate(simulate(STRONG, {"persona": 10, "item": 10, "run": 2}))
    assert finding["design.cost"].value == pytest.approx(finding["design.calls"].value * 10 * 0.01)
    assert "design.cost" not in {e.name for e in panel(STRONG).estimates}


def test_one_run_says_so_and_shows_what_can_still_be_said() -> None:
    finding = panel(STRONG, run=1)
    assert finding["signal"].status == EstimateStatus.NO_RERUNS
    assert finding["component.persona"].value == pytest.approx(0.5, abs=0.4)
    assert finding.verdict.label == "unknown"


def test_constant_answers_are_undefined_not_zero() -> None:
    p, i, r = np.indices((6, 5, 3)).reshape(3, -1)
    frame = pl.DataFrame({"persona": p, "item": i, "run": r, "answer": np.ones(len(p), int)})
    finding = Stability().estimate(Responses.read(frame, Columns(run="run")))
    assert finding["signal"].status == EstimateStatus.CONSTANT
    assert math.isnan(finding["signal"].value)


def test_a_panel_that_never_varies_is_steerable_and_its_interval_still_honest() -> None:
    p, i, r = np.indices((10, 8, 3)).reshape(3, -1)
    frame = pl.DataFrame({"persona": p, "item": i, "run": r, "answer": (p * 3 + i) % 5})
    finding = Stability().estimate(Responses.read(frame, Columns(run="run")))
    assert finding["signal"].value == 1
    assert finding["signal"].low < 1
    assert "may still be invalid" in finding.verdict.sentence
    assert "never-varying" in {notice.code for notice in finding.notices}


def test_few_personas_are_marked() -> None:
    finding = panel(STRONG, persona=3)
    assert finding["signal"].status == EstimateStatus.FEW_PERSONAS
    assert "few-personas" in {notice.code for notice in finding.notices}


@pytest.mark.parametrize("facet", ["persona", "item"])
def test_one_level_cannot_be_compared(facet: str) -> None:
    with pytest.raises(DesignError, match=f'has answers for only one {facet}, "0"'):
        panel(STRONG, **{facet: 1})


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(5)))
def test_renaming_personas_and_items_changes_nothing(personas: list[int], items: list[int]) -> None:
    answers = simulate(STRONG, {"persona": 6, "item": 5, "run": 3})
    renamed = answers.frame.with_columns(
        persona=pl.col("persona").replace_strict(dict(enumerate(personas))), item=pl.col("item").replace_strict(dict(enumerate(items)))
    )
    first, second = Stability().estimate(answers), Stability().estimate(Responses.read(renamed, answers.columns, Numeric()))
    for a, b in zip(first.estimates, second.estimates, strict=True):
        if a.name != "p.permutation":  # shuffles depend on the order
            np.testing.assert_allclose([a.value, a.low, a.high], [b.value, b.low, b.high], atol=1e-9)


def test_evidence_shows_where_it_works() -> None:
    answers = simulate(STRONG, {"persona": 6, "item": 5, "run": 3})
    noisy = answers.frame.with_columns(answer=pl.when(pl.col("item") == 3).then(pl.col("run") * 7.0).otherwise("answer"))
    finding = Stability().estimate(Responses.read(noisy, answers.columns, Numeric()))
    assert finding.evidence["items"][-1]["item"] == "3"
    assert {len(finding.evidence["items"]), len(finding.evidence["personas"])} == {5, 6}
    assert len(finding.evidence["cells"]) == 30


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "numeric", "text"])
def test_every_scale_gives_a_card(scale: str) -> None:
    p, i, r = np.indices((8, 6, 3)).reshape(3, -1)
    rng = np.random.default_rng(0)
    y = (p * 2 + i + (rng.random(len(p)) < 0.3)) % 4
    answer = [f"I would say {['never', 'rarely', 'often', 'always'][level]}" for level in y] if scale == "text" else y.tolist()
    finding = Stability().estimate(
        Responses.read(pl.DataFrame({"persona": p, "item": i, "run": r, "answer": answer}), Columns(run="run"), parse_scale(scale))
    )
    assert 0 < finding["signal"].low < finding["signal"].high < 1
    assert finding["p.permutation"].value <= 0.01


def test_nominal_and_ordinal_agree_on_two_labels() -> None:
    p, i, r = np.indices((8, 6, 3)).reshape(3, -1)
    y = (p + i + (np.random.default_rng(0).random(len(p)) < 0.2)) % 2
    frame = pl.DataFrame({"persona": p, "item": i, "run": r, "answer": y})
    nominal, ordinal = (Stability().estimate(Responses.read(frame, Columns(run="run"), scale)) for scale in (Nominal(), Ordinal()))
    assert nominal["signal"].value == pytest.approx(ordinal["signal"].value)
    assert nominal["signal"].low == pytest.approx(ordinal["signal"].low)
    assert nominal["component.run"].value == pytest.approx(2 * ordinal["component.run"].value)  # labels differ by √2, scores by 1


def test_noise_that_differs_by_item_is_no_signal() -> None:
    """No persona effect, but only the quiet items were asked again."""
    rng = np.random.default_rng(0)
    p, i, r = np.indices((40, 20, 2)).reshape(3, -1)
    keep = (r == 0) | (i % 2 == 0)
    y = np.where(i % 2 == 0, 1.0, 3.0) * rng.normal(size=len(p))
    frame = pl.DataFrame({"persona": p, "item": i, "run": r, "answer": y}).filter(pl.Series(keep))
    finding = Stability().estimate(Responses.read(frame, Columns(run="run"), Numeric()))
    assert finding["signal"].low > 0.5
    assert finding.verdict.label == "undecided"
    assert "uneven-items" in {notice.code for notice in finding.notices}


def test_g_counts_the_items_that_each_persona_answered() -> None:
    """60 personas answer 4 of 40 items: G is the squared correlation of their means with their effects, on average."""
    rng = np.random.default_rng(1)
    claimed, true = [], []
    for _ in range(20):
        effect = np.sqrt(0.5) * rng.normal(size=60)
        asked = np.stack([rng.permutation(40)[:4] for _ in range(60)])
        who, item = np.repeat(np.arange(60), 8), np.repeat(asked.ravel(), 2)
        cell = rng.normal(size=(60, 40))[who, item] + np.sqrt(0.5) * rng.normal(size=40)[item]
        y = effect[who] + cell + rng.normal(size=len(who))
        frame = pl.DataFrame({"persona": who, "item": item, "run": np.tile([0, 1], 240), "answer": y})
        claimed.append(Stability().estimate(Responses.read(frame, Columns(run="run"), Numeric()))["g.rho"].value)
        true.append(np.corrcoef(effect, np.bincount(who, y) / 8)[0, 1] ** 2)
    assert np.mean(claimed) == pytest.approx(np.mean(true), abs=0.08)


def test_a_weak_main_effect_gives_no_point_interval() -> None:
    for seed in range(15):
        finding = panel({"persona": 0.02, "item": 0.5, "persona:item": 1.0, "run": 1.0}, seed, persona=12, run=3)
        assert math.isnan(finding["g.rho"].low) or finding["g.rho"].high > finding["g.rho"].low


def test_one_persona_alone_with_reruns_gives_no_interval() -> None:
    answers = simulate(STRONG, {"persona": 10, "item": 8, "run": 3})
    frame = answers.frame.filter((pl.col("persona") == 0) | (pl.col("run") == 0))
    finding = Stability().estimate(Responses.read(frame, answers.columns, Numeric()))
    assert finding["signal"].status == EstimateStatus.NO_INTERVAL
    assert math.isnan(finding["signal"].low)
    assert finding.verdict.label == "undecided"
    assert finding.verdict.sentence.endswith("has no interval.")


def test_conditions_are_said_to_be_these() -> None:
    world = STRONG | {"condition": 0.3, "persona:condition": 0.2}
    finding = Stability().estimate(simulate(world, {"persona": 8, "item": 6, "condition": 3, "run": 2}))
    assert finding["component.condition"].status == EstimateStatus.THESE_CONDITIONS
    assert finding["g.phi"].status == EstimateStatus.THESE_CONDITIONS
