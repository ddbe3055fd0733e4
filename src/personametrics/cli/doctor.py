"""personametrics doctor: find out by test requests what a model can do."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from personametrics.cli.options import Json, Set, plan_of
from personametrics.elicit.doctor import CONTEXT, Probe, examine
from personametrics.lab.session import opened

SIGNS = {True: "✓", False: "✗", None: "?"}


def doctor(
    model: Annotated[
        str, typer.Option(help="Name of the model: openai:NAME\\[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
    ],
    context: Annotated[bool, typer.Option(help="Also test long prompts, up to 16,000 tokens.")] = True,
    settings: Set = None,
    json_: Json = False,
) -> None:
    """Test with about a dozen short requests what a model can do: system role, several answers per call, seed, probabilities."""
    plan = plan_of(None, {"model": model}, settings)
    probes = asyncio.run(examine(opened(plan, {})[""], CONTEXT if context else ()))
    if json_:
        typer.echo(json.dumps([asdict(probe) for probe in probes], ensure_ascii=False))
    else:
        _show(model, probes)
    if not probes[0].found:
        raise typer.Exit(1)


def _show(model: str, probes: list[Probe]) -> None:
    """Print one line per test."""
    table = Table("", "ability", "evidence", title=Text(model), title_justify="left")
    for probe in probes:
        table.add_row(SIGNS[probe.found], probe.name, Text(probe.evidence))
    Console().print(table)
