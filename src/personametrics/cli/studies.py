"""personametrics studies: what can be measured, with sources and price."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.audit import Json
from personametrics.data.citations import citations
from personametrics.data.errors import InputError
from personametrics.data.study import Elicitation
from personametrics.lab import bundled as battery
from personametrics.lab.members import studies as every


def studies(json_: Json = False) -> None:
    """List the studies: the question of each, its sources, and how many asks it takes with the personas and items that come along."""
    rows = [_row(name, kind()) for name, kind in every().items()]
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("study", "question", "asks", "reads", "sources", title="personametrics run STUDY --model …")
    for row in rows:
        table.add_row(row["name"], row["question"], str(row["asks"] or "-"), ", ".join(row["reads"]), ", ".join(row["cite"]))
    Console().print(table)
    typer.echo("Asks: with the personas and items that come with the library and 5 runs. A source in full: personametrics cite KEY")


def _row(name: str, study: Any) -> dict[str, Any]:
    """What there is to know of a study."""
    try:
        requests: int | None = len(study.design(battery.personas("", name), battery.items(""), Elicitation()))
    except InputError:
        requests = None
    knobs = {knob: value if isinstance(value, int | float | str | bool) else str(value) for knob, value in vars(study).items()}
    sources = [str(one) for one in citations(study.cite)]
    return {
        "name": name, "question": study.question, "cite": list(study.cite), "sources": sources,
        "reads": dict(study.reads), "knobs": knobs, "asks": requests,
    }  # fmt: skip
