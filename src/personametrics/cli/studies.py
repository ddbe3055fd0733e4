"""personametrics studies: list the available studies, with sources and cost."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.options import Json, Plugin, load_plugins
from personametrics.data.citations import citations
from personametrics.data.errors import InputError
from personametrics.data.remedy import Remedy
from personametrics.data.study import Elicitation, Study
from personametrics.lab import examples, members


def studies(plugin: Plugin = None, json_: Json = False) -> None:
    """List the studies, each with its question, its columns, its sources and its number of requests."""
    load_plugins(plugin)
    rows = [_row(name, kind()) for name, kind in members.studies().items()]
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("study", "question", "requests", "reads", "sources", title="personametrics run STUDY --model …")
    for row in rows:
        table.add_row(row["name"], row["question"], str(row["asks"] or "-"), ", ".join(row["reads"]), ", ".join(row["cite"]))
    Console().print(table)
    typer.echo("requests: their number for the bundled personas and items in 5 runs. Full reference of a source: personametrics cite KEY")


def facts(member: Study | Remedy) -> dict[str, Any]:
    """Return the knobs and the sources of a study or remedy."""
    knobs = {knob: value if isinstance(value, int | float | str | bool) else str(value) for knob, value in member.knobs().items()}
    return {"knobs": knobs, "cite": list(member.cite), "sources": [str(source) for source in citations(member.cite)]}


def _row(name: str, study: Study) -> dict[str, Any]:
    """Return the facts about a study."""
    try:
        requests: int | None = len(study.design(examples.personas("", study.population), examples.items(""), Elicitation()))
    except InputError:
        requests = None
    return {"name": name, "question": study.question, "reads": dict(study.reads), "asks": requests, **facts(study)}
