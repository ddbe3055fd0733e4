"""How often 90 % intervals hold the truth, by simulation through the library's own functions.

    python benchmarks/coverage.py                     the full grid, 1,000 panels each
    python benchmarks/coverage.py --quick             100 panels each, on a part of it
    python benchmarks/coverage.py --markdown FILE     writes the tables into a Markdown file
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from coverage_others import others_table
from coverage_tables import full_table, matrix_table, summary_table
from tables import load, put
from worlds import Answers, Sizes, World, draw, latent

from personametrics.stats import deletions, interval, pairs, replicates, signal

LEVEL = 0.9
SIZES = (Sizes(3, 30, 3), Sizes(5, 30, 3), Sizes(10, 10, 3), Sizes(10, 30, 5), Sizes(50, 30, 3))
ANSWERS: tuple[Answers, ...] = ("normal", "ordinal", "nominal")
STRESSED: tuple[Answers, ...] = ("heavy", "uneven")
SIGNALS = (0.02, 0.1, 0.3, 0.6, 0.8, 0.95)
MISSING = (0.0, 0.6)
REPLICATES = 200
"""Bootstrap draws per panel."""


class Setting(NamedTuple):
    """One row of the grid."""

    sizes: Sizes
    world: World
    missing: float


@dataclass(frozen=True)
class Result:
    """What many panels of one setting showed.

    Attributes:
        setting: what was simulated.
        covered: share of the panels with an interval whose interval holds the truth.
        below: share of intervals that end below the truth.
        above: share of intervals that begin above it.
        width: median width.
        none: share of all panels that have no interval, as when no rerun disagrees.
        bootstrap: the same share as `covered` for the two-way bootstrap, on the first panels.
        bootstrap_width: its median width.
        ratio: median width of the jackknife interval over that of the bootstrap, both on these first panels.
    """

    setting: Setting
    covered: float
    below: float
    above: float
    width: float
    none: float
    bootstrap: float
    bootstrap_width: float
    ratio: float


def simulate(setting: Setting, panels: int, drawn: int, seed: int = 0) -> Result:
    """Simulate panels of one setting.

    Args:
        setting: what to simulate.
        panels: how many.
        drawn: how many of them are bootstrapped as well.
        seed: of the simulation; every setting has its own stream.

    Returns:
        What they showed.
    """
    world = setting.world
    stream = [seed, *setting.sizes, round(1000 * world.signal), round(100 * world.share), round(100 * setting.missing), *world.answers.encode()]
    rng = np.random.default_rng(stream)
    ends, ends_drawn = np.full((panels, 2), np.nan), np.full((min(drawn, panels), 2), np.nan)
    for at in range(panels):
        panel = pairs(draw(rng, world, setting.sizes, setting.missing))
        found = interval(signal, deletions(panel), LEVEL, "share")
        ends[at] = found.low, found.high
        if at < drawn:
            found = interval(signal, replicates(panel, REPLICATES, seed=at), LEVEL, "share")
            ends_drawn[at] = found.low, found.high
    there, there_drawn = (one[np.isfinite(one).all(1)] for one in (ends, ends_drawn))
    width_drawn = _width(there_drawn)
    return Result(
        setting,
        _share((there[:, 0] <= world.signal) & (world.signal <= there[:, 1])),
        _share(there[:, 1] < world.signal),
        _share(there[:, 0] > world.signal),
        _width(there),
        1 - len(there) / panels,
        _share((there_drawn[:, 0] <= world.signal) & (world.signal <= there_drawn[:, 1])),
        width_drawn,
        _width(ends[: len(ends_drawn)]) / width_drawn,
    )


def _share(hits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Share of hits; NaN where there is no panel to count."""
    return float(hits.mean()) if len(hits) else np.nan


def _width(ends: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Median width of the intervals there are."""
    there = ends[np.isfinite(ends).all(1)]
    return float(np.median(there[:, 1] - there[:, 0])) if len(there) else np.nan


def grid(share: float, *, quick: bool) -> Iterator[Setting]:
    """Every setting, ordinary worlds first."""
    sizes, signals = (SIZES[1:3], SIGNALS[1:5:3]) if quick else (SIZES, SIGNALS)
    for size, answers, missing, value in product(sizes, ANSWERS, MISSING, signals):
        yield Setting(size, World(answers, value, share), missing)
    for answers, size, value in product(STRESSED, sizes, signals):
        yield Setting(size, World(answers, value, share), 0.0)


def run(settings: Sequence[Setting], panels: int, drawn: int) -> list[Result]:
    """Simulate all settings, with a line for each."""
    found = []
    for setting in settings:
        latent(setting.world)
        start = time.perf_counter()
        result = simulate(setting, panels, drawn)
        found.append(result)
        per_panel = (time.perf_counter() - start) / panels * 1e3
        world = setting.world
        name = f"{setting.sizes} {world.answers} signal {world.signal:g} missing {setting.missing:.0%}"
        print(f"{name}: {result.covered:.3f}, bootstrap {result.bootstrap:.3f}, none {result.none:.3f}, {per_panel:.2f} ms a panel", flush=True)
    return found


def main() -> None:
    """Run the simulation and show its tables."""
    parser = argparse.ArgumentParser(description="How often 90 % intervals hold the truth.")
    parser.add_argument("--panels", type=int, default=1000, help="panels per setting")
    parser.add_argument("--bootstrap", type=int, default=200, help="how many of them are bootstrapped too")
    parser.add_argument("--share", type=float, default=0.5, help="part of the persona variance that is a main effect")
    parser.add_argument("--quick", action="store_true", help="100 panels, two sizes, two signals")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, between its marks")
    options = parser.parse_args()
    panels = 100 if options.quick else options.panels
    start = time.perf_counter()
    results = run(list(grid(options.share, quick=options.quick)), panels, options.bootstrap)
    parts = {
        "summary": summary_table(results),
        "signal": matrix_table(results),
        "others": others_table(SIZES[1:3] if options.quick else SIZES[1:], ANSWERS, panels, options.share),
        "all": full_table(results),
    }
    parts["run"] = f"{panels:,} panels a row, {(time.perf_counter() - start) / 60:.0f} minutes, {load()}."
    for name, text in parts.items():
        print(f"\n{name}\n{text}")
        if options.markdown:
            put(options.markdown, name, text)


if __name__ == "__main__":
    main()
