"""personametrics validate: check a study file. No model is asked."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from personametrics.cli.audit import NEEDED
from personametrics.cli.options import plan_of
from personametrics.data.request import Request
from personametrics.lab.audit import Audit
from personametrics.lab.session import Recorded, Session


def validate(
    study: Annotated[Path, typer.Argument(help="A study file, YAML or TOML.")],
    show: Annotated[bool, typer.Option("--show", help="Print the first prompt as the model would receive it.")] = False,
) -> None:
    """Check a study file with its personas, items, human answers and every slot of every prompt. No model is asked."""
    plan = plan_of(study, {}, None, NEEDED)
    job = Audit(Session.planned(plan, {role: Recorded(role or plan.model) for role in ("", "judge", "partner")}))
    further = job.further_forecast  # designed, or refused
    sizes: dict[str, int] = {}
    for grid in job.grids:
        sizes[grid.arm] = sizes.get(grid.arm, 0) + len(grid)
    arms = ", ".join(f"{arm} {size}" for arm, size in sizes.items())
    session = job.session
    counts = f"{len(session.personas)} personas, {len(session.items)} items, {job.grids[0].runs} runs"
    typer.echo(f"{study} is valid: {counts}; requests by arm: {arms}.")
    if further:
        typer.echo(further)
    if show:
        _show(job.grids[0][0])


def _show(request: Request) -> None:
    """Print a prompt turn by turn."""
    console = Console()
    for message in request.messages:
        console.rule(message.role)
        console.print(message.text, markup=False, highlight=False)
