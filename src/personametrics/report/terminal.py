"""The card in a terminal. Text from data is never read as markup."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from personametrics.data.card import Card
from personametrics.data.finding import Estimate, Finding
from personametrics.report import words
from personametrics.report.dialogues import Dialogue, Line, dialogues, short, worst

STYLES = {"good": "green", "bad": "red", "open": "yellow", "plain": "bold"}
ENDS = 5
"""Number of items or personas shown from the best and from the worst end."""
BAR = 9
"""Width in characters of a drawn interval from 0 to 1."""
SCALE = "0   ½   1"
WIDE = 100
"""Terminal width in columns from which a table of cards also draws the intervals."""


def show(card: Card, console: Console) -> None:
    """Print a card on a console."""
    console.print(_text(card.title, "bold"))
    for finding in card.findings:
        _show_finding(finding, console)


def show_table(cards: Sequence[Card], console: Console) -> None:
    """Print a table with one line per card on a console."""
    table = _table(Text(f"{len(cards)} panels"))
    table.add_column("Panel", overflow="fold")
    table.add_column("Verdict")
    table.add_column("Estimate")
    for name in ("Value", "Interval"):
        table.add_column(name, justify="right", no_wrap=True)
    if console.width >= WIDE:
        table.add_column(SCALE, no_wrap=True)
    for card in cards:
        verdicts = Text("\n").join(_verdict_label(finding) for finding in card.findings)
        e = words.headline(card)
        numbers = [_text(""), _text(words.NOTHING)] if e is None else [_text(e.name), _text(words.figure(e)), *_reach(e)]
        table.add_row(_text(card.title), verdicts, *numbers[: len(table.columns) - 2])
    console.print(table)
    for card in cards:
        codes = ", ".join(dict.fromkeys(notice.code for finding in card.findings for notice in finding.notices))
        if codes:
            console.print(_text(f"! {card.title}: {codes}", "yellow"))


def _show_finding(finding: Finding, console: Console) -> None:
    """Print a finding: verdict, uses, notices, numbers."""
    style = STYLES[words.tone(finding.verdict)]
    verdict = Group(_text(finding.question, "dim"), _verdict_label(finding), _text(finding.verdict.sentence))
    console.print(Panel(verdict, title=_text(f" {finding.study}{_of(finding)} "), title_align="left", border_style=style, padding=(0, 1)))
    console.print(_lines(finding))
    if key := words.key_estimates(finding):
        _print(_estimates(key), console)
        for e in filter(words.warning, key):
            console.print(_text(f"{e.name}: {words.warning(e)}", "yellow"))
    if averaged := [e for e in finding.estimates if e.name.startswith("reliability.k=") and math.isfinite(e.value)]:
        console.print(_text(f"\nReliability of 1 to {len(averaged)} averaged runs: {', '.join(words.figure(e) for e in averaged)}"))
    for name, facet in (("items", "item"), ("personas", "persona")):
        if rows := [row for row in finding.evidence.get(name, ()) if row.get("signal") is not None]:
            _print(_ends(rows, name, facet), console)
    if designs := finding.evidence.get("designs"):
        _print(_plain_table("Designs that reach the target", designs), console)
    if bad := worst(dialogues(finding), ENDS):
        _print(_contradictions(bad), console)


def _of(finding: Finding) -> str:
    """Return the part of the question that names the items of a finding, or "" if it concerns all items."""
    start = finding.question.find(" (items with the scale ")
    return finding.question[start:] if start >= 0 else ""


def _print(table: Table, console: Console) -> None:
    """Print a table after an empty line. Its title is printed separately, so that a narrow table does not wrap it."""
    title, table.title = table.title, None
    console.print()
    if isinstance(title, Text):
        console.print(Text(title.plain, "bold"))
    console.print(table)


def _text(text: object, style: str = "") -> Text:
    """Return text without markup or control characters."""
    return Text(words.plain(text), style)


def _verdict_label(finding: Finding) -> Text:
    """Return the label of a verdict with its sign and colour."""
    kind = words.tone(finding.verdict)
    return _text(f"{words.SIGNS[kind]} {finding.verdict.label}", f"bold {STYLES[kind]}".replace("bold bold", "bold"))


def _table(title: Text) -> Table:
    """Return an empty table in the common style."""
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
    )


def _lines(finding: Finding) -> Table:
    """Return uses and notices as lines, each with its sign."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=14)
    grid.add_column()
    verdict = finding.verdict
    for name, kind, lines in (("fit for", "good", verdict.fit), ("not fit for", "bad", verdict.unfit), ("undecided", "open", verdict.open)):
        for index, line in enumerate(lines):
            grid.add_row(_text("" if index else f"{words.SIGNS[kind]} {name}", STYLES[kind]), _text(line))
    for index, notice in enumerate(finding.notices):
        grid.add_row(_text("" if index else "! notice", "yellow"), _text(notice.text))
    return grid


