"""Power, false findings and coverage of every study in worlds where the truth is known.

python benchmarks/studies.py --write                  writes the table into docs/coverage.md
python benchmarks/studies.py --only NAME … --write    these rows anew; all others of the page stay
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from tables import beside, put

from personametrics.lab.members import studies, study
from personametrics.testing import Simulation

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"


def measured(name: str, worlds: int) -> str:
    """A row of the table."""
    chosen = study(name)
    known = chosen.known()
    chosen = known.study or chosen
    simulation = Simulation.of(chosen, known)
    found = [chosen.estimate(simulation.answers(known.world, seed)) for seed in range(worlds)]
    quiet = [chosen.estimate(simulation.answers(known.null, seed)) for seed in range(worlds)]
    power = np.mean([one.verdict.label == known.verdict for one in found])
    loud = np.mean([one.verdict.label not in known.quiet for one in quiet])
    hits = {key: np.mean([one[key].low <= truth <= one[key].high for one in found]) for key, truth in known.truth.items()}
    worst = min(hits, key=lambda key: hits[key]) if hits else ""
    covered = f"{min(hits.values()):.2f} to {max(hits.values()):.2f} (lowest: {worst})" if hits else "-"
    return f"| `{name}` | {worlds} | {len(simulation.requests):,} | {power:.2f} | {loud:.3f} | {covered} |"


def main() -> None:
    """Measure every study."""
    parser = argparse.ArgumentParser(description="Power, false findings and coverage of every study.")
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(studies()), metavar="NAME", help="studies that are measured anew")
    parser.add_argument("--write", action="store_true", help="write the table into docs/coverage.md")
    given = parser.parse_args()
    names = given.only or list(studies())
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(measured, names, [given.worlds] * len(names)))
    print(*rows, sep="\n")
    if given.write:
        head = ["| study | worlds | asks of a world | effect found | found where there is none | intervals (90 %) that hold the truth |"]
        put(
            PAGE,
            "studies",
            "\n".join([*head, "| --- | ---: | ---: | ---: | ---: | --- |", *(beside(PAGE, "studies", rows) if given.only else rows)]),
        )


if __name__ == "__main__":
    main()
