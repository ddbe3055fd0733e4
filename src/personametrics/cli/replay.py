"""personametrics replay: estimate a study from recorded answers."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from personametrics import report
from personametrics.cli.measure import save
from personametrics.cli.options import AnswerFile, AnswerOptions, Group, HumanAttribute, HumanOptions, Json, Plugin, load_plugins
from personametrics.data.card import Card
from personametrics.data.errors import InputError, ensure
from personametrics.data.reading import collect, scan
from personametrics.data.remedy import Remedy
from personametrics.data.responses import Responses
from personametrics.data.scale import parse_scale
from personametrics.lab.comparison.arms import ArmPair
from personametrics.lab.comparison.change import replay_arms
from personametrics.lab.measure import versions
from personametrics.lab.members import name_of
from personametrics.lab.members import remedy as chosen_remedy
from personametrics.lab.members import study as chosen


def replay(
    study: Annotated[
        str, typer.Argument(help="The name of a study. `personametrics studies` lists the names, and the columns that each study reads.")
    ],
    file: AnswerFile,
    options: AnswerOptions,
    humans: HumanOptions,
    *,
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column of the study and your column, as STUDY_COLUMN=YOUR_COLUMN, for example gold=truth. Repeatable."),
    ] = None,
    than: Annotated[
        list[str] | None,
        typer.Option("--than", help="Rows of the baseline arm, written as in --where. The card reports the change from this arm."),
    ] = None,
    remedy: Annotated[
        str | None, typer.Option("--remedy", help="A remedy that needs no new requests. The card reports the change that it makes.")
    ] = None,
    group: Group = "",
    human_attribute: HumanAttribute = None,
    html: Annotated[Path | None, typer.Option(help="Write the card as an HTML page that works offline.")] = None,
    plugin: Plugin = None,
    json_: Json = False,
) -> None:
    """Compute the estimates of a study from recorded answers, or their change between two arms. No model is asked."""
    load_plugins(plugin)
    asked = humans.compared(chosen(study), human_attribute, options.scale)
    frame, columns = _with_columns(file, column or []), options.columns
    taken = {*columns.used(), columns.answer}
    columns = replace(columns, more=tuple(name for name, kind in frame.schema.items() if name not in taken and not kind.is_nested()))
    data = frame if column else file  # messages name a path
    read = partial(Responses.read, data, columns, parse_scale(options.scale), missing=options.missing or (), duplicates="runs")
    responses = read(keep=options.where or ())
    if remedy or than:
        treatment = chosen_remedy(remedy) if remedy else Remedy()
        findings = replay_arms(ArmPair(asked, treatment, read(keep=than) if than else responses, responses, group))
    else:
        findings = [asked.estimate(responses)]
    provenance = {"source": str(file), "columns": {key: str(value) for key, value in vars(columns).items()}, "versions": versions()}
    card = Card(f"{name_of(asked)}: {file.name}", tuple(findings), provenance)
    if html is not None:
        save(html, report.html([card]))
        typer.echo(f"Written: {html}", err=True)
    if json_:
        typer.echo(card.to_json())
    else:
        report.show(card, Console())


def _with_columns(file: Path, pairs: list[str]) -> pl.DataFrame:
    """Return the table of a file with columns under the names that a study reads.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    table, label = scan(file)
    frame = collect(table, label)
    for pair in pairs:
        target, _, source = (part.strip() for part in pair.partition("="))
        message = f'--column "{pair}": {label} has no column "{source}". Write STUDY_COLUMN=YOUR_COLUMN.'
        ensure(source in frame.columns, message, InputError)
        frame = frame.with_columns(frame[source].alias(target))
    return frame
