"""personametrics schema: print the JSON Schema of a card, of a study file or of a file of dialogues."""

import json
from typing import Annotated

import typer

from personametrics.data.card import card_schema
from personametrics.data.errors import InputError, options
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.plan.talk import TalkPlan

OF = {"card": card_schema, "study": Plan.model_json_schema, "talk": TalkPlan.model_json_schema}


def schema(of: Annotated[str, typer.Argument(help="Schema: card, study or talk.")] = "card") -> None:
    """Print the JSON Schema of a card, of a study file or of a file of dialogues."""
    if of not in OF:
        message = f'Unknown schema "{of}". {options(of, OF)}.'
        raise InputError(message)
    typer.echo(json.dumps(OF[of](), indent=2))
