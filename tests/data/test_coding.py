"""Answers land on the scale, or are said not to."""

import numpy as np
import polars as pl
import pytest

from personametrics.data.coding import code
from personametrics.data.errors import AnswerError
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, character_ngrams, parse_scale


@pytest.mark.parametrize("answers", [[1, 5, 3], [1.0, 5.0, 3.0], ["1", " 5 ", "3.0"]])
def test_numbers_are_one_label_however_written(answers: list[object]) -> None:
    coded = code(pl.Series(answers), Ordinal())
    assert coded.scale == Ordinal(("1", "3", "5"))
    assert coded.at(np.array([0, 1, 2])).ravel().tolist() == [1, 5, 3]


def test_missing_null_and_outside_are_three_things() -> None:
    coded = code(pl.Series(["1", "-1", None, "7", "2"]), Ordinal(("1", "2", "3")), ["-1"])
    assert coded.answered.tolist() == [True, False, False, False, True]
    assert coded.missing.tolist() == [False, True, True, False, False]
    assert coded.outside == {"7": 1}


def test_words_on_an_ordinal_scale_need_an_order() -> None:
    with pytest.raises(AnswerError, match='"agree" is not a number, so the order of the answers is unknown'):
        code(pl.Series(["agree", "disagree"]), Ordinal())
    assert code(pl.Series(["agree", "disagree"]), Ordinal(("disagree", "agree"))).at(np.array([0, 1])).ravel().tolist() == [1, 0]


def test_text_on_a_numeric_scale_names_the_row() -> None:
    with pytest.raises(AnswerError, match=r'Answer 2 is "often", which is not a number \(1 such answers\)'):
        code(pl.Series(["1.5", "often", "2"]), Numeric())
    assert code(pl.Series(["1.5", "often", "2"]), Numeric(), ["often"]).answered.tolist() == [True, False, True]


def test_numbers_beyond_the_range_are_outside() -> None:
    coded = code(pl.Series([0.0, 5.0, 11.0, float("nan")]), Numeric(0, 10))
    assert coded.answered.tolist() == [True, True, False, False]
    assert coded.outside == {"11": 1}
    assert coded.missing.tolist() == [False, False, False, True]


def test_far_too_many_labels_is_the_wrong_scale() -> None:
    with pytest.raises(AnswerError, match=r"60 different numbers, too many for labels\. Use --scale numeric"):
        code(pl.Series(range(60)), Ordinal())
    with pytest.raises(AnswerError, match=r"1500 different answers, too many for labels\. Use --scale text"):
        code(pl.Series([f"t{n}" for n in range(1500)]), Nominal())


def test_nothing_on_the_scale_is_an_error_not_an_empty_panel() -> None:
    with pytest.raises(AnswerError, match=r'No answer is on the scale\. The column contains "7"'):
        code(pl.Series([7, 7]), Ordinal(("1", "2")))
    with pytest.raises(AnswerError, match="No row has an answer"):
        code(pl.Series([None, None], dtype=pl.String), Ordinal())


def test_texts_become_points_of_length_one() -> None:
    coded = code(pl.Series(["I agree", "I agree!", "never", None]), parse_scale("text"))
    points = coded.at(coded.answered)
    assert np.linalg.norm(points, axis=1) == pytest.approx(1)
    assert points[0] @ points[1] == pytest.approx(1)
    assert points[0] @ points[2] < 0.5


def test_an_embedding_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(AnswerError, match="must have one row of finite numbers for each text"):
        code(pl.Series(["a", "b"]), FreeText(lambda texts: np.zeros((len(texts) + 1, 3))))


@pytest.mark.parametrize("text", ["", "likert", "1|1", "5..1", "nominal:yes", "a||b"])
def test_what_is_no_scale(text: str) -> None:
    with pytest.raises(AnswerError, match="is not a scale"):
        parse_scale(text)


def test_scales_by_word_and_by_label() -> None:
    assert parse_scale("nominal:no|yes") == Nominal(("no", "yes"))
    assert parse_scale("-1.5..2") == Numeric(-1.5, 2)
    assert parse_scale("1|2|3").positions().tolist() == [1, 2, 3]  # type: ignore[union-attr]
    assert parse_scale("low|high").positions().tolist() == [0, 1]  # type: ignore[union-attr]
    assert character_ngrams(["", "a"])[0].sum() == 0
