"""People's answers on the command line, for studies that compare with them."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from personametrics.data.columns import Columns
from personametrics.data.study import Study
from personametrics.lab import members
from personametrics.measures.population import read_people

HUMANS = "Human answers"
Human = Annotated[
    Path | None, typer.Option(help="A table of people's answers, one a row: respondent, item, answer.", rich_help_panel=HUMANS)
]
Respondent = Annotated[str, typer.Option("--human-respondent", help="Column: who answers.", rich_help_panel=HUMANS)]
HumanItem = Annotated[str, typer.Option("--human-item", help="Column: what is asked.", rich_help_panel=HUMANS)]
HumanAnswer = Annotated[str, typer.Option("--human-answer", help="Column: the answer.", rich_help_panel=HUMANS)]
HumanScale = Annotated[
    str, typer.Option("--human-scale", help="How people's answers are read; as --scale of measure.", rich_help_panel=HUMANS)
]
HumanAttribute = Annotated[
    list[str] | None,
    typer.Option("--human-attribute", help="Column: an attribute of who answers, such as age. Several.", rich_help_panel=HUMANS),
]
Scale = Annotated[str, typer.Option(help="ordinal, nominal, numeric, text; or 1|2|3, nominal:yes|no, 0..10.")]


def with_people(study: Study, human: Path | None, columns: Columns, scale: str) -> Study:
    """A study with people's answers; as it is where there are none.

    Args:
        study: that may want them.
        human: their table.
        columns: of the table; a column `weight` is taken too: what each of them stands for.
        scale: how their answers are read.

    Raises:
        InputError: the study does not compare with people, or the table cannot be read.
    """
    return study if human is None else members.with_people(study, partial(read_people, human, columns, scale))
