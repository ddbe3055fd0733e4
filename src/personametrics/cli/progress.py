"""Asking with a progress bar, stopping, and saying how it ended."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from personametrics.elicit.engine import Tally, Terms

INCOMPLETE, INTERRUPTED = 3, 130
"""Exit codes."""


async def with_progress(work: Callable[[Terms], Awaitable[Tally]], console: Console) -> Tally:
    """Ask with a progress bar; the first Ctrl-C lets arrive what is on its way."""
    stop = asyncio.Event()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[used]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking", total=None, used="")

        def watch(tally: Tally) -> None:
            progress.update(task, total=tally.wanted, completed=tally.before + tally.answered, used=_used(tally))

        def halt() -> None:
            progress.console.print("Stopping: what is on its way has 5 seconds to arrive; press Ctrl-C again to stop at once.")
            stop.set()
            for one in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().remove_signal_handler(one)

        with suppress(NotImplementedError):  # a system without such handlers stops at once, and loses nothing either
            for one in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(one, halt)
        return await work(Terms(watch=watch, stop=stop))


def _used(tally: Tally) -> str:
    """Running cost and failures."""
    meter = tally.meter
    parts = [f"{'about ' if meter.estimated else ''}{meter.prices.say(meter.money)}"] if meter.prices and meter.money else []
    return ", ".join([*parts, *([f"{tally.failed} failed"] if tally.failed else [])])


def say_how_it_ended(tally: Tally, again: str, console: Console) -> None:
    """What is missing, why, and how to go on."""
    if tally.complete:
        return
    missing = tally.wanted - tally.before - tally.answered
    why = f" ({tally.stopped})" if tally.stopped else ""
    how = "raise it and audit again" if tally.stopped.startswith("the cap") else again
    said = f"{missing} of {tally.wanted} asks have no reply{why}. Nothing that came is lost; {how}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(INTERRUPTED if tally.stopped == "interrupted" else INCOMPLETE)
