"""personametrics run: one study of a model."""

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
from personametrics.lab.run import Session
from personametrics.models.named import named


def run(  # noqa: PLR0917 (a command's options are its parameters)
    study: Annotated[str, typer.Argument(help="One of: personametrics studies. Knobs: expertise:margin=0.1,field=work.")],
    model: ModelName,
    personas: Personas = None,
    items: Items = None,
    runs: Runs = 5,
    out: Out = None,
    score: Score = False,
    temperature: Temperature = 1.0,
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
    """Ask a model what one study wants to know, keep every reply, and print what the answers say. Run it again to go on."""
    console = Console(stderr=True)
    opened = named(model)
    elicitation = Elicitation(runs, score, sampling=Sampling(temperature))
    folder = out or f"run-{study.partition(':')[0]}"
    people = Columns(human_respondent, human_item, human_answer, attributes=tuple(human_attribute or ()))
    asked = with_people(members.study(study), human, people, human_scale)
    session = Session.opened(asked, opened.id, personas, items, folder, elicitation).played_by(judge=judge, partner=partner)
    console.print(f"{session.expected(opened)}.", markup=False, highlight=False)
    tally = asyncio.run(with_progress(lambda terms: session.ask(opened, terms), console))
    if tally.answered or tally.before or tally.failed:
        write(session.answers, session.folder / ANSWERS)
        write_card(session.card, session.folder, as_json=json_)
    say_how_it_ended(tally, "run the same command again to go on", console)
