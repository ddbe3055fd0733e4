"""Ways of asking against personas: every pair of answers is looked at, and worlds where the truth is known."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
from brute import all_disagreements, as_answers

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale, character_ngrams
from personametrics.data.study import Elicitation
from personametrics.studies.wording import Wording
from personametrics.testing import Simulation

AGREE = Ordinal(("no", "rather no", "rather yes", "yes"))
PEOPLE = [Persona(f"p{index}", f"You are {index}.") for index in range(6)]
ITEMS = [Item(f"i{index}", f"Is it {index}?", AGREE, {}, {"formal": f"May it be {index}?"}) for index in range(6)]
Row = tuple[int, int, str, int, int]
COLUMNS = Columns(run="run", more=("wording", "order"))


def table(seed: int = 0) -> list[Row]:
    """Persona, item, wording, run and a label of 0 to 3; in every cell some answers."""
    rng = np.random.default_rng(seed)
    levels = product(range(5), range(6), ("given", "formal", "blunt"), range(3))
    return [(p, i, w, r, int(rng.integers(0, 2) + p % 2 + (w == "blunt"))) for p, i, w, r in levels]


def read(rows: list[Row], scale: Scale, labels: tuple[str, ...] = ("0", "1", "2", "3")) -> Responses:
    """Rows as recorded answers."""
    frame = pl.DataFrame(rows, schema=["persona", "item", "wording", "run", "answer"], orient="row")
    frame = frame.with_columns(order=pl.lit("given"), answer=pl.col("answer").map_elements(lambda index: labels[index], pl.String))
    return Responses.read(frame, COLUMNS, scale, duplicates="runs")


def differences(rows: list[Row], same: Callable[[Row, Row], bool], far: Callable[[int, int], float]) -> float:
    """Mean difference over all pairs of answers that are the same in what they should be."""
    return float(np.mean([far(first[4], second[4]) for first, second in combinations(rows, 2) if same(first, second)]))


@pytest.mark.parametrize(
    ("scale", "far"),
    [
        (Ordinal(("0", "1", "2", "3")), lambda a, b: abs(a - b) / 3),
        (Nominal(("0", "1", "2", "3")), lambda a, b: float(a != b)),
        (Numeric(0, 10), lambda a, b: abs(a - b) / 10),
        (Numeric(), lambda a, b: abs(a - b) / 3),
    ],
)
def test_every_score_is_the_mean_over_pairs_of_answers(scale: Scale, far: Callable[[int, int], float]) -> None:
    rows = table()
    expected = {
        "pss.paraphrase": differences(rows, lambda a, b: a[:2] == b[:2] and a[2] != b[2], far),
        "pss.rerun": differences(rows, lambda a, b: a[:3] == b[:3], far),
        "pss.persona": differences(rows, lambda a, b: a[0] != b[0] and a[1:3] == b[1:3], far),
    }
    expected["pss.excess"] = expected["pss.paraphrase"] - expected["pss.rerun"]
    expected["pss.gap"] = expected["pss.paraphrase"] - expected["pss.persona"]
    finding = Wording().estimate(read(rows, scale))
    for name, value in expected.items():
        assert finding[name].value == pytest.approx(value), name
        assert finding[name].low < value < finding[name].high
        assert finding[name].status == EstimateStatus.OK


def test_shares_are_components_over_the_disagreement_of_two_answers_that_share_nothing() -> None:
    rows = table()
    wording = {"given": 0, "formal": 1, "blunt": 2}
    answers = as_answers([(p, i, wording[w]) for p, i, w, _, _ in rows], np.eye(4)[[row[4] for row in rows]])
    d = all_disagreements(answers, ("persona", "item", "condition"))
    p, c, both, none = (frozenset(shared) for shared in (("persona",), ("condition",), ("persona", "condition"), ()))
    finding = Wording().estimate(read(rows, Nominal(("0", "1", "2", "3"))))
    assert finding["share.condition"].value == pytest.approx((d[none] - d[c]) / d[none])
    assert finding["share.persona:condition"].value == pytest.approx((d[p] + d[c] - d[both] - d[none]) / d[none])


def test_probabilities_give_the_truth_itself() -> None:
    world = Wording().known()
    finding = Wording().estimate(Simulation.of(Wording(), world, Elicitation(score=True)).answers(world.world))
    for name, value in world.truth.items():
        assert finding[name].value == pytest.approx(value, abs=1e-12), name


def probable(yes: Callable[[int, int, str], float]) -> Responses:
    """Probabilities of two labels by persona, item and wording, without sampling error."""
    study = Wording(conditions=("wording",))
    labels = Nominal(("yes", "no"))
    items = [replace(item, scale=labels, wordings={"formal": "a?", "blunt": "b?"}) for item in ITEMS]

    def world(request: Request) -> Mapping[str, float]:
        share = yes(int(request.about["persona"][1:]), int(request.about["item"][1:]), request.about["wording"])
        return {"yes": share, "no": 1 - share}

    requests = study.design(PEOPLE, items, Elicitation(score=True))
    simulation = Simulation.of(study, study.known(), Elicitation(score=True))
    simulation.requests = requests
    return simulation.answers(world)


def test_cells_that_are_unsure_as_given_can_be_those_that_wording_moves() -> None:
    finding = Wording().estimate(probable(lambda _, i, w: 0.5 + 0.08 * i + (w == "blunt") * (0.02 * (5 - i))))
    entropy = [-(p * math.log2(p) + (1 - p) * math.log2(1 - p)) for p in (0.5 + 0.08 * i for i in range(6))]
    moved = [(0.02 * (5 - i)) ** 2 for i in range(6)]
    assert finding["entropy.excess"].value == pytest.approx(np.corrcoef(entropy, moved)[0, 1])
    assert finding["entropy.excess"].value > 0.5
    assert finding["entropy.excess"].high <= 1


def test_without_a_third_condition_or_any_difference_confidence_says_nothing() -> None:
    rows = [row for row in table() if row[2] != "blunt"]
    assert Wording().estimate(read(rows, AGREE, AGREE.labels))["entropy.excess"].status == EstimateStatus.UNDEFINED
    assert math.isnan(Wording().estimate(probable(lambda *_: 0.3))["entropy.excess"].value)


@pytest.mark.parametrize(
    ("yes", "label"),
    [
        (lambda p, _, w: 0.5 + 0.3 * (p % 2) + 0.02 * (w == "blunt"), "persona moves more"),
        (lambda p, _, w: 0.5 + 0.02 * (p % 2) + 0.3 * (w == "blunt"), "wording moves more than the persona"),
        (lambda p, i, w: 0.5 + 0.02 * (p % 2) + 0.02 * (w == "blunt") * (-1) ** i, "both move alike"),
        (lambda p, i, w: 0.5 + 0.5 * (p % 2) * (i < 2) + 0.5 * (w == "blunt") * (i > 3), "undecided"),
    ],
)
def test_the_verdict_follows_the_interval_of_the_gap(yes: Callable[[int, int, str], float], label: str) -> None:
    finding = Wording().estimate(probable(yes))
    assert finding.verdict.label == label
    assert f"{finding['pss.gap'].low:+.3f}" in finding.verdict.sentence


def test_one_run_leaves_the_gap() -> None:
    finding = Wording().estimate(read([row for row in table() if row[3] == 0], AGREE, AGREE.labels))
    assert finding["pss.rerun"].status == finding["pss.excess"].status == EstimateStatus.NO_RERUNS
    assert math.isfinite(finding["pss.gap"].low)


def test_constant_answers_decide_nothing() -> None:
    finding = Wording().estimate(read([(*row[:4], 1) for row in table()], AGREE, AGREE.labels))
    assert finding["pss.gap"].value == 0
    assert finding.verdict.label in {"both move alike", "undecided"}
    assert all(math.isnan(estimate.value) for estimate in finding.estimates if estimate.name.startswith("share."))


def test_answers_without_a_persona_are_left_out() -> None:
    whole = read(table(), AGREE, AGREE.labels)
    alone = whole.frame.filter(pl.col("persona") == 0).with_columns(persona=pl.lit(NOBODY), answer=pl.lit("no"))
    frame = pl.concat(
        [whole.frame.cast({"persona": pl.String, "answer": pl.String}), alone.cast({"answer": pl.String})], how="vertical_relaxed"
    )
    finding = Wording().estimate(replace(whole, frame=frame))
    assert finding["pss.persona"].value == pytest.approx(Wording().estimate(whole)["pss.persona"].value)


def test_texts_are_compared_as_points() -> None:
    rows = read(table(), FreeText(character_ngrams), ("never", "hardly", "often", "always"))
    finding = Wording().estimate(rows)
    assert 0 < finding["pss.rerun"].value < finding["pss.paraphrase"].value
    assert finding["entropy.excess"].status == EstimateStatus.UNDEFINED


def test_missing_conditions_end_in_one_sentence() -> None:
    whole = read(table(), AGREE, AGREE.labels)
    bare = Responses.read(whole.frame.drop("wording", "order"), Columns(run="run"), AGREE, duplicates="runs")
    with pytest.raises(ColumnError, match='has no column "wording" or "order"'):
        Wording().estimate(bare)
    with pytest.raises(DesignError, match="two or more ways"):
        Wording().estimate(whole.only(pl.col("wording") == "given"))
    with pytest.raises(DesignError, match="has no answers of personas"):
        Wording().estimate(replace(whole, frame=whole.frame.with_columns(persona=pl.lit(NOBODY))))
    numbers = replace(whole, frame=whole.frame.with_columns(answer=pl.int_range(pl.len()).cast(pl.String)), scale=Numeric())
    with pytest.raises(DesignError, match="Round them to at most 200"):
        Wording().estimate(numbers)


def test_another_condition_is_read_where_it_is_named() -> None:
    whole = read(table(), AGREE, AGREE.labels)
    spoken = replace(whole, frame=whole.frame.rename({"wording": "language"}), columns=Columns(run="run", more=("language", "order")))
    finding = Wording(conditions=("language",)).estimate(spoken)
    assert finding["pss.gap"] == Wording().estimate(whole)["pss.gap"]
    assert finding["entropy.excess"] == Wording().estimate(whole)["entropy.excess"]


def test_one_thing_is_changed_at_a_time() -> None:
    requests = Wording().design(PEOPLE, [*ITEMS, Item("plain", "Plain?", AGREE)], Elicitation(runs=2))
    ways = {(request.about["wording"], request.about["order"]) for request in requests}
    assert ways == {("given", "given"), ("formal", "given"), ("given", "reversed")}
    assert len(requests) == 6 * 6 * 3 * 2
    only = Wording(conditions=("order",)).design(PEOPLE, ITEMS, Elicitation(runs=1))
    assert {request.about["wording"] for request in only} == {"given"}
    assert len(only) == 6 * 6 * 2


def test_without_wordings_options_are_reversed() -> None:
    plain = [replace(item, wordings={}) for item in ITEMS]
    requests = Wording().design(PEOPLE, plain, Elicitation(runs=1))
    assert {request.about["order"] for request in requests} == {"given", "reversed"}
    assert requests[0].labels == AGREE.labels
    assert next(request for request in requests if request.about["order"] == "reversed").labels == AGREE.labels[::-1]


def test_a_design_says_what_it_lacks() -> None:
    with pytest.raises(DesignError, match="two or more items with wordings"):
        Wording().design(PEOPLE, [Item("free", "Why?", Numeric(0, 9)), ITEMS[0]], Elicitation())
    with pytest.raises(DesignError, match="two or more personas"):
        Wording().design(PEOPLE[:1], ITEMS, Elicitation())
