"""personametrics run: measure one study of a model."""

from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import (
    Adaptive,
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
    StudyFile,
    Temperature,
    asked,
    load_plugins,
    people,
    plan_of,
)  # fmt: skip
from personametrics.cli.people import Human, HumanAnswer, HumanAttribute, HumanItem, HumanScale, Respondent
from personametrics.data.columns import Columns
from personametrics.lab import members
from personametrics.lab.run import StudyRun


def run(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[
        str, typer.Argument(help="A study (list: personametrics studies), with options such as expertise:margin=0.1,field=work.")
    ],
    model: ModelName = None,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = None,
    out: Out = None,
    score: Score = False,
    temperature: Temperature = None,
    adaptive: Adaptive = False,
    judge: Judge = None,
    partner: Partner = None,
    file: StudyFile = None,
    settings: Set = None,
    plugin: Plugin = None,
    human: Human = None,
    human_respondent: Respondent = "respondent",
    human_item: HumanItem = "item",
    human_answer: HumanAnswer = "answer",
    human_attribute: HumanAttribute = None,
    human_scale: HumanScale = "ordinal",
    json_: Json = False,
) -> None:
    """Ask a model the requests of one study, keep every reply, and print the card. Run the command again to continue."""
    load_plugins(plugin)
    columns = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    options = {
        "model": model, "personas": personas, "items": items, "runs": runs, "out": out or f"run-{study.partition(':')[0]}",
        **asked(temperature, judge, partner, score=score, adaptive=adaptive), **people(human, columns, human_scale),
    }  # fmt: skip
    plan = plan_of(file, options, settings)
    job = StudyRun.of_plan(plan, members.study(study))
    carry_out(job, f"personametrics resume {job.folder}", as_json=json_)
