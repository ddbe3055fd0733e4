"""Options that several commands share."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from personametrics.cli import app, expanded


@dataclass(frozen=True)
class Size:
    """Options of a size."""

    width: Annotated[int, typer.Option(help="Columns.")] = 1
    height: int = 2


def test_a_dataclass_of_options_stands_for_one_option_per_field() -> None:
    def draw(size: Size, *, name: str = "square") -> None:
        typer.echo(f"{name}: {size}")

    program = typer.Typer()
    program.command()(expanded(draw))
    assert CliRunner().invoke(program, ["--width", "5"]).output == "square: Size(width=5, height=2)\n"
    assert "Columns." in CliRunner().invoke(program, ["--help"]).output


@pytest.mark.parametrize("verb", ["plan", "audit", "run", "compare"])
def test_every_verb_that_asks_a_model_takes_the_same_options(verb: str) -> None:
    listed = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"}).output
    for option in ("model", "personas", "items", "runs", "out", "score", "temperature", "judge", "partner", "set", "plugin"):
        assert f"--{option}" in listed
