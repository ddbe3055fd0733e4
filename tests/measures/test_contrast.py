"""Contrasts of average shares."""

import polars as pl
import pytest

from personametrics.data.estimate import EstimateStatus, Name
from personametrics.measures.contrast import Contrasts, difference, first

MEANS = Name("share", "items", "share of right answers")
ROWS = pl.DataFrame(
    [
        (f"p{persona}", f"i{item}", side, float((persona + item) % share == 0), 1.0)
        for side, share in (("left", 2), ("right", 3))
        for persona in range(6)
        for item in range(6)
    ],
    ["persona", "item", "side", "right", "weight"],
    orient="row",
)
LEFT, RIGHT, NOWHERE = (pl.col("side") == side for side in ("left", "right", "nowhere"))


def test_cells_of_a_group_have_the_same_weight_whatever_their_size() -> None:
    rows = pl.concat([ROWS, ROWS.filter(LEFT), ROWS.filter(LEFT)])
    (mean,) = Contrasts(rows, 0.9).estimate("mean", MEANS, [[LEFT, RIGHT]], first)
    assert mean.value == pytest.approx((1 / 2 + 1 / 3) / 2)
    (gap,) = Contrasts(ROWS, 0.9).estimate("gap", MEANS, [[LEFT], [RIGHT]], difference)
    assert gap.value == pytest.approx(1 / 6)
    assert gap.n == 6


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("groups", [[], [[]], [[LEFT], []], [[], [LEFT]], [[LEFT], [NOWHERE]], [[LEFT, NOWHERE], [RIGHT]]])
def test_an_empty_group_or_cell_is_not_averaged(groups: list[list[pl.Expr]]) -> None:
    assert Contrasts(ROWS, 0.9).estimate("gap", MEANS, groups, difference) == []


@pytest.mark.filterwarnings("error")
def test_a_ratio_of_an_average_of_1_gets_half_an_answer_and_no_interval() -> None:
    perfect = ROWS.with_columns(right=pl.when(LEFT).then(1.0).otherwise("right"))
    (odds,) = Contrasts(perfect, 0.9).estimate(
        "odds", MEANS, [[LEFT], [RIGHT]], lambda a: a[..., 0] / (1 - a[..., 0]) * (1 - a[..., 1]) / a[..., 1], ratio=True
    )
    assert odds.value == pytest.approx((36.5 / 0.5) * (24.5 / 12.5))
    assert odds.status == EstimateStatus.NO_INTERVAL
