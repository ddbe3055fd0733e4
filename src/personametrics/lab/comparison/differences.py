"""Differences between the estimates of two arms: one study of the same personas and items, asked in two ways."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from personametrics.data.errors import DesignError, InputError
from personametrics.data.finding import Finding
from personametrics.data.levels import Levels
from personametrics.data.prompt import NOBODY
from personametrics.data.study import Responses, Study
from personametrics.lab.comparison.spread import Spread, spread_of
from personametrics.measures.sums import Terms, recorded_terms
from personametrics.stats.arrays import Ints
from personametrics.stats.intervals.jackknife import Interval

BLOCKS = 12
"""Number of blocks into which people, items and cells are dealt; one block is left out at a time."""
SPREAD = "spread"
"""Name of the variance between personas of a group, which is compared in addition to the estimates of a study."""
METHOD = "paired jackknife over people and items, in blocks"
NEVER = -1
"""Block of rows that are never left out."""
Values = Mapping[str, float]
Kind = Literal["people", "items", "cells"]


@dataclass(frozen=True)
class Deal:
    """The block of each person (of the panel, and with whom a study compares) and of each item, by name.

    A cell lies in the block of its person plus that of its item, modulo `BLOCKS`.
    """

    people: Mapping[str, int]
    items: Mapping[str, int]

    @classmethod
    def draw(cls, people: Sequence[str], items: Sequence[str]) -> "Deal":
        """Return a deal drawn with fixed seeds, so that no order of a table matters."""
        return cls(_deal(people, 0), _deal(items, 1))

    def blocks(self, kind: Kind) -> list[int]:
        """Return the blocks to leave out: of people and items, those with a member."""
        return list(range(BLOCKS)) if kind == "cells" else sorted(set((self.people if kind == "people" else self.items).values()))

    def of(self, kind: Kind, personas: Levels, items: Levels) -> Ints:
        """Return the (N,) block of each row; rows without a persona lie in no block of people or cells, so that none counts twice."""
        person, item = (
            np.array([blocks.get(name, NEVER) for name in levels.names], np.int64)[levels.codes]
            for blocks, levels in ((self.people, personas), (self.items, items))
        )
        if kind == "cells":
            return np.where(person == NEVER, NEVER, (person + item) % BLOCKS)
        return person if kind == "people" else item


@dataclass(frozen=True)
class Arm:
    """The answers to a study that were asked or read in one way.

    Attributes:
        study: the study as it estimates in this arm.
        responses: the answers as they are read in this arm.
        group: attribute or column within whose values personas are compared for their spread; "": all personas together.
        compared: columns persona and item: cells on which the spread is compared, since an arm with fewer answers is not more alike; None:
            all cells.
    """

    study: Study
    responses: Responses
    group: str = ""
    compared: pl.DataFrame | None = None

    @property
    def finding(self) -> Finding:
        """The finding of the study."""
        return self._recorded[0]

    @cached_property
    def _recorded(self) -> tuple[Finding, Mapping[str, Terms]]:
        """The finding, and the terms of its estimates if all of them can be subtracted."""
        with recorded_terms() as terms:
            finding = self.study.estimate(self.responses)
        complete = terms.keys() >= {estimate.name for estimate in finding.estimates}
        return finding, terms if self.study.additive and complete else {}

    @cached_property
    def values(self) -> Values:
        """The value of every estimate, and the spread."""
        return {estimate.name: estimate.value for estimate in self.finding.estimates} | {SPREAD: self._spread_without(None)}

    @cached_property
    def people(self) -> list[str]:
        """The names of the personas, and of the people with whom the study compares."""
        people = self.study.human.personas.names if self.study.human else ()
        return [name for name in dict.fromkeys((*self.responses.personas.names, *people)) if name != NOBODY]

    @property
    def items(self) -> Sequence[str]:
        """The names of the items."""
        return self.responses.items.names

    def left_out(self, kind: Kind, deal: Deal) -> list[Values]:
        """Return the values of the estimates and the spread without each block in turn; empty where the rest is too small for any."""
        rows = deal.of(kind, self.responses.personas, self.responses.items)
        cells = deal.of(kind, self._spread.personas, self._spread.items) if self._spread else None
        terms = self._recorded[1]
        subtracted = {name: part.without(deal.of(kind, part.persona, part.item), BLOCKS) for name, part in terms.items()}
        values: list[Values] = []
        for block in deal.blocks(kind):
            try:
                rest = {name: float(value[block]) for name, value in subtracted.items()} or self._estimated(kind, deal, rows, block)
                values.append({**rest, SPREAD: self._spread_without(None if cells is None else cells != block)})
            except InputError:
                values.append({})
        return values

    def _estimated(self, kind: Kind, deal: Deal, rows: Ints, block: int) -> Values:
        """Return the values of the estimates without a block of people, items or cells."""
        part = self.responses.keep(rows != block, f"without some {kind}")
        return self._study_without(kind, block, deal).values(part)

    @cached_property
    def _spread(self) -> Spread | None:
        """The cells from which the spread follows; None where answers are texts, or numbers on a scale without ends."""
        try:
            return spread_of(self.responses, self.group, self.compared)
        except DesignError:
            return None

    def _spread_without(self, keep: npt.NDArray[np.bool_] | None) -> float:
        """Return the spread of some cells."""
        return self._spread.value(keep) if self._spread else np.nan

    def _study_without(self, kind: Kind, block: int, deal: Deal) -> Study:
        """Return the study without a block of the people with whom it compares."""
        human = self.study.human
        if kind != "people" or human is None:
            return self.study
        return self.study.set(human=human.keep(deal.of(kind, human.personas, human.items) != block, f"without some {kind}"))


@dataclass(frozen=True)
class Differences:
    """Differences between two or more arms, with intervals from estimates made again without each block of people, items and cells."""

    arms: tuple[Arm, ...]
    level: float = 0.9

    def difference(self, name: str, after: int = 1, before: int = 0, *, size: bool = False) -> Interval:
        """Return an estimate of one arm minus that of another; with `size`, of their absolute values.

        Both arms lose the same people (or items, or cells) at a time, so that what they share cancels. Variance: people + items − cells,
        never less than the larger of the first two (Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136). The interval uses t with
        Satterthwaite's degrees of freedom. A fitted remedy is not fitted again.
        """
        plain = abs if size else float
        return self._interval(lambda values: plain(values[after].get(name, np.nan)) - plain(values[before].get(name, np.nan)))

    def ratio(self, name: str, after: int = 1, before: int = 0) -> Interval:
        """Return a variance of one arm over that of another; 0 where it is estimated below 0.

        The error of a ratio r of a to b equals that of (a − r·b) / b, which is defined where a is 0 or, by chance, below. There is no
        interval where b itself may be 0.
        """
        above, below = (self.arms[index].values.get(name, np.nan) for index in (after, before))
        if not below > 0:
            return Interval(np.nan, np.nan, np.nan)
        value = above / below
        error = self._interval(lambda values: (values[after].get(name, np.nan) - value * values[before].get(name, np.nan)) / below)
        base = self._interval(lambda values: values[before].get(name, np.nan))
        half = (error.high - error.low) / 2 if base.low > 0 else np.nan
        return Interval(*(float(np.maximum(end, 0.0)) for end in (value, value - half, value + half)))

    def _interval(self, statistic: Callable[[Sequence[Values]], float]) -> Interval:
        """Return a number that follows from the estimates of all arms, with its interval."""
        value = statistic([arm.values for arm in self.arms])
        people, items, cells = (_variance([statistic(values) for values in blocks]) for blocks in self._left_out)
        terms = [term for term in (people, items) if term[1]]  # a study without personas has none to leave out
        if not terms or not np.isfinite([value, *(variance for variance, _ in terms)]).all():
            return Interval(value, np.nan, np.nan)
        total = sum(variance for variance, _ in terms)
        twice = cells[0] if len(terms) > 1 and np.isfinite(cells[0]) else 0.0
        variance = max(total - twice, *(variance for variance, _ in terms))
        if variance <= 0:
            return Interval(value, value, value)
        freedom = total**2 / sum(variance**2 / (number - 1) for variance, number in terms)
        half = float(stdtrit(freedom, (1 + self.level) / 2) * np.sqrt(variance))
        return Interval(value, value - half, value + half)

    @cached_property
    def _left_out(self) -> list[list[tuple[Values, ...]]]:
        """The values of all arms without each block of people, of items, and of cells."""
        names = (
            list(dict.fromkeys(chain.from_iterable(lists))) for lists in zip(*((arm.people, arm.items) for arm in self.arms), strict=True)
        )
        deal = Deal.draw(*names)
        kinds: tuple[Kind, ...] = ("people", "items", "cells")
        return [list(zip(*(arm.left_out(kind, deal) for arm in self.arms), strict=True)) for kind in kinds]


def _deal(names: Sequence[str], seed: int) -> dict[str, int]:
    """Return the block of each name, drawn."""
    order = np.random.default_rng(seed).permutation(len(names))
    return {name: int(place) % BLOCKS for name, place in zip(names, order, strict=True)}


def _variance(left_out: Sequence[float]) -> tuple[float, int]:
    """Return the jackknife variance of a number, and the number of blocks; NaN with fewer than two."""
    number = len(left_out)
    if number < 2:
        return np.nan, number
    values = np.array(left_out)
    return float((number - 1) / number * ((values - values.mean()) ** 2).sum()), number
