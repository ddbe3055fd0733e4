"""personametrics export: the replies of a run, for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.data.errors import InputError, options
from personametrics.elicit.exports import FORMATS
from personametrics.elicit.exports import export as write
from personametrics.elicit.run import Run


def export(
    folder: Annotated[Path, typer.Argument(help="The run directory.", metavar="RUN_DIR")],
    to: Annotated[str, typer.Option(help="parquet, csv or inspect.")] = "parquet",
    file: Annotated[Path | None, typer.Option(help="Where to write; by default answers.KIND in the run directory.")] = None,
) -> None:
    """Write every ask with its reply as one table, or as a log of Inspect. Nothing is asked."""
    if to not in FORMATS:
        message = f'--to "{to}" is unknown: {options(to, FORMATS)}.'
        raise InputError(message)
    typer.echo(f"Written: {write(Run.begun(folder), to, file)}")
