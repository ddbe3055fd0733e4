"""The CPU time per call to a local server and the calls per second, compared with other clients; the memory of a long run.

python benchmarks/elicitation.py --peers PYTHON …     peers, each run by the first Python that has it installed
python benchmarks/elicitation.py --quick              800 answers, 100,000 requests
python benchmarks/elicitation.py --markdown FILE      writes the tables into a Markdown file
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from math import nan
from pathlib import Path
from typing import NamedTuple

from asking import WAYS
from clients import CLIENTS, CONNECTIONS, NEEDS
from tables import aligned, load, markdown, put

HERE = Path(__file__).parent
CALLS, ASKS, ROUNDS = 2_000, (100_000, 1_000_000), 3
"""The answers per client (whole panels: a multiple of 400), the requests of the long runs, and the rounds per client."""
LIMIT = 120
"""The seconds after which a client is stopped."""
CPU_BUDGET, MEMORY_BUDGET = 0.4, 500.0
"""The budgets: milliseconds per call, and MiB for a million requests."""

Table = tuple[list[str], list[list[str]]]


class Client(NamedTuple):
    """A client of the server.

    Attributes:
        name: name of the client in its script.
        version: name and version of its package.
        python: Python that runs it; "": it is not installed.
        script: script that makes the calls.
    """

    name: str
    version: str
    python: str
    script: str


class Taken(NamedTuple):
    """The best of several rounds.

    Attributes:
        cpu: milliseconds per call.
        rate: calls per second.
        trouble: reason why the numbers are missing.
    """

    cpu: float
    rate: float
    trouble: str = ""


def clients(pythons: Sequence[str]) -> list[Client]:
    """Return bare aiohttp, this library, and the peers."""
    ours = [Client(name, "", sys.executable, "asking.py") for name in WAYS]
    first, *peers = [_found(name, [sys.executable, *pythons]) for name in CLIENTS]
    return [first, *ours, *peers]


def _found(name: str, pythons: Sequence[str]) -> Client:
    """Return a client, with the first Python that has its package."""
    for python in pythons:
        asked = _run([python, "-c", f"from importlib.metadata import version; print(version('{NEEDS[name]}'))"])
        if asked.returncode == 0:
            return Client(name, asked.stdout.strip(), python, "clients.py")
    return Client(name, "", "", "clients.py")


def _run(command: Sequence[str], folder: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of these scripts."""
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False, cwd=folder)  # noqa: S603


@contextmanager
def served(statistics: list[dict[str, float]]) -> Iterator[str]:
    """Yield the address of a fresh server; its statistics are added to the list."""
    command = [sys.executable, str(HERE / "loopback.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            statistics.append(json.loads(server.communicate()[0]))


def once(client: Client, calls: int, statistics: list[dict[str, float]]) -> Taken:
    """Run one round of a client."""
    if not client.python:
        return Taken(nan, nan, "not installed")
    with tempfile.TemporaryDirectory() as folder, served(statistics) as url:
        try:
            done = _run([client.python, str(HERE / client.script), client.name, url, str(calls)], folder)
        except subprocess.TimeoutExpired:
            return Taken(nan, nan, f"stopped after {LIMIT} s")
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"cpu"')]
    if done.returncode or not lines:
        return Taken(nan, nan, f"failed: {(done.stderr.strip() or 'nothing said').splitlines()[-1][:80]}")
    return Taken(**json.loads(lines[-1]))


def measured(elicitation: Sequence[Client], calls: int) -> tuple[dict[str, Taken], float]:
    """Return the best round of every client, run in turn under the same load, and the server's maximum of calls per second."""
    rounds, results = defaultdict[str, list[Taken]](list), list[dict[str, float]]()
    for _ in range(ROUNDS):
        for client in elicitation:
            rounds[client.name].append(once(client, calls, results))
    ceiling = max(result["answered"] / result["cpu"] for result in results)
    return {name: _best(times) for name, times in rounds.items()}, ceiling


def _best(rounds: Sequence[Taken]) -> Taken:
    """Return the least CPU and the most calls per second, or the trouble."""
    trouble = next((taken.trouble for taken in rounds if taken.trouble), "")
    return Taken(min(taken.cpu for taken in rounds), max(taken.rate for taken in rounds), trouble)


def calls_table(elicitation: Sequence[Client], results: dict[str, Taken]) -> Table:
    """Return the table of costs per call."""
    least, ours, rows = results["bare aiohttp"].cpu, results["ours"].cpu, []
    for client in elicitation:
        taken, name = results[client.name], f"{client.name} {client.version}".strip()
        if taken.trouble:
            rows.append([name, taken.trouble, "", "", "", ""])
            continue
        kept = f"≤ {CPU_BUDGET}: {'met' if taken.cpu <= CPU_BUDGET else 'not met'}" if client.name == "ours" else ""
        rows.append([name, f"{taken.cpu:.3f}", f"{taken.cpu / least:.1f}", f"{taken.cpu / ours:.1f}", f"{taken.rate:,.0f}", kept])
    return ["client", "CPU ms per answer", "× bare aiohttp", "× ours", "answers per second", "budget"], rows


def memory_table(sizes: Sequence[int]) -> Table:
    """Return the table of memory of long runs."""
    rows = []
    for requests in sizes:
        command = [sys.executable, str(HERE / "asking.py"), "memory", str(requests)]
        taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        kept = f"≤ {MEMORY_BUDGET:g}: {'met' if taken['peak'] <= MEMORY_BUDGET else 'not met'}" if requests == ASKS[-1] else ""
        rows.append([f"{requests:,}", f"{taken['peak']:,.0f}", kept, f"{taken['cpu']:.0f}", f"{taken['seconds']:.0f}"])
    return ["requests", "peak MiB", "budget", "CPU seconds", "seconds"], rows


def machine(ceiling: float) -> str:
    """Describe the machine and the versions."""
    cores = os.cpu_count() or 1
    pinned = "server and clients each on one core" if hasattr(os, "sched_setaffinity") and cores > 1 else "nothing pinned to a core"
    versions = f"Python {platform.python_version()}, aiohttp {version('aiohttp')}"
    where = f"{platform.system()} {platform.machine()}, {versions}, {pinned}"
    return f"{where}; the server could answer {ceiling:,.0f} calls per second; best of {ROUNDS} rounds; {load()} at the end."


def main() -> None:
    """Measure, and show the tables."""
    parser = argparse.ArgumentParser(description="CPU of a call to a model server, and memory of a run.")
    parser.add_argument("--peers", nargs="*", default=[], metavar="PYTHON", help="Pythons in which peers are installed")
    parser.add_argument("--quick", action="store_true", help="800 answers, 100,000 asks")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, between its marks")
    options = parser.parse_args()
    calls, sizes = (800, ASKS[:1]) if options.quick else (CALLS, ASKS)
    print(f"{calls:,} answers from 127.0.0.1, {CONNECTIONS} at a time; {load()} at the start.", flush=True)
    elicitation = clients(options.peers)
    results, ceiling = measured(elicitation, calls)
    tables = {"asking": calls_table(elicitation, results)}
    print(f"\n{aligned(*tables['asking'])}", flush=True)
    tables["asking memory"] = memory_table(sizes)
    print(f"\n{aligned(*tables['asking memory'])}\n\n{machine(ceiling)}")
    if options.markdown:
        for name, (head, rows) in tables.items():
            put(options.markdown, name, markdown(head, rows))
        put(options.markdown, "asking machine", machine(ceiling))


if __name__ == "__main__":
    main()
