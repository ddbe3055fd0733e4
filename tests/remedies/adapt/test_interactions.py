import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import AnswerError, ColumnError, StudyError
from personametrics.data.item import Item
from personametrics.data.scale import Nominal, parse_scale
from personametrics.remedies.adapt.interactions import Interaction, loss, most_alike, read_interactions

ROW = {"persona": "ann", "item": "tea", "text": "Tea?", "scale": "nominal:no|yes", "answer": "yes"}


def test_a_table_is_read_in_its_order(tmp_path: Path) -> None:
    pl.DataFrame([ROW, {**ROW, "item": "milk", "text": "Milk?", "answer": "no"}]).write_csv(tmp_path / "known.csv")
    found = read_interactions(str(tmp_path / "known.csv"))
    assert [(one.persona, one.item.id, one.words) for one in found] == [("ann", "tea", "Tea? yes"), ("ann", "milk", "Milk? no")]
    assert found[0].item.scale == Nominal(("no", "yes"))


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
    losses = [[loss(read, one, other) for other in labels] for one in labels]
    assert max(max(row) for row in losses) == 1
    assert [losses[at][at] for at in range(3)] == [0, 0, 0]
    assert losses[0][1] == losses[1][0] == (1 if "nominal" in scale else 0.25 if scale == "a|b|c" else 1 / 16)


@given(st.floats(0, 10), st.floats(0, 10))
def test_a_loss_of_numbers_is_a_share_and_the_same_both_ways(one: float, other: float) -> None:
    scale = parse_scale("0..10")
    assert loss(scale, str(one), str(other)) == pytest.approx((one - other) ** 2 / 100, abs=1e-12)


@pytest.mark.parametrize(("scale", "reply"), [("0..10", "many"), ("0..10", "11"), ("nominal:no|yes", "maybe"), ("text", None)])
def test_a_reply_that_is_not_on_the_scale_has_no_loss(scale: str, reply: str | None) -> None:
    assert math.isnan(loss(parse_scale(scale), "5" if ".." in scale else "no", reply))


def test_free_text_is_compared_by_its_wording() -> None:
    near, far = (loss(parse_scale("text"), "I like green tea.", reply) for reply in ("I like tea.", "Never on Sunday"))
    assert near < 0.5 < far


def test_the_questions_worded_most_alike_are_remembered_the_later_among_equals() -> None:
    known = [Interaction("ann", Item(str(at), text, Nominal(("no", "yes"))), "no") for at, text in enumerate(("tea", "zzz", "tea", "www"))]
    assert [one.item.id for one in most_alike(known, "tea", 1)] == ["2"]
    assert [one.item.id for one in most_alike(known, "tea", 2)] == ["0", "2"]
    assert [one.item.id for one in most_alike(known, "zzz", 2)] == ["1", "3"]
    assert most_alike(known, "tea", 9) == known
