"""Answers with their weights, drawn or known."""

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.measures.answers import answers, cells, score_answers

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
    table = answers(drawn(), {"gold": "the right answer"})
    assert table.select("persona", "item", "answer", "run", "weight", "gold").rows() == [
        ("a", "q", "yes", "1", 1.0, "yes"), ("a", "q", "no", "2", 1.0, "yes"), ("b", "q", "yes", "1", 1.0, "yes"),
    ]  # fmt: skip


def test_a_missing_column_is_named_with_its_meaning() -> None:
    with pytest.raises(ColumnError, match='no column "side" \\(whose wish it is\\)'):
        answers(drawn(), {"side": "whose wish it is"})


def test_label_probabilities_are_a_row_a_label_and_sum_to_one() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["q", "r"], "p:yes": [0.6, None], "p:no": [0.2, 0.5], "p:some": [None, 0.5]})
    table = answers(Responses.read(frame, Columns(probabilities=("p:yes", "p:no", "p:some")), Nominal()))
    rows = {(who, label): weight for who, label, weight in table.select("persona", "answer", "weight").rows()}
    assert rows == pytest.approx({("a", "yes"): 0.75, ("a", "no"): 0.25, ("b", "no"): 0.5, ("b", "some"): 0.5})


def test_log_probabilities_are_understood() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "p:yes": [-0.2876820724], "p:no": [-1.3862943611]})
    table = answers(Responses.read(frame, Columns(probabilities=("p:yes", "p:no")), Nominal()))
    assert table["weight"].to_list() == pytest.approx([0.75, 0.25])


def test_without_an_answer_nothing_can_be_said() -> None:
    with pytest.raises(AnswerError, match="No row has an answer"):
        answers(drawn(missing=("yes", "no", "maybe")))


def test_cells_are_shares() -> None:
    shares = cells(answers(drawn()), "persona", "item").sort("persona", "answer")
    assert shares.rows() == [("a", "q", "no", 0.5, 2.0), ("a", "q", "yes", 0.5, 2.0), ("b", "q", "yes", 1.0, 1.0)]


def scores(given: list[object], scale: Scale) -> list[float]:
    frame = pl.DataFrame({"persona": "a", "item": [f"i{index}" for index in range(len(given))], "answer": given})
    read = Responses.read(frame, Columns(), scale)
    return list(score_answers(read, answers(read))["score"])


@pytest.mark.parametrize(
    ("given", "scale"),
    [
        (["1", "4.0", " 5 "], Ordinal(tuple("12345"))),
        ([1.0, 4.0, 5.0], Ordinal(tuple("12345"))),
        (["no", "rather", "yes"], Ordinal(("no", "hardly", "so", "rather", "yes"))),
        ([0.0, 7.5, 10.0], Numeric(0, 10)),
    ],
)
def test_the_ends_are_0_and_1(given: list[object], scale: Scale) -> None:
    assert scores(given, scale) == pytest.approx([0.0, 0.75, 1.0])


def test_probabilities_are_scored_by_their_labels() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["i"], "p:0": [0.25], "p:5": [0.75]})
    read = Responses.read(frame, Columns(probabilities=("p:0", "p:5")), Ordinal())
    scored = score_answers(read, answers(read))
    assert (scored["score"] * scored["weight"]).sum() == 0.75


@pytest.mark.parametrize("scale", [Nominal(("1", "2")), Numeric(), Ordinal(("1",))])
def test_a_scale_without_order_or_ends_is_refused(scale: Scale) -> None:
    with pytest.raises(DesignError, match="one ordered scale with two ends"):
        scores(["1", "1"], scale)
