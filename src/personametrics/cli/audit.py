"""personametrics audit: ask a model, and say what its panel may be used for."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from personametrics import report
from personametrics.cli.measure import save
from personametrics.cli.progress import say_how_it_ended, with_progress
from personametrics.data.card import Card
from personametrics.data.errors import InputError
from personametrics.data.model import Model
from personametrics.elicit.costs.forecast import forecast
from personametrics.elicit.plan.audit import Plan
from personametrics.elicit.plan.file import checked, load
from personametrics.elicit.run import Run
from personametrics.lab.audit import card_of, conduct, open_model
from personametrics.lab.further_studies import further

File = Annotated[Path | None, typer.Argument(help="A study file, YAML or TOML; see: personametrics schema study.")]
ModelName = Annotated[
    str | None, typer.Option("--model", help="openai:NAME\\[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
]
Personas = Annotated[Path | None, typer.Option(help="A table with the columns id, text and attributes.")]
Items = Annotated[Path | None, typer.Option(help="A table with the columns id, text, scale.")]
Runs = Annotated[int | None, typer.Option(help="How often every persona is asked every item.")]
Out = Annotated[Path | None, typer.Option(help="The run directory.")]
Studies = Annotated[
    str | None, typer.Option(help="Further studies on the same card: all, or names separated by commas; see: personametrics studies.")
]
Remedies = Annotated[str | None, typer.Option("--remedy", help="Remedies to try and measure again: auto, or names separated by commas.")]
Human = Annotated[
    Path | None, typer.Option(help="A table of people's answers for studies that compare with them; its columns by --set human.answer=…")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="Any key of the study, as sampling.temperature=0.7 or controls.irrelevant=0.")]
Adaptively = Annotated[bool, typer.Option("--adaptive", help="Spend runs where they narrow the interval most; stop when it is decided.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, nothing else.")]


def audit(  # noqa: PLR0917 (a command's options are its parameters)
    study: File = None,
    model: ModelName = None,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = None,
    out: Out = None,
    adaptive: Adaptively = False,
    studies: Studies = None,
    remedy: Remedies = None,
    human: Human = None,
    settings: Set = None,
    extend: Annotated[bool, typer.Option("--extend", help="Go on in a run directory that was begun with another study.")] = False,
    json_: Json = False,
) -> None:
    """Ask a model as a panel of personas, keep every reply, and print the card. Safe to stop at any moment and to run again."""
    flags: dict[str, Any] = {
        "model": model,
        "personas": personas,
        "items": items,
        "runs": runs,
        "out": out,
        "adaptive": adaptive or None,
        "studies": names(studies),
        "remedies": names(remedy),
        "human": None if human is None else {"file": str(human)},
    }
    plan = plan_of(study, flags, settings or [])
    opened = open_model(plan)
    carry_out(Run.planned(plan, opened.id), opened, extend=extend, as_json=json_)


def names(studies: str | None) -> list[str] | None:
    """Names of studies separated by commas; a comma before `knob=` belongs to the knobs of one."""
    return [name.strip() for name in re.split(r",(?!\w+=)", studies)] if studies else None


def plan_of(study: Path | None, flags: dict[str, Any], settings: list[str]) -> Plan:
    """A study file, changed by flags; or a study of flags alone.

    Raises:
        InputError: neither says what is to be asked.
    """
    given = {name: str(value) if isinstance(value, Path) else value for name, value in flags.items() if value is not None}
    content: dict[str, Any] = load(study).model_dump(by_alias=True) if study is not None else {}
    lacking = [f"--{name}" for name in ("model", "personas", "items") if name not in content | given]
    if lacking:
        message = f"Name a study file, or give {', '.join(lacking)}."
        raise InputError(message)
    content |= given
    for setting in settings:
        _set(content, setting)
    return checked(content, lambda place: "--set" if place and place[0] not in given else "The flags")


def _set(content: dict[str, Any], setting: str) -> None:
    """Put `prompt.style=letter` into a study; values are read as in a study file."""
    path, equals, text = setting.partition("=")
    if not equals:
        message = f'--set "{setting}" is not of the form key=value, such as sampling.temperature=0.7.'
        raise InputError(message)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    *parts, last = path.strip().split(".")
    at = content
    for part in parts:
        inner = at.get(part)
        at[part] = dict(inner) if isinstance(inner, dict) else {}
        at = at[part]
    at[last] = value


def carry_out(run: Run, model: Model, *, extend: bool, as_json: bool) -> None:
    """Ask what is missing, write the card, print it, and exit with what became of it."""
    console = Console(stderr=True)
    said = further(run).said
    console.print(forecast(run, model).sentence, markup=False, highlight=False)
    if said:
        console.print(said, markup=False, highlight=False)
    tally = asyncio.run(with_progress(lambda terms: conduct(run, model, terms, extend=extend), console))
    if tally.answered or tally.before or tally.failed:
        write_card(card_of(run), run.folder, as_json=as_json)
    say_how_it_ended(tally, f"go on with: personametrics resume {run.folder}", console)


def write_card(card: Card, folder: Path, *, as_json: bool) -> None:
    """The card as JSON and as a page in a run directory, and on the screen."""
    save(folder / "card.json", card.to_json() + "\n")
    save(folder / "card.html", report.html([card]))
    if as_json:
        typer.echo(card.to_json())
    else:
        report.show(card, Console())
        typer.echo(f"The report: {(folder / 'card.html').resolve()}")
