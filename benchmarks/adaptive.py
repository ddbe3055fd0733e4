"""The savings and the wrong decisions of adaptive spending, in worlds where the signal is known.

python benchmarks/adaptive.py                     1,000 panels a world
python benchmarks/adaptive.py --panels 50         a quick look
python benchmarks/adaptive.py --markdown FILE     writes the tables into a Markdown file
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from tables import load, markdown, put

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric
from personametrics.elicit.adaptive import DECIDES, Adaptive, Sizes
from personametrics.measures.panel import Panel
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.intervals.jackknife import Interval

MOST = Sizes(30, 40, 10)
LEVEL = 0.9
COLUMNS = Columns(run="run")


@dataclass(frozen=True)
class World:
    """A population of scores.

    Attributes:
        signal: true persona signal.
        share: part of the persona variance that is the same for all items.
        differ: standard deviation of the log run variance between personas, items and cells.
    """

    signal: float
    share: float = 0.3
    differ: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw the (personas, items, runs) answers of the full grid."""
        P, I, R = MOST.personas, MOST.items, MOST.runs
        shapes = ((P, 1, 1), (1, I, 1), (P, I, 1))
        spread = np.exp(sum(by * rng.standard_normal(shape) - by**2 / 2 for by, shape in zip(self.differ, shapes, strict=True)))
        main, both = (np.sqrt(self.signal * part) for part in (self.share, 1 - self.share))
        cell = main * rng.standard_normal(shapes[0]) + both * rng.standard_normal(shapes[2]) + rng.standard_normal(shapes[1])
        return np.asarray(cell + np.sqrt((1 - self.signal) * spread) * rng.standard_normal((P, I, R)))


UNEVEN = (0.7, 0.5, 1.0)
WORLDS: Mapping[str, World] = {
    **{f"signal {signal:g}": World(signal) for signal in (0.2, 0.35, 0.45, 0.5, 0.55, 0.65, 0.8)},
    **{f"signal {signal:g}, persona × item alone": World(signal, share=0.0) for signal in (0.5, 0.65)},
    **{f"signal {signal:g}, uneven noise": World(signal, differ=UNEVEN) for signal in (0.5, 0.65)},
}


class ReplyOutcome(NamedTuple):
    """The result of one way of asking on one panel."""

    signal: Interval
    calls: int
    looks: int = 1


Way = Callable[[Floats, int], ReplyOutcome]


def read(answers: Floats, requests: Ints) -> Responses:
    """Return answers to some requests, in the form that the library reads."""
    frame = pl.DataFrame({"persona": requests[:, 0], "item": requests[:, 1], "run": requests[:, 2], "answer": answers[tuple(requests.T)]})
    return Responses.read(frame, COLUMNS, Numeric())


def fixed(items: int, runs: int) -> Way:
    """Ask all personas a fixed number of items and runs, and look once."""
    requests = np.indices((MOST.personas, items, runs)).reshape(3, -1).T

    def request(answers: Floats, _: int) -> ReplyOutcome:
        return ReplyOutcome(Panel(read(answers, requests), LEVEL).signal, len(requests))

    return request


def adaptive(**knobs: object) -> Way:
    """Ask until the adaptive procedure stops."""

    def request(answers: Floats, seed: int) -> ReplyOutcome:
        plan = Adaptive(MOST, level=LEVEL, seed=seed, **knobs)  # type: ignore[arg-type] # knobs are the class's own
        step = plan.start()
        asked = step.request
        while len(step.request):
            step = plan.next(read(answers, asked), step)
            asked = np.concatenate([asked, step.request])
        return ReplyOutcome(step.looks[-1].signal, len(asked), len(step.looks))

    return request


WAYS: Mapping[str, Way] = {
    "full grid": fixed(MOST.items, MOST.runs),
    "2 runs": fixed(MOST.items, 2),
    "8 items, 2 runs": fixed(8, 2),
    "adaptive": adaptive(),
    "never hopeless": adaptive(hopeless=0.0),
    "pocock": adaptive(spending="pocock"),
}


def row(world: World, outcomes: list[ReplyOutcome]) -> list[str]:
    """Return the summary of one way of asking."""
    low, value, high = np.array([[outcome.signal.low, outcome.signal.value, outcome.signal.high] for outcome in outcomes]).T
    above, below = low > DECIDES, high < DECIDES
    wrong = (above & (world.signal <= DECIDES)) | (below & (world.signal >= DECIDES))
    calls, looks = (np.mean([getattr(outcome, name) for outcome in outcomes]) for name in ("calls", "looks"))
    bias, chosen = (float(part.mean() - world.signal) if len(part) else np.nan for part in (value, value[above | below]))
    covered = (low <= world.signal) & (world.signal <= high)
    shares = [f"{100 * float(part.mean()):.1f} %" for part in (above | below, wrong)]
    return [
        *shares,
        f"{calls:,.0f}",
        f"{looks:.1f}",
        f"{covered.mean():.3f}",
        f"{bias:+.3f}",
        f"{chosen:+.3f}",
        f"{np.median((high - low) / 2):.3f}",
    ]


def main() -> None:
    """Run the simulation and show its table."""
    parser = argparse.ArgumentParser(description="Fixed grids against adaptive spending.")
    parser.add_argument("--panels", type=int, default=1000, help="panels a world")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, between its marks")
    options = parser.parse_args()
    start, rows = time.perf_counter(), []
    for index, (name, world) in enumerate(WORLDS.items()):
        panels = [world.draw(np.random.default_rng([index, panel])) for panel in range(options.panels)]
        for label, way in WAYS.items():
            rows.append([name, label, *row(world, [way(answers, panel) for panel, answers in enumerate(panels)])])
            print(" ".join(rows[-1]), flush=True)
    head = ["world", "asked", "decided", "wrongly", "calls", "looks", "coverage", "bias", "where decided", "half-width"]
    parts = {"table": markdown(head, rows)}
    minutes = (time.perf_counter() - start) / 60
    parts["run"] = f"{options.panels:,} panels per world; it took {minutes:.0f} minutes ({load()})."
    for name, text in parts.items():
        print(f"\n{name}\n\n{text}")
        if options.markdown:
            put(options.markdown, name, text)


if __name__ == "__main__":
    main()
