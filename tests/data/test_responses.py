"""Responses: duplicates, outcomes, conditions, exact probabilities, attributes, writing."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, DesignError, InputError
from personametrics.data.levels import levels
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal

TWICE = pl.DataFrame(
    {"persona": list("aaabb"), "item": list("xxyxy"), "run": [1, 1, 1, 1, 1], "answer": [2, 4, 3, 1, 5]},
)


def test_duplicates_are_an_error_that_lists_them() -> None:
    with pytest.raises(AnswerError, match=r"1 rows repeat the run of another row: persona a, item x, run 1 \(2 rows\)"):
        Responses.read(TWICE, Columns(run="run"))


@pytest.mark.parametrize(("choice", "mean", "n"), [("first", 2, 1), ("last", 4, 1), ("mean", 3, 1), ("runs", 3, 2)])
def test_what_else_to_do_with_duplicates(choice: str, mean: float, n: int) -> None:
    responses = Responses.read(TWICE, Columns(run="run"), duplicates=choice)  # type: ignore[arg-type]
    assert (responses.cells.mean[0, 0], responses.cells.n[0]) == (mean, n)
    assert [notice.code for notice in responses.notices] == ["duplicates"]


def test_missing_codes_enter_no_average() -> None:
    frame = TWICE.with_columns(answer=pl.Series([-1, 4, 3, 1, 5]))
    assert Responses.read(frame, Columns(run="run"), missing=["-1"], duplicates="mean").cells.mean[0, 0] == 4


def test_an_unknown_choice_lists_the_valid_ones() -> None:
    with pytest.raises(InputError, match="Available: error, first, last, mean, runs"):
        Responses.read(TWICE, Columns(run="run"), duplicates="drop")  # type: ignore[arg-type]


def test_without_a_run_column_rows_are_runs_and_that_is_said() -> None:
    responses = Responses.read(TWICE)
    assert responses.cells.n.tolist() == [2, 1, 1, 1]
    assert [notice.code for notice in responses.notices] == ["no-run-column"]


def test_refused_unparsable_failed_and_missing_are_told_apart() -> None:
    frame = pl.DataFrame(
        {
            "persona": list("aabbccdd"),
            "item": list("xy") * 4,
            "answer": [1, 2, None, 9, 1, None, 1, None],
            "state": ["answered", "answered", "refused", "answered", "failed", "answered", "answered", None],
        }
    )
    responses = Responses.read(frame, Columns(outcome="state"), Ordinal(("1", "2")))
    assert {outcome.value: np.flatnonzero(rows).tolist() for outcome, rows in responses.outcomes.items()} == {
        "answered": [0, 1, 6],
        "refused": [2],
        "failed": [4],
        "unparsable": [3],
        "missing": [5, 7],
    }
    with pytest.raises(AnswerError, match='unknown outcome "maybe"'):
        Responses.read(frame.with_columns(state=pl.lit("maybe")), Columns(outcome="state"))


def test_several_columns_make_one_condition() -> None:
    frame = TWICE.with_columns(wording=pl.Series(list("pqppp")), language=pl.lit("en"))
    responses = Responses.read(frame, Columns(run="run", condition=("wording", "language")))
    assert responses.conditions is not None
    assert responses.conditions.names == ("p / en", "q / en")
    assert responses.cells.facets == ("persona", "item", "condition")
    assert Responses.read(frame, Columns(condition=("language",))).conditions is None


def test_label_probabilities_are_cells_known_exactly() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["x", "x"], "p_1": [0.2, 0.5], "p_2": [0.6, 0.5]})
    responses = Responses.read(frame, Columns(probabilities=("p_1", "p_2")), Nominal())
    assert responses.labelled == Nominal(("1", "2"))
    np.testing.assert_allclose(responses.cells.within, [1 - 0.25**2 - 0.75**2, 0.5])
    logs = frame.with_columns(pl.col("p_1", "p_2").log())
    np.testing.assert_allclose(Responses.read(logs, Columns(probabilities=("p_1", "p_2")), Nominal()).cells.within, responses.cells.within)


def test_probabilities_that_are_none() -> None:
    frame = pl.DataFrame({"persona": ["a", "b"], "item": ["x", "x"], "p_1": [0.9, 0.5], "p_2": [0.6, 0.5]})
    with pytest.raises(AnswerError, match=r"row 1: the label probabilities sum to 1.5"):
        Responses.read(frame, Columns(probabilities=("p_1", "p_2"))).cells.within.sum()
    with pytest.raises(AnswerError, match="two or more labels"):
        Responses.read(frame, Columns(probabilities=("p_1",))).cells.within.sum()
    twice = pl.concat([frame, frame]).with_columns(p_1=0.3)
    with pytest.raises(DesignError, match="in several rows"):
        Responses.read(twice, Columns(probabilities=("p_1", "p_2"))).cells.within.sum()


def test_an_attribute_must_not_vary_within_a_persona() -> None:
    frame = TWICE.with_columns(party=pl.Series(["left", "left", "left", "right", "right"]))
    assert Responses.read(frame, Columns(attributes=("party",))).attribute("party") == {"a": "left", "b": "right"}
    mixed = frame.with_columns(party=pl.Series(["left", "right", "left", "right", "right"]))
    with pytest.raises(DesignError, match='"a" has two values of "party", left and right'):
        Responses.read(mixed, Columns(attributes=("party",))).attribute("party")


def test_a_filtered_table_says_in_messages_to_which_rows_it_was_filtered() -> None:
    frame = pl.DataFrame({"persona": ["a", "a", "b"], "item": ["x", "y", "x"], "answer": ["1", "2", "odd"], "arm": ["one", "one", "two"]})
    whole = Responses.read(frame, Columns(more=("arm",)), Ordinal(("1", "2")))
    arm = whole.only(pl.col("arm") == "one", "arm one")
    assert (arm.personas.names, arm.source) == (("a",), "the frame, arm one")
    with pytest.raises(AnswerError, match=r'^the frame, arm two, column "answer": No answer is on the scale. The column contains "odd"'):
        _ = whole.only(pl.col("arm") == "two", "arm two").answered
    with pytest.raises(DesignError, match=r"^the frame, arm one has no rows of item z\.$"):
        arm.only(pl.col("item") == "z", "item z")


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    frame = TWICE.with_columns(persona=pl.Series(["=HYPERLINK(1)", "=HYPERLINK(1)", "@cmd", "+1", "-1"]))
    path = tmp_path / "out.csv"
    Responses.read(frame).write(path)
    assert "'=HYPERLINK" in path.read_text()
    assert "\n=" not in path.read_text()
    for kind in ("parquet", "ndjson"):
        Responses.read(frame).write(tmp_path / f"out.{kind}")
        assert Responses.read(tmp_path / f"out.{kind}").personas.names == Responses.read(frame).personas.names
    with pytest.raises(InputError, match="unknown suffix"):
        Responses.read(frame).write(tmp_path / "out.xlsx")


@given(st.lists(st.one_of(st.integers(-50, 50), st.integers(-(2**60), 2**60)), min_size=1))
def test_levels_of_integers(values: list[int]) -> None:
    coded = levels(pl.Series(values, dtype=pl.Int64))
    assert [int(coded.names[code]) for code in coded.codes] == values
    assert list(map(int, coded.names)) == sorted(set(values))


@given(st.lists(st.text(max_size=4), min_size=1))
def test_levels_of_text(values: list[str]) -> None:
    coded = levels(pl.Series(values, dtype=pl.String))
    assert [coded.names[code] for code in coded.codes] == values
    assert len(set(coded.names)) == len(coded.names)


def test_only_answered_is_an_answer() -> None:
    assert [outcome for outcome in ReplyOutcome if outcome == ReplyOutcome.ANSWERED] == [ReplyOutcome.ANSWERED]


def test_only_answers_on_the_scale_are_averaged() -> None:
    frame = TWICE.with_columns(answer=pl.Series([3, 99, 3, 1, 99]), state=pl.Series(["answered"] * 5))
    responses = Responses.read(frame, Columns(run="run", outcome="state"), Ordinal(("1", "2", "3", "4", "5")), duplicates="mean")
    assert responses.cells.mean.ravel().tolist() == [3, 3, 1]
    refused = frame.with_columns(answer=pl.Series([1, 3, 3, 1, 5]), state=pl.Series(["refused", *["answered"] * 4]))
    assert Responses.read(refused, Columns(run="run", outcome="state"), duplicates="mean").cells.mean[0, 0] == 3
