"""The transcripts of a finding: in order, escaped, small enough for a page, and the worst lines in a terminal."""

import base64
import hashlib
import io
import json
import re
import time
from typing import Any

import pytest
from rich.console import Console
from talks import HOSTILE, hostile, talk_card, talked

from personametrics.data.card import Card
from personametrics.report import html, show
from personametrics.report.dialogues import Dialogue, dialogues, fitting, packed, short, worst


def held(page: str) -> dict[str, Any]:
    """Return the dialogues as the page stores them."""
    match = re.search(r'<script type="application/json" id="card-1-1-talk">(.*?)</script>', page, re.DOTALL)
    assert match
    kept: dict[str, Any] = json.loads(match[1])
    return kept


def printed(card: Card, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    show(card, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def of(rows: Any) -> list[Dialogue]:
    return dialogues(talk_card(rows).findings[0])


def test_dialogues_with_the_largest_share_of_contradictions_stand_first() -> None:
    dialogues = of(talked(5, 4))
    assert [dialogue.counts for dialogue in dialogues] == [(bad, 4, 0) for bad in (4, 3, 2, 1, 0)]
    assert dialogues[0].name == "person 4 · script 1 · run 1"


def test_an_unreadable_verdict_counts_neither_as_contradiction_nor_as_consistency() -> None:
    rows = talked(1, 3)
    rows[1]["verdict"], rows[3]["verdict"], rows[5]["verdict"] = "contradicts", "unparsable", ""
    (dialogue,) = of(rows)
    assert dialogue.counts == (1, 1, 1)
    assert dialogue.share == 1
    rows[1]["verdict"] = "unparsable"
    assert of(rows)[0].share == -1
    assert "No verdict on these dialogues could be read." in html([talk_card(rows)])


def test_without_verdicts_dialogues_keep_their_order_and_the_page_names_no_worst() -> None:
    card = talk_card(talked(12, 2, judged=False))
    page = html([card])
    assert [dialogue[0] for dialogue in held(page)["dialogues"]] == [
        f"person {index} · script 1 · run {index % 2 + 1}" for index in range(12)
    ]
    assert "No judge rated these dialogues." in page
    assert 'data-go="worst"' not in page
    assert "Lines that contradict" not in page + printed(card)


def test_the_worst_lines_are_one_of_each_dialogue_before_two_of_any() -> None:
    dialogues = of(talked(4, 3))
    assert [(dialogue.name[:8], line.turn) for dialogue, line in worst(dialogues, 5)] == [
        ("person 3", 1), ("person 2", 1), ("person 1", 1), ("person 3", 2), ("person 2", 2),
    ]  # fmt: skip


def test_a_page_keeps_every_line_and_each_text_once() -> None:
    rows = talked(5, 4)
    kept = held(html([talk_card(rows)]))
    texts = kept["texts"]
    assert len(texts) == len(set(texts))
    triples = {(texts[text], texts[against], verdict) for dialogue in kept["dialogues"] for _, _, text, against, verdict in dialogue[4]}
    names = ("", "consistent", "contradicts")
    assert triples == {(row["text"], row["against"], names.index(str(row["verdict"]))) for row in rows}


def test_dialogues_are_not_written_as_a_table_and_the_policy_allows_the_reader() -> None:
    page = html([talk_card(talked(40, 4))])
    assert page.count("<tr>") == 1 + 10
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "unsafe" not in policy[1]
    running = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(running) == 1  # no picture, no bundle
    assert base64.b64encode(hashlib.sha256(running[0].encode()).digest()).decode() in policy[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|fetch|eval|https?:", running[0])


def test_hostile_words_end_no_script_and_steer_no_screen() -> None:
    page = html([talk_card(hostile())])
    assert len(re.findall(r"<script", page)) == 2
    assert not re.search("[\x1b\u200f\u202e\u2066\u2028\ud800]", page)
    texts = held(page)["texts"]
    assert HOSTILE[0] in texts
    assert "\u0645\u0631\u062d\u0628\u0627 \\u200fx\\u2066y\nsecond <b id=injected>line</b>" in texts
    page.encode()


def test_a_thousand_dialogues_are_a_small_page_that_is_soon_there() -> None:
    card = talk_card(talked(1_000, 10, "Some words that go on and on and \u00fc. " * 8))
    start = time.perf_counter()
    page = html([card])
    assert time.perf_counter() - start < 5
    assert len(page.encode()) < 20_000_000
    assert len(held(page)["dialogues"]) == 1_000


def test_where_there_is_no_room_the_worst_are_kept_and_the_page_says_so() -> None:
    rows = talked(60, 5, "\u4e2d" * 10_000)
    cards = [talk_card(rows), talk_card(rows)]
    page = html(cards)
    assert len(page.encode()) < 20_000_000
    kept = held(page)["dialogues"]
    assert 0 < len(kept) < 60
    assert kept[0][1] == 5
    assert f"This page shows only the first {len(kept)}, so that it stays small" in page
    assert fitting(of(rows), 0) == []
    assert packed([]) == {"texts": [""], "dialogues": []}


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_the_worst_lines(width: int) -> None:
    text = printed(talk_card(talked(9, 8, "word " * 99)), width)
    assert "Lines with a contradiction, worst dialogues first" in text
    assert text.index("Answer 8.1.") < text.index("Answer 7.1.") < text.index("Answer 4.1.")
    assert "Answer 3.1." not in text
    assert "Before 1." in text
    assert max(map(len, text.splitlines())) <= width


def test_a_terminal_does_not_read_hostile_words_as_markup() -> None:
    text = printed(talk_card(hostile()), 200)
    assert "<script>alert(1)</script>" in text
    assert "[red]x[/]" in printed(talk_card(hostile()[8:10]), 200)
    assert not re.search("[\x1b\u200f\u202e\u2066\u2028\ud800]", text)


def test_long_lines_are_cut_and_say_so() -> None:
    assert short("a  b\nc") == "a b c"
    assert short("x" * 500).endswith("x …")
