"""personametrics audit: ask a model, and report what its panel may be used for."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import (
    Adaptive,
    Extend,
    File,
    Items,
    Json,
    Judge,
    ModelName,
    Out,
    Partner,
    Personas,
    Plugin,
    Runs,
    Score,
    Set,
    Temperature,
    asked,
    load_plugins,
    names,
    plan_of,
)  # fmt: skip
from personametrics.lab.audit import Audit
from personametrics.lab.session import Session

Studies = Annotated[
    str | None, typer.Option(help="Further studies on the same card: all, or names separated by commas (see: personametrics studies).")
]
Remedies = Annotated[
    str | None, typer.Option("--remedy", help="Remedies to try, each followed by a second measurement: auto, or names separated by commas.")
]
Human = Annotated[
    Path | None,
    typer.Option(help="A table of people's answers, for studies that compare with them. Name its columns with --set human.answer=…"),
]
NEEDED = ("model", "personas", "items")


def audit(  # noqa: PLR0917 (a command's options are its parameters)
    study: File = None,
    model: ModelName = None,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = None,
    out: Out = None,
    score: Score = False,
    temperature: Temperature = None,
    adaptive: Adaptive = False,
    studies: Studies = None,
    remedy: Remedies = None,
    human: Human = None,
    judge: Judge = None,
    partner: Partner = None,
    settings: Set = None,
    plugin: Plugin = None,
    extend: Extend = False,
    json_: Json = False,
) -> None:
    """Ask a model as a panel of personas, keep every reply, and print the card. You can stop at any moment and run it again."""
    load_plugins(plugin)
    options = {
        "model": model, "personas": personas, "items": items, "runs": runs, "out": out,
        "studies": names(studies), "remedies": names(remedy),
        "human": None if human is None else {"file": str(human)}, **asked(temperature, judge, partner, score=score, adaptive=adaptive),
    }  # fmt: skip
    job = Audit(Session.planned(plan_of(study, options, settings, NEEDED)))
    carry_out(job, f"personametrics resume {job.folder}", extend=extend, as_json=json_)
