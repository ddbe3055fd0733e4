"""personametrics report: the card of a run, as far as it is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from personametrics import report as pages
from personametrics.cli.audit import Json
from personametrics.cli.measure import save
from personametrics.elicit.run import Run
from personametrics.lab.audit import card_of


def report(
    folder: Annotated[Path, typer.Argument(help="The run directory.", metavar="RUN_DIR")],
    html: Annotated[Path | None, typer.Option(help="Where to write the page; by default card.html in the run directory.")] = None,
    json_: Json = False,
) -> None:
    """Make the card of a run again, also while it is running. Nothing is asked."""
    card = card_of(Run.begun(folder))
    page = html or folder / "card.html"
    save(page, pages.html([card]))
    if json_:
        typer.echo(card.to_json())
    else:
        pages.show(card, Console())
        typer.echo(f"The report: {page.resolve()}")
