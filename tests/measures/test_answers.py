"""Answers with their weights, drawn or known."""

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.measures.answers import answers, cells

DRAWN = pl.DataFrame(
    {
        "who": ["a", "a", "b", "b"], "what": ["q", "q", "q", "r"], "said": ["yes", "no", "yes", "maybe"],
        "try": [1, 2, 1, 1], "gold": ["yes", "yes", "yes", None], "state": ["answered", "answered", "answered", "refused"],
    }
)  # fmt: skip


def drawn(missing: tuple[str, ...] = ()) -> Responses:
    columns = Columns("who", "what", "said", "try", outcome="state", more=("gold",))
    return Responses.read(DRAWN, columns, Nominal(), missing=missing)


def test_drawn_answers_weigh_one_and_refused_ones_are_left_out() -> None:
    found = answers(drawn(), {"gold": "the right answer"})
    assert found.select("persona", "item", "answer", "run", "weight", "gold").rows() == [
        ("a", "q", "yes", "1", 1.0, "yes"), ("a", "q", "no", "2", 1.0, "yes"), ("b", "q", "yes", "1", 1.0, "yes"),
    ]  # fmt: skip


def test_a_missing_column_is_named_with_its_meaning() -> None:
    with pytest.raises(ColumnError, match='no column "side" \\(whose wish it is\\)'):
        answers(drawn(), {"side": "whose wish it is"})


def test_label_probabilities_are_a_row_a_label_and_sum_to_one() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["q", "r"], "p:yes": [0.6, None], "p:no": [0.2, 0.5], "p:some": [None, 0.5]})
    found = answers(Responses.read(frame, Columns(probabilities=("p:yes", "p:no", "p:some")), Nominal()))
    rows = {(who, label): weight for who, label, weight in found.select("persona", "answer", "weight").rows()}
    assert rows == pytest.approx({("a", "yes"): 0.75, ("a", "no"): 0.25, ("b", "no"): 0.5, ("b", "some"): 0.5})


def test_log_probabilities_are_understood() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "p:yes": [-0.2876820724], "p:no": [-1.3862943611]})
    found = answers(Responses.read(frame, Columns(probabilities=("p:yes", "p:no")), Nominal()))
    assert found["weight"].to_list() == pytest.approx([0.75, 0.25])


def test_without_an_answer_nothing_can_be_said() -> None:
    with pytest.raises(AnswerError, match="No row holds an answer"):
        answers(drawn(missing=("yes", "no", "maybe")))


def test_cells_are_shares() -> None:
    found = cells(answers(drawn()), "persona", "item").sort("persona", "answer")
    assert found.rows() == [("a", "q", "no", 0.5, 2.0), ("a", "q", "yes", 0.5, 2.0), ("b", "q", "yes", 1.0, 1.0)]
