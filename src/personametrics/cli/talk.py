"""personametrics talk: simulated users talk to a system under test."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from personametrics.cli.audit import Json, write_card
from personametrics.cli.progress import say_how_it_ended, with_progress
from personametrics.elicit.plan.talk import load_talk
from personametrics.lab.talk import Conversations


def talk(
    study: Annotated[Path, typer.Argument(help="A file of dialogues, YAML or TOML; see: personametrics schema talk.")],
    out: Annotated[Path | None, typer.Option(help="The run directory, instead of the one in the file.")] = None,
    json_: Json = False,
) -> None:
    """Let personas talk to a system under test as its users would, and keep every line. Safe to stop at any moment and to run again."""
    console = Console(stderr=True)
    plan = load_talk(study)
    held = Conversations.planned(plan if out is None else plan.model_copy(update={"out": str(out)}))
    turns, number = plan.lasting(), len(held.personas) * len(held.tasks) * plan.runs
    console.print(f"{number:,} dialogues of {turns} turns, {len(held.requests):,} lines to say at most.", highlight=False)
    tally = asyncio.run(with_progress(held.hold, console))
    if tally.answered or tally.before or tally.failed:
        paths = held.write()
        write_card(held.card, held.folder, as_json=json_)
        if not json_:
            typer.echo(f"All that was said: {' and '.join(map(str, paths))}")
    say_how_it_ended(tally, "run the same command again to go on", console)
