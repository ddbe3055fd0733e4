"""personametrics export: write the replies of a run for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.options import Folder, Plugin, load_plugins
from personametrics.data.errors import InputError, options
from personametrics.lab.directory import job_of
from personametrics.lab.exports import FORMATS
from personametrics.lab.exports import export as write


def export(
    folder: Folder,
    to: Annotated[str, typer.Option(help="Format: parquet, csv or inspect.")] = "parquet",
    file: Annotated[
        Path | None, typer.Option(help="File to write. Default: answers.parquet, answers.csv or inspect.json in the run directory.")
    ] = None,
    plugin: Plugin = None,
) -> None:
    """Write every request with its reply as one table, or as an Inspect log. No model is asked."""
    load_plugins(plugin)
    if to not in FORMATS:
        message = f'Unknown format "{to}" in --to. {options(to, FORMATS)}.'
        raise InputError(message)
    typer.echo(f"Written: {write(job_of(folder), to, file)}")
