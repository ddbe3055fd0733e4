"""Answers of a panel to the same items at several turns of a dialogue: signal at each, and how near they are to nobody's."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Cell, Rows
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import parse_scale
from personametrics.measures.panel import METHOD, Panel
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Deletions, interval
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Disagreements

SIGNAL = Name("share", "answers", "persona signal after {} lines: 1 − rerun / persona disagreement, as in stability")
DROP = Name("difference", "answers", "persona signal at the beginning minus that after the last lines, of what was asked at both")
DEFAULT = Name("share", "cells", "1 − rerun disagreement / disagreement of an answer with and without the persona, after {} lines")
RISE = Name(
    "difference", "cells", "how much nearer to the answers without a persona: default at the beginning minus that after the last lines"
)
POSITION = Name("ratio", "cells", "where personas stand after {} lines on the way from the answers without one (0) to where they began (1)")
Means = Mapping[tuple[str, str], tuple[Floats, float, float]]
"""By persona and item: mean point, variance of an answer, and variance of that mean."""


@dataclass(frozen=True)
class Turned:
    """Answers at several turns.

    Attributes:
        rows: columns persona, item, run, turn (a number), on (the scale as text), answer; persona `(no persona)` is the model itself.
        source: what messages call them.
        level: coverage of the intervals.
    """

    rows: pl.DataFrame
    source: str
    level: float
    _panels: dict[int, Panel] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def turns(self) -> list[int]:
        """Turns after which was asked, in order."""
        return sorted(self.rows["turn"].unique().to_list())

    def _read(self, rows: pl.DataFrame) -> Responses:
        """Rows as responses, on their scale."""
        return replace(Responses.read(rows, Columns(run="run"), parse_scale(rows["on"][0]), duplicates="runs"), source=self.source)

    def _panel(self, turn: int) -> Panel:
        """The panel's answers after so many lines."""
        if turn not in self._panels:
            self._panels[turn] = self._among(turn)
        return self._panels[turn]

    def _among(self, turn: int, pairs: pl.DataFrame | None = None) -> Panel:
        """Answers after so many lines, of some persona × item pairs."""
        rows = self.rows.filter(pl.col("turn") == turn, pl.col("persona") != NOBODY)
        rows = rows if pairs is None else rows.join(pairs, on=["persona", "item"], how="semi")
        return Panel(self._read(rows.sort("persona", "item", "run")), self.level)

    def signals(self) -> Iterator[Estimate]:
        """Persona signal after each number of lines, and how much of it is lost."""
        for turn in self.turns:
            name, means = f"signal.turn={turn}", _of(SIGNAL, turn)
            try:
                panel = self._panel(turn)
                yield replace(panel.named("signal", panel.signal, panel.answers), name=name, means=means)
            except InputError:
                yield self._unknown(name, means)
        if len(self.turns) > 1:
            yield self._drop()

    def _drop(self) -> Estimate:
        """What is lost of the signal: both are left without the same personas, items and cells."""
        ends = self.turns[0], self.turns[-1]
        try:
            panels = [self._panel(turn) for turn in ends]
            if not _alike(*panels):
                pairs = [panel.responses.frame.filter(panel.responses.answered).select("persona", "item").unique() for panel in panels]
                common = pairs[0].cast(pl.String).join(pairs[1].cast(pl.String), on=["persona", "item"], how="semi")
                panels = [self._among(turn, common) for turn in ends]
        except InputError:
            return self._unknown("signal.drop", DROP)
        both = _both(*(panel.deletions for panel in panels))
        found = interval(lambda d: signal(_part(d, "0")) - signal(_part(d, "1")), both, self.level)
        n = sum(panel.answers for panel in panels)
        value, low, high = found[:3]
        if not math.isfinite(value):
            return replace(self._unknown("signal.drop", DROP), status=panels[-1].status(value))
        return _honest(Estimate("signal.drop", value, low, high, self.level, n, METHOD, EstimateStatus.OK, DROP))

    def beside_nobody(self) -> Iterator[Estimate]:
        """How far answers are from those without a persona after as many lines, and where they stand between these and the beginning."""
        table, turns = self._table, self.turns
        if not len(table):
            return
        summed = Summed(table, self.level)
        for turn in turns:
            q, v = _columns(turn)
            n = len(table.filter(q.is_not_null()))
            yield _honest(summed.share_of_variance(f"default.turn={turn}", _of(DEFAULT, turn), [q, v], n=n))
        if len(turns) > 1:
            (first, spread), (last, wide) = _columns(turns[0]), _columns(turns[-1])
            known = first.is_not_null() & last.is_not_null()
            sums = [one * known for one in (first, spread, last, wide)]
            n = len(table.filter(known))
            yield _honest(summed.estimate("default.rise", RISE, sums, lambda s: _share(s) - _share(s[..., 2:]), n=n))
        for turn in turns[1:]:
            stays, apart = pl.col(f"c{turn}"), _columns(turns[0])[0]
            known = stays.is_not_null() & apart.is_not_null()
            n = len(table.filter(known))
            yield _honest(summed.estimate(f"position.turn={turn}", _of(POSITION, turn), [stays * known, apart * known], _ratio, n=n))

    def positions(self) -> Rows:
        """`position` of each persona after each number of lines, with jackknife intervals over the items that it was asked.

        Whoever begins too near to nobody's answers to be told from them has no position: it would be a ratio to about nothing. All
        share the noise of nobody's answers, and so err together.
        """
        table, (first, *later) = self._table, self.turns
        rows: list[Mapping[str, Cell]] = []
        for (persona,), part in table.group_by("persona", maintain_order=True) if len(table) else ():
            apart, own = _columns(first)[0], Summed(part, self.level, by=("item",))
            if not own.estimate("apart", POSITION, [apart], lambda sums: sums[..., 0], n=len(part)).low > 0:
                continue
            for turn in later:
                known = pl.col(f"c{turn}").is_not_null() & apart.is_not_null()
                n = len(part.filter(known))
                one = _honest(own.estimate("position", POSITION, [pl.col(f"c{turn}") * known, apart * known], _ratio, n=n))
                if not math.isnan(one.value):
                    low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
                    rows.append({"persona": str(persona), "turn": turn, "value": one.value, "low": low, "high": high, "items": n})
        return rows

    @cached_property
    def _table(self) -> pl.DataFrame:
        """A row for every persona and item.

        Of each turn: q, the squared distance to nobody's answer, free of noise; v, the noise of one answer of each; c, the product of that
        distance with the one at the beginning.
        """
        means = {turn: self._means(turn) for turn in self.turns}
        rows = []
        for persona, item in sorted({pair for found in means.values() for pair in found if pair[0] != NOBODY}):
            row: dict[str, str | float | None] = {"persona": persona, "item": item}
            start: Floats | None = None
            for turn, found in means.items():
                own, other = found.get((persona, item)), found.get((NOBODY, item))
                row |= {f"q{turn}": None, f"v{turn}": None, f"c{turn}": None}
                if own is None or other is None:
                    continue
                apart = own[0] - other[0]
                start = apart if turn == self.turns[0] else start
                row[f"q{turn}"] = _finite(float(apart @ apart) - own[2] - other[2])
                row[f"v{turn}"] = _finite(own[1] + other[1])
                row[f"c{turn}"] = None if start is None else float(apart @ start)
            rows.append(row)
        numbers = {f"{what}{turn}": pl.Float64 for what in "qvc" for turn in means}
        return pl.from_dicts(rows, schema_overrides=numbers) if rows else pl.DataFrame()

    def _means(self, turn: int) -> Means:
        """What is answered after so many lines."""
        rows = self.rows.filter(pl.col("turn") == turn)
        responses = self._read(rows)
        if not responses.answered.any():
            return {}
        cells, names = responses.cells, (responses.personas.names, responses.items.names)
        return {
            (names[0][persona], names[1][item]): (mean, float(within), float(within / n))
            for (persona, item), mean, within, n in zip(cells.codes[:, :2], cells.mean, cells.within, cells.n, strict=True)
        }

    def _unknown(self, name: str, means: Name) -> Estimate:
        """A number of which nothing can be said."""
        return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED, means)