def _estimates(estimates: Sequence[Estimate]) -> Table:
    """Return estimates with their intervals as a table."""
    table = _table(Text("Key estimates"))
    table.add_column("Estimate", overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column(words.level(estimates), justify="right", no_wrap=True)
    table.add_column(SCALE, no_wrap=True)
    table.add_column("Rests on", justify="right", no_wrap=True)
    for e in estimates:
        table.add_row(_text(e.name), _text(words.figure(e)), *_reach(e), _text(words.count(e)))
    return table


def _reach(e: Estimate) -> list[Text]:
    """Return an interval in numbers and, for a share, as a drawing."""
    return [_text(words.interval(e)), _text(bar(e.value, e.low, e.high) if words.is_span(e) else "", "cyan")]


def bar(value: float, low: float, high: float, width: int = BAR) -> str:
    """Return a drawing of an interval between 0 and 1.

    Examples:
        >>> bar(0.5, 0.25, 0.75, width=9)
        '··━━●━━··'
        >>> bar(0.5, float("nan"), 1.0, width=9)
        '····●····'
    """
    if not math.isfinite(value):
        return ""
    ends = (low, high) if math.isfinite(low) and math.isfinite(high) else (value, value)
    dot, start, end = (round(min(max(point, 0.0), 1.0) * (width - 1)) for point in (value, *ends))
    return "".join("●" if place == dot else "━" if start <= place <= end else "·" for place in range(width))


def _ends(rows: Sequence[Mapping[str, Any]], name: str, facet: str) -> Table:
    """Return a table of the best and the worst items or personas."""
    ordered = sorted(rows, key=lambda row: -float(row["signal"]))
    few = len(ordered) <= 2 * ENDS
    title = f"Signal by {facet}" if few else f"Signal by {facet}: best {ENDS} and worst {ENDS} of {len(ordered)} {name}"
    table = _table(Text(title))
    table.add_column(facet, overflow="ellipsis", no_wrap=True, min_width=12)
    for column in ("signal", "interval"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column(SCALE, no_wrap=True)
    for index, row in enumerate(ordered if few else [*ordered[:ENDS], *ordered[-ENDS:]]):
        if index == ENDS and not few:
            table.add_section()
        value, low, high = (math.nan if row.get(name) is None else float(row[name]) for name in ("signal", "low", "high"))
        reach = "" if math.isnan(low) and math.isnan(high) else f"{words.number(low)} to {words.number(high)}"
        table.add_row(_text(row[facet]), _text(words.number(value)), _text(reach), _text(bar(value, low, high), "cyan"))
    return table


def _contradictions(bad: Sequence[tuple[Dialogue, Line]]) -> Table:
    """Return a table of lines that contradict, with what they contradict if that is given."""
    table = _table(Text("Lines with a contradiction, worst dialogues first"))
    table.add_column("Dialogue", overflow="fold", max_width=24)
    table.add_column("Turn", justify="right", no_wrap=True)
    table.add_column("Line", overflow="fold", ratio=1)
    with_source = any(line.against for _, line in bad)
    if with_source:
        table.add_column("Contradicts", overflow="fold", ratio=1)
    for dialogue, line in bad:
        source = [_text(short(line.against) or words.NOTHING)] if with_source else []
        table.add_row(_text(dialogue.name), _text(line.turn), _text(short(line.text)), *source)
    return table


def _plain_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return an evidence table unchanged."""
    table = _table(Text(title))
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        table.add_column(_text(name), justify="right")
    for row in rows:
        table.add_row(*(_text(words.cell(row.get(name))) for name in names))
    return table
