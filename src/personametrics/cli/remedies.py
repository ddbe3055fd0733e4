"""personametrics remedies: what can be tried against a failure, with sources and price."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.audit import Json
from personametrics.data.citations import citations
from personametrics.lab.members import knobs
from personametrics.lab.members import remedies as every

LEARNS = {None: "nothing", "items": "answers to half of the items", "people": "answers of half of the people"}


def remedies(json_: Json = False) -> None:
    """List the remedies: what each does, where it acts, what it learns from, its knobs and its sources."""
    rows = [_row(name, kind()) for name, kind in every().items()]
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("remedy", "what it does", "acts on", "learns from", "knobs", "sources", title="personametrics compare STUDY --remedy …")
    for row in rows:
        given = ", ".join(f"{knob}={value}" for knob, value in row["knobs"].items())
        table.add_row(row["name"], row["says"], row["acts_on"], row["learns_from"], given, ", ".join(row["cite"]))
    Console().print(table)
    typer.echo("In a chain: spell_out+average:k=3. A source in full: personametrics cite KEY")


def _row(name: str, remedy: Any) -> dict[str, Any]:
    """What there is to know of a remedy."""
    plain = {knob: value if isinstance(value, int | float | str | bool) else str(value) for knob, value in knobs(remedy).items()}
    return {
        "name": name, "says": remedy.says, "acts_on": remedy.acts_on, "learns_from": LEARNS[remedy.splits], "knobs": plain,
        "cite": list(remedy.cite), "sources": [str(one) for one in citations(remedy.cite)],
    }  # fmt: skip
