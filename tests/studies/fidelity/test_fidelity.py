"""Fidelity: planted exaggeration, flattening and spread; nothing found where panel and people are one population."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.studies.fidelity import Fidelity

GROUPS = ("left", "middle", "right")
Array = np.ndarray[Any, np.dtype[np.float64]]


def people(seed: int, effect: Array, spread: float = 1.0, size: int = 60, runs: int = 1, noise: float = 0.0) -> pl.DataFrame:
    """Answers around group means `effect` (items, groups), with a standard deviation between people and one between runs."""
    rng = np.random.default_rng(seed)
    person, item, run = np.indices((size, len(effect), runs)).reshape(3, -1)
    group = person % len(GROUPS)
    deviation = spread * rng.normal(size=(size, len(effect)))
    y = effect[item, group] + deviation[person, item] + noise * rng.normal(size=len(person))
    return pl.DataFrame({"id": person, "item": [f"q{i}" for i in item], "run": run, "party": [GROUPS[g] for g in group], "answer": y})


def compared(panel: pl.DataFrame, human: pl.DataFrame, scale: Scale, *, match: bool = True) -> Finding:
    mine = Responses.read(panel, Columns("id", "item", run="run", attributes=("party",)), scale)
    theirs = Responses.read(human, Columns("id", "item", attributes=("party",)), scale)
    return Fidelity(theirs, {"party": "party"} if match else {}).estimate(mine)


def effects(items: int = 25) -> Array:
    return np.random.default_rng(9).normal(size=(items, 3)) * 0.7


def cut(frame: pl.DataFrame) -> pl.DataFrame:
    """Scores as ratings from 1 to 5."""
    return frame.with_columns(answer=(pl.col("answer") * 0.8 + 3).round().clip(1, 5).cast(pl.Int64))


@pytest.mark.parametrize(
    ("factor", "label"),
    [(1.0, "groups differ as in people"), (2.0, "group differences exaggerated"), (0.5, "group differences flattened")],
)
def test_planted_slope_is_recovered(factor: float, label: str) -> None:
    effect = effects()
    comparison = compared(people(1, effect * factor, runs=3, noise=0.8), people(2, effect, size=150), Numeric())
    assert comparison["difference.slope"].low <= factor <= comparison["difference.slope"].high
    assert comparison["difference.correlation"].value == pytest.approx(1, abs=0.1)
    assert comparison.verdict.label == label


def test_unrelated_group_differences_get_their_verdict() -> None:
    comparison = compared(people(1, effects(40), runs=2), people(2, -effects(40)), Numeric())
    assert comparison["difference.correlation"].high < 0
    assert comparison.verdict.label == "groups differ otherwise than in people"


def test_slope_covers_the_truth_at_its_nominal_rate() -> None:
    effect = effects(15)
    held = 0
    for seed in range(120):
        comparison = compared(people(seed, effect * 1.4, size=30, runs=2, noise=0.5), people(seed + 1000, effect, size=90), Numeric())
        held += comparison["difference.slope"].low <= 1.4 <= comparison["difference.slope"].high
    assert held / 120 >= 0.84  # noise of single answers is counted in both jackknives, so that it may cover more


def test_the_choice_of_personas_widens_the_interval() -> None:
    """Ten personas without any group effect, whose own leanings move all items: the slope of 0 must stay within its interval."""
    human = people(1000, np.tile([[-0.5, 0.0, 0.5]], (20, 1)), size=300)
    held = 0
    for seed in range(60):
        leaning = np.random.default_rng(seed).normal(size=12)
        panel = people(seed, np.zeros((20, 3)), size=12, runs=2, spread=0.5, noise=0.3)
        comparison = compared(panel.with_columns(answer=pl.col("answer") + pl.Series(leaning[panel["id"].to_numpy()])), human, Numeric())
        held += not (comparison["difference.slope"].low > 0 or comparison["difference.slope"].high < 0)
    assert held / 60 >= 0.75


@pytest.mark.parametrize(("spread", "low", "high"), [(0.5, 0.4, 0.6), (1.0, 0.9, 1.1)])
def test_spread_within_groups(spread: float, low: float, high: float) -> None:
    comparison = compared(people(1, effects(), spread), people(2, effects()), Numeric())
    assert low < comparison["spread.ratio"].value < high
    lines = comparison.verdict.unfit if spread < 1 else comparison.verdict.fit
    assert any("spread of answers within a group" in line for line in lines)


def test_samples_of_one_population_are_at_the_floor() -> None:
    comparison = compared(cut(people(1, effects())), cut(people(2, effects())), Ordinal(), match=False)
    for kind in ("tv", "js", "wasserstein"):
        assert comparison[f"distance.{kind}"].value == pytest.approx(comparison[f"floor.{kind}"].value, rel=0.2)
    assert comparison.verdict.label in {"answers like people's", "undecided"}


def test_another_population_is_beyond_the_floor() -> None:
    comparison = compared(cut(people(1, effects() + 1.5)), cut(people(2, effects())), Ordinal(), match=False)
    assert comparison["distance.tv"].low > comparison["floor.tv"].high
    assert comparison.verdict.label == "answers unlike people's"


def test_reruns_do_not_count_as_people() -> None:
    """Ten reruns of ten personas are not a hundred people: the floor is that of ten."""
    ten = compared(cut(people(1, effects(), size=10, runs=10)), cut(people(2, effects())), Ordinal(), match=False)
    hundred = compared(cut(people(1, effects(), size=100)), cut(people(2, effects())), Ordinal(), match=False)
    assert ten["floor.tv"].value > 1.5 * hundred["floor.tv"].value


def test_disagreement_is_tracked_through_personas_or_through_noise() -> None:
    rng = np.random.default_rng(3)
    sizes = np.linspace(0.3, 2, 30)
    human = people(5, np.zeros((30, 3))).with_columns(answer=pl.col("answer") * pl.Series(np.tile(sizes, 60)))

    def panel(through_noise: bool) -> pl.DataFrame:
        frame = people(6, np.zeros((30, 3)), runs=3, spread=0 if through_noise else 1)
        scaled = pl.col("answer") * pl.Series(np.tile(np.repeat(sizes, 3), 60))
        return frame.with_columns(
            answer=scaled
            + pl.Series((sizes[np.tile(np.repeat(np.arange(30), 3), 60)] if through_noise else 0.1) * rng.normal(size=len(frame)))
        )

    personas, noise = (compared(panel(through), human, Numeric()) for through in (False, True))
    assert personas["tracking.persona"].low > 0.7
    assert abs(personas["tracking.rerun"].value) < 0.1
    assert noise["tracking.rerun"].low > 0.7
    assert abs(noise["tracking.persona"].value) < 0.1
    for finding in (personas, noise):
        assert finding["tracking.total"].value == pytest.approx(finding["tracking.persona"].value + finding["tracking.rerun"].value)


def test_nominal_answers_compare_every_label() -> None:
    panel, human = (cut(people(seed, effects(), size=90)).with_columns(answer=pl.col("answer").cast(pl.String)) for seed in (1, 2))
    comparison = compared(panel, human, Nominal())
    assert comparison["difference.slope"].low < 1 < comparison["difference.slope"].high
    assert "distance.wasserstein" not in {e.name for e in comparison.estimates}
    assert {row["answer"] for row in comparison.evidence["differences"]} == {"1", "2", "3", "4", "5"}


def rename(column: str, value: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.with_columns(pl.lit(value).alias(column))


def test_nothing_in_common_is_said_with_examples() -> None:
    panel, human = people(1, effects(3)), people(2, effects(3))
    with pytest.raises(DesignError, match=r'0 items in common, but two are needed.*The first table has the id "q0", the second "other"'):
        compared(panel, rename("item", "other")(human), Numeric())
    with pytest.raises(DesignError, match="No group of --match is in both tables: the frame has left, middle, right, the frame has green"):
        compared(panel, rename("party", "green")(human), Numeric())


def test_notices_say_what_is_left_out() -> None:
    panel, human = people(1, effects(6)), people(2, effects(5)).filter(pl.col("party") != "right")
    comparison = compared(panel, human, Numeric())
    texts = {notice.code: notice.text for notice in comparison.notices}
    assert "leaves out items without human answers: 1, such as q5" in texts["items-without-humans"]
    assert "20 personas" in texts["without-group"]
    assert "40 people in 2 groups on 5 common items" in texts["humans"]


def test_another_scale_is_noticed() -> None:
    panel, human = cut(people(1, effects())), cut(people(2, effects()))
    halved = human.with_columns(answer=pl.col("answer") / 10)
    assert "scales-differ" in {notice.code for notice in compared(panel, halved, Ordinal(), match=False).notices}
    assert "scales-differ" not in {notice.code for notice in compared(panel, human, Ordinal(), match=False).notices}


def test_items_that_only_other_groups_answered_are_left_out() -> None:
    panel, human = cut(people(1, effects(6))).filter(pl.col("party") != "right"), cut(people(2, effects(6)))
    comparison = compared(panel, human.filter((pl.col("item") != "q5") | (pl.col("party") == "right")), Ordinal())
    assert comparison["distance.tv"].n == 5
    assert "items-without-humans" in {notice.code for notice in comparison.notices}


def test_traps_in_peoples_answers_are_noticed() -> None:
    human = cut(people(2, effects())).with_columns(answer=pl.when(pl.col("id") % 9 == 0).then(-99).otherwise("answer"))
    comparison = compared(cut(people(1, effects())), human, Ordinal())
    assert any(notice.code == "missing-code" and notice.text.startswith("People's answers") for notice in comparison.notices)


def test_one_row_a_group_leaves_its_noise_unknown() -> None:
    means = people(2, effects(), size=3)
    comparison = compared(people(1, effects(), size=60), means, Numeric())
    assert math.isnan(comparison["difference.slope"].value)
    assert comparison.verdict.label == "unknown"


def test_too_many_labels_cannot_be_compared() -> None:
    label = pl.format("w{}", pl.int_range(pl.len()) % 90)
    panel, human = (people(seed, effects(8)).with_columns(answer=label) for seed in (1, 2))
    with pytest.raises(DesignError, match="too many to compare"):
        compared(panel, human, Nominal())


def test_spread_compares_the_same_mix_of_items() -> None:
    """The spread is the same on both sides of every item, but people answered the quiet items more often."""
    sizes = np.where(np.arange(20) % 2 == 0, 1.0, 3.0)
    panel, human = (
        people(seed, np.zeros((20, 3)), size=size).with_columns(answer=pl.col("answer") * pl.Series(np.tile(sizes, size)))
        for seed, size in ((1, 60), (2, 200))
    )
    quiet = pl.col("item").str.slice(1).cast(pl.Int64) % 2 == 0
    comparison = compared(panel, human.filter(quiet | (pl.col("id") < 40)), Numeric())
    assert comparison["spread.ratio"].low < 1 < comparison["spread.ratio"].high


def test_the_noise_of_few_people_does_not_flatten_what_is_tracked() -> None:
    """Personas disagree .8 times as much as people on each item; 20 people an item alone would make that about .45."""
    estimates = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        sizes = np.sqrt(rng.uniform(0.5, 3, 40))
        answers = rng.normal(0, sizes, (20, 40))
        simulated = np.sqrt(0.8) * rng.normal(0, sizes, (20, 40))
        human = [(f"h{who}", f"i{index}", answers[who, index]) for who, index in np.ndindex(answers.shape)]
        panel = [
            (f"p{who}", f"i{index}", run, simulated[who, index] + rng.normal(0, 0.5))
            for who, index in np.ndindex(simulated.shape)
            for run in range(3)
        ]
        people_ = Responses.read(pl.DataFrame(human, ["persona", "item", "answer"], orient="row"), Columns(), Numeric(-20, 20))
        frame = pl.DataFrame(panel, ["persona", "item", "run", "answer"], orient="row")
        estimates.append(Fidelity(people_).estimate(Responses.read(frame, Columns(run="run"), Numeric(-20, 20)))["tracking.persona"])
    assert np.median([estimate.value for estimate in estimates]) == pytest.approx(0.8, abs=0.15)
    assert sum(estimate.low <= 0.8 <= estimate.high for estimate in estimates) >= 10
    assert {estimate.n for estimate in estimates} == {40}
