"""personametrics plan: print the expected cost and interval of a study. No model is asked."""

import json
import math
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from personametrics.cli.audit import NEEDED, Studies
from personametrics.cli.options import Adaptive, File, Json, ModelOptions, names
from personametrics.lab.audit import Audit
from personametrics.lab.forecast import Forecast
from personametrics.lab.session import Session


def plan(options: ModelOptions, *, study: File = None, adaptive: Adaptive = False, studies: Studies = None, json_: Json = False) -> None:
    """Print the expected price of a study, the width of its interval, and the cheapest design for a width. No model is asked."""
    job = Audit(Session.planned(options.plan(study, NEEDED, adaptive=adaptive or None, studies=names(studies))))
    job.session.require()
    job.design()
    expected = job.expected()
    if json_:
        typer.echo(json.dumps({name: _plain(value) for name, value in asdict(expected).items()}, ensure_ascii=False))
    else:
        _show(job, expected, Console())


def _show(job: Audit, expected: Forecast, console: Console) -> None:
    """Print the plan as a table."""
    session = job.session
    table = Table("arm", "personas", "items", "conditions", "runs", "requests", title=f"{session.model.id}", title_justify="left")
    for grid in job.grids:
        count = f"{len(grid):,}" if grid.arm != "shuffled" else f"{len(grid):,} (shared with the panel)"
        table.add_row(grid.arm, *map(str, (len(grid.personas), len(grid.items), len(grid.conditions), grid.runs)), count)
    console.print(table)
    console.print(expected.sentence, markup=False, highlight=False)
    if job.further_forecast:
        console.print(job.further_forecast, markup=False, highlight=False)
    if math.isfinite(expected.width):
        console.print(f"Expected interval of the signal ({session.plan.level:.0%}): ± {expected.width:.2f}.", highlight=False)
    elif not session.plan.score:
        console.print("This design cannot give a signal. At least two personas, two items and two runs are needed.", highlight=False)
    for line in expected.designs:
        console.print(f"  {line}", markup=False, highlight=False)
    console.print(f"These numbers are based on {expected.basis}.", markup=False, highlight=False)


def _plain(value: object) -> object:
    """Return a value for JSON, with None for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
