"""Options that name the columns of recorded answers, for the commands that read them."""

from pathlib import Path
from typing import Annotated

import typer

ANSWERS = "Answers"
File = Annotated[Path, typer.Argument(help="CSV, TSV, Parquet or NDJSON with one answer per row.")]
Persona = Annotated[str, typer.Option(help="Column of the persona.", rich_help_panel=ANSWERS)]
Item = Annotated[str, typer.Option(help="Column of the item.", rich_help_panel=ANSWERS)]
Answer = Annotated[str, typer.Option(help="Column of the answer.", rich_help_panel=ANSWERS)]
Run = Annotated[
    str | None, typer.Option(help="Column of the run (retest). Without it, the rows of a cell are its runs.", rich_help_panel=ANSWERS)
]
Condition = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of a condition: wording, order, language … Repeatable; all of them together are the condition.",
        rich_help_panel=ANSWERS,
    ),
]
Outcome = Annotated[
    str | None, typer.Option(help="Column of the outcome: answered, refused, unparsable, failed or missing.", rich_help_panel=ANSWERS)
]
Probabilities = Annotated[
    str | None, typer.Option(help="Columns of label probabilities or log-probabilities, separated by commas.", rich_help_panel=ANSWERS)
]
Missing = Annotated[list[str] | None, typer.Option(help="Code for a missing answer, such as -1. Repeatable.", rich_help_panel=ANSWERS)]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="Keep rows with column=value (or !=). Repeatable.", rich_help_panel=ANSWERS)
]
By = Annotated[list[str] | None, typer.Option(help="Column. Makes one card per value.", rich_help_panel=ANSWERS)]
DuplicateRows = Annotated[
    str,
    typer.Option(help="Rows with the same persona, item, condition and run: error, first, last, mean or runs.", rich_help_panel=ANSWERS),
]
