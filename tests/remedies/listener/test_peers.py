from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.remedies.listener.peers import question_rows

LABELS = ("p:no", "p:yes")


def table(rows: list[dict[str, str]], **columns: Any) -> Responses:
    frame = pl.DataFrame([row | dict.fromkeys(LABELS, 0.5) for row in rows])
    return Responses.read(frame, Columns(probabilities=LABELS, **columns), Nominal())


def alike(responses: Responses, among: str = "") -> list[list[int]]:
    return [rows.tolist() for rows in question_rows(responses, np.ones(len(responses.frame), bool), among)]


def test_the_item_parts_and_nobody_is_left_out() -> None:
    rows = [{"persona": who, "item": item} for item in ("tea", "salt") for who in ("ann", NOBODY, "ben")]
    assert alike(table(rows)) == [[0, 2], [3, 5]]


def test_what_differs_within_a_persona_and_item_parts_and_what_is_the_personas_own_does_not() -> None:
    rows = [{"persona": who, "item": "tea", "turn": turn, "target": who[0]} for turn in "12" for who in ("ann", "ben")]
    assert alike(table(rows, more=("turn", "target"))) == [[0, 1], [2, 3]]
    assert alike(table(rows[:2], more=("turn", "target"))) == [[0, 1]]


def test_conditions_and_runs_part() -> None:
    rows = [{"persona": who, "item": "tea", "order": order} for who, order in (("ann", "given"), ("ben", "reversed"), ("cat", "given"))]
    assert alike(table(rows, condition=("order",))) == [[0, 2], [1]]
    rows = [{"persona": who, "item": "tea", "run": run} for who in ("ann", "ben") for run in "01"]
    assert alike(table(rows, run="run")) == [[0, 2], [1, 3]]


def test_an_attribute_parts_where_it_is_named() -> None:
    rows = [{"persona": who, "item": "tea", "job": job} for who, job in (("ann", "cook"), ("ben", "nurse"), ("cat", "cook"))]
    responses = table(rows, attributes=("job",))
    assert alike(responses) == [[0, 1, 2]]
    assert alike(responses, "job") == [[0, 2], [1]]
    with pytest.raises(DesignError, match=r'no column "jobs" of the personas\. Did you mean "job"'):
        alike(responses, "jobs")


def test_two_answers_of_one_persona_to_one_question_are_refused() -> None:
    rows = [{"persona": "ann", "item": "tea", "wording": wording} for wording in ("old", "new")]
    with pytest.raises(DesignError, match='several rows for the question "tea"'):
        alike(table(rows))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_rows_without_an_answer_are_left_out(there: list[bool]) -> None:
    rows = [{"persona": who, "item": item} for item in ("tea", "salt") for who in ("ann", "ben", "cat")]
    found = question_rows(table(rows), np.array(there))
    assert sorted(at for some in found for at in some.tolist()) == [at for at, one in enumerate(there) if one]
