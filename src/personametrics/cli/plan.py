"""personametrics plan: what a study will cost and how narrow its interval will be. No call is made."""

import json
import math
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.audit import Adaptively, File, Items, Json, ModelName, Out, Personas, Runs, Set, Studies, names, plan_of
from personametrics.elicit.costs.forecast import Forecast, forecast
from personametrics.elicit.run import Run
from personametrics.lab.audit import open_model
from personametrics.lab.further_studies import further


def plan(  # noqa: PLR0917 (a command's options are its parameters)
    study: File = None,
    model: ModelName = None,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = None,
    out: Out = None,
    adaptive: Adaptively = False,
    studies: Studies = None,
    settings: Set = None,
    json_: Json = False,
) -> None:
    """Say what a study will cost, how narrow its interval will be, and the cheapest design for a given width. No call is made."""
    flags: dict[str, Any] = {"model": model, "personas": personas, "items": items, "runs": runs, "out": out, "adaptive": adaptive or None}
    flags["studies"] = names(studies)
    planned = plan_of(study, flags, settings or [])
    opened = open_model(planned)
    run = Run.planned(planned, opened.id)
    run.require(opened)
    found = forecast(run, opened)
    if json_:
        typer.echo(json.dumps({name: _plain(value) for name, value in asdict(found).items()}, ensure_ascii=False))
    else:
        _show(run, found, Console())


def _show(run: Run, found: Forecast, console: Console) -> None:
    """The plan as a table."""
    table = Table("arm", "personas", "items", "conditions", "runs", "asks", title=f"{run.model}", title_justify="left")
    for arm, grid in run.arms.grids().items():
        count = f"{len(grid):,}" if arm != "shuffled" else f"{len(grid):,} (shared with the panel)"
        table.add_row(arm, *map(str, (len(grid.personas), len(grid.items), len(grid.conditions), grid.runs)), count)
    console.print(table)
    console.print(found.sentence, markup=False, highlight=False)
    if said := further(run).said:
        console.print(said, markup=False, highlight=False)
    if math.isfinite(found.width):
        console.print(f"Expected interval of the signal ({run.plan.level:.0%}): ± {found.width:.2f}.", highlight=False)
    elif not run.plan.score:
        console.print("No signal can come of this: it takes two personas, two items and two runs.", highlight=False)
    for line in found.designs:
        console.print(f"  {line}", markup=False, highlight=False)
    console.print(f"These figures rest on {found.basis}.", markup=False, highlight=False)


def _plain(value: object) -> object:
    """A JSON value."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
