"""Replication: each effect by a plain t test, the published counts, and slopes that are known."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, variance

import numpy as np
import polars as pl
import pytest
from scipy.stats import t, ttest_ind

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.data.study import Elicitation
from personametrics.stats.arrays import Floats
from personametrics.studies.replication import Replication
from personametrics.studies.replication.effects import checked_experiment

Told = tuple[str, str, float, float]
COLUMNS = Columns(more=("experiment", "arm", "kind", "effect", "p"))
SCHEMA = ["persona", "item", "answer", "experiment", "arm", "kind", "effect", "p"]
PEOPLE = tuple(Persona(f"p{index}", f"You are {index}.") for index in range(9))


def arms(experiment: Told, treatment: Sequence[float], control: Sequence[float]) -> list[tuple[str | float, ...]]:
    """Rows of a main effect; every answer is another persona's."""
    rows: list[tuple[str | float, ...]] = []
    for arm, given in (("treatment", treatment), ("control", control)):
        rows += [
            (f"{arm} {index}", f"{experiment[0]} {arm}", answer, experiment[0], arm, *experiment[1:]) for index, answer in enumerate(given)
        ]
    return rows


def read(rows: list[tuple[str | float, ...]], scale: Scale | None = None) -> Responses:
    return Responses.read(pl.DataFrame(rows, schema=SCHEMA, orient="row"), COLUMNS, scale or Numeric())


def experiment(name: str, **more: str) -> tuple[Item, ...]:
    """Items of an experiment's two arms."""
    world = {"experiment": name, "kind": "main", "effect": "0.5", "p": "0.01", **more}
    return tuple(Item(f"{name} {arm}", f"{arm}?", Ordinal(tuple("123")), {**world, "arm": arm}) for arm in ("treatment", "control"))


@pytest.mark.parametrize("seed", range(4))
def test_an_effect_is_a_difference_of_means_tested_as_by_a_t_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    treated, control = (rng.normal(shift, 1, 25).tolist() for shift in (0.6, 0.0))
    finding = Replication().estimate(read(arms(("e", "main", 0.4, 0.01), treated, control)))
    row = finding.evidence["experiments"][0]
    gap = fmean(treated) - fmean(control)
    assert row["difference"] == pytest.approx(gap)
    assert row["standardised"] == pytest.approx(gap / math.sqrt((variance(treated) + variance(control)) / 2))
    # A jackknife over 50 personas gives almost the standard error of Student's test: n / (n − 1) beside (N − 1) / N.
    half = (float(row["high"] or 0) - float(row["low"] or 0)) / 2
    assert half == pytest.approx(t.ppf(0.975, 48) * gap / ttest_ind(treated, control).statistic, rel=0.03)
    assert row["replicated"] == (gap > 0 and ttest_ind(treated, control).pvalue < 0.05)


def test_without_an_effect_five_of_a_hundred_are_significant_half_of_them_in_the_published_direction() -> None:
    rng = np.random.default_rng(0)
    rows = [
        row
        for index in range(600)
        for row in arms((f"e{index}", "main", 0.4, 0.01), rng.normal(size=12).tolist(), rng.normal(size=12).tolist())
    ]
    finding = Replication().estimate(read(rows))
    assert finding["share.replicated"].value == pytest.approx(0.025, abs=3 * math.sqrt(0.025 * 0.975 / 600))
    assert finding["share.same_direction"].value == pytest.approx(0.5, abs=0.06)
    assert finding.verdict.label == "most effects do not replicate"


def test_an_interaction_is_a_difference_of_differences() -> None:
    rng = np.random.default_rng(1)
    means = {("treatment", "yes"): 3.0, ("control", "yes"): 1.0, ("treatment", "no"): 1.5, ("control", "no"): 1.0}
    rows, drawn = [], {}
    for (arm, moderator), mean in means.items():
        drawn[arm, moderator] = rng.normal(mean, 0.5, 8).tolist()
        named = [
            (f"{arm}{moderator}{index}", "i", answer, "e", arm, "interaction", 1.0, 0.01, moderator)
            for index, answer in enumerate(drawn[arm, moderator])
        ]
        rows += named
    frame = pl.DataFrame(rows, schema=[*SCHEMA, "moderator"], orient="row")
    finding = Replication().estimate(Responses.read(frame, replace(COLUMNS, more=(*COLUMNS.more, "moderator")), Numeric()))
    m = {key: fmean(given) for key, given in drawn.items()}
    difference = m["treatment", "yes"] - m["control", "yes"] - m["treatment", "no"] + m["control", "no"]
    row = finding.evidence["experiments"][0]
    assert row["difference"] == pytest.approx(difference)
    assert row["standardised"] == pytest.approx(difference / math.sqrt(fmean(variance(given) for given in drawn.values())))
    assert row["replicated"]


