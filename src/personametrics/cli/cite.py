"""personametrics cite: print the sources of the methods."""

from typing import Annotated

import typer

from personametrics.data.citations import citations, references
from personametrics.data.errors import InputError, options


def cite(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys such as brennan2001. Without a key, all sources are printed.")] = None,
) -> None:
    """Print the sources of the methods."""
    for key in keys or []:
        if key not in references():
            message = f'Unknown source "{key}". {options(key, references(), 60)}.'
            raise InputError(message)
    for key in keys or references():
        typer.echo(f"{key}: {citations([key])[0]}")
