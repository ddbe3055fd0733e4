"""Lost: everything in one prompt, as a list, and one sentence a turn."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data import library
from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.elicit.conversation import rounds
from personametrics.studies.lost import Lost
from personametrics.studies.lost.arms import WHO, shards
from personametrics.testing import Simulation

STUDY = Lost()
KNOWN = STUDY.known()
WHOLE = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 5)


def table(scores: dict[str, list[int]], persona: str = "p", item: str = "i") -> list[dict[str, str | None]]:
    """Answers to one task, right where the score is 1."""
    world: dict[str, str | None] = {"persona": persona, "item": item, "scored": "task", "gold": "yes"}
    return [
        world | {"arm": arm, "run": str(run), "answer": "yes" if success else "no"}
        for arm, successes in scores.items()
        for run, success in enumerate(successes)
    ]


def read(rows: list[dict[str, str | None]]) -> Responses:
    return Responses.read(pl.DataFrame(rows), Columns(run="run", more=("arm", "scored", "gold")), Nominal(), duplicates="runs")


def test_numbers_of_every_arm_by_hand() -> None:
    right: dict[tuple[str, str], dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in WHOLE.frame.filter(pl.col("scored").cast(pl.String) != "").iter_rows(named=True):
        right[row["scored"], row["arm"]][row["persona"], row["item"]].append(100.0 * (row["answer"] == row["gold"]))
    finding = STUDY.estimate(WHOLE)
    for (outcome, arm), cells in right.items():
        prefix = "" if outcome == "task" else "persona."
        low, high = (np.array([np.percentile(runs, index) for runs in cells.values()]) for index in (10, 90))
        assert finding[f"{prefix}mean.{arm}"].value == pytest.approx(np.mean([np.mean(runs) for runs in cells.values()]))
        assert finding[f"{prefix}aptitude.{arm}"].value == pytest.approx(high.mean())
        assert finding[f"{prefix}unreliability.{arm}"].value == pytest.approx((high - low).mean())
    assert finding["mean.lost"].value == pytest.approx(finding["mean.sharded"].value - finding["mean.full"].value)
    assert finding["persona.mean.turns"].value == pytest.approx(
        finding["persona.mean.sharded"].value - finding["persona.mean.concat"].value
    )


def test_aptitude_stays_where_only_some_runs_fail() -> None:
    rows = [
        row
        for index in range(6)
        for row in table({"full": [1] * 5, "concat": [1] * 5, "sharded": [1, 1, 1, 0, 0]}, f"p{index}", f"i{index % 3}")
    ]
    finding = STUDY.estimate(read(rows))
    assert (finding["aptitude.full"].value, finding["unreliability.full"].value) == (100, 0)
    assert (finding["aptitude.sharded"].value, finding["unreliability.sharded"].value) == (100, 100)  # it can, but not each time
    assert finding["mean.lost"].value == pytest.approx(-40)


def test_turns_that_only_scatter_the_runs_are_less_reliable() -> None:
    steady, either = [1, 1, 0, 0, 0] * 2, [1, 0]
    rows: list[dict[str, str | None]] = []
    for index in range(10):
        firm = [steady[index]] * 4
        rows += table({"full": firm, "concat": firm, "sharded": either * 2 if index < 8 else [0] * 4}, f"p{index}", f"i{index % 5}")
    finding = STUDY.estimate(read(rows))
    assert finding["mean.turns"].value == pytest.approx(0)
    assert finding.verdict.label == "less reliable"


def test_nothing_is_lost_where_both_outcomes_stay_in_enough_cells_to_say_so() -> None:
    def firm(request: Request) -> dict[str, float]:
        odds = dict(KNOWN.world(request))
        best = max(odds, key=lambda text: (text in {"4", "I live by the sea.", "I see.", "consistent"} and odds[text] > 0, odds[text]))
        return dict.fromkeys(odds, 0.0) | {best: 1.0}

    few = STUDY.estimate(Simulation.of(STUDY, KNOWN).answers(firm, 1))
    assert few.verdict.label == "undecided"
    assert (few["mean.turns"].value, few["mean.turns"].low < -10, few["mean.turns"].high > 10) == (0, True, True)
    people = tuple(Persona(f"person {index}", f"You are number {index}. You live by the sea.") for index in range(15))
    asked = ("How many are there on day {}?", "Two came first.")
    attributes = [{"shard.1": asked[0].format(index), "shard.2": asked[1], "gold": "4"} for index in range(15)]
    tasks = tuple(
        Item(f"sum {index}", f"{shards['shard.1']} {shards['shard.2']}", KNOWN.items[0].scale, shards)
        for index, shards in enumerate(attributes)
    )
    many = replace(KNOWN, personas=people, items=tasks)
    assert STUDY.estimate(Simulation.of(STUDY, many).answers(firm, 1)).verdict.label == "not lost"


def test_all_arms_give_the_same_information_and_one_gives_it_in_turns() -> None:
    persona, item = KNOWN.personas[0], KNOWN.items[0]
    requests = STUDY.design([persona], [item], Elicitation(1))
    last = {(request.about["arm"], request.about["part"]): request for request in requests}
    assert [message.role for message in last["full", "probe"].messages] == ["system", "user"]
    assert "- You live by the sea." in last["concat", "probe"].messages[0].text
    assert "- Two came first." in last["concat", "probe"].messages[1].text
    sharded = last["sharded", "probe"].messages
    assert [message.role for message in sharded] == ["system", *["user", "assistant"] * 3, "user"]
    assert [message.text for message in sharded[1:-1:2]] == ["You live by the sea.", *shards(item)]
    assert "sea" not in sharded[0].text
    assert "Two came first." not in sharded[-1].text
    assert last["sharded", "line"].messages[-1].text == WHO
    for arm in ("full", "concat", "sharded"):
        judge = last[arm, "verdict"]
        assert judge.to == "judge"
        assert persona.text in judge.messages[-1].text
        assert judge.messages[-1].requests == (last[arm, "line"],)
    assert len(rounds(requests)) == 5


def test_unread_answers_are_neither_right_nor_wrong_and_unequal_runs_are_noticed() -> None:
    rows = [row for index in range(4) for row in table({"full": [1, 0], "concat": [1, 0], "sharded": [1, 0]}, f"p{index}")]
    rows[5]["answer"] = None
    finding = STUDY.estimate(read(rows))
    assert finding["unread.sharded"].value == pytest.approx(1 / 8)
    assert finding["unread.full"].value == 0
    assert [notice.code for notice in finding.notices] == ["uneven-runs"]


def test_where_every_run_is_right_levels_keep_an_interval() -> None:
    right = {"full": [1] * 4, "concat": [1] * 4, "sharded": [1] * 4}
    finding = STUDY.estimate(read([row for index in range(25) for row in table(right, f"p{index % 5}", f"i{index // 5}")]))
    assert (finding["aptitude.full"].value, finding["aptitude.full"].high, finding["unreliability.full"].low) == (100, 100, 0)
    assert 75 < finding["aptitude.full"].low < 95
    assert 5 < finding["unreliability.full"].high < 25


def test_at_once_a_persona_counts_once_however_many_tasks_it_has() -> None:
    runs = [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]
    rows = [
        row
        for index in range(25)
        for row in table(dict.fromkeys(("full", "concat", "sharded"), runs[index % 5]), f"p{index % 5}", f"i{index // 5}")
    ]
    many, once = (STUDY.estimate(read([row | {"scored": "persona"} for row in some])) for some in (rows, rows[: len(rows) // 5]))
    for name in ("persona.mean.full", "persona.aptitude.concat", "persona.unreliability.full"):
        assert (many[name].n, many[name].kind.counts) == (5, "personas")
        assert [many[name].value, many[name].low, many[name].high] == pytest.approx([once[name].value, once[name].low, once[name].high])
    assert many["persona.unreliability.sharded"].n == 25


def test_single_runs_have_no_unreliability() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(1)).answers(KNOWN.world, 1))
    assert np.isnan(finding["unreliability.full"].value)
    assert finding["unreliability.full"].status.startswith("no persona answered")
    assert finding["mean.full"].value > 0


def test_the_bundled_tasks_and_people_are_enough() -> None:
    requests = STUDY.design(library.personas()[:1], library.items(), Elicitation(1))
    assert len({request.about["item"] for request in requests}) == 8
    for item in library.items("tasks"):
        first, *rest = shards(item)
        assert item.text == " ".join([*rest, first])
        assert item.attributes["gold"] in getattr(item.scale, "labels", ())


def test_a_change_without_an_interval_is_given_without_ends() -> None:
    one_cell = WHOLE.only((pl.col("persona").cast(pl.String) == "person 0") & (pl.col("item").cast(pl.String) == "sum 0"))
    sentence = STUDY.estimate(one_cell).verdict.sentence
    assert "(no interval)" in sentence
    assert "nan" not in sentence


def test_one_arm_alone_leaves_nothing_to_compare() -> None:
    verdict = STUDY.estimate(WHOLE.only(pl.col("arm").cast(pl.String) == "full")).verdict
    assert (verdict.label, verdict.sentence) == ("undecided", "A comparison needs answers of a persona and task in two arms.")


def test_what_is_missing_is_named() -> None:
    bare = Item("x", "How many?", Nominal(("1", "2")), {"gold": "1", "shard.1": "How many?"})
    with pytest.raises(DesignError, match=r"shard\.1"):
        STUDY.design(KNOWN.personas, [bare], Elicitation())
    with pytest.raises(DesignError, match="switch off score"):
        STUDY.design(KNOWN.personas, KNOWN.items, Elicitation(score=True))
    with pytest.raises(ColumnError, match='no column "arm"'):
        STUDY.estimate(Responses.read(WHOLE.frame, Columns(more=("scored", "gold")), Nominal(), duplicates="runs"))
    with pytest.raises(AnswerError, match=r"has no scored answer\. Fill the columns arm \(full, concat, sharded\)"):
        STUDY.estimate(replace(WHOLE, frame=WHOLE.frame.with_columns(arm=pl.lit("other"))))