def _of(won: int, number: int, kind: str) -> list[tuple[str | float, ...]]:
    """So many experiments, of which so many clearly return."""
    rows: list[tuple[str | float, ...]] = []
    for index in range(number):
        up = 2.0 if index < won else 0.0
        for arm, shift in (("treatment", up), ("control", 0.0)):
            for moderator in ("yes", "no") if kind == "interaction" else ("",):
                for persona in range(4):
                    answer = persona % 2 + (shift if moderator != "no" else 0.0)
                    rows.append(
                        (
                            f"{persona}{arm}{moderator}",
                            "i",
                            answer,
                            f"{kind} {index}",
                            arm,
                            kind,
                            0.5,
                            0.01 if index < won else 0.04,
                            moderator,
                        )
                    )
    return rows


def test_the_published_shares_have_these_intervals() -> None:
    # 84 of 111 main effects and 6 of 22 interactions, 90 of 133 in all (arXiv 2408.16073); Wilson's ends as statsmodels gives them.
    frame = pl.DataFrame([*_of(84, 111, "main"), *_of(6, 22, "interaction")], schema=[*SCHEMA, "moderator"], orient="row")
    finding = Replication(level=0.95, alpha=0.2).estimate(
        Responses.read(frame, replace(COLUMNS, more=(*COLUMNS.more, "moderator")), Numeric())
    )
    expected = {
        "share.main": (84 / 111, 0.6692, 0.8271),
        "share.interaction": (6 / 22, 0.1315, 0.4815),
        "share.replicated": (90 / 133, 0.5932, 0.7503),
    }
    for name, ends in expected.items():
        assert (finding[name].value, finding[name].low, finding[name].high) == pytest.approx(ends, abs=5e-5)
    assert finding.verdict.label == "most effects replicate"
    assert "Firth" in finding["slope.p"].method  # success is parted by p here
    assert finding["slope.p"].low > 0


def _exact(sizes: Floats, effects: Floats, n: float | None) -> Responses:
    """Experiments of which label probabilities give a standardised effect."""
    rows = []
    for index, (size, effect) in enumerate(zip(sizes.tolist(), effects.tolist(), strict=True)):
        move = size / math.sqrt(4 + size**2)  # of labels 0 and 1: d = move / √(1/4 − move² / 4)
        for arm, sign in (("treatment", 1), ("control", -1)):
            rows += [
                (f"{arm}{persona}", "i", f"e{index}", arm, "main", effect, 0.01, n, 0.5 - sign * move / 2, 0.5 + sign * move / 2)
                for persona in "ab"
            ]
    frame = pl.DataFrame(rows, schema=["persona", "item", "experiment", "arm", "kind", "effect", "p", "n", "p:0", "p:1"], orient="row")
    more = (*COLUMNS.more, "n")
    return Responses.read(frame, Columns(probabilities=("p:0", "p:1"), more=more), Ordinal(("0", "1")))


def test_the_slope_is_freed_of_sampling_error_in_what_was_published() -> None:
    rng = np.random.default_rng(3)
    true, n = rng.normal(0.3, 0.2, 600), 60
    seen = true + rng.normal(size=600) * np.sqrt((4 + true**2 / 2) / n)
    corrected, plain = (Replication().estimate(_exact(0.8 * true, seen, size))["slope.effect"] for size in (n, None))
    assert corrected.low < 0.8 < corrected.high
    assert plain.high < 0.8
    x = np.array(seen)
    assert plain.value == pytest.approx(float((0.8 * true * x).sum() / (x**2).sum()))


def test_turning_an_experiments_arms_round_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    sizes, effects = rng.normal(0.3, 0.4, 20), rng.normal(0.3, 0.4, 20)
    signs = rng.choice([-1, 1], 20)
    given, turned = (Replication().estimate(_exact(sizes * by, effects * by, 80)) for by in (1, signs))
    for first, second in zip(given.estimates, turned.estimates, strict=True):
        assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high), nan_ok=True)


def test_answers_that_never_vary_replicate_nothing_and_have_no_slope() -> None:
    rows = [row for index in range(3) for row in arms((f"e{index}", "main", 0.4, 0.01), [1] * 4, [1] * 4)]
    finding = Replication().estimate(read(rows))
    assert finding["share.replicated"].value == 0
    assert math.isnan(finding["slope.effect"].value)
    assert finding["slope.effect"].status == finding["slope.p"].status == EstimateStatus.UNDEFINED
    assert [notice.code for notice in finding.notices] == ["no-spread"]


def test_an_experiment_with_one_persona_in_an_arm_is_left_out_and_said() -> None:
    whole, half = arms(("whole", "main", 0.4, 0.01), [1, 2, 3], [0, 1, 2]), arms(("half", "main", 0.4, 0.01), [1, 2, 3], [0])
    finding = Replication().estimate(read([*whole, *half]))
    assert finding["share.replicated"].n == 1
    assert "half" in next(notice.text for notice in finding.notices if notice.code == "experiments-left-out")
    with pytest.raises(DesignError, match="two or more personas"):
        Replication().estimate(read(half))


