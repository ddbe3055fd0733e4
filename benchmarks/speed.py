"""The time from a Parquet file to the numbers, as a multiple of decoding the three columns, compared with peers.

python benchmarks/speed.py                      100,000, 1,000,000 and 10,000,000 answers
python benchmarks/speed.py --quick              100,000 answers
python benchmarks/speed.py 50000 --markdown F   other sizes; writes the tables into a Markdown file
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import scipy
from peers import PEERS, Compared, compare
from recorded import Recorded, recorded
from tables import aligned, load, markdown, put
from tasks import TASKS, Source, decode

SIZES = (100_000, 1_000_000, 10_000_000)
PILOT = 10_000
"""The number of answers on which peers warm up."""
MOST_FOR_CARD = 1_000_000
MANY, REPEATS, FEWER = 5_000_000, 5, 3
"""The number of answers above which a task is repeated three times instead of five, after a warm-up."""
BUDGETS = {("components", 1_000_000): 4.0} | {(task, size): 8.0 for task in ("jackknife", "bootstrap") for size in SIZES[1:]}
"""The time budgets, as multiples of the decoding."""
MEMORY_BUDGET = 2.0
"""The memory budgets, as multiples of the data."""
ENOUGH = 2**24
"""The bytes of data below which the fixed memory of a process dominates."""

Table = tuple[list[str], list[list[str]]]
Seconds = dict[tuple[str, str], float]
"""The type of the times: median seconds by column and task."""


def timed(path: Path, answers: int) -> Seconds:
    """Time every task on both kinds of answers; the tasks are run in turn under the same load."""
    jobs = [(column, name) for column in ("answer", "label") for name in TASKS if name != "card" or answers <= MOST_FOR_CARD]
    taken: dict[tuple[str, str], list[float]] = {job: [] for job in jobs}
    for _ in range(1 + (REPEATS if answers <= MANY else FEWER)):
        for column, name in jobs:
            start = time.perf_counter()
            TASKS[name](Source(path, column))
            taken[column, name].append(time.perf_counter() - start)
    return {job: statistics.median(seconds[1:]) for job, seconds in taken.items()}


def ours(times: dict[int, Seconds]) -> Table:
    """Return seconds, multiples of the decoding and budgets."""
    rows = []
    for size, seconds in times.items():
        for (column, name), taken in seconds.items():
            ratio, budget = taken / seconds[column, "decode"], BUDGETS.get((name, size))
            kept = "" if budget is None else f"≤ {budget:g}: {'met' if ratio <= budget else 'not met'}"
            kind = {"answer": "numeric", "label": "ordinal"}[column]
            rows.append([name, kind, f"{size:,}", _seconds(taken), f"{ratio:.1f}", kept])
    return ["task", "answers", "number", "seconds", "× decoding", "budget"], rows


def peers(panels: dict[int, Recorded], times: dict[int, Seconds]) -> Table:
    """Return the peers' times, and their ratios to the time of this library."""
    rows = []
    for peer in PEERS:
        for size, compared in compare(peer, panels).items():
            if isinstance(compared, Compared):
                mine = times[size]["answer", peer.counterpart] if peer.counterpart else compared.ours
                apart = "–" if np.isnan(compared.apart) else f"{compared.apart:.0e}"
                rows.append([peer.name, f"{size:,}", _seconds(compared.seconds), _seconds(mine), f"{compared.seconds / mine:,.1f}", apart])
            else:
                rows.append([peer.name, f"{size:,}", compared, "", "", ""])
    return ["peer", "number", "seconds", "ours", "× ours", "difference of results"], rows


def memory(path: Path) -> Table:
    """Return the peak memory beyond the imports, each task in its own process, as a multiple of the three columns in memory."""
    data, rows = decode(Source(path)).estimated_size(), []
    for name in ("decode", "components", "jackknife", "bootstrap"):
        command = [sys.executable, str(Path(__file__).with_name("tasks.py")), name, str(path), "answer"]
        taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["bytes"]  # noqa: S603
        ratio = taken / data
        judged = name in {"jackknife", "bootstrap"} and data >= ENOUGH
        kept = "" if not judged else f"≤ {MEMORY_BUDGET:g}: {'met' if ratio <= MEMORY_BUDGET else 'not met'}"
        rows.append([name, f"{taken / 2**20:,.0f}", f"{ratio:.2f}", kept])
    return ["task", "peak MiB", f"× data ({data / 2**20:,.0f} MiB)", "budget"], rows


def _seconds(value: float) -> str:
    """Format a number with three digits."""
    return f"{value:#.3g}".rstrip(".")


def run(sizes: list[int]) -> dict[str, Table]:
    """Measure everything, on files in a temporary folder."""
    panels, results = {PILOT: recorded(PILOT)}, {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.parquet"
        for size in sorted(sizes):
            panels[size] = recorded(size)
            panels[size].write(path)
            print(f"{size:,} answers, file of {path.stat().st_size / size:.1f} bytes an answer, {load()}", flush=True)
            results[size] = timed(path, size)
        used = memory(path)
    return {"ours": ours(results), "memory": used, "peers": peers(panels, results)}


def machine() -> str:
    """Describe the machine and the versions."""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, polars {pl.__version__}"
    return f"{platform.system()} {platform.machine()}, {pl.thread_pool_size()} Polars threads, {versions}; {load()} at the end."


def main() -> None:
    """Measure, and show the tables."""
    parser = argparse.ArgumentParser(description="Seconds from a Parquet file to the numbers.")
    parser.add_argument("sizes", type=int, nargs="*", default=list(SIZES), help="numbers of answers, more than 10,000 each")
    parser.add_argument("--quick", action="store_true", help="100,000 answers")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, between its marks")
    options = parser.parse_args()
    tables = run([SIZES[0]] if options.quick else options.sizes)
    words = machine()
    for name, (head, rows) in tables.items():
        print(f"\n{name}\n{aligned(head, rows)}")
        if options.markdown:
            put(options.markdown, name, markdown(head, rows))
    print(f"\n{words}")
    if options.markdown:
        put(options.markdown, "machine", words)


if __name__ == "__main__":
    main()
