"""personametrics export: write the replies of a run for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.options import Folder, Plugin, load_plugins
from personametrics.data.errors import InputError, options
from personametrics.elicit.exports import FORMATS
from personametrics.elicit.exports import export as write
from personametrics.lab.begun import begun


def export(
    folder: Folder,
    to: Annotated[str, typer.Option(help="Format: parquet, csv or inspect.")] = "parquet",
    file: Annotated[
        Path | None, typer.Option(help="File to write. Default: answers with the ending of the format, in the run directory.")
    ] = None,
    plugin: Plugin = None,
) -> None:
    """Write every request with its reply as one table, or as an Inspect log. No model is asked."""
    load_plugins(plugin)
    if to not in FORMATS:
        message = f'Unknown format "{to}" in --to. {options(to, FORMATS)}.'
        raise InputError(message)
    typer.echo(f"Written: {write(begun(folder), to, file)}")
