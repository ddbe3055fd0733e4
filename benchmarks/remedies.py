"""The verdicts of `compare` on every remedy in worlds of known truth, and the coverage of its paired intervals in new panels.

python benchmarks/remedies.py --write                  about ten minutes on two cores; writes both tables into docs/coverage.md
python benchmarks/remedies.py --only NAME … --write    measures these remedies again; all other rows stay
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from tables import merged, put

from personametrics.data.finding import Finding
from personametrics.lab.comparison.differences import BLOCKS, SPREAD, Arm, Deal, Differences, Kind
from personametrics.lab.members import remedies, remedy
from personametrics.testing import trials

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
LEVEL = 0.9
SIZES = ((8, 8), (16, 16), (30, 24), (100, 10))
RUNS = 3
Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def measured(name: str, worlds: int, *, defect: bool) -> str:
    """Return a row of the table of remedies."""
    chosen = remedy(name)
    cure = chosen.known()
    drawn = worlds if cure.human or not cure.elicitation.score else 1  # with label probabilities, answers are not drawn
    findings = trials(chosen, range(drawn), defect=defect)
    aim, expected = next(iter(cure.change.items()))
    changes = [finding[f"change.{aim}"] for finding in findings]
    truth = expected if defect else 0.0
    held = np.mean([estimate.low - 1e-9 <= truth <= estimate.high + 1e-9 for estimate in changes])
    half = np.mean([(estimate.high - estimate.low) / 2 for estimate in changes])
    figures = f"{truth:+.3f} | {np.mean([estimate.value for estimate in changes]):+.3f} | {half:.3f} | {held:.2f}"
    return f"| `{name}` | {aim} | {'defect' if defect else 'none'} | {drawn} | {figures} | {_labels(findings)} | {_kept(findings)} |"


def _labels(findings: Sequence[Finding]) -> str:
    """Count each verdict, the most frequent first."""
    return ", ".join(
        f"{label} {number / len(findings):.2f}" for label, number in Counter(finding.verdict.label for finding in findings).most_common()
    )


def _kept(findings: Sequence[Finding]) -> str:
    """Return the mean share of spread that is kept, if most worlds know it; a spread that may be 0 is known only if it is large."""
    kept = [finding["spread.kept"].value for finding in findings if np.isfinite(finding["spread.kept"].low)]
    return f"{np.mean(kept):.2f}" if 2 * len(kept) > len(findings) else "-"


class Mind(NamedTuple):
    """The standard deviations behind the answers, and the effects of a remedy on them.

    Attributes:
        moved: shift of all answers.
        varies: standard deviation of the shift between personas, and between items.
        anew: share of the variance of a persona's opinion on an item that the remedy redraws.
        noise: run noise, as a multiple of the noise without the remedy.
        spread: spread of the personas' opinions, as a multiple of the spread without the remedy.
    """

    moved: float = 0.0
    varies: float = 0.0
    anew: float = 0.0
    noise: float = 1.0
    spread: float = 1.0


PERSONA, ITEM, CELL, UNEVEN = 0.5, 0.7, 0.8, 0.25
"""The standard deviations of personas, items and cells, and of the log noise over personas and over items."""
Statistic = Literal["mean", "signal", "spread"]
WORLDS: tuple[tuple[Statistic, Mind], ...] = (
    ("mean", Mind(varies=0.3)),
    ("mean", Mind(moved=0.3, varies=0.3)),
    ("signal", Mind(anew=0.5)),
    ("signal", Mind(anew=0.5, noise=0.6)),
    ("spread", Mind(anew=0.5)),
    ("spread", Mind(anew=0.5, spread=0.5)),
)


def truth(statistic: Statistic, mind: Mind) -> float:
    """Return the true change over the population of personas and items; for the spread, the share that is kept."""
    noise, signal_variance = np.exp(4 * UNEVEN**2), PERSONA**2 + CELL**2
    signal = float(signal_variance / (signal_variance + noise * mind.noise**2) - signal_variance / (signal_variance + noise))
    return {"mean": mind.moved, "signal": signal, "spread": mind.spread**2}[statistic]


def drawn(rng: np.random.Generator, personas: int, items: int, mind: Mind) -> tuple[Array, Array]:
    """Draw (P, I, RUNS) answers without and with a remedy; personas, items and answers are all new."""
    shapes: tuple[tuple[int, int], ...] = ((personas, 1), (1, items))
    who, what = PERSONA * rng.normal(size=shapes[0]), ITEM * rng.normal(size=shapes[1])
    cell, other = CELL * rng.normal(size=(2, personas, items))
    uneven: Array = np.exp(UNEVEN * (rng.normal(size=shapes[0]) + rng.normal(size=shapes[1])))
    more: Array = mind.moved + mind.varies * (rng.normal(size=shapes[0]) + rng.normal(size=shapes[1]))
    after = what + mind.spread * (who + np.sqrt(1 - mind.anew) * cell + np.sqrt(mind.anew) * other) + more
    noise = uneven[..., None] * rng.normal(size=(2, personas, items, RUNS))
    return (who + what + cell)[..., None] + noise[0], after[..., None] + mind.noise * noise[1]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A stand-in for an arm: a complete panel with some cells left out, and three fast estimates."""

    answers: Array
    kept: Mask

    @property
    def people(self) -> Sequence[str]:
        """The personas, by number."""
        return [f"p{number}" for number in range(len(self.kept))]

    @property
    def items(self) -> Sequence[str]:
        """The items, by number."""
        return [f"i{number}" for number in range(self.kept.shape[1])]

    def left_out(self, kind: Kind, deal: Deal) -> list[dict[str, float]]:
        """Return what `Arm.left_out` returns."""
        person, item = ([blocks[name] for name in names] for blocks, names in ((deal.people, self.people), (deal.items, self.items)))
        people, items = np.array(person)[:, None] + np.zeros(self.kept.shape, int), np.array(item) + np.zeros(self.kept.shape, int)
        of = {"people": people, "items": items, "cells": (people + items) % BLOCKS}[kind]
        return [replace(self, kept=of != block).values for block in deal.blocks(kind)]

    @cached_property
    def cells(self) -> tuple[Array, Array]:
        """The (P, I) means and variances of the runs."""
        return self.answers.mean(2), self.answers.var(2, ddof=1)

    @cached_property
    def values(self) -> dict[str, float]:
        """The mean answer, the persona signal as `stability` estimates it, and the spread."""
        mean, within = (np.where(self.kept, values, 0.0) for values in self.cells)
        number = self.kept.sum(0)
        enough = number > 1
        mean, within, number = mean[:, enough], within[:, enough], number[enough]
        apart = np.where(self.kept[:, enough], (mean - mean.sum(0) / number) ** 2, 0.0).sum(0) / (number - 1)
        noise = within.sum(0) / number
        two = (apart + noise * (RUNS - 1) / RUNS) @ (number * (number - 1)) / (number * (number - 1)).sum()
        signal = float(1 - within.sum() / number.sum() / two)
        return {"mean": float(mean.sum() / number.sum()), "signal": signal, SPREAD: float((apart - noise / RUNS).mean())}


