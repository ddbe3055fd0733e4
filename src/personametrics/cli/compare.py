"""personametrics compare: a study without a remedy and with it."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from personametrics.cli.audit import Items, Json, Out, Personas, write_card
from personametrics.cli.elicitation import ANSWERS, Judge, ModelName, Partner, Runs, Score, Temperature
from personametrics.cli.people import Human, HumanAnswer, HumanAttribute, HumanItem, HumanScale, Respondent, with_people
from personametrics.cli.progress import say_how_it_ended, with_progress
from personametrics.data.columns import Columns
from personametrics.data.request import Sampling
from personametrics.data.study import Elicitation
from personametrics.data.writing import write
from personametrics.lab import members
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.roles import Cast
from personametrics.models.named import named

Group = Annotated[str, typer.Option(help="Column or attribute within whose values the spread of personas is watched.")]


def compare(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[str, typer.Argument(help="One of: personametrics studies. Knobs: distortion:margin=0.1.")],
    remedy: Annotated[str, typer.Option("--remedy", help="One of: personametrics remedies. Several: spell_out+average:k=3.")],
    model: ModelName,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = 5,
    out: Out = None,
    score: Score = False,
    temperature: Temperature = 1.0,
    group: Group = "",
    beside: Annotated[list[str] | None, typer.Option(help="A further study, to see whether it gets worse.")] = None,
    judge: Judge = None,
    partner: Partner = None,
    human: Human = None,
    human_respondent: Respondent = "respondent",
    human_item: HumanItem = "item",
    human_answer: HumanAnswer = "answer",
    human_attribute: HumanAttribute = None,
    human_scale: HumanScale = "ordinal",
    json_: Json = False,
) -> None:
    """Ask a model without a remedy and with it, and print what changed and at what price. Run it again to go on."""
    console = Console(stderr=True)
    opened = named(model)
    people = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    asked = with_people(members.study(study), human, people, human_scale)
    folder = out or f"compare-{study.partition(':')[0]}-{remedy.partition(':')[0]}"
    elicitation = Elicitation(runs, score, sampling=Sampling(temperature))
    cast: Cast = {"judge": judge, "partner": partner}
    trial = Trial.opened(
        asked, opened, remedy, personas, items, out=folder, elicitation=elicitation, group=group, beside=beside or (), cast=cast
    )
    console.print(trial.forecast, highlight=False)
    tally = asyncio.run(with_progress(trial.ask, console))
    say_how_it_ended(tally, "run the same command again to go on", console)
    write(trial.answers, trial.plain.folder / ANSWERS)
    write_card(trial.comparison.card, trial.plain.folder, as_json=json_)
