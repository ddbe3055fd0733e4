"""Lost: everything in one prompt, as a list, and one sentence a turn."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data import shipped
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
    known: dict[str, str | None] = {"persona": persona, "item": item, "scored": "task", "gold": "yes"}
    return [
        known | {"arm": arm, "run": str(run), "answer": "yes" if one else "no"}
        for arm, own in scores.items()
        for run, one in enumerate(own)
    ]


def read(rows: list[dict[str, str | None]]) -> Responses:
    return Responses.read(pl.DataFrame(rows), Columns(run="run", more=("arm", "scored", "gold")), Nominal(), duplicates="runs")


def test_numbers_of_every_arm_by_hand() -> None:
    right: dict[tuple[str, str], dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in WHOLE.frame.filter(pl.col("scored").cast(pl.String) != "").iter_rows(named=True):
        right[row["scored"], row["arm"]][row["persona"], row["item"]].append(100.0 * (row["answer"] == row["gold"]))
    found = STUDY.estimate(WHOLE)
    for (outcome, arm), cells in right.items():
        prefix = "" if outcome == "task" else "persona."
        low, high = (np.array([np.percentile(runs, at) for runs in cells.values()]) for at in (10, 90))
        assert found[f"{prefix}mean.{arm}"].value == pytest.approx(np.mean([np.mean(runs) for runs in cells.values()]))
        assert found[f"{prefix}aptitude.{arm}"].value == pytest.approx(high.mean())
        assert found[f"{prefix}unreliability.{arm}"].value == pytest.approx((high - low).mean())
    assert found["mean.lost"].value == pytest.approx(found["mean.sharded"].value - found["mean.full"].value)
    assert found["persona.mean.turns"].value == pytest.approx(found["persona.mean.sharded"].value - found["persona.mean.concat"].value)


def test_aptitude_stays_where_only_some_runs_fail() -> None:
    rows = [
        row for at in range(6) for row in table({"full": [1] * 5, "concat": [1] * 5, "sharded": [1, 1, 1, 0, 0]}, f"p{at}", f"i{at % 3}")
    ]
    found = STUDY.estimate(read(rows))
    assert (found["aptitude.full"].value, found["unreliability.full"].value) == (100, 0)
    assert (found["aptitude.sharded"].value, found["unreliability.sharded"].value) == (100, 100)  # it can, but not each time
    assert found["mean.lost"].value == pytest.approx(-40)


def test_turns_that_only_scatter_the_runs_are_less_reliable() -> None:
    steady, either = [1, 1, 0, 0, 0] * 2, [1, 0]
    rows: list[dict[str, str | None]] = []
    for at in range(10):
        firm = [steady[at]] * 4
        rows += table({"full": firm, "concat": firm, "sharded": either * 2 if at < 8 else [0] * 4}, f"p{at}", f"i{at % 5}")
    found = STUDY.estimate(read(rows))
    assert found["mean.turns"].value == pytest.approx(0)
    assert found.verdict.label == "less reliable"


def test_nothing_is_lost_where_both_outcomes_stay_in_enough_cells_to_say_so() -> None:
    def firm(request: Request) -> dict[str, float]:
        odds = dict(KNOWN.world(request))
        best = max(odds, key=lambda one: (one in {"4", "I live by the sea.", "I see.", "consistent"} and odds[one] > 0, odds[one]))
        return dict.fromkeys(odds, 0.0) | {best: 1.0}

    few = STUDY.estimate(Simulation.of(STUDY, KNOWN).answers(firm, 1))
    assert few.verdict.label == "undecided"
    assert (few["mean.turns"].value, few["mean.turns"].low < -10, few["mean.turns"].high > 10) == (0, True, True)
    people = tuple(Persona(f"person {at}", f"You are number {at}. You live by the sea.") for at in range(15))
    asked = ("How many are there on day {}?", "Two came first.")
    told = [{"shard.1": asked[0].format(at), "shard.2": asked[1], "gold": "4"} for at in range(15)]
    tasks = tuple(Item(f"sum {at}", f"{one['shard.1']} {one['shard.2']}", KNOWN.items[0].scale, one) for at, one in enumerate(told))
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
        assert judge.messages[-1].said == (last[arm, "line"],)
    assert len(rounds(requests)) == 5


def test_unread_answers_are_neither_right_nor_wrong_and_unequal_runs_are_noticed() -> None:
    rows = [row for at in range(4) for row in table({"full": [1, 0], "concat": [1, 0], "sharded": [1, 0]}, f"p{at}")]
    rows[5]["answer"] = None
    found = STUDY.estimate(read(rows))
    assert found["unread.sharded"].value == pytest.approx(1 / 8)
    assert found["unread.full"].value == 0
    assert [one.code for one in found.notices] == ["uneven-runs"]


def test_where_every_run_is_right_levels_keep_an_interval() -> None:
    right = {"full": [1] * 4, "concat": [1] * 4, "sharded": [1] * 4}
    found = STUDY.estimate(read([row for at in range(25) for row in table(right, f"p{at % 5}", f"i{at // 5}")]))
    assert (found["aptitude.full"].value, found["aptitude.full"].high, found["unreliability.full"].low) == (100, 100, 0)
    assert 75 < found["aptitude.full"].low < 95
    assert 5 < found["unreliability.full"].high < 25


def test_at_once_a_persona_counts_once_however_many_tasks_it_has() -> None:
    runs = [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]
    rows = [
        row for at in range(25) for row in table(dict.fromkeys(("full", "concat", "sharded"), runs[at % 5]), f"p{at % 5}", f"i{at // 5}")
    ]
    many, once = (STUDY.estimate(read([row | {"scored": "persona"} for row in some])) for some in (rows, rows[: len(rows) // 5]))
    for name in ("persona.mean.full", "persona.aptitude.concat", "persona.unreliability.full"):
        assert (many[name].n, many[name].kind.counts) == (5, "personas")
        assert [many[name].value, many[name].low, many[name].high] == pytest.approx([once[name].value, once[name].low, once[name].high])
    assert many["persona.unreliability.sharded"].n == 25


def test_single_runs_have_no_unreliability() -> None:
    found = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(1)).answers(KNOWN.world, 1))
    assert np.isnan(found["unreliability.full"].value)
    assert found["unreliability.full"].status.startswith("no persona answered")
    assert found["mean.full"].value > 0


def test_the_shipped_tasks_and_people_are_enough() -> None:
    requests = STUDY.design(shipped.personas()[:1], shipped.items(), Elicitation(1))
    assert len({request.about["item"] for request in requests}) == 8
    for item in shipped.items("tasks"):
        first, *rest = shards(item)
        assert item.text == " ".join([*rest, first])
        assert item.attributes["gold"] in getattr(item.scale, "labels", ())


def test_a_change_without_an_interval_is_given_without_ends() -> None:
    one_cell = WHOLE.only((pl.col("persona").cast(pl.String) == "person 0") & (pl.col("item").cast(pl.String) == "sum 0"))
    sentence = STUDY.estimate(one_cell).verdict.sentence
    assert "(no interval)" in sentence
    assert "nan" not in sentence


def test_one_arm_alone_leaves_nothing_to_compare() -> None:
    found = STUDY.estimate(WHOLE.only(pl.col("arm").cast(pl.String) == "full")).verdict
    assert (found.label, found.sentence) == ("undecided", "No persona and task has answers in two arms to compare.")


def test_what_is_missing_is_named() -> None:
    bare = Item("x", "How many?", Nominal(("1", "2")), {"gold": "1", "shard.1": "How many?"})
    with pytest.raises(DesignError, match=r"shard\.1"):
        STUDY.design(KNOWN.personas, [bare], Elicitation())
    with pytest.raises(DesignError, match="not for label probabilities"):
        STUDY.design(KNOWN.personas, KNOWN.items, Elicitation(score=True))
    with pytest.raises(ColumnError, match='no column "arm"'):
        STUDY.estimate(Responses.read(WHOLE.frame, Columns(more=("scored", "gold")), Nominal(), duplicates="runs"))
    with pytest.raises(AnswerError, match="has no answer whose arm is one of full, concat, sharded"):
        STUDY.estimate(replace(WHOLE, frame=WHOLE.frame.with_columns(arm=pl.lit("other"))))