def test_labels_count_by_their_order_or_by_the_answer_that_counts() -> None:
    words = Ordinal(("never", "often", "always"))
    rows = arms(("e", "main", 0.4, 0.01), [0, 1, 2], [0, 0, 1])
    worded = [(*row[:2], words.labels[int(row[2])], *row[3:]) for row in rows]
    assert Replication().estimate(read(worded, words)).evidence["experiments"][0]["difference"] == pytest.approx(2 / 3)
    frame = pl.DataFrame(worded, schema=SCHEMA, orient="row").with_columns(counts=pl.lit("never"))
    finding = Replication().estimate(Responses.read(frame, replace(COLUMNS, more=(*COLUMNS.more, "counts")), Nominal(words.labels)))
    assert finding.evidence["experiments"][0]["difference"] == pytest.approx(-1 / 3)
    with pytest.raises(AnswerError, match="counts"):
        Replication().estimate(read(worded, Nominal(words.labels)))


def test_every_persona_sees_one_cell_by_lot_and_cells_are_even() -> None:
    items = [item for index in range(20) for item in experiment(f"e{index}")]
    requests = Replication().design(PEOPLE[:8], items, Elicitation(runs=2))
    assert len(requests) == 20 * 8 * 2
    arms_seen = {(request.about["persona"], request.about["experiment"]): request.about["arm"] for request in requests}
    for index in range(20):
        assert sum(arm == "treatment" for (_, name), arm in arms_seen.items() if name == f"e{index}") == 4
    treated = [sum(arm == "treatment" for (name, _), arm in arms_seen.items() if name == persona.id) for persona in PEOPLE[:8]]
    assert 0 < min(treated) < max(treated) < 20  # no persona is always treated, and it is not every second one
    assert Replication(seed=1).design(PEOPLE[:8], items, Elicitation(runs=2)) != requests


def test_experiments_come_from_a_table_as_from_the_items(tmp_path: Path) -> None:
    row = {"experiment": "e", "kind": "main", "effect": 0.7, "p": 0.002, "n": 90}
    bare = [replace(item, attributes={"experiment": "e", "arm": item.attributes["arm"]}) for item in experiment("e")]
    pl.DataFrame([row]).write_csv(tmp_path / "told.csv")
    for table in ((row,), str(tmp_path / "told.csv")):
        about = Replication(experiments=table).design(PEOPLE, bare, Elicitation())[0].about
        assert [about[name] for name in ("kind", "effect", "p", "n")] == ["main", "0.7", "0.002", "90"]
    with pytest.raises(ColumnError, match="effect"):
        Replication(experiments=({"experiment": "e", "kind": "main"},)).design(PEOPLE, bare, Elicitation())


@pytest.mark.parametrize(
    ("items", "error", "match"),
    [
        ((), DesignError, "experiment and arm"),
        (experiment("e")[:1], DesignError, '"e" has items for treatment, but needs control, treatment'),
        (experiment("e", kind="mian"), AnswerError, 'Did you mean "main"'),
        (experiment("e", effect="big"), AnswerError, "needs numbers"),
        (experiment("e", p="0"), AnswerError, "a p above 0"),
        (experiment("e", effect="0"), AnswerError, "other than 0"),
    ],
)
def test_what_cannot_be_is_said(items: tuple[Item, ...], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Replication().design(PEOPLE, items, Elicitation())


def test_recorded_experiments_that_contradict_themselves_are_refused() -> None:
    rows = arms(("e", "main", 0.4, 0.01), [1, 2], [0, 1])
    with pytest.raises(AnswerError, match="disagree about its kind"):
        Replication().estimate(read([*rows, ("x", "i", 1, "e", "control", "main", 0.5, 0.01)]))
    with pytest.raises(AnswerError, match='the unknown cell "placebo"'):
        Replication().estimate(read([*rows, ("x", "i", 1, "e", "placebo", "main", 0.4, 0.01)]))
    with pytest.raises(DesignError, match="personas or more"):
        Replication().design(PEOPLE[:3], experiment("e"), Elicitation())


def test_sampling_variance_of_an_effect() -> None:
    # Two groups of 40: 1/40 + 1/40 + d² / 160 (Cohen's d), four of 20: 4/20 + d² / 160.
    assert checked_experiment("e", {"kind": "main", "effect": "0.5", "p": "", "n": "80"}).noise == pytest.approx(2 / 40 + 0.25 / 160)
    assert checked_experiment("e", {"kind": "interaction", "effect": "0.5", "p": "", "n": "80"}).noise == pytest.approx(4 / 20 + 0.25 / 160)
    assert checked_experiment("e", {"kind": "main", "effect": "0.5", "p": ""}).noise == 0
