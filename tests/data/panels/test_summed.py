"""Estimates from sums over answers."""

import math

import polars as pl
import pytest

from personametrics.data.estimate import Name, Status
from personametrics.data.panels.summed import Summed, clusters
from personametrics.data.prompt import NOBODY

MEANS = Name("share", "questions", "share of yes")
ROWS = pl.DataFrame(
    [(f"p{who}", f"i{what}", float((who + what) % 3 == 0)) for who in range(6) for what in range(5)], ["persona", "item", "x"], orient="row"
)


def test_an_estimate_carries_what_it_means() -> None:
    found = Summed(ROWS, 0.9).estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0 + 1], lambda s: s[..., 0] / s[..., 1], n=5)
    assert found.value == pytest.approx(1 / 3)
    assert (found.unit, found.known.counts, found.n) == ("share", "questions", 5)
    assert found.low < found.value < found.high
    assert found.status == Status.OK


def test_few_personas_are_said() -> None:
    few = Summed(ROWS.filter(pl.col("persona") < "p4"), 0.9)
    found = few.estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0 + 1], lambda s: s[..., 0] / s[..., 1], n=5)
    assert found.status == Status.FEW_PERSONAS


def test_an_undefined_number_says_so() -> None:
    found = Summed(ROWS, 0.9).estimate("share", MEANS, [pl.col("x"), pl.col("x") * 0], lambda s: s[..., 0] / s[..., 1], n=5)
    assert math.isnan(found.value)
    assert found.status == Status.UNDEFINED


def test_a_ratio_has_an_even_interval_on_its_logarithm() -> None:
    found = Summed(ROWS, 0.9).estimate("odds", MEANS, [pl.col("x"), 1 - pl.col("x")], lambda s: s[..., 0] / s[..., 1], n=5, ratio=True)
    assert found.value == pytest.approx(0.5)
    assert found.high / found.value == pytest.approx(found.value / found.low)


def test_answers_without_a_persona_are_no_persona() -> None:
    rows = pl.DataFrame({"persona": [NOBODY, NOBODY, "a"], "item": ["q", "r", "q"]})
    assert len(set(clusters(rows)["persona"].tolist())) == 3
    assert len(set(clusters(rows)["item"].tolist())) == 2
