"""The command-line options for human answers, for studies that compare with them."""

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
    Path | None, typer.Option(help="A table of people's answers, one per row: respondent, item, answer.", rich_help_panel=HUMANS)
]
Respondent = Annotated[str, typer.Option("--human-respondent", help="Column of the respondent.", rich_help_panel=HUMANS)]
HumanItem = Annotated[str, typer.Option("--human-item", help="Column of the item.", rich_help_panel=HUMANS)]
HumanAnswer = Annotated[str, typer.Option("--human-answer", help="Column of the answer.", rich_help_panel=HUMANS)]
HumanScale = Annotated[
    str, typer.Option("--human-scale", help="Scale of people's answers, as in --scale of measure.", rich_help_panel=HUMANS)
]
HumanAttribute = Annotated[
    list[str] | None,
    typer.Option("--human-attribute", help="Column of an attribute of respondents, such as age. Repeatable.", rich_help_panel=HUMANS),
]
Scale = Annotated[
    str,
    typer.Option(help="Scale of the answers: ordinal, nominal, numeric, text, or 1|2|3, nominal:yes|no, 0..10.", rich_help_panel="Answers"),
]


def with_people(study: Study, human: Path | None, columns: Columns, scale: str) -> Study:
    """Return a study with human answers, or the study unchanged if there are none.

    Args:
        study: study to give the answers to.
        human: table of answers, or None.
        columns: columns of the table. A column `weight`, if present, is used as the weight of each respondent.
        scale: scale of the answers.

    Raises:
        InputError: the study does not compare with people, or the table cannot be read.
    """
    return study if human is None else members.with_people(study, partial(read_people, human, columns, scale))
