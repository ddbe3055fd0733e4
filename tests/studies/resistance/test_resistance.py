"""Resistance: against plain loops, with and without the model's own answers, and what it says when little can be said."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.elicit.table import reply_table, study_responses
from personametrics.models.embedded.society.instruments import knowledge, statements
from personametrics.models.embedded.society.panels import questionnaire, resistant, society, strong
from personametrics.studies.resistance import Resistance
from personametrics.testing import Simulation

STUDY = Resistance()
FIVE = Ordinal(tuple("12345"))
MORE = ("trait", "keyed", "target")
Row = tuple[str, str, str, str, str, int]


def read(rows: Sequence[Row]) -> Responses:
    frame = pl.DataFrame(rows, schema=["persona", "item", *MORE, "answer"], orient="row")
    return Responses.read(frame, Columns(more=MORE), FIVE)


def drawn(seed: int = 0, *, unprompted: bool = True) -> list[Row]:
    """Answers of eight personas, each with a target on two traits, uneven in items, runs and gaps."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for trait, keys in (("calm", "+++-"), ("bold", "++--")):
        for index, key in enumerate(keys):
            for who in range(9):
                persona = NOBODY if who == 8 else f"p{who}"
                target = "" if who == 8 else ("high" if who % 2 else "low")
                if (who == 8 and not unprompted) or (who < 8 and rng.random() < 0.1):
                    continue
                for _ in range(int(rng.integers(1, 4))):
                    middle = {"": 3.4, "high": 4.2, "low": 2.4}[target]
                    answer = round(float(np.clip((middle if key == "+" else 6 - middle) + rng.normal(), 1, 5)))
                    rows.append((persona, f"{trait}{index}", trait, key, target, answer))
    return rows


def oracle(rows: Sequence[Row], unprompted: bool) -> dict[str, float]:
    """Resistance and acquiescence in plain loops."""
    cells: dict[tuple[str, ...], list[float]] = {}
    for persona, item, trait, key, target, answer in rows:
        cells.setdefault((persona, item, trait, key, target), []).append((answer - 1) / 4)
    means = {cell: sum(given) / len(given) for cell, given in cells.items()}

    def score(trait: str, side: str) -> tuple[float, float, float]:
        """Score towards the trait, mean raw answer, and persons, of one side."""
        parts, raw, persons = [], [], []
        for key in "+-":
            cell = {c: m for c, m in means.items() if c[2] == trait and c[3] == key}
            base = [m for c, m in cell.items() if not unprompted or c[0] == NOBODY]
            some = base if side == "own" else [m for c, m in cell.items() if c[0] != NOBODY and side in {c[4], "any"}]
            parts.append(sum(m if key == "+" else 1 - m for m in some) / len(some))
            raw.append(sum(some) / len(some))
            persons.append(len(some) / len(base))
        return sum(parts) / 2, sum(raw) / 2, sum(persons) / 2

    kept = asked = agreed = 0.0
    for trait in ("calm", "bold"):
        start = score(trait, "own")[0]
        for target, pole in (("high", 1.0), ("low", 0.0)):
            reached, _, persons = score(trait, target)
            kept, asked = kept + persons * abs(pole - reached), asked + persons * abs(pole - start)
        agreed += (score(trait, "any")[1] - 0.5) / 2
    return {"resistance": kept / asked, "acquiescence": agreed}


def exact(panel: Sequence[Persona], items: Sequence[Item]) -> Finding:
    requests = STUDY.design(panel, items, Elicitation(score=True))
    world = society(panel, items)
    return STUDY.estimate(
        study_responses(reply_table(requests, [Reply(probabilities=world(request)) for request in requests]), "the society")
    )


