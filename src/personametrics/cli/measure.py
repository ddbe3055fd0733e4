"""personametrics measure: make a card from recorded answers."""

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from personametrics import report
from personametrics.cli.columns import (
    Answer,
    By,
    Condition,
    DuplicateRows,
    File,
    Item,
    Missing,
    Outcome,
    Persona,
    Probabilities,
    Run,
    Where,
)  # fmt: skip
from personametrics.cli.people import HUMANS, Human, HumanAnswer, HumanItem, Respondent
from personametrics.cli.people import Scale as ScaleName
from personametrics.data.card import Card
from personametrics.data.columns import Columns, Duplicates
from personametrics.data.errors import AnswerError, InputError
from personametrics.data.reading import collect, column_names, require, scan, where
from personametrics.data.responses import Responses
from personametrics.data.scale import Scale, parse_scale
from personametrics.lab.measure import measure as measured
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.stability import Stability

OUTPUT, NUMBERS = "Output", "Numbers"
HumanWhere = Annotated[list[str] | None, typer.Option(help="Keep rows of humans with column=value (or !=).", rich_help_panel=HUMANS)]
Match = Annotated[
    list[str] | None, typer.Option(help="Groups to compare: panel column=human column, such as party=ideology.", rich_help_panel=HUMANS)
]
Level = Annotated[float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=NUMBERS)]
Target = Annotated[float, typer.Option(help="Target reliability of the D study.", rich_help_panel=NUMBERS)]
Price = Annotated[float | None, typer.Option(help="Money per call.", rich_help_panel=NUMBERS)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the card as JSON and nothing else.", rich_help_panel=OUTPUT)]
Html = Annotated[Path | None, typer.Option(help="Write the card as an HTML page that works offline.", rich_help_panel=OUTPUT)]
Figures = Annotated[Path | None, typer.Option(help="Write the figures into a folder, as SVG, PDF and PNG.", rich_help_panel=OUTPUT)]
Latex = Annotated[Path | None, typer.Option(help="Write the estimates as a LaTeX table.", rich_help_panel=OUTPUT)]
Markdown = Annotated[Path | None, typer.Option(help="Write the estimates as a Markdown table.", rich_help_panel=OUTPUT)]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(help="Exit with code 1 if an estimate is lower, such as signal.low=0.5. Repeatable.", rich_help_panel=OUTPUT),
]


def measure(  # noqa: PLR0917 (a command's options are its parameters)
    file: File,
    persona: Persona = "persona",
    item: Item = "item",
    answer: Answer = "answer",
    run: Run = None,
    condition: Condition = None,
    outcome: Outcome = None,
    probabilities: Probabilities = None,
    scale: ScaleName = "ordinal",
    missing: Missing = None,
    where_: Where = None,
    by: By = None,
    duplicates: DuplicateRows = "error",
    human: Human = None,
    human_respondent: Respondent = "respondent",
    human_item: HumanItem = "item",
    human_answer: HumanAnswer = "answer",
    human_where: HumanWhere = None,
    match: Match = None,
    level: Level = 0.9,
    target: Target = 0.8,
    price: Price = None,
    json_: AsJson = False,
    html: Html = None,
    figures: Figures = None,
    latex: Latex = None,
    markdown: Markdown = None,
    fail_under: FailUnder = None,
) -> None:
    """Measure how much recorded answers depend on the persona, and print the card: verdict, estimates, fitness for use."""
    bars = [_Bar.parse(text) for text in fail_under or []]
    pairs = dict(_pair(text) for text in match or [])
    _check(level, target, price)
    if pairs and human is None:
        message = "--match needs --human, the table of people's answers."
        raise InputError(message)
    columns = Columns(
        persona, item, answer, run, tuple(condition or ()), outcome,
        tuple(name for name in pairs if name != persona), tuple(name.strip() for name in (probabilities or "").split(",") if name.strip()),
    )  # fmt: skip
    reading = _Reading(columns, parse_scale(scale), tuple(missing or ()), duplicates)  # type: ignore[arg-type]
    people = None
    if human is not None:
        human_columns = Columns(human_respondent, human_item, human_answer, attributes=tuple(dict.fromkeys(pairs.values())))
        people = Fidelity(
            Responses.read(human, human_columns, reading.scale, missing=reading.missing, keep=human_where or ()), pairs, level
        )
    study = Stability(level, target, price)
    cards = _cards(
        _parts(file, where_ or [], by or []),
        lambda title, keep: measured(reading.read(file, keep), human=people, study=study, title=title),
        of=file if by else None,
    )
    low = [f"{card.title}: {bar.text} ({bar.of(card):.3f})" for card in cards for bar in bars if not bar.of(card) >= bar.least]
    _write(cards, html, figures, latex, markdown)
    _print(cards, by=bool(by), as_json=json_)
    if low:
        typer.echo("Below --fail-under: " + "; ".join(low), err=True)
        raise typer.Exit(1)


