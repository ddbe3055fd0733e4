"""From replies to the long table, and from the table to responses."""

import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import LIKERT, PEOPLE, items

from personametrics.data.grid import Grid
from personametrics.data.item import Item
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt, Style, conditions
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.scale import parse_scale
from personametrics.data.study import Elicitation
from personametrics.elicit import table as tables
from personametrics.elicit.journal import Journal
from personametrics.elicit.table import responses, table

ITEMS = (Item("tea", "Do you like tea?", parse_scale("nominal:no|perhaps|yes")), *items(2))


def made(
    folder: Path, requests: Sequence[Request], replies: Sequence[Reply | None], style: Style = "label", *, texts: bool = True
) -> pl.DataFrame:
    with Journal.open(folder, {}) as journal:
        journal.add([(request.key("m"), reply) for request, reply in zip(requests, replies, strict=True) if reply is not None])
        return table(requests, journal, "m", style, texts=texts)


def test_every_ask_has_its_row_whatever_became_of_it(tmp_path: Path) -> None:
    requests = Grid(PEOPLE[:1], ITEMS[:1], Elicitation(6))
    failed = Reply(outcome=ReplyOutcome.FAILED, detail="The server is away.")
    refused = Reply("As an AI language model, I have no view.")
    frame = made(
        tmp_path, requests, [Reply("Yes.", tokens_in=9, tokens_out=2, seconds=0.5), refused, Reply("blue"), failed, None, Reply("no")]
    )
    assert frame["outcome"].to_list() == ["answered", "refused", "unparsable", "failed", "missing", "answered"]
    assert frame["answer"].to_list() == ["yes", None, None, None, None, "no"]
    assert frame["run"].to_list() == list("012345")
    assert frame["detail"].to_list()[3] == "The server is away."
    assert frame.row(0, named=True).items() >= {"persona": "Ada", "item": "tea", "tokens_in": 9, "tokens_out": 2, "seconds": 0.5}.items()
    assert frame["scale"].unique().to_list() == ["nominal:no|perhaps|yes"]


def test_an_ask_that_failed_before_and_was_answered_then_is_answered(tmp_path: Path) -> None:
    request = Grid(PEOPLE[:1], ITEMS[:1], Elicitation(1))[0]
    with Journal.open(tmp_path, {}) as journal:
        journal.add([(request.key("m"), Reply(outcome=ReplyOutcome.FAILED, detail="away"))])
        journal.add([(request.key("m"), Reply("yes"))])
        assert table([request], journal, "m")["outcome"].to_list() == ["answered"]


@pytest.mark.parametrize("style", ["number", "letter"])
def test_marks_are_read_as_the_labels_they_stood_for_in_the_order_shown(tmp_path: Path, style: Style) -> None:
    orders = conditions({"order": ["given", "reversed", "rotated"]})
    requests = Grid(PEOPLE[:1], ITEMS[:1], Elicitation(1, prompt=Prompt.styled(style), conditions=orders))
    first = Reply("1" if style == "number" else "A")
    frame = made(tmp_path, requests, [first, first, first], style)
    assert dict(zip(frame["order"], frame["answer"], strict=True)) == {"given": "no", "reversed": "yes", "rotated": "perhaps"}


def test_probabilities_are_those_of_the_labels_in_whatever_order_they_were_shown(tmp_path: Path) -> None:
    requests = Grid(
        PEOPLE[:1],
        ITEMS[:1],
        Elicitation(1, score=True, prompt=Prompt.styled("letter"), conditions=conditions({"order": ["given", "reversed"]})),
    )
    shares = Reply(probabilities={"A": 0.7, "B": 0.2, "C": 0.1})
    frame = made(tmp_path, requests, [shares, shares], "letter")
    assert frame.select("p:no", "p:perhaps", "p:yes").rows() == [(0.7, 0.2, 0.1), (0.1, 0.2, 0.7)]
    assert frame["rule"].to_list() == ["probabilities"] * 2


def test_pieces_of_a_table_make_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Probabilities may occur in one piece alone, and texts in another."""
    requests = [*Grid(PEOPLE, ITEMS[:1], Elicitation(2, score=True)), *Grid(PEOPLE, ITEMS, Elicitation(2))]
    replies: list[Reply | None] = [
        Reply(probabilities=dict.fromkeys(request.choices, 0.2)) if request.score else Reply("2", tokens_in=3) if index % 3 else None
        for index, request in enumerate(requests)
    ]
    whole = made(tmp_path, requests, replies)
    monkeypatch.setattr(tables, "CHUNK", 7)
    assert_frame_equal(made(tmp_path, requests, replies), whole, check_column_order=False)


def test_without_texts_the_words_are_left_out_and_nothing_else(tmp_path: Path) -> None:
    requests = Grid(PEOPLE, ITEMS, Elicitation(1))
    replies = [Reply("2")] * len(requests)
    assert_frame_equal(made(tmp_path, requests, replies, texts=False), made(tmp_path, requests, replies).drop("text"))


def answered(folder: Path, requests: Sequence[Request], answer: str = "2") -> pl.DataFrame:
    return made(folder, requests, [Reply(answer) for _ in requests])


def test_attributes_of_personas_stand_beside_their_answers(tmp_path: Path) -> None:
    people = (*PEOPLE[:3], Persona("Zoe", "You are Zoe.", {"city": "Ulm"}))
    frame = answered(tmp_path, Grid(people, ITEMS[1:], Elicitation(2)))
    read = responses(frame, people, parse_scale(LIKERT), "here")
    assert set(read.columns.attributes) == {"city", "party"}
    parties = dict(read.frame.select("persona", "party").unique().rows())
    assert parties == {"Ada": "right", "Bela": "left", "Cleo": "right", "Zoe": None}
    assert read.source == "here"


def test_only_conditions_that_differ_are_conditions(tmp_path: Path) -> None:
    both = conditions({"order": ["given", "reversed"], "place": ["user"]})
    read = responses(answered(tmp_path, Grid(PEOPLE, ITEMS[1:], Elicitation(2, conditions=both))), PEOPLE, parse_scale(LIKERT), "here")
    assert read.columns.condition == ("order",)


def test_probabilities_of_all_labels_are_read_as_exact(tmp_path: Path) -> None:
    requests = Grid(PEOPLE, ITEMS[1:], Elicitation(1, score=True))
    replies = [Reply(probabilities=dict.fromkeys(request.choices, 0.1) | {"3": 0.6}) for request in requests]
    read = responses(made(tmp_path, requests, replies), PEOPLE, parse_scale(LIKERT), "here")
    assert read.exact is not None
    assert read.columns.probabilities == tuple(f"p:{label}" for label in "12345")


def test_an_ask_without_probabilities_leaves_the_others_exact(tmp_path: Path) -> None:
    requests = Grid(PEOPLE, ITEMS[1:], Elicitation(1, score=True))
    replies = [None, *(Reply(probabilities=dict.fromkeys(request.choices, 0.2)) for request in requests[1:])]
    read = responses(made(tmp_path, requests, replies), PEOPLE, parse_scale(LIKERT), "here")
    assert read.exact is not None
    assert int(read.answered.sum()) == len(requests) - 1


def test_numbers_on_a_numeric_scale_stay_numbers(tmp_path: Path) -> None:
    item = Item("age", "How old?", parse_scale("0..120"))
    request = Grid(PEOPLE[:1], [item], Elicitation(1))[0]
    with Journal.open(tmp_path, {}) as journal:
        journal.add([(request.key("m"), Reply("38 years."))])
        frame = table([request], journal, "m")
    assert math.isclose(float(frame["answer"][0]), 38)
