"""personametrics resume: go on with a run."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.audit import Json, carry_out
from personametrics.data.errors import RunError
from personametrics.elicit.run import Run
from personametrics.lab.audit import open_model


def resume(folder: Annotated[Path, typer.Argument(help="The run directory.", metavar="RUN_DIR")], json_: Json = False) -> None:
    """Ask what a run is missing: nothing that was answered is asked again."""
    run = Run.begun(folder)
    model = open_model(run.plan)
    if model.id != run.model:
        message = f"{folder} was begun with {run.model}, but {run.plan.model} is now {model.id}; name another out to ask that one."
        raise RunError(message)
    carry_out(run, model, extend=False, as_json=json_)