def curve(found: Sequence[Estimate]) -> Rows:
    """What is known at each turn, as rows to be drawn."""
    rows = []
    for one in found:
        what, named, turn = one.name.partition(".turn=")
        if named and not math.isnan(one.value):
            low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
            rows.append({"turn": int(turn), "value": one.value, "low": low, "high": high, "what": what})
    return rows


def _of(name: Name, turn: int) -> Name:
    """What a number at a turn means."""
    return name._replace(meaning=name.meaning.format(turn))


def _columns(turn: int) -> tuple[pl.Expr, pl.Expr]:
    """Squared distance to nobody's answer, and the noise of one answer of each; null together."""
    q, v = pl.col(f"q{turn}"), pl.col(f"v{turn}")
    return pl.when(v.is_not_null()).then(q), pl.when(q.is_not_null()).then(v)


def _share(sums: Floats) -> Floats:
    """Of two answers' squared distance, what is not noise."""
    return sums[..., 0] / (sums[..., 0] + sums[..., 1])


def _ratio(sums: Floats) -> Floats:
    """The first sum over the second."""
    return sums[..., 0] / sums[..., 1]


def _finite(value: float) -> float | None:
    """A number, or None where it is undefined."""
    return value if math.isfinite(value) else None


def _honest(one: Estimate) -> Estimate:
    """No interval without width: where nothing varies nothing is known of how it would."""
    if math.isnan(one.value):
        return replace(one, status=EstimateStatus.NO_RERUNS)
    return replace(one, low=math.nan, high=math.nan, status=EstimateStatus.NO_INTERVAL) if one.low == one.high else one


def _alike(first: Panel, last: Panel) -> bool:
    """Whether both hold the same cells of the same personas and items."""
    names = [(panel.responses.personas.names, panel.responses.items.names) for panel in (first, last)]
    return names[0] == names[1] and np.array_equal(first.cells.codes, last.cells.codes)


def _both(first: Deletions, last: Deletions) -> Deletions:
    """Two panels of the same cells as one, each disagreement with the number of its panel."""

    def merged(which: str) -> Disagreements:
        return {shared | {str(at)}: values for at, one in enumerate((first, last)) for shared, values in getattr(one, which).items()}

    return Deletions(merged("whole"), merged("persona"), merged("item"), merged("cell"), first.persona_of, first.item_of)


def _part(d: Disagreements, at: str) -> Disagreements:
    """Disagreements of one of the panels."""
    return {shared - {at}: values for shared, values in d.items() if at in shared}
