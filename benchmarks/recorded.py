"""A panel of known components, in memory and as a file, for timing."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from personametrics.stats.arrays import Floats, Ints

PLANTED = {"persona": 0.20, "item": 0.30, "persona:item": 0.15, "run": 0.35}
RUNS = 10
CUTS = (-1.2, -0.4, 0.4, 1.2)
"""The thresholds that cut scores into the ordinal answers 1 to 5."""


@dataclass(frozen=True)
class Recorded:
    """The answers of a balanced panel, (personas, items, runs).

    Attributes:
        scores: real numbers.
        labels: the same answers as 1 to 5.
    """

    scores: Floats
    labels: Ints

    @property
    def codes(self) -> tuple[Ints, Ints, Ints]:
        """The persona, item and run of each answer, in the order of the raveled arrays."""
        persona, item, run = np.indices(self.scores.shape).reshape(3, -1)
        return persona, item, run

    def write(self, path: Path, seed: int = 0) -> None:
        """Write the answers as Parquet (zstd), in random order: persona, item, answer, label."""
        order = np.random.default_rng(seed).permutation(self.scores.size)
        persona, item, _ = self.codes
        columns = {"persona": persona, "item": item, "answer": self.scores.ravel(), "label": self.labels.ravel()}
        pl.DataFrame({name: column[order] for name, column in columns.items()}).write_parquet(path, compression="zstd")


def recorded(answers: int, seed: int = 0) -> Recorded:
    """Simulate a panel of a given size with 10 runs per cell and about as many personas as items."""
    cells = answers // RUNS
    items = next(divisor for divisor in range(math.isqrt(cells), 0, -1) if cells % divisor == 0)
    shape = (cells // items, items)
    rng = np.random.default_rng(seed)
    persona, item, both, run = (math.sqrt(variance) for variance in PLANTED.values())
    scores = run * rng.standard_normal((*shape, RUNS))
    scores += persona * rng.standard_normal((shape[0], 1, 1)) + item * rng.standard_normal((1, shape[1], 1))
    scores += both * rng.standard_normal((*shape, 1))
    return Recorded(scores, np.searchsorted(CUTS, scores) + 1)
