"""The accuracy of `fidelity`'s tracking against the planted value, with few people per item and with many.

python benchmarks/tracking.py        half a minute; prints a line for each number of people
"""

import argparse

import numpy as np
import polars as pl

from personametrics import Columns, Responses
from personametrics.data.scale import Numeric
from personametrics.studies.fidelity import Fidelity

PLANTED = 0.8
ITEMS, PERSONAS, RUNS = 40, 20, 3
SCALE = Numeric(-20, 20)


def main() -> None:
    """Personas disagree `PLANTED` times as much as people on each item, and reruns by the same amount on all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=100)
    panels = parser.parse_args().panels
    for people in (6, 20, 60):
        findings = [Fidelity(people_answers(seed, people)).estimate(panel(seed)) for seed in range(panels)]
        estimates = [finding["tracking.persona"] for finding in findings]
        finite = [estimate for estimate in estimates if np.isfinite(estimate.low)]
        plain = np.mean([uncorrected(pl.DataFrame(finding.evidence["tracking"])) for finding in findings])
        median = np.median([estimate.value for estimate in estimates if np.isfinite(estimate.value)])
        held = np.mean([estimate.low <= PLANTED <= estimate.high for estimate in finite])
        print(
            f"{people} people an item: {PLANTED} planted; uncorrected {plain:.2f}; median {median:.2f}; "
            f"an interval in {len(finite) / panels:.2f} of {panels} panels, holding the truth in {held:.2f} of these"
        )


def spreads(seed: int) -> np.ndarray:
    """Draw the (I,) standard deviations of people's answers to each item."""
    return np.sqrt(np.random.default_rng(seed).uniform(0.5, 3, ITEMS))


def people_answers(seed: int, people: int) -> Responses:
    """Draw people's answers."""
    answers = np.random.default_rng((seed, 1)).normal(0, spreads(seed), (people, ITEMS))
    rows = [(f"h{who}", f"i{index}", answers[who, index]) for who, index in np.ndindex(answers.shape)]
    return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), SCALE)


def panel(seed: int) -> Responses:
    """Draw the panel's answers."""
    rng = np.random.default_rng((seed, 2))
    opinions = np.sqrt(PLANTED) * rng.normal(0, spreads(seed), (PERSONAS, ITEMS))
    rows = [
        (f"p{who}", f"i{index}", run, opinions[who, index] + rng.normal(0, 0.5))
        for who, index in np.ndindex(opinions.shape)
        for run in range(RUNS)
    ]
    return Responses.read(pl.DataFrame(rows, ["persona", "item", "run", "answer"], orient="row"), Columns(run="run"), SCALE)


def uncorrected(table: pl.DataFrame) -> float:
    """Return the slope of the panel's disagreement on people's, treating the latter as free of noise."""
    x, y = table["human"].to_numpy(), table["persona"].to_numpy()
    return float(np.cov(x, y)[0, 1] / x.var(ddof=1))


if __name__ == "__main__":
    main()
