"""personametrics compare: measure a study without a remedy and with it."""

from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import Group, HumanAttribute, HumanOptions, HumanScale, Json, ModelOptions, StudyFile
from personametrics.lab import members
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.run import StudyRun


def compare(
    study: Annotated[
        str,
        typer.Argument(
            help="A study, with its options after a colon, as in distortion:margin=0.1. `personametrics studies` lists the names."
        ),
    ],
    options: ModelOptions,
    humans: HumanOptions,
    *,
    remedy: Annotated[
        str,
        typer.Option("--remedy", help="A remedy, or a chain such as spell_out+average:k=3. `personametrics remedies` lists the names."),
    ],
    group: Group = "",
    also: Annotated[list[str] | None, typer.Option("--also", "--beside", help="Another study to check for side effects.")] = None,
    file: StudyFile = None,
    human_attribute: HumanAttribute = None,
    human_scale: HumanScale = "ordinal",
    json_: Json = False,
) -> None:
    """Ask a model without a remedy and with it, and print the change and its price. Run the command again to continue."""
    folder = options.out or f"compare-{study.partition(':')[0]}-{remedy.partition(':')[0]}"
    plan = options.plan(file, out=folder, **humans.plan(human_attribute, human_scale))
    plain = StudyRun.of_plan(plan, members.study(study))
    job = Trial.planned(plain.session, plain.task, members.remedy(remedy), group, also or ())
    carry_out(job, f"personametrics resume {job.folder}", as_json=json_)