def _cards(parts: Iterable[tuple[str, Sequence[str]]], card: Callable[[str, Sequence[str]], Card], *, of: Path | None) -> list[Card]:
    """Return a card for each part of the rows. With `of`, a part that cannot be measured is reported and skipped.

    Raises:
        InputError: a part cannot be measured and `of` is None, or no part can be measured.
    """
    measurable = []
    for title, keep in parts:
        try:
            measurable.append(card(title, keep))
        except InputError as error:
            if of is None:
                raise
            typer.echo(f"personametrics: {title} cannot be measured: {error}", err=True)
    if not measurable:
        message = f"None of the panels in {of} can be measured."
        raise InputError(message)
    return measurable


@dataclass(frozen=True)
class _Reading:
    """The settings for reading the panel's rows."""

    columns: Columns
    scale: Scale
    missing: tuple[str, ...]
    duplicates: Duplicates

    def read(self, file: Path, keep: Sequence[str]) -> Responses:
        """Return the answers of the rows that meet the conditions."""
        return Responses.read(file, self.columns, self.scale, missing=self.missing, keep=keep, duplicates=self.duplicates)


@dataclass(frozen=True)
class _Bar:
    """A number that an estimate must reach."""

    text: str
    name: str
    end: str
    least: float

    @classmethod
    def parse(cls, text: str) -> "_Bar":
        """Read `signal.low=0.5`. Without an end, the value is compared."""
        name, _, number = text.rpartition("=")
        start, _, end = name.rpartition(".")
        if end not in {"value", "low", "high"}:
            start, end = name, "value"
        try:
            least = float(number)
        except ValueError:
            least = math.nan
        if math.isnan(least) or not name:
            message = f'"{text}" is not of the form estimate.low=0.5, with low, high or value.'
            raise InputError(message)
        return cls(text, start, end, least)

    def of(self, card: Card) -> float:
        """Return the number on the card that is compared."""
        return float(getattr(card[self.name], self.end))


def _pair(text: str) -> tuple[str, str]:
    """Read `party=ideology`."""
    panel, equals, people = (part.strip() for part in text.partition("="))
    if not (panel and equals and people):
        message = f'--match "{text}" is not of the form panel column=human column.'
        raise InputError(message)
    return panel, people


def _check(level: float, target: float, price: float | None) -> None:
    """Check that the numeric options are in their ranges."""
    for name, value in (("--level", level), ("--target", target)):
        if not 0 < value < 1:
            message = f"{name} must be between 0 and 1, but is {value:g}."
            raise InputError(message)
    if price is not None and not price >= 0:
        message = f"--price must not be negative, but is {price:g}."
        raise InputError(message)


def _parts(file: Path, keep: Sequence[str], by: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the title and the conditions of each card."""
    if not by:
        return [(f"{file.name} ({', '.join(keep)})" if keep else file.name, list(keep))]
    table, name = scan(file)
    require(by, column_names(table, name), name)
    rows = collect(where(table, keep, name).select(pl.col(list(by)).cast(pl.String)), name)
    values = rows.unique().drop_nulls().sort(by)
    if lost := len(rows) - len(rows.drop_nulls()):
        typer.echo(f"personametrics: {lost} rows lack a value of {' or '.join(by)} and are left out.", err=True)
    if values.is_empty():
        message = f"{name} has no rows" + (f" that meet {' and '.join(keep)}." if keep else ".")
        raise AnswerError(message)
    return [(", ".join(row), [*keep, *(f"{column}={value}" for column, value in zip(by, row, strict=True))]) for row in values.iter_rows()]


def _write(cards: Sequence[Card], html: Path | None, figures: Path | None, latex: Path | None, markdown: Path | None) -> None:
    """Write the requested files."""
    for path, write in ((html, report.html), (latex, report.latex), (markdown, report.markdown)):
        if path is not None:
            save(path, write(cards))
            typer.echo(f"Written: {path}", err=True)
    if figures is not None:
        taken: list[str] = []
        for card in cards:
            slug = _slug(card.title)
            taken.append(slug.casefold())
            again = taken.count(slug.casefold())
            folder = figures / (slug if again == 1 else f"{slug}-{again}") if len(cards) > 1 else figures
            try:
                report.save_figures(card, folder)
            except OSError as error:
                message = f"{folder} cannot be written ({error.strerror})."
                raise InputError(message) from error
        typer.echo(f"Figures: {figures}", err=True)


def save(path: Path, text: str) -> None:
    """Write a file completely or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    if path.is_dir() or not path.name:
        message = f'"{path}" is a directory. Name a file in it.'
        raise InputError(message)
    special = path.is_symlink() or (path.exists() and not path.is_file())  # written in place, never replaced
    part = path if special else path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        if not special:
            part.replace(path)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})."
        raise InputError(message) from error


def _print(cards: Sequence[Card], *, by: bool, as_json: bool) -> None:
    """Show the cards."""
    if as_json:
        typer.echo(json.dumps({"cards": [card.to_dict() for card in cards]}, ensure_ascii=False) if by else cards[0].to_json())
        return
    console = Console()
    if by:
        report.show_table(cards, console)
        console.print("For a single card add --where. For a page with all cards add --html FILE.")
    else:
        report.show(cards[0], console)


def _slug(title: str) -> str:
    """Return a title as a folder name."""
    return re.sub(r"[^\w.-]+", "-", title).strip("-.") or "card"
