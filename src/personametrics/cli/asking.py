"""Asking a model with a progress bar, stopping on request, and the files and messages at the end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from personametrics import report
from personametrics.cli.measure import save
from personametrics.data.card import Card
from personametrics.data.writing import write
from personametrics.elicit.engine import Tally, Terms
from personametrics.lab.session import Job

INCOMPLETE, INTERRUPTED = 3, 130
"""Exit codes of an incomplete and of an interrupted run."""


def carry_out(job: Job, again: str, *, extend: bool = False, as_json: bool = False) -> None:
    """Print the forecast, ask what is missing, write tables and card, and exit with the code of the result.

    Args:
        job: job of any verb that asks a model.
        again: command that continues after a stop.
        extend: continue although the plan has changed.
        as_json: print the card as JSON.
    """
    console = Console(stderr=True)
    job.design()
    console.print(job.forecast, markup=False, highlight=False)
    tally = asyncio.run(with_progress(partial(job.ask, extend=extend), console))
    if (tally.complete or job.partial) and (tally.answered or tally.before or tally.failed):
        paths = [job.folder / name for name in job.tables]
        for path, table in zip(paths, job.tables.values(), strict=True):
            write(table, path)
        write_card(job.card, job.folder, as_json=as_json)
        if paths and not as_json:
            typer.echo(f"All replies: {' and '.join(map(str, paths))}")
    say_how_it_ended(tally, again, console)


def write_card(card: Card, folder: Path, *, as_json: bool, page: Path | None = None) -> None:
    """Write the card as JSON and as a page (by default card.html) into a run directory, and print it."""
    page = page or folder / "card.html"
    save(folder / "card.json", card.to_json() + "\n")
    save(page, report.html([card]))
    if as_json:
        typer.echo(card.to_json())
    else:
        report.show(card, Console())
        typer.echo(f"The report: {page.resolve()}")


async def with_progress(work: Callable[[Terms], Awaitable[Tally]], console: Console) -> Tally:
    """Ask with a progress bar. The first Ctrl-C waits for the calls in flight."""
    stop = asyncio.Event()
    description, used = TextColumn("{task.description}"), TextColumn("{task.fields[used]}")
    columns = (description, BarColumn(), MofNCompleteColumn(), used, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking", total=None, used="")

        def watch(tally: Tally) -> None:
            progress.update(task, total=tally.wanted, completed=tally.before + tally.answered, used=_used(tally))

        def halt() -> None:
            progress.console.print("Stopping. Open calls have 5 seconds to finish. Press Ctrl-C again to stop at once.")
            stop.set()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().remove_signal_handler(number)

        with suppress(NotImplementedError):  # a system without such handlers stops at once and loses nothing either
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, halt)
        return await work(Terms(watch=watch, stop=stop))


def _used(tally: Tally) -> str:
    """Return the cost so far and the number of failures as text."""
    meter = tally.meter
    parts = [f"{'about ' if meter.estimated else ''}{meter.prices.say(meter.money)}"] if meter.prices and meter.money else []
    return ", ".join([*parts, *([f"{tally.failed} failed"] if tally.failed else [])])


def say_how_it_ended(tally: Tally, again: str, console: Console) -> None:
    """Print what is missing, why, and how to continue; exit with the code for it."""
    if tally.complete:
        return
    missing = tally.wanted - tally.before - tally.answered
    why = f" ({tally.stopped})" if tally.stopped else ""
    advice = "Raise the cap and run the command again." if tally.stopped.startswith("the cap") else f"Continue with: {again}"
    text = f"{missing} of {tally.wanted} requests have no reply{why}. Every reply so far is kept. {advice}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(INTERRUPTED if tally.stopped == "interrupted" else INCOMPLETE)
