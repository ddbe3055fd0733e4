"""The timed tasks: decoding a file, and the library's ways from that file to an answer.

python benchmarks/tasks.py TASK FILE COLUMN     runs one of them and prints how much memory it took
"""

import json
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.lab.measure import measure
from personametrics.stats import Cells, component, components, deletions, interval, pairs, replicates, signal
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Deletions, Interval, Replicates, Scale

FACETS = ("persona", "item")
EFFECTS: dict[str, Scale] = {"persona": "component", "item": "component", "persona:item": "plain", "run": "positive"}
REPLICATES = 1000


class Source(NamedTuple):
    """The type of a task: a function of a Parquet file and the column that holds the answer: `answer` (numbers) or `label` (1 to 5)."""

    path: Path
    answer: str = "answer"


def decode(source: Source) -> pl.DataFrame:
    """Read the three columns, and nothing else."""
    return pl.read_parquet(source.path, columns=[*FACETS, source.answer])


def point_estimates(source: Source) -> dict[str, Floats]:
    """Compute all variance components."""
    return components(pairs(_cells(source)).whole(), FACETS)


def jackknife(source: Source) -> list[Interval]:
    """Compute all variance components and the signal, with jackknife intervals."""
    return _intervals(deletions(pairs(_cells(source))))


def bootstrap(source: Source) -> list[Interval]:
    """Compute all variance components and the signal, with bootstrap intervals."""
    return _intervals(replicates(pairs(_cells(source)), REPLICATES))


def card(source: Source) -> float:
    """Make the whole card and return its signal."""
    return measure(source.path, Columns(answer=source.answer), _scale(source))["signal"].value


TASKS: dict[str, Callable[[Source], object]] = {
    "decode": decode,
    "components": point_estimates,
    "jackknife": jackknife,
    "bootstrap": bootstrap,
    "card": card,
}


def _cells(source: Source) -> Cells:
    return Responses.read(source.path, Columns(answer=source.answer), _scale(source)).cells


def _scale(source: Source) -> Numeric | Ordinal:
    return Numeric() if source.answer == "answer" else Ordinal()


def _intervals(source: Deletions | Replicates) -> list[Interval]:
    intervals = [interval(signal, source, scale="share")]
    return intervals + [interval(partial(component, effect=effect), source, scale=scale) for effect, scale in EFFECTS.items()]


def _memory(field: str) -> int:
    """Return the bytes of memory that this process holds (`VmRSS`) or held at most (`VmHWM`)."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage of a child process may still report its parent's memory
        return int(next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(field)).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    task, file, column = sys.argv[1:]
    before = _memory("VmRSS")
    TASKS[task](Source(Path(file), column))
    print(json.dumps({"bytes": _memory("VmHWM") - before}))
