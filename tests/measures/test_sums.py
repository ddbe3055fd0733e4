"""Estimates from sums over rows."""

import math

import polars as pl
import pytest

from personametrics.data.estimate import EstimateStatus, Name
from personametrics.data.prompt import NOBODY
from personametrics.measures.sums import RowSums, clusters

MEANS = Name("share", "questions", "share of yes")
ROWS = pl.DataFrame(
    [(f"p{persona}", f"i{item}", float((persona + item) % 3 == 0)) for persona in range(6) for item in range(5)],
    ["persona", "item", "x"],
    orient="row",
)
SUMS = {"yes": pl.col("x"), "all": pl.lit(1.0)}
WITHOUT = {"yes": pl.col("x"), "all": pl.lit(0.0)}


def test_an_estimate_carries_what_it_means() -> None:
    estimate = RowSums(ROWS, 0.9).estimate("share", MEANS, SUMS, lambda s: s["yes"] / s["all"], n=5)
    assert estimate.value == pytest.approx(1 / 3)
    assert (estimate.unit, estimate.kind.counts, estimate.n) == ("share", "questions", 5)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.status == EstimateStatus.OK


@pytest.mark.parametrize("ratio", [False, True])
def test_sums_by_name_and_by_position_give_the_same_estimate(ratio: bool) -> None:
    rows = RowSums(ROWS, 0.9)
    named = rows.estimate("share", MEANS, {"all": SUMS["all"], "yes": SUMS["yes"]}, lambda s: s["yes"] / s["all"], n=5, ratio=ratio)
    listed = rows.estimate("share", MEANS, [SUMS["yes"], SUMS["all"]], lambda s: s[..., 0] / s[..., 1], n=5, ratio=ratio)
    assert named == listed


def test_an_unknown_name_of_a_sum_is_an_error() -> None:
    with pytest.raises(KeyError, match="no"):
        RowSums(ROWS, 0.9).estimate("share", MEANS, SUMS, lambda s: s["no"] / s["all"], n=5)


def test_a_share_stays_within_0_and_1_and_names_its_method() -> None:
    share = RowSums(ROWS, 0.9).share("share", MEANS, [pl.lit(1.0), pl.lit(1.0)], n=30)
    assert (share.value, share.high) == (1, 1)
    assert 0.8 < share.low < 0.95
    assert share.method.startswith("Wilson")
    by_persona = RowSums(ROWS, 0.9, ("persona",)).share("share", MEANS, [pl.col("x"), pl.lit(1.0)], n=30)
    assert by_persona.method.endswith("jackknife over personas")


def test_a_share_of_variance_has_a_symmetric_interval_in_odds() -> None:
    share = RowSums(ROWS, 0.9).share_of_variance("signal", MEANS, [pl.col("x") * 9, 1 - pl.col("x")], n=30)
    assert share.value == pytest.approx(90 / 110)
    assert share.value - share.low > 1.2 * (share.high - share.value) > 0


def test_few_personas_are_a_status() -> None:
    few = RowSums(ROWS.filter(pl.col("persona") < "p4"), 0.9)
    assert few.estimate("share", MEANS, SUMS, lambda s: s["yes"] / s["all"], n=5).status == EstimateStatus.FEW_PERSONAS


def test_an_undefined_number_has_a_status() -> None:
    estimate = RowSums(ROWS, 0.9).estimate("share", MEANS, WITHOUT, lambda s: s["yes"] / s["all"], n=5)
    assert math.isnan(estimate.value)
    assert estimate.status == EstimateStatus.UNDEFINED


def test_a_ratio_has_a_symmetric_interval_on_its_logarithm() -> None:
    sums = {"yes": pl.col("x"), "no": 1 - pl.col("x")}
    odds = RowSums(ROWS, 0.9).estimate("odds", MEANS, sums, lambda s: s["yes"] / s["no"], n=5, ratio=True)
    assert odds.value == pytest.approx(0.5)
    assert odds.high / odds.value == pytest.approx(odds.value / odds.low)


def test_answers_without_a_persona_are_clustered_by_item() -> None:
    rows = pl.DataFrame({"persona": [NOBODY, NOBODY, "a"], "item": ["q", "r", "q"]})
    assert len(set(clusters(rows)["persona"].tolist())) == 3
    assert len(set(clusters(rows)["item"].tolist())) == 2


def test_a_mean_is_over_the_rows_with_a_value_and_counts_them() -> None:
    some = pl.when(pl.col("item") != "i4").then(pl.col("x"))
    mean = RowSums(ROWS, 0.9).mean("share", MEANS, some)
    rows = ROWS.filter(pl.col("item") != "i4")
    filtered = RowSums(rows, 0.9).estimate("share", MEANS, SUMS, lambda s: s["yes"] / s["all"], n=24)
    assert (mean.value, mean.low, mean.high) == pytest.approx((filtered.value, filtered.low, filtered.high))
    assert (mean.n, RowSums(ROWS, 0.9).mean("share", MEANS, some, n=3).n) == (24, 3)
