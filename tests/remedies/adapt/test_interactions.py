import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import AnswerError, ColumnError, StudyError
from personametrics.data.scale import Nominal, parse_scale
from personametrics.remedies.adapt.interactions import loss, read_interactions

ROW = {"persona": "ann", "item": "tea", "text": "Tea?", "scale": "nominal:no|yes", "answer": "yes"}


def test_a_table_is_read_in_its_order(tmp_path: Path) -> None:
    pl.DataFrame([ROW, {**ROW, "item": "milk", "text": "Milk?", "answer": "no"}]).write_csv(tmp_path / "known.csv")
    interactions = read_interactions(str(tmp_path / "known.csv"))
    assert [(interaction.persona, interaction.item.id, interaction.words) for interaction in interactions] == [
        ("ann", "tea", "Tea? yes"),
        ("ann", "milk", "Milk? no"),
    ]
    assert interactions[0].item.scale == Nominal(("no", "yes"))


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"answer": "perhaps"}, AnswerError, 'row 1: the answer "perhaps" is not on its scale, nominal:no|yes'),
        ({"scale": "0..10", "answer": "11"}, AnswerError, 'the answer "11" is not on its scale'),
        ({"scale": "yes/no"}, AnswerError, "row 1: .* is not a scale"),
        ({"text": " "}, StudyError, "row 1: text is empty"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_row(changed: dict[str, str], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        read_interactions(pl.DataFrame([{**ROW, **changed}]))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnError, match="scale"):
        read_interactions(pl.DataFrame([ROW]).drop("scale"))


@pytest.mark.parametrize("scale", ["nominal:a|b|c", "a|b|c", "1|2|5"])
def test_a_loss_is_nothing_for_the_same_label_and_one_at_most(scale: str) -> None:
    read = parse_scale(scale)
    labels = getattr(read, "labels", ())
    losses = [[loss(read, first, second) for second in labels] for first in labels]
    assert max(max(row) for row in losses) == 1
    assert [losses[index][index] for index in range(3)] == [0, 0, 0]
    assert losses[0][1] == losses[1][0] == (1 if "nominal" in scale else 0.25 if scale == "a|b|c" else 1 / 16)


@given(st.floats(0, 10), st.floats(0, 10))
def test_a_loss_of_numbers_is_a_share_and_the_same_both_ways(first: float, second: float) -> None:
    scale = parse_scale("0..10")
    assert loss(scale, str(first), str(second)) == pytest.approx((first - second) ** 2 / 100, abs=1e-12)


@pytest.mark.parametrize(("scale", "reply"), [("0..10", "many"), ("0..10", "11"), ("nominal:no|yes", "maybe"), ("text", None)])
def test_a_reply_that_is_not_on_the_scale_has_no_loss(scale: str, reply: str | None) -> None:
    assert math.isnan(loss(parse_scale(scale), "5" if ".." in scale else "no", reply))


def test_free_text_is_compared_by_its_wording() -> None:
    near, far = (loss(parse_scale("text"), "I like green tea.", reply) for reply in ("I like tea.", "Never on Sunday"))
    assert near < 0.5 < far
