"""personametrics validate: is a study file right? Nothing is asked."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from personametrics.data.request import Request
from personametrics.elicit.plan.file import load
from personametrics.elicit.run import Run
from personametrics.lab.further_studies import further


def validate(
    study: Annotated[Path, typer.Argument(help="A study file, YAML or TOML.")],
    show: Annotated[bool, typer.Option("--show", help="Print the first prompt, as the model would read it.")] = False,
) -> None:
    """Check a study file, its personas, its items and people's answers, down to every slot of every prompt."""
    plan = load(study)
    run = Run.planned(plan, plan.model)
    beside = further(run)
    arms = ", ".join(f"{name} {len(grid)}" for name, grid in run.arms.grids().items())
    typer.echo(
        f"{study} is fine: {len(run.arms.personas)} personas, {len(run.arms.items)} items, {run.arms.runs} runs; asks by arm: {arms}."
    )
    if beside.said:
        typer.echo(beside.said)
    if show:
        _show(next(iter(run.arms.grids()["panel"])))


def _show(request: Request) -> None:
    """A prompt, turn by turn."""
    console = Console()
    for message in request.messages:
        console.rule(message.role)
        console.print(message.text, markup=False, highlight=False)