def covered(size: tuple[int, int], statistic: Statistic, mind: Mind, draws: int) -> str:
    """Return a row of the table of paired intervals."""
    rng, expected, whole = np.random.default_rng(1), truth(statistic, mind), np.ones(size, bool)
    intervals = []
    for _ in range(draws):
        arms = cast("tuple[Arm, Arm]", tuple(Drawn(answers, whole) for answers in drawn(rng, *size, mind)))
        pair = Differences(arms, LEVEL)
        intervals.append((pair.ratio if statistic == SPREAD else pair.difference)(statistic)[:3])
    value, low, high = np.array([interval for interval in intervals if np.isfinite(interval[1])]).T
    held, half, error = ((low <= expected) & (expected <= high)).mean(), (high - low).mean() / 2, value.std()
    figures = f"{expected:+.3f} | {value.mean():+.3f} | {error:.3f} | {half:.3f} | {held:.3f} | {1 - len(value) / draws:.3f}"
    return f"| {size[0]} × {size[1]} | {'share of the spread kept' if statistic == SPREAD else f'change of the {statistic}'} | {figures} |"


def rows(names: Sequence[str], worlds: int) -> list[str]:
    """Return the head of the table of remedies."""
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(measured, name, worlds, defect=defect) for name, defect in product(names, (True, False))]
        return [job.result() for job in jobs]


def paired(draws: int) -> str:
    """Return the table of paired intervals."""
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(covered, size, *world, draws) for size, world in product(SIZES, WORLDS)]
        head = "| personas × items | number | true | mean found | standard error | mean half-width | contain the true value | no interval |"
        return "\n".join([head, "| --- | --- |" + " ---: |" * 6, *(job.result() for job in jobs)])


def main() -> None:
    """Measure every remedy, and the intervals."""
    parser = argparse.ArgumentParser(
        description="What compare finds of every remedy where the truth is known, and how its intervals cover."
    )
    parser.add_argument("--worlds", type=int, default=40, help="worlds a remedy, with the defect and without")
    parser.add_argument("--draws", type=int, default=1000, help="panels a size")
    parser.add_argument(
        "--only", nargs="+", choices=list(remedies()), metavar="NAME", help="remedies that are measured anew, and no intervals"
    )
    parser.add_argument("--write", action="store_true", help="write the tables into docs/coverage.md")
    given = parser.parse_args()
    lines = rows(given.only or list(remedies()), given.worlds)
    head = ["| remedy | change of | defect | worlds | known | found | half-width | contain the known change | verdicts | spread kept |"]
    head += ["| --- | --- | --- |" + " ---: |" * 5 + " --- | ---: |"]
    parts = {"remedies": "\n".join([*head, *(merged(PAGE, "remedies", lines) if given.only else lines)])}
    parts |= {} if given.only else {"paired": paired(given.draws)}
    for name, table in parts.items():
        print(f"{table}\n", flush=True)
        if given.write:
            put(PAGE, name, table)


if __name__ == "__main__":
    main()
