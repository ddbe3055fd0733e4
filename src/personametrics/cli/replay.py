"""personametrics replay: a study of recorded answers."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from personametrics import report
from personametrics.cli.audit import Json
from personametrics.cli.compare import Group
from personametrics.cli.measure import save
from personametrics.cli.people import Human, HumanAnswer, HumanAttribute, HumanItem, Respondent, Scale, with_people
from personametrics.data.card import Card
from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
from personametrics.data.reading import collect, scan
from personametrics.data.remedy import Remedy
from personametrics.data.responses import Responses
from personametrics.data.scale import parse_scale
from personametrics.lab.comparison.arms import Asked
from personametrics.lab.comparison.change import replayed
from personametrics.lab.measure import versions
from personametrics.lab.members import name_of
from personametrics.lab.members import remedy as chosen_remedy
from personametrics.lab.members import study as chosen


def replay(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[str, typer.Argument(help="One of: personametrics studies; it says which columns each reads.")],
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet or NDJSON with one answer a row.")],
    persona: Annotated[str, typer.Option(help="Column: who answers.")] = "persona",
    item: Annotated[str, typer.Option(help="Column: what is asked.")] = "item",
    answer: Annotated[str, typer.Option(help="Column: the answer.")] = "answer",
    run: Annotated[str | None, typer.Option(help="Column: which re-asking. Without it, rows of a cell are its runs.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Column: wording, order, language … Several make one condition.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="What the study reads=your column, such as gold=truth.")] = None,
    probabilities: Annotated[str | None, typer.Option(help="Columns of label probabilities, separated by commas.")] = None,
    scale: Scale = "ordinal",
    missing: Annotated[list[str] | None, typer.Option(help="An answer that means none, such as -1.")] = None,
    where: Annotated[list[str] | None, typer.Option("--where", help="Keep rows with column=value (or !=).")] = None,
    than: Annotated[
        list[str] | None, typer.Option("--than", help="Rows of another arm, as in --where: say what changed from those to these.")
    ] = None,
    remedy: Annotated[str | None, typer.Option("--remedy", help="Say what a remedy that needs no further asks changes.")] = None,
    group: Group = "",
    human: Human = None,
    human_respondent: Respondent = "respondent",
    human_item: HumanItem = "item",
    human_answer: HumanAnswer = "answer",
    human_attribute: HumanAttribute = None,
    html: Annotated[Path | None, typer.Option(help="Write the card as a page that works offline.")] = None,
    json_: Json = False,
) -> None:
    """Estimate a study from recorded answers that carry its columns, or what changed between two arms of them."""
    people = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    asked = with_people(chosen(study), human, people, scale)
    table, name = scan(file)
    frame = collect(table, name)
    for pair in column or []:
        wanted, _, given = (part.strip() for part in pair.partition("="))
        if given not in frame.columns:
            message = f'--column "{pair}": {name} has no column "{given}"; write what the study reads=your column.'
            raise InputError(message)
        frame = frame.with_columns(frame[given].alias(wanted))
    labels = tuple(part.strip() for part in (probabilities or "").split(",") if part.strip())
    taken = {persona, item, answer, run, *(condition or ()), *labels}
    columns = Columns(
        persona, item, answer, run, tuple(condition or ()),
        probabilities=labels,
        more=tuple(one for one, kind in frame.schema.items() if one not in taken and not kind.is_nested()),
    )  # fmt: skip
    source = frame if column else file  # a path is named in messages
    read = partial(Responses.read, source, columns, parse_scale(scale), missing=missing or (), duplicates="runs")
    responses = read(keep=where or ())
    if remedy or than:
        cure = chosen_remedy(remedy) if remedy else Remedy()
        findings = replayed(Asked(asked, cure, read(keep=than) if than else responses, responses, group))
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
