"""The CPU time of a comparison in two source trees, and the agreement of their numbers: stability with `average` on recorded answers.

    python benchmarks/comparison.py PATH/TO/OLD/src src

The trees take turns in one run; each measurement is a process of its own that has made the comparison once before it is timed.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = {"persona": 20, "item": 20, "run": 5}
VARIANCES = {"persona": 0.6, "item": 0.5, "persona:item": 0.4, "run": 0.6}
SCALE = "1|2|3|4|5"
AGREE = 1e-12


def write_answers(path: Path) -> None:
    """Write 20 × 20 × 5 recorded answers."""
    import polars as pl  # noqa: PLC0415 (only the parent process of the trees that are measured draws answers)

    from personametrics import simulate  # noqa: PLC0415 (as above)

    frame = simulate(VARIANCES, SIZES, seed=1).frame
    frame.with_columns(answer=(3 + pl.col("answer")).round().clip(1, 5).cast(pl.Int64)).write_csv(path)


def work(path: str, times: int) -> None:
    """Print the CPU seconds of a comparison by the package that is imported, and its card."""
    from typer.testing import CliRunner  # noqa: PLC0415 (from the environment of the tree that is measured)

    from personametrics.cli import app  # noqa: PLC0415 (as above)

    command = ["replay", "stability", path, "--run", "run", "--scale", SCALE, "--remedy", "average:k=2", "--json"]
    seconds, output = [], ""
    for _ in range(times + 1):
        start = time.process_time()
        result = CliRunner().invoke(app, command)
        seconds.append(time.process_time() - start)
        if result.exit_code:
            raise SystemExit(result.output)
        output = result.stdout
    print(json.dumps({"seconds": seconds[1:], "card": json.loads(output)}))


def measure(tree: Path, answers: Path, times: int) -> dict[str, Any]:
    """Return the CPU seconds and the card of one tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree.resolve()), "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, __file__, "--work", str(answers), "--times", str(times)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 (itself)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def numbers(value: Any, place: str = "") -> dict[str, float]:
    """Return every number of a card's estimates and evidence by its place."""
    if isinstance(value, dict):
        items = [(key, part) for key, part in value.items() if key not in {"provenance", "versions"}]
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return {place: float(value)} if isinstance(value, int | float) else {}
    return {name: number for key, part in items for name, number in numbers(part, f"{place}/{key}").items()}


def main() -> None:
    """Measure two trees in turn, and print the ratio of their shortest times and the largest difference of their numbers."""
    parser = argparse.ArgumentParser(description="CPU time of a comparison in two source trees, and whether their numbers agree.")
    parser.add_argument("trees", nargs="*", type=Path, help="two source trees, the old one first")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=3, help="comparisons a process")
    parser.add_argument("--turns", type=int, default=3, help="processes a tree")
    options = parser.parse_args()
    if options.work:
        work(options.work, options.times)
        return
    if len(options.trees) != 2:
        parser.error("give two source trees, the old one first")
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers.csv"
        write_answers(answers)
        turns = [[measure(tree, answers, options.times) for tree in options.trees] for _ in range(options.turns)]
    old, new = (min(second for turn in turns for second in turn[index]["seconds"]) for index in (0, 1))
    before, after = (numbers(turns[0][index]["card"]) for index in (0, 1))
    apart = [abs(before[place] - after[place]) for place in before if place in after and math.isfinite(before[place])]
    print(f"{options.trees[0]}: {old:.3f} CPU seconds; {options.trees[1]}: {new:.3f}; ratio {old / new:.1f}")
    print(f"{len(apart)} of {len(before)} and {len(after)} numbers compared; largest difference {max(apart):.1e}")
    if before.keys() != after.keys() or max(apart) > AGREE:
        parser.exit(1, "The numbers do not agree.\n")


if __name__ == "__main__":
    main()
