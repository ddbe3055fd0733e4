"""personametrics audit: ask a model, and report what its panel may be used for."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import Adaptive, File, Json, ModelOptions, names
from personametrics.lab.audit import Audit
from personametrics.lab.session import Session

Studies = Annotated[
    str | None,
    typer.Option(help="Further studies on the same card: all, or names separated by commas. `personametrics studies` lists the names."),
]
NEEDED = ("model", "personas", "items")


def audit(
    options: ModelOptions,
    *,
    study: File = None,
    adaptive: Adaptive = False,
    studies: Studies = None,
    remedy: Annotated[
        str | None,
        typer.Option(help="Remedies to try: auto, or names separated by commas. The panel is measured again after each of them."),
    ] = None,
    human: Annotated[
        Path | None,
        typer.Option(help="A table of people's answers, for studies that compare with them. Name its columns with --set human.answer=…"),
    ] = None,
    extend: Annotated[bool, typer.Option("--extend", help="Continue in a run directory that was begun with a different study.")] = False,
    json_: Json = False,
) -> None:
    """Ask a model as a panel of personas, keep every reply, and print the card. You can stop at any moment and run it again."""
    people = human and {"file": str(human)}
    plan = options.plan(study, NEEDED, adaptive=adaptive or None, studies=names(studies), remedies=names(remedy), human=people)
    job = Audit(Session.planned(plan))
    carry_out(job, f"personametrics resume {job.folder}", extend=extend, as_json=json_)
