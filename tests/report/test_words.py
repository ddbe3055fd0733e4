"""The wording of estimates."""

from dataclasses import replace

from personametrics.data.estimate import Estimate, Name
from personametrics.report.words import is_span


def test_a_study_s_own_share_that_may_be_a_difference_is_not_drawn() -> None:
    means = Name("share", "questions", "accuracy minus accuracy")
    gain = Estimate("gain", -0.1, -0.2, 0.1, 0.9, 20, "jackknife", means=means)
    assert not is_span(gain)
    assert is_span(replace(gain, value=0.5, low=0.4, high=0.6))
    assert is_span(Estimate("signal", -0.01, -0.05, 0.04, 0.9, 20, "jackknife"))
    assert not is_span(Estimate("design.runs", 3.0, 2.0, 4.0, 0.9, 20, "D-study"))
