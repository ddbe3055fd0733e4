"""personametrics schema: the JSON Schema of a card or of a study file."""

import json
from typing import Annotated

import typer

from personametrics.data.card import card_schema
from personametrics.data.errors import InputError, options
from personametrics.elicit.plan import Plan

OF = {"card": card_schema, "study": Plan.model_json_schema}


def schema(of: Annotated[str, typer.Argument(help="card or study.")] = "card") -> None:
    """Print the JSON Schema of a card or of a study file."""
    if of not in OF:
        message = f'There is no schema of "{of}": {options(of, OF)}.'
        raise InputError(message)
    typer.echo(json.dumps(OF[of](), indent=2))
