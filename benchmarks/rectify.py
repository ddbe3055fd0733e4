"""The coverage of intervals of rectified means, in worlds where the truth is known.

python benchmarks/rectify.py --write        half a minute on one core; writes the table into docs/coverage.md
"""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from personametrics.stats.inference.design_based import design_based, stratified
from personametrics.stats.inference.ppi import Rectified, Sample, alone, mean

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
BEGIN, END = "<!-- begin rectify -->", "<!-- end rectify -->"
LEVEL, BATCH = 0.9, 500
Array = np.ndarray[Any, np.dtype[np.float64]]
World = Callable[[np.random.Generator, tuple[int, ...], int], Sample]
"""The type of a world: a function of random numbers, (panels, n) and N that simulates panels; the true mean is `TRUTH`."""
TRUTH = 0.5


class Figures(NamedTuple):
    """The coverage and mean width of an estimator's intervals, and the mean λ."""

    coverage: float
    width: float
    power: float


def biased(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate yes or no: half of the people say yes; the panel says yes for .95 of these and .4 of the others."""

    def said(answers: Array) -> Array:
        return (rng.random(answers.shape) < np.where(answers > 0, 0.95, 0.4)).astype(float)

    people = (rng.random(shape) < TRUTH).astype(float)
    rest = (rng.random((shape[0], others)) < TRUTH).astype(float)
    return Sample(people, said(people), said(rest))


def perfect(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate a panel that agrees with the people."""
    people = rng.normal(TRUTH, 1, shape)
    return Sample(people, people, rng.normal(TRUTH, 1, (shape[0], others)))


def noise(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate a panel that is unrelated to the people."""
    return Sample(rng.normal(TRUTH, 1, shape), rng.normal(size=shape), rng.normal(size=(shape[0], others)))


def constant(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate a panel with a constant answer."""
    return Sample(rng.normal(TRUTH, 1, shape), np.full(shape, 0.7), np.full((shape[0], others), 0.7))


def shifted(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate two equal groups; the panel is right about one and much too high about the other, which is oversampled four times."""
    asked = rng.random(shape) < 0.8
    group = rng.random((shape[0], others)) < 0.5
    people, rest = (rng.normal(TRUTH + 0.4 * (members - 0.5), 1) for members in (asked, group))
    twins, predicted = (y + 0.8 * g + 0.5 * rng.normal(size=y.shape) for y, g in ((people, asked), (rest, group)))
    return Sample(people, twins, predicted, np.where(asked, 1 / 0.8, 1 / 0.2))


def strata(rng: np.random.Generator, shape: tuple[int, ...], others: int) -> Sample:
    """Simulate five strata with different means; the panel has no paired persons and is .3 too high throughout."""
    means = np.linspace(-1.5, 1.5, 5)
    mine, theirs = rng.integers(0, 5, shape), rng.integers(0, 5, (shape[0], others))
    people, rest = rng.normal(TRUTH + means[mine], 1), rng.normal(TRUTH + 0.3 + means[theirs], 1)
    made = [stratified(*parts, (None, None)) for parts in zip(people, mine, rest, theirs, strict=True)]
    return Sample(people, np.stack([sample.twins for sample in made]), np.stack([sample.others for sample in made]))


ESTIMATORS: Mapping[str, Callable[[Sample], Rectified]] = {
    "PPI++": mean,
    "as ppi-python": lambda sample: mean(sample, small=False),
    "λ = 1": lambda sample: mean(sample, 1.0),
    "DSL": design_based,
    "people alone": lambda sample: mean(sample, 0.0),
    "panel alone": lambda sample: mean(alone(sample.others)),
}


def figures(world: World, estimator: Callable[[Sample], Rectified], panels: int, n: int, others: int) -> Figures:
    """Measure one estimator in one world; every estimator gets the same panels."""
    rng, intervals = np.random.default_rng(1), []
    for start in range(0, panels, BATCH):
        estimate = estimator(world(rng, (min(BATCH, panels - start), n), others))
        low, high = estimate.interval(LEVEL)
        intervals.append(np.stack([(low <= TRUTH) & (high >= TRUTH), high - low, estimate.power]))
    return Figures(*(float(row) for row in np.concatenate(intervals, 1).mean(1)))


def unweighted(world: World) -> World:
    """Return the same world without its weights."""
    return lambda rng, shape, others: world(rng, shape, others)._replace(weights=None)


ROWS: tuple[tuple[str, World, int], ...] = (
    ("biased panel", biased, 100),
    ("biased panel", biased, 20),
    ("perfect panel", perfect, 100),
    ("perfect panel", perfect, 20),
    ("panel of pure noise", noise, 100),
    ("panel of pure noise", noise, 20),
    ("constant panel", constant, 20),
    ("one group asked more often, weighted", shifted, 100),
    ("the same, without weights", unweighted(shifted), 100),
    ("strata only", strata, 100),
    ("strata only", strata, 20),
)


def main() -> None:
    """Measure every row."""
    parser = argparse.ArgumentParser(description="Coverage of rectified means.")
    parser.add_argument("--panels", type=int, default=2000)
    parser.add_argument("--others", type=int, default=2000, help="N, personas for whom no person answered")
    parser.add_argument("--write", action="store_true", help="write the table into docs/coverage.md")
    given = parser.parse_args()
    lines = [f"| world | people | {' | '.join(ESTIMATORS)} |", "| --- | ---: |" + " ---: |" * len(ESTIMATORS)]
    for name, world, n in ROWS:
        cells = [figures(world, estimator, given.panels, n, given.others) for estimator in ESTIMATORS.values()]
        lines.append(f"| {name} | {n} | " + " | ".join(f"{cell.coverage:.3f} ({cell.width:.3f})" for cell in cells) + " |")
        print(lines[-1], flush=True)
    table = "\n".join(lines)
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table}\n{END}", page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
