"""Several runs as one answer."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.remedies.average import Average


def answers(values: list[Any], scale: Scale, run: str | None = "run") -> Responses:
    frame = pl.DataFrame({"persona": "p", "item": "i", "run": list(range(len(values))), "answer": values, "topic": "tea"})
    return Responses.read(frame, Columns(run=run, more=("topic",)), scale)


FIVE = Ordinal(("1", "2", "3", "4", "5"))


def test_each_ask_becomes_k_runs_of_their_own_and_the_first_is_shared() -> None:
    requests = [Request((Message("user", "Tea?"),), run=run, about={"run": str(run)}) for run in range(2)]
    asked = Average(3).requests(requests)
    assert [request.run for request in asked] == [0, 1, 2, 3, 4, 5]
    assert [request.about["run"] for request in asked] == ["0", "1", "2", "3", "4", "5"]
    assert set(requests) < set(asked)


def test_label_probabilities_are_asked_once_and_stay() -> None:
    request = Request((Message("user", "Tea?"),), score=True)
    assert Average(3).requests([request]) == [request]


def test_the_mean_of_scores_and_the_most_frequent_answer() -> None:
    mean = Average(3).responses(answers(["1", "2", "3", "5", "5", "2"], FIVE))
    assert mean.frame["answer"].to_list() == [2, 4]
    assert mean.frame["topic"].to_list() == ["tea", "tea"]
    mode = Average(3, "mode").responses(answers(["a", "b", "b", "b", "a", "c"], Nominal()))
    assert mode.frame["answer"].to_list() == ["b", "b"]  # of three equally frequent ones the first


def test_the_distribution_is_the_shares_of_all_labels_over_all_runs() -> None:
    responses = Average(2, "distribution").responses(answers(["1", "5", "5", None], FIVE))
    assert responses.exact is not None
    assert responses.exact.tolist() == [pytest.approx([1 / 3, 0, 0, 0, 2 / 3])]
    assert responses.labelled == FIVE
    with pytest.raises(DesignError, match="no shares of labels"):
        Average(2, "distribution").responses(answers(["1", "2"], Numeric(0, 9)))


def test_missing_answers_are_left_out_and_a_group_without_any_has_none() -> None:
    responses = Average(2).responses(answers(["4", None, None, None], FIVE))
    assert responses.frame["answer"].to_list() == [4, None]
    assert responses.answered.tolist() == [True, False]


def test_the_last_of_a_number_of_runs_that_is_no_multiple_is_made_of_fewer() -> None:
    assert Average(2).responses(answers(["1", "3", "5"], FIVE)).frame["answer"].to_list() == [2, 5]


@pytest.mark.parametrize("values", [[4.0, 2.0, 1.0, 5.0], [" 4 ", "2.0", "1", "5"]])
def test_labels_are_read_as_everywhere(values: list[Any]) -> None:
    assert Average(2).responses(answers(values, FIVE)).frame["answer"].to_list() == [3, 3]


def test_runs_may_have_names() -> None:
    given = answers(["1", "3", "5", "3"], FIVE)
    named = Responses.read(given.frame.with_columns(run=pl.Series(["c", "a", "d", "b"])), given.columns, FIVE)
    assert sorted(Average(2).responses(named).frame["answer"].to_list()) == [3, 3]  # a and b, c and d


def test_a_stated_certainty_is_averaged_and_what_else_differs_by_run_is_refused() -> None:
    given = answers(["1", "3", None, "5"], FIVE)
    sure = given.frame.with_columns(certainty=pl.Series([0.2, 0.4, 0.9, 0.8]))
    responses = Average(2).responses(Responses.read(sure, Columns(run="run", more=("certainty",)), FIVE))
    assert responses.frame["certainty"].to_list() == pytest.approx([0.3, 0.8])  # what was not answered is not counted
    with pytest.raises(DesignError, match='"seconds" differs from run to run'):
        Average(2).responses(Responses.read(sure.rename({"certainty": "seconds"}), Columns(run="run", more=("seconds",)), FIVE))


@pytest.mark.parametrize("given", [answers(["a", "b"], Nominal()), answers(["1", "2"], FIVE, None)])
def test_answers_that_cannot_be_averaged_are_refused(given: Responses) -> None:
    with pytest.raises(DesignError):
        Average(2).responses(given)


def test_a_number_of_runs_below_one_and_an_unknown_way_are_refused() -> None:
    with pytest.raises(StudyError, match="is not a number of runs"):
        Average(0)
    with pytest.raises(StudyError, match=r"unknown value .*mode"):
        Average(2, "median")  # type: ignore[arg-type]


def test_the_promise_is_that_of_spearman_and_brown() -> None:
    assert Average(3).promised({"signal": 0.5})["signal"] == pytest.approx(0.75)
    assert not Average(3, "mode").promised({"signal": 0.5})
    assert np.isclose(Average(1).promised({"signal": 0.3})["signal"], 0.3)
