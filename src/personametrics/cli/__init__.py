"""The command line: one module per verb, loaded when the verb is used."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Any

import typer
from typer.core import TyperGroup

from personametrics.data.errors import PersonametricsError
from personametrics.version import __version__

VERBS = (
    "measure", "plan", "audit", "resume", "report", "export", "studies", "run", "replay", "talk", "remedies", "compare", "validate",
    "doctor", "demo", "cite", "schema",
)  # fmt: skip
HELP = "Psychometrics for simulated people: measure a persona panel before you trust it."
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


def expanded(verb: Callable[..., None]) -> Callable[..., None]:
    """Return a verb that takes, in place of every parameter whose type is a dataclass, one option for each field of the dataclass."""
    parameters = signature(verb).parameters
    groups: dict[str, Any] = {name: parameter.annotation for name, parameter in parameters.items() if is_dataclass(parameter.annotation)}

    def call(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        verb(**values)

    options: list[Parameter] = []
    for name, parameter in parameters.items():
        group = fields(groups[name]) if name in groups else ()
        options += [Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type) for field in group]
        options += [] if name in groups else [parameter.replace(kind=Parameter.KEYWORD_ONLY)]
    call.__doc__, call.__annotations__ = verb.__doc__, {option.name: option.annotation for option in options}
    call.__signature__ = Signature(options)  # type: ignore[attr-defined]
    return call


class Verbs(TyperGroup):
    """The group of verbs, each defined in the module of its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every verb, in the order of the help."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one verb, or None if no verb has that name."""
        del ctx
        if cmd_name not in VERBS:
            return None
        verb = typer.Typer(add_completion=False, context_settings=HELP_OPTIONS)
        verb.command(cmd_name)(expanded(getattr(import_module(f"personametrics.cli.{cmd_name}"), cmd_name)))
        return typer.main.get_command(verb)


app = typer.Typer(
    name="personametrics", cls=Verbs, help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS
)


def _version(*, requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *, version: bool = typer.Option(False, "--version", callback=lambda value: _version(requested=value), help="Print the version.")
) -> None:
    """Psychometrics for simulated people: measure a persona panel before you trust it."""
    del version


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 below --fail-under, 2 unusable input, 3 incomplete, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks our signs still shows the numbers
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
