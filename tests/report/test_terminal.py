"""Cards in a terminal."""

import io

import pytest
from rich.console import Console

from personametrics.data.card import Card
from personametrics.report import show, show_table
from personametrics.report.terminal import BAR, bar


def printed(card: Card, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    show(card, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_card_shows_verdict_uses_numbers_and_both_ends(card: Card) -> None:
    text = printed(card)
    for part in (
        "stability",
        "persona signal",
        "not fit for",
        "Key estimates",
        "disagreement.persona",
        "best 5 and worst 5 of 70 personas",
    ):
        assert part in text
    assert "Designs that reach the target" in text


@pytest.mark.parametrize("fixture", ["card", "nominal_card", "hostile_card", "human_card", "bare_card"])
def test_eighty_columns_are_enough(request: pytest.FixtureRequest, fixture: str) -> None:
    text = printed(request.getfixturevalue(fixture))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_names_are_not_read_as_markup_and_do_not_steer_the_terminal(hostile_card: Card) -> None:
    text = printed(hostile_card, 200)
    assert "[red]x[/]" in text
    assert r"\input{secret}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_undefined_number_says_why(bare_card: Card) -> None:
    text = printed(bare_card)
    assert "signal: no persona answered the same item twice" in text
    assert "< .001" in text
    assert "nan" not in text


@pytest.mark.parametrize("width", [80, 140])
def test_a_table_has_one_line_a_card(card: Card, bare_card: Card, human_card: Card, width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    show_table([card, bare_card, human_card, Card("nothing", ())], console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 3 + 4 + sum(bool(finding.notices) for shown in (card, bare_card, human_card) for finding in shown.findings[:1])
    assert max(map(len, lines)) <= width
    assert any("panel exaggerates" in line and "0.240 to 0.390" in line for line in lines)


def test_hostile_titles_in_a_table(hostile_card: Card) -> None:
    console = Console(file=io.StringIO(), width=80)
    show_table([hostile_card, hostile_card], console)
    assert isinstance(console.file, io.StringIO)
    assert "\x1b" not in console.file.getvalue()


def test_a_bar_stays_within_its_width() -> None:
    for value, low, high in ((-3.0, -9.0, 0.5), (1.0, 0.2, 1.7), (0.5, 0.5, 0.5)):
        assert len(bar(value, low, high)) == BAR
