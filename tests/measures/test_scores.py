"""Answers as scores from 0 to 1, by label, number and word."""

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.measures.answers import answers
from personametrics.measures.scores import score_answers


def scores(given: list[object], scale: Scale) -> list[float]:
    frame = pl.DataFrame({"persona": "a", "item": [f"i{at}" for at in range(len(given))], "answer": given})
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
    found = score_answers(read, answers(read))
    assert (found["score"] * found["weight"]).sum() == 0.75


@pytest.mark.parametrize("scale", [Nominal(("1", "2")), Numeric(), Ordinal(("1",))])
def test_a_scale_without_order_or_ends_is_refused(scale: Scale) -> None:
    with pytest.raises(DesignError, match="one ordered scale with two ends"):
        scores(["1", "1"], scale)
