"""personametrics measure: make a card from recorded answers."""

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from personametrics import report
from personametrics.cli.options import AnswerFile, AnswerOptions, HumanOptions, answers_option, humans_option
from personametrics.data.card import Card
from personametrics.data.errors import AnswerError, InputError, ensure
from personametrics.data.reading import collect, column_names, require, scan, where
from personametrics.data.responses import Responses
from personametrics.data.scale import parse_scale
from personametrics.lab.measure import measure as measured
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.stability import Stability

output_option, numbers_option = (partial(typer.Option, rich_help_panel=panel) for panel in ("Output", "Numbers"))


def measure(
    file: AnswerFile,
    options: AnswerOptions,
    humans: HumanOptions,
    *,
    outcome: Annotated[str | None, answers_option(help="Column of the outcome: answered, refused, unparsable, failed or missing.")] = None,
    by: Annotated[list[str] | None, answers_option(help="Column. One card is made for each of its values.")] = None,
    duplicates: Annotated[
        str, answers_option(help="Treatment of rows with the same persona, item, condition and run: error, first, last, mean or runs.")
    ] = "error",
    human_where: Annotated[
        list[str] | None, humans_option(help="Keep only human answers with COLUMN=VALUE, or with COLUMN!=VALUE.")
    ] = None,
    match: Annotated[
        list[str] | None, humans_option(help="Groups to compare, as PANEL_COLUMN=HUMAN_COLUMN, for example party=ideology.")
    ] = None,
    level: Annotated[float, numbers_option(help="Confidence level of the intervals.")] = 0.9,
    target: Annotated[float, numbers_option(help="The reliability that the D study has to reach.")] = 0.8,
    price: Annotated[float | None, numbers_option(help="Price of one call, for the D study.")] = None,
    json_: Annotated[bool, output_option("--json", help="Print the card as JSON and nothing else.")] = False,
    html: Annotated[Path | None, output_option(help="Write the card as an HTML page that works offline.")] = None,
    figures: Annotated[Path | None, output_option(help="Write the figures into a folder, as SVG, PDF and PNG.")] = None,
    latex: Annotated[Path | None, output_option(help="Write the estimates as a LaTeX table.")] = None,
    markdown: Annotated[Path | None, output_option(help="Write the estimates as a Markdown table.")] = None,
    fail_under: Annotated[
        list[str] | None,
        output_option(help="Exit with code 1 if an estimate (signal=0.5) or its lower limit (signal.low=0.5) is too low. Repeatable."),
    ] = None,
) -> None:
    """Measure how much recorded answers depend on the persona, and print the card: verdict, estimates, fitness for use."""
    bars = [_Bar.parse(text) for text in fail_under or []]
    pairs = dict(_pair(text) for text in match or [])
    _check(level, target, price)
    ensure(not pairs or humans.human is not None, "--match needs --human, the table of people's answers.", InputError)
    columns = replace(options.columns, outcome=outcome, attributes=tuple(name for name in pairs if name != options.persona))
    scale, missing = parse_scale(options.scale), tuple(options.missing or ())
    read = partial(Responses.read, file, columns, scale, missing=missing, duplicates=duplicates)  # type: ignore[arg-type]
    people = None
    if humans.human is not None:
        human_columns = humans.columns(list(dict.fromkeys(pairs.values())))
        people = Fidelity(Responses.read(humans.human, human_columns, scale, missing=missing, keep=human_where or ()), pairs, level)
    study = Stability(level, target, price)
    cards = _cards(
        _parts(file, options.where or [], by or []),
        lambda title, keep: measured(read(keep=keep), human=people, study=study, title=title),
        of=file if by else None,
    )
    low = [f"{card.title}: {bar.text} ({bar.of(card):.3f})" for card in cards for bar in bars if not bar.of(card) >= bar.least]
    _write(cards, html, figures, latex, markdown)
    _print(cards, by=bool(by), as_json=json_)
    if low:
        typer.echo("These estimates are below --fail-under: " + "; ".join(low), err=True)
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
    ensure(measurable, f"No panel in {of} can be measured.", InputError)
    return measurable


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
        ensure(name and not math.isnan(least), f'"{text}" is not of the form estimate.low=0.5, with low, high or value.', InputError)
        return cls(text, start, end, least)

    def of(self, card: Card) -> float:
        """Return the number on the card that is compared."""
        return float(getattr(card[self.name], self.end))


def _pair(text: str) -> tuple[str, str]:
    """Read `party=ideology`."""
    panel, equals, people = (part.strip() for part in text.partition("="))
    ensure(panel and equals and people, f'--match "{text}" is not of the form PANEL_COLUMN=HUMAN_COLUMN.', InputError)
    return panel, people


def _check(level: float, target: float, price: float | None) -> None:
    """Check that the numeric options are in their ranges."""
    for name, value in (("--level", level), ("--target", target)):
        ensure(0 < value < 1, f"{name} must be between 0 and 1, but is {value:g}.", InputError)
    ensure((price or 0) >= 0, f"--price must be 0 or more, but is {price or 0:g}.", InputError)


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
    ensure(not values.is_empty(), f"{name} has no rows" + (f" that meet {' and '.join(keep)}." if keep else "."), AnswerError)
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
    ensure(path.name and not path.is_dir(), f'"{path}" is a directory. Name a file in it.', InputError)
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
        console.print("To see one card, add --where. To write all cards on one page, add --html FILE.")
    else:
        report.show(cards[0], console)


def _slug(title: str) -> str:
    """Return a title as a folder name."""
    return re.sub(r"[^\w.-]+", "-", title).strip("-.") or "card"
