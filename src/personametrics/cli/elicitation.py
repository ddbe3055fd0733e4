"""How a study is asked, on the command line: what answers, how often and how, and who plays other parts of dialogues."""

from typing import Annotated

import typer

ANSWERS = "answers.parquet"
"""Where all answers are written in the run directory of a study; `personametrics replay` reads it."""
ModelName = Annotated[str, typer.Option("--model", help="openai:NAME\\[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")]
Runs = Annotated[int, typer.Option(help="How often everything is asked.", min=1)]
Score = Annotated[bool, typer.Option("--score", help="Ask for label probabilities instead of answers.")]
Temperature = Annotated[float, typer.Option(help="Of the answers.", min=0)]
Judge = Annotated[
    str | None, typer.Option("--judge", help="Model that judges lines of dialogues; the model itself unless named. oracle: embedded only.")
]
Partner = Annotated[str | None, typer.Option("--partner", help="Model that says the other side of dialogues, where it is not given.")]
