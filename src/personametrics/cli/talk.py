"""personametrics talk: let simulated users talk to a system under test."""

from pathlib import Path
from typing import Annotated

import typer

from personametrics.cli.asking import carry_out
from personametrics.cli.options import Json, Set, with_settings
from personametrics.elicit.plan.talk import load_talk
from personametrics.lab.talk import Conversations


def talk(
    study: Annotated[Path, typer.Argument(help="A file of dialogues, YAML or TOML. `personametrics schema talk` prints its keys.")],
    out: Annotated[Path | None, typer.Option(help="The run directory, instead of the one in the file.")] = None,
    settings: Set = None,
    json_: Json = False,
) -> None:
    """Let personas talk to a system under test as its users, and keep every line. You can stop at any moment and run it again."""
    plan = with_settings(load_talk(study), {"out": None if out is None else str(out)}, settings)
    job = Conversations.planned(plan)
    carry_out(job, f"personametrics resume {job.folder}", as_json=json_)
