"""Thousands of dialogues against a local server: memory, time, CPU per line, and the cost of reading them again.

python benchmarks/talk.py                             10,000 dialogues of 10 turns, both sides said by the server
python benchmarks/talk.py --dialogues 500 --turns 4   fewer
python benchmarks/talk.py --markdown FILE             writes the table into a Markdown file
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopback import pin
from tables import aligned, load, markdown, put

from personametrics.data.writing import write
from personametrics.elicit.engine import Tally
from personametrics.elicit.plan.talk import TalkPlan
from personametrics.lab.talk import Conversations

HERE = Path(__file__).parent
MEMORY_BUDGET = 1024.0
"""The memory budget in MiB, for 10,000 dialogues of 10 turns."""
TOLD = "You are person {} of a panel: a nurse on nights who reads the paper on the tram, votes now and then, and has two brothers. " * 4
"""A text about as long as a persona of the demo."""


@contextmanager
def served(statistics: list[dict[str, float]]) -> Iterator[str]:
    """Yield the address of a fresh server whose lines differ; its statistics are added to the list."""
    command = [sys.executable, str(HERE / "loopback.py"), "0", "varied"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            statistics.append(json.loads(server.communicate()[0]))


def plan(url: str, out: str, dialogues: int, turns: int) -> TalkPlan:
    """Return a study with one dialogue per persona."""
    rows = [{"id": f"p{index}", "text": TOLD.format(*[index] * 4)} for index in range(dialogues)]
    return TalkPlan.model_validate(
        {"model": f"openai:same@{url}", "partner": {"model": f"openai:bot@{url}"}, "personas": rows, "turns": turns, "out": out}
    )


def peak() -> float:
    """Return the peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


async def hold(held: Conversations) -> Tally:
    """Run the dialogues."""
    return await held.ask()


def measure(url: str, dialogues: int, turns: int) -> list[dict[str, float | str]]:
    """Return each step with its seconds, CPU seconds and peak memory."""
    steps: list[dict[str, float | str]] = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began, cpu = time.perf_counter(), time.process_time()
        yield
        steps.append({"step": name, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "peak": peak()})

    lines = 2 * dialogues * turns
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/run"
        with step("personas, tasks and dialogues planned"):
            held = Conversations.planned(plan(url, out, dialogues, turns))
            assert len(held.requests) == lines
        with step("every line requested, stored and delivered"):
            tally = asyncio.run(hold(held))
        assert (tally.answered, tally.complete) == (lines, True)
        with step("second run, in which nothing is missing"):
            again = asyncio.run(hold(held))
        assert (again.answered, again.before) == (0, lines)
        with step("table of all lines"):
            assert held.dialogues["text"].null_count() == 0
        with step("written as CSV and Parquet, and the card"):
            for name, table in held.tables.items():
                write(table, held.folder / name)
            held.card.save(f"{out}/card.json")
    return steps


def main() -> None:
    """Measure in a process of its own, and show the table."""
    parser = argparse.ArgumentParser(description="Memory, time and CPU of many dialogues.")
    parser.add_argument("--dialogues", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--markdown", type=Path, help="write the table into this file, between its marks")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        pin(1)
        print(json.dumps(measure(options.url, options.dialogues, options.turns)))
        return
    statistics: list[dict[str, float]] = []
    with served(statistics) as url:
        command = [sys.executable, __file__, "--url", url, "--dialogues", str(options.dialogues), "--turns", str(options.turns)]
        steps = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603
    lines = 2 * options.dialogues * options.turns
    head = ["step", "seconds", "CPU seconds", "CPU ms per line", "peak MiB so far"]
    rows = [
        [step["step"], *(f"{step[name]:.1f}" for name in ("seconds", "cpu")), f"{1e3 * step['cpu'] / lines:.3f}", f"{step['peak']:,.0f}"]
        for step in steps
    ]
    print(aligned(head, rows))
    kept = "met" if steps[-1]["peak"] < MEMORY_BUDGET else "not met"
    summary = f"{options.dialogues:,} dialogues of {options.turns} turns, {lines:,} lines; less than {MEMORY_BUDGET:,.0f} MiB: {kept}; "
    summary += f"the server took {statistics[0]['cpu']:.0f} s of CPU for {statistics[0]['answered']:,} calls; {load()} at the end."
    print(summary)
    if options.markdown:
        put(options.markdown, "talk", markdown(head, rows))
        put(options.markdown, "talk machine", summary)


if __name__ == "__main__":
    main()
