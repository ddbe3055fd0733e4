"""Estimates from sums over answers."""

import math

import polars as pl
import pytest

from personametrics.data.estimate import EstimateStatus, Name
from personametrics.data.prompt import NOBODY
from personametrics.measures.sums import Summed, clusters

MEANS = Name("share", "questions", "share of yes")
ROWS = pl.DataFrame(
    [(f"p{who}", f"i{what}", float((who + what) % 3 == 0)) for who in range(6) for what in range(5)], ["persona", "item", "x"], orient="row"
)


def test_an_estimate_carries_what_it_means() -> None:
    found = Summed(ROWS, 0.9).estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0 + 1], lambda s: s[..., 0] / s[..., 1], n=5)
    assert found.value == pytest.approx(1 / 3)
    assert (found.unit, found.known.counts, found.n) == ("share", "questions", 5)
    assert found.low < found.value < found.high
    assert found.status == EstimateStatus.OK


def test_a_share_stays_within_0_and_1_and_says_how_it_was_found() -> None:
    found = Summed(ROWS, 0.9).share("share", MEANS, [pl.col("x") * 0 + 1, pl.col("x") * 0 + 1], n=30)
    assert (found.value, found.high) == (1, 1)
    assert 0.8 < found.low < 0.95
    assert found.method.startswith("Wilson")
    alone = Summed(ROWS, 0.9, ("persona",)).share("share", MEANS, [pl.col("x"), pl.col("x") * 0 + 1], n=30)
    assert alone.method.endswith("jackknife over personas")


def test_a_share_of_variance_is_even_as_odds() -> None:
    found = Summed(ROWS, 0.9).share_of_variance("signal", MEANS, [pl.col("x") * 9, 1 - pl.col("x")], n=30)
    assert found.value == pytest.approx(90 / 110)
    assert found.value - found.low > 1.2 * (found.high - found.value) > 0


def test_few_personas_are_said() -> None:
    few = Summed(ROWS.filter(pl.col("persona") < "p4"), 0.9)
    found = few.estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0 + 1], lambda s: s[..., 0] / s[..., 1], n=5)
    assert found.status == EstimateStatus.FEW_PERSONAS


def test_an_undefined_number_says_so() -> None:
    found = Summed(ROWS, 0.9).estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0], lambda s: s[..., 0] / s[..., 1], n=5)
    assert math.isnan(found.value)
    assert found.status == EstimateStatus.UNDEFINED


def test_a_ratio_has_an_even_interval_on_its_logarithm() -> None:
    found = Summed(ROWS, 0.9).estimate("odds", MEANS, [pl.col("x"), 1 - pl.col("x")], lambda s: s[..., 0] / s[..., 1], n=5, ratio=True)
    assert found.value == pytest.approx(0.5)
    assert found.high / found.value == pytest.approx(found.value / found.low)


def test_answers_without_a_persona_are_no_persona() -> None:
    rows = pl.DataFrame({"persona": [NOBODY, NOBODY, "a"], "item": ["q", "r", "q"]})
    assert len(set(clusters(rows)["persona"].tolist())) == 3
    assert len(set(clusters(rows)["item"].tolist())) == 2


def test_a_mean_is_over_the_rows_that_have_a_value_and_counts_them() -> None:
    some = pl.when(pl.col("item") != "i4").then(pl.col("x"))
    found = Summed(ROWS, 0.9).mean("share", MEANS, some)
    rows = ROWS.filter(pl.col("item") != "i4")
    alone = Summed(rows, 0.9).estimate("share", MEANS, [pl.col("x"), pl.lit(1.0)], lambda s: s[..., 0] / s[..., 1], n=24)
    assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert (found.n, Summed(ROWS, 0.9).mean("share", MEANS, some, n=3).n) == (24, 3)
