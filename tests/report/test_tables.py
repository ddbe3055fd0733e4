"""LaTeX and Markdown."""

import re

from personametrics.data.card import Card
from personametrics.report import latex, markdown


def test_latex_has_a_row_for_every_estimate(card: Card) -> None:
    text = latex([card])
    assert text.startswith("\\begin{tabular}{lrrrl}\n\\toprule\n")
    assert text.endswith("\\bottomrule\n\\end{tabular}\n")
    rows = [line for line in text.splitlines() if " & " in line]
    assert len(rows) == 1 + len(card.findings[0].estimates)
    assert all(len(re.findall(r"(?<!\\)&", row)) == 4 and row.endswith(r"\\") for row in rows)
    assert r"90\% interval" in text
    assert r"share.never\_varying" in text


def test_no_order_reaches_latex(hostile_card: Card, card: Card) -> None:
    text = latex([hostile_card, card])
    orders = set(re.findall(r"\\([a-zA-Z]+)", text))
    assert orders <= {
        *("begin", "end", "toprule", "midrule", "bottomrule", "addlinespace", "multicolumn", "textit"),
        *("textbackslash", "textless", "textgreater", "textbar"),
    }
    assert r"\textbackslash{}input\{secret\}" in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")


def test_latex_marks_what_is_undefined(bare_card: Card) -> None:
    assert r"signal & --- &  & 12 answers & share \\" in latex([bare_card])
    assert r"component.persona & $-$0.0200 & $-$0.0500 to 0.0100" in latex([bare_card])


def test_markdown_tables_keep_their_columns(card: Card, hostile_card: Card, human_card: Card) -> None:
    rows = [line for line in markdown([card, hostile_card, human_card]).splitlines() if line.startswith("|")]
    assert len(rows) == 3 * 2 + sum(len(shown.findings[0].estimates) for shown in (card, hostile_card, human_card))
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_markdown_holds_no_html_and_no_links(hostile_card: Card) -> None:
    text = markdown([hostile_card])
    assert not re.search(r"(?<!\\)[<>\[\]{}]", text)
    assert r"a\|b" in text
    assert r"\\input\{secret\}" in text
    assert "\x1b" not in text


def test_a_status_is_said(bare_card: Card) -> None:
    assert "no persona answered the same item twice" in markdown([bare_card])
