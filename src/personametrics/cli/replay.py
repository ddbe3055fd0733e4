"""personametrics replay: estimate a study from recorded answers."""

from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from personametrics import report
from personametrics.cli.columns import Answer, Condition, File, Item, Missing, Persona, Probabilities, Run, Where
from personametrics.cli.compare import Group
from personametrics.cli.measure import save
from personametrics.cli.options import Json, Plugin, load_plugins
from personametrics.cli.people import Human, HumanAnswer, HumanAttribute, HumanItem, Respondent, Scale, with_people
from personametrics.data.card import Card
from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
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


def replay(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[str, typer.Argument(help="A study (personametrics studies lists them with the columns that each reads).")],
    file: File,
    persona: Persona = "persona",
    item: Item = "item",
    answer: Answer = "answer",
    run: Run = None,
    condition: Condition = None,
    column: Annotated[
        list[str] | None, typer.Option(help="A column that the study reads=your column, such as gold=truth. Repeatable.")
    ] = None,
    probabilities: Probabilities = None,
    scale: Scale = "ordinal",
    missing: Missing = None,
    where: Where = None,
    than: Annotated[
        list[str] | None, typer.Option("--than", help="Filter of the baseline arm, as in --where. The card reports the change from it.")
    ] = None,
    remedy: Annotated[
        str | None, typer.Option("--remedy", help="A remedy that needs no new requests. The card reports the change that it makes.")
    ] = None,
    group: Group = "",
    human: Human = None,
    human_respondent: Respondent = "respondent",
    human_item: HumanItem = "item",
    human_answer: HumanAnswer = "answer",
    human_attribute: HumanAttribute = None,
    html: Annotated[Path | None, typer.Option(help="Write the card as an HTML page that works offline.")] = None,
    plugin: Plugin = None,
    json_: Json = False,
) -> None:
    """Estimate a study from recorded answers, or the change between two arms of them. No model is asked."""
    load_plugins(plugin)
    people = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    asked = with_people(chosen(study), human, people, scale)
    frame = _with_columns(file, column or [])
    labels = tuple(part.strip() for part in (probabilities or "").split(",") if part.strip())
    taken = {persona, item, answer, run, *(condition or ()), *labels}
    columns = Columns(
        persona, item, answer, run, tuple(condition or ()),
        probabilities=labels,
        more=tuple(name for name, kind in frame.schema.items() if name not in taken and not kind.is_nested()),
    )  # fmt: skip
    data = frame if column else file  # messages name a path
    read = partial(Responses.read, data, columns, parse_scale(scale), missing=missing or (), duplicates="runs")
    responses = read(keep=where or ())
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
        if source not in frame.columns:
            message = f'--column "{pair}": {label} has no column "{source}"; write a column that the study reads=your column.'
            raise InputError(message)
        frame = frame.with_columns(frame[source].alias(target))
    return frame
