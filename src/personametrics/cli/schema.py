"""personametrics schema: the JSON Schema of a card."""

import json

import typer

from personametrics.data.card import card_schema


def schema() -> None:
    """Print the JSON Schema of a card."""
    typer.echo(json.dumps(card_schema(), indent=2))
