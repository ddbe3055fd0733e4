"""Who plays other parts of dialogues, on the command line."""

from typing import Annotated

import typer

Judge = Annotated[
    str | None, typer.Option("--judge", help="Model that judges lines of dialogues; the model itself unless named. oracle: embedded only.")
]
Partner = Annotated[str | None, typer.Option("--partner", help="Model that says the other side of dialogues, where it is not given.")]
