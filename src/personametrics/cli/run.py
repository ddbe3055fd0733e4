"""personametrics run: measure one study of a model."""

from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import Adaptive, HumanAttribute, HumanOptions, HumanScale, Json, ModelOptions, StudyFile
from personametrics.lab import members
from personametrics.lab.run import StudyRun


def run(
    study: Annotated[
        str,
        typer.Argument(
            help="A study, with its options after a colon, as in expertise:margin=0.1. `personametrics studies` lists the names."
        ),
    ],
    options: ModelOptions,
    humans: HumanOptions,
    *,
    adaptive: Adaptive = False,
    file: StudyFile = None,
    human_attribute: HumanAttribute = None,
    human_scale: HumanScale = "ordinal",
    json_: Json = False,
) -> None:
    """Ask a model the requests of one study, keep every reply, and print the card. Run the command again to continue."""
    folder = options.out or f"run-{study.partition(':')[0]}"
    plan = options.plan(file, out=folder, adaptive=adaptive or None, **humans.plan(human_attribute, human_scale))
    job = StudyRun.of_plan(plan, members.study(study))
    carry_out(job, f"personametrics resume {job.folder}", as_json=json_)
