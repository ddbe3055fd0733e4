"""The command line: one file a verb."""

import sys

import typer

from personametrics.cli import audit, cite, demo, doctor, export, measure, plan, report, resume, schema, validate
from personametrics.data.errors import PersonametricsError
from personametrics.version import __version__

app = typer.Typer(
    name="personametrics",
    help="Psychometrics for simulated people: measure a persona panel before you trust it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    measure.measure,
    plan.plan,
    audit.audit,
    resume.resume,
    report.report,
    export.export,
    validate.validate,
    doctor.doctor,
    demo.demo,
    cite.cite,
    schema.schema,
):
    app.command(verb.__name__)(verb)


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
