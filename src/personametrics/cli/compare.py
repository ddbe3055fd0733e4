"""personametrics compare: measure a study without a remedy and with it."""

from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import (
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
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.run import StudyRun

Group = Annotated[str, typer.Option(help="Column or attribute. The spread of personas within each of its values is checked.")]


def compare(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[str, typer.Argument(help="A study (list: personametrics studies), with options such as distortion:margin=0.1.")],
    remedy: Annotated[
        str, typer.Option("--remedy", help="A remedy (list: personametrics remedies), or a chain such as spell_out+average:k=3.")
    ],
    model: ModelName = None,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = None,
    out: Out = None,
    score: Score = False,
    temperature: Temperature = None,
    group: Group = "",
    also: Annotated[list[str] | None, typer.Option("--also", "--beside", help="Another study to check for side effects.")] = None,
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
    """Ask a model without a remedy and with it, and print the change and its price. Run the command again to continue."""
    load_plugins(plugin)
    columns = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    folder = out or f"compare-{study.partition(':')[0]}-{remedy.partition(':')[0]}"
    options = {
        "model": model, "personas": personas, "items": items, "runs": runs, "out": folder,
        **asked(temperature, judge, partner, score=score), **people(human, columns, human_scale),
    }  # fmt: skip
    plain = StudyRun.of_plan(plan_of(file, options, settings), members.study(study))
    job = Trial.planned(plain.session, plain.task, members.remedy(remedy), group, also or ())
    carry_out(job, f"personametrics resume {job.folder}", as_json=json_)
