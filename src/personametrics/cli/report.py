"""personametrics report: print the card of a run in its present state."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.asking import write_card
from personametrics.cli.options import Folder, Json, Plugin, load_plugins
from personametrics.lab.directory import job_of


def report(
    folder: Folder,
    html: Annotated[Path | None, typer.Option(help="File for the card as an HTML page. Default: card.html in the run directory.")] = None,
    plugin: Plugin = None,
    json_: Json = False,
) -> None:
    """Make the card of a run of audit, run, compare or talk again, even while it is running. No model is asked."""
    load_plugins(plugin)
    write_card(job_of(folder).card, folder, as_json=json_, page=html)
