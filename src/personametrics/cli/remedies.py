"""personametrics remedies: list the available remedies, with options and sources."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.options import Json, Plugin, load_plugins
from personametrics.cli.studies import facts
from personametrics.data.remedy import Remedy
from personametrics.lab import members

LEARNS = {None: "nothing", "items": "answers to half of the items", "people": "answers of half of the people"}


def remedies(plugin: Plugin = None, json_: Json = False) -> None:
    """List the remedies, each with what it does, where it acts, what it learns from, its options and its sources."""
    load_plugins(plugin)
    rows = [_row(name, kind()) for name, kind in members.remedies().items()]
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("remedy", "what it does", "acts on", "learns from", "options", "sources", title="personametrics compare STUDY --remedy …")
    for row in rows:
        knobs = ", ".join(f"{knob}={value}" for knob, value in row["knobs"].items())
        table.add_row(row["name"], row["says"], row["acts_on"], row["learns_from"], knobs, ", ".join(row["cite"]))
    Console().print(table)
    typer.echo("A chain of remedies is written as spell_out+average:k=3. Full reference of a source: personametrics cite KEY")


def _row(name: str, remedy: Remedy) -> dict[str, Any]:
    """Return the facts about a remedy."""
    stage = {"acts_on": remedy.acts_on, "learns_from": LEARNS[remedy.splits]}
    return {"name": name, "says": remedy.says, **stage, "against": list(remedy.against), **facts(remedy)}
