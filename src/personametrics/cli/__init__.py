"""The command line: one file a verb, loaded when it is used."""

import sys
import warnings
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from personametrics.data.errors import PersonametricsError
from personametrics.version import __version__

VERBS = (
    "measure",
    "plan",
    "audit",
    "resume",
    "report",
    "export",
    "studies",
    "run",
    "replay",
    "talk",
    "remedies",
    "compare",
    "validate",
    "doctor",
    "demo",
    "cite",
    "schema",
)


class Verbs(TyperGroup):
    """The verbs, each in the module of its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every verb, in the order of the help."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One verb; None if there is none of that name."""
        del ctx
        if cmd_name not in VERBS:
            return None
        one = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
        one.command(cmd_name)(getattr(import_module(f"personametrics.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(one)


app = typer.Typer(
    name="personametrics",
    cls=Verbs,
    help="Psychometrics for simulated people: measure a persona panel before you trust it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *, version: bool = typer.Option(False, "--version", callback=lambda value: _version(wanted=value), help="Print the version.")
) -> None:
    """Psychometrics for simulated people: measure a persona panel before you trust it."""
    del version


def main() -> None:
    """Run the command line: 0 done, 1 below --fail-under, 2 unusable input, 3 incomplete, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without our signs still gets the numbers
    warnings.showwarning = lambda message, *_, **__: typer.echo(f"personametrics: {message}", err=True)
    try:
        app()
    except PersonametricsError as error:
        typer.echo(f"personametrics: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("personametrics: interrupted.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
