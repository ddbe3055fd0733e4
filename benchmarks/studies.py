"""Power, false findings and coverage of every study in worlds where the truth is known.

python benchmarks/studies.py --write                  writes the table into docs/coverage.md
python benchmarks/studies.py --only NAME … --write    measures these rows again; all other rows stay
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from tables import merged, put

from personametrics.lab.members import studies, study
from personametrics.testing import Simulation

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"


def measured(name: str, worlds: int) -> str:
    """Return a row of the table."""
    chosen = study(name)
    world = chosen.known()
    chosen = world.study or chosen
    simulation = Simulation.of(chosen, world)
    findings = [chosen.estimate(simulation.answers(world.world, seed)) for seed in range(worlds)]
    quiet = [chosen.estimate(simulation.answers(world.null, seed)) for seed in range(worlds)]
    power = np.mean([finding.verdict.label == world.verdict for finding in findings])
    loud = np.mean([finding.verdict.label not in world.quiet for finding in quiet])
    hits = {key: np.mean([finding[key].low <= truth <= finding[key].high for finding in findings]) for key, truth in world.truth.items()}
    worst = min(hits, key=lambda key: hits[key]) if hits else ""
    covered = f"{min(hits.values()):.2f} to {max(hits.values()):.2f} (lowest: {worst})" if hits else "-"
    return f"| `{name}` | {worlds} | {len(simulation.requests):,} | {power:.2f} | {loud:.3f} | {covered} |"


def main() -> None:
    """Measure every study."""
    parser = argparse.ArgumentParser(description="Power, false findings and coverage of every study.")
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(studies()), metavar="NAME", help="studies that are measured anew")
    parser.add_argument("--write", action="store_true", help="write the table into docs/coverage.md")
    options = parser.parse_args()
    names = options.only or list(studies())
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(measured, names, [options.worlds] * len(names)))
    print(*rows, sep="\n")
    if options.write:
        head = ["| study | worlds | requests per world | effect found | found where there is none | intervals (90 %) with the true value |"]
        put(
            PAGE,
            "studies",
            "\n".join([*head, "| --- | ---: | ---: | ---: | ---: | --- |", *(merged(PAGE, "studies", rows) if options.only else rows)]),
        )


if __name__ == "__main__":
    main()
