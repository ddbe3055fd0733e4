"""Estimates in words."""

import math

import pytest

from personametrics.data.estimate import Estimate, EstimateStatus, Name

MEANS = Name("share", "people", "some share")
ONE = Estimate("share", 0.521, 0.308, 0.704, 0.9, 12, "jackknife", EstimateStatus.OK, MEANS)


@pytest.mark.parametrize(
    ("spec", "message"), [(".2f", "0.52 (0.31 to 0.70)"), ("+.1f", "+0.5 (+0.3 to +0.7)"), (".0%", "52% (31% to 70%)")]
)
def test_a_format_is_that_of_the_value_and_of_both_ends(spec: str, message: str) -> None:
    assert f"{ONE:{spec}}" == message
    assert message.endswith(f"({ONE.span(spec)})")


def test_what_is_not_known_is_said() -> None:
    bare = Estimate("share", 0.5, math.nan, math.nan, 0.9, 1, "count", EstimateStatus.NO_INTERVAL, MEANS)
    assert f"{bare:.2f}" == "0.50 (no interval)"
    assert f"{Estimate('share', math.nan, math.nan, math.nan, 0.9, 0, 'count', EstimateStatus.UNDEFINED, MEANS):.2f}" == "undefined"


def test_without_a_format_nothing_is_hidden() -> None:
    assert f"{ONE}" == repr(ONE)