@pytest.mark.parametrize("unprompted", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_it_equals_plain_loops(unprompted: bool, seed: int) -> None:
    rows = drawn(seed, unprompted=unprompted)
    finding = STUDY.estimate(read(rows))
    for name, value in oracle(rows, unprompted).items():
        assert finding[name].value == pytest.approx(value)
    assert {notice.code for notice in finding.notices} == (set() if unprompted else {"no-own-character"})


def test_adoption_counts_sides_of_the_middle_by_hand() -> None:
    rows: list[Row] = [(NOBODY, f"i{key}", "calm", key, "", 3) for key in "+-"]
    for persona, target, plus, minus in (("a", "high", 5, 2), ("b", "high", 4, 4), ("c", "low", 2, 4), ("d", "low", 1, 3)):
        rows += [(persona, "i+", "calm", "+", target, plus), (persona, "i-", "calm", "-", target, minus)]
    finding = STUDY.estimate(read(rows))
    assert finding["adoption"].value == finding["adoption.whole"].value == 0.75  # b, who agrees with both, stands in the middle
    assert finding["adoption"].status == EstimateStatus.FEW_PERSONAS
    worst = finding.evidence["personas"][0]
    assert (worst["persona"], worst["kept"], worst["own"]) == ("b", 0.5, 0.5)


def test_agreeing_more_with_everything_changes_acquiescence_alone() -> None:
    rows = [(*row[:5], 2 if row[5] < 3 else 3) for row in drawn()]
    more = [(*row[:5], row[5] + 2) for row in rows]
    plain, agreeing = STUDY.estimate(read(rows)), STUDY.estimate(read(more))
    assert agreeing["resistance"].value == pytest.approx(plain["resistance"].value)
    assert agreeing["acquiescence"].value == pytest.approx(plain["acquiescence"].value + 0.5)


@pytest.mark.parametrize(
    ("kept", "label"), [(1.3, "backlash"), (0.8, "keeps its own character"), (0.2, "takes the character"), (0.5, "undecided")]
)
def test_verdicts_follow_from_the_interval(kept: float, label: str) -> None:
    planted = STUDY.known()

    def world(request: Request) -> Mapping[str, float]:
        high = request.about["target"] == "high"
        score = high + kept * (0.5 - high) if request.about["target"] else 0.5
        agree = score if request.about["keyed"] == "+" else 1 - score
        return {choice: math.comb(4, index) * agree**index * (1 - agree) ** (4 - index) for index, choice in enumerate(request.choices)}

    finding = STUDY.estimate(Simulation.of(STUDY, planted).answers(world))
    assert finding.verdict.label == label
    assert finding["resistance"].low < kept < finding["resistance"].high


def test_probabilities_are_what_many_runs_come_to() -> None:
    world = STUDY.known()
    many = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(20)).answers(world.world))
    limit = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(world.world))
    for name, truth in world.truth.items():
        assert limit[name].value == pytest.approx(truth)
        assert many[name].value == pytest.approx(truth, abs=0.08)


def test_in_the_society_the_ruthless_keep_half_of_what_the_mild_leave() -> None:
    """The assistant speaks in every second answer of the ruthless: they keep ½ + ½ of what the same people keep when they are mild."""
    hard, soft = exact(resistant(), questionnaire()), exact(resistant(manner="mild"), questionnaire())
    assert hard["resistance"].value == pytest.approx(0.5 + soft["resistance"].value / 2)
    assert (hard.verdict.label, soft.verdict.label) == ("keeps its own character", "takes the character")
    assert hard["resistance.church"].status == EstimateStatus.NO_INTERVAL  # one item of each direction: none can be left out


def test_short_asks_and_one_direction_are_noticed() -> None:
    rows = [row for row in drawn() if (row[2], row[3]) != ("calm", "-")]
    near = [(*row[:5], 5 if row[3] == "+" else 1) if row[0] == NOBODY and row[2] == "bold" else row for row in rows]
    finding = STUDY.estimate(read(near))
    assert [notice.code for notice in finding.notices] == ["near-target", "one-direction"]
    assert finding.notices[0].text.startswith("4 of 16 pairs")
    assert finding["resistance"].n == 12
    far = replace(STUDY, reach=0.0).estimate(read(near))
    assert far["resistance"].n == 16


def test_constant_answers_end_in_a_status() -> None:
    finding = STUDY.estimate(read([(*row[:5], 3) for row in drawn()]))
    assert finding["resistance"].status == EstimateStatus.CONSTANT
    assert finding.verdict.label == "undecided"


def test_what_is_missing_is_said_in_one_sentence() -> None:
    rows = drawn()
    bare = Responses.read(read(rows).frame.drop("keyed"), Columns(more=("trait", "target")), FIVE)
    with pytest.raises(ColumnError, match="keyed"):
        STUDY.estimate(bare)
    with pytest.raises(DesignError, match='unknown direction "N"'):
        STUDY.estimate(read([(*row[:3], "N", *row[4:]) for row in rows]))
    with pytest.raises(DesignError, match="no item of a trait"):
        STUDY.estimate(read([(*row[:2], "", *row[3:]) for row in rows]))
    with pytest.raises(DesignError, match="Write high or low in the column target"):
        STUDY.estimate(read([(*row[:4], "", row[5]) for row in rows]))
    nominal = Responses.read(read(rows).frame, Columns(more=MORE), Nominal())
    with pytest.raises(DesignError, match="ordered scale"):
        STUDY.estimate(nominal)


def test_the_design_picks_its_items_and_its_personas() -> None:
    requests = STUDY.design(resistant(3), (*statements(), *knowledge()), Elicitation(1))
    assert {request.about["item"] for request in requests} == {item.id for item in statements()}
    attributes = {persona.id: persona.attributes for persona in resistant(3)}
    for request in requests:
        target = attributes.get(request.about["persona"], {}).get(request.about["trait"], "")
        assert request.about["target"] == target
        assert target or request.about["persona"] == NOBODY


def test_the_design_says_what_is_missing() -> None:
    with pytest.raises(DesignError, match=r"named like a trait \(army, cars"):
        STUDY.design(strong(3), statements(), Elicitation())
    with pytest.raises(DesignError, match=r"trait \(or subject\) and keyed"):
        STUDY.design(resistant(3), knowledge(), Elicitation())
    other = replace(statements()[0], scale=Ordinal(("no", "yes")))
    with pytest.raises(DesignError, match="on one scale"):
        STUDY.design(resistant(3), (*statements(), other), Elicitation())
