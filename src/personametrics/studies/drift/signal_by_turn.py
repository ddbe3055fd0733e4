"""Answers of a panel to the same items at several turns of a dialogue: the signal at each, and the distance to the model's own answers."""

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
from personametrics.dialogues.script import TURN
from personametrics.measures.panel import METHOD, Panel
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.intervals.paired import paired
from personametrics.stats.variance.components import signal

PROBE = "probe"
"""The value of the column `part` in rows that are questions within a dialogue."""
SIGNAL = Name("share", "answers", "persona signal after {} lines: 1 − rerun / persona disagreement, as in stability")
DROP = Name("difference", "answers", "persona signal at the beginning minus that after the last lines, over cells with both")
DEFAULT = Name("share", "cells", "1 − rerun disagreement / disagreement of answers with and without the persona, after {} lines")
RISE = Name("difference", "cells", "approach to the answers without a persona: default at the beginning minus that after the last lines")
POSITION = Name(
    "ratio", "cells", "position of personas after {} lines between the answers without one (0) and their own at the beginning (1)"
)


@dataclass(frozen=True)
class SignalByTurn:
    """Answers at several turns, and the estimates at each.

    Attributes:
        rows: columns persona, item, run, turn (a number), on (the scale as text, one for all), answer; the persona `(no persona)` is the
            model itself.
        source: name of the answers in messages.
        level: coverage of the intervals.
    """

    rows: pl.DataFrame
    source: str
    level: float
    _panels: dict[int, Panel] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def turns(self) -> list[int]:
        """The numbers of lines after which items were asked, in order."""
        return sorted(self.rows["turn"].unique().to_list())

    def _read(self, rows: pl.DataFrame) -> Responses:
        """Return rows as responses on their scale."""
        return replace(Responses.read(rows, Columns(run="run"), parse_scale(self.rows["on"][0]), duplicates="runs"), source=self.source)

    def _panel(self, turn: int) -> Panel:
        """Return the panel's answers after some lines."""
        if turn not in self._panels:
            self._panels[turn] = self._panel_of(turn)
        return self._panels[turn]

    def _panel_of(self, turn: int, pairs: pl.DataFrame | None = None) -> Panel:
        """Return the answers after some lines, of some pairs of persona and item."""
        rows = self.rows.filter(pl.col("turn") == turn, pl.col("persona") != NOBODY)
        rows = rows if pairs is None else rows.join(pairs, on=["persona", "item"], how="semi")
        return Panel(self._read(rows.sort("persona", "item", "run")), self.level)

    def signals(self) -> Iterator[Estimate]:
        """Yield the persona signal after each number of lines, and its fall."""
        for turn in self.turns:
            name, means = f"signal.turn={turn}", _at(SIGNAL, turn)
            try:
                panel = self._panel(turn)
                yield replace(panel.named("signal", panel.signal, panel.answers), name=name, means=means)
            except InputError:
                yield self._unknown(name, means)
        if len(self.turns) > 1:
            yield self._drop()

    def _drop(self) -> Estimate:
        """Return the fall of the signal, paired: both panels lose the same personas, items and cells."""
        ends = self.turns[0], self.turns[-1]
        try:
            panels = [self._panel(turn) for turn in ends]
            if not _same_cells(*panels):
                pairs = [panel.responses.frame.filter(panel.responses.answered).select("persona", "item").unique() for panel in panels]
                common = pairs[0].cast(pl.String).join(pairs[1].cast(pl.String), on=["persona", "item"], how="semi")
                panels = [self._panel_of(turn, common) for turn in ends]
        except InputError:
            return self._unknown("signal.drop", DROP)
        first, last = (panel.deletions for panel in panels)
        value, low, high, *_ = paired(signal, first, last, self.level)
        n = sum(panel.answers for panel in panels)
        if not math.isfinite(value):
            return replace(self._unknown("signal.drop", DROP), status=panels[-1].status(value))
        return _with_width(Estimate("signal.drop", value, low, high, self.level, n, METHOD, EstimateStatus.OK, DROP))

    def distances_to_default(self) -> Iterator[Estimate]:
        """Yield the distance to the answers without a persona after each number of lines, and the position between these and the start."""
        table, turns = self._table, self.turns
        if table.is_empty():
            return
        sums = RowSums(table, self.level)
        for turn in turns:
            distance, noise = _distance_and_noise(turn)
            n = len(table.filter(distance.is_not_null()))
            yield _with_width(sums.share_of_variance(f"default.turn={turn}", _at(DEFAULT, turn), [distance, noise], n=n))
        if len(turns) > 1:
            yield _with_width(self._rise(sums))
        for turn in turns[1:]:
            yield _with_width(_position(sums, turn, turns[0], f"position.turn={turn}"))

    def _rise(self, sums: RowSums) -> Estimate:
        """Return the approach to the answers without a persona, over cells with both ends."""
        (first, first_noise), (last, last_noise) = (_distance_and_noise(turn) for turn in (self.turns[0], self.turns[-1]))
        both = first.is_not_null() & last.is_not_null()
        columns = {"first": first, "first noise": first_noise, "last": last, "last noise": last_noise}

        def rise(totals: Totals) -> Floats:
            before, after = (totals[end] / (totals[end] + totals[f"{end} noise"]) for end in ("first", "last"))
            return before - after

        n = len(sums.rows.filter(both))
        return sums.estimate("default.rise", RISE, {name: column * both for name, column in columns.items()}, rise, n=n)

    def positions(self) -> Rows:
        """Return the position of each persona after each number of lines, with jackknife intervals over its items.

        A persona that begins too near to the model's own answers has no position: it would be a ratio to about nothing. All positions
        share the noise of the model's own answers, and so err together.
        """
        table, (first, *later) = self._table, self.turns
        rows: list[Mapping[str, Cell]] = []
        for (persona,), part in table.group_by("persona", maintain_order=True) if len(table) else ():
            sums, start = RowSums(part, self.level, by=("item",)), _distance_and_noise(first)[0]
            if not sums.estimate("apart", POSITION, {"start": start}, lambda totals: totals["start"], n=len(part)).low > 0:
                continue
            for turn in later:
                position = _with_width(_position(sums, turn, first, "position"))
                if not math.isnan(position.value):
                    rows.append({"persona": str(persona), "turn": turn, **_ends(position), "items": position.n})
        return rows

    @cached_property
    def _table(self) -> pl.DataFrame:
        """A row for each persona and item, with three columns for each turn.

        `distance`: squared distance to the model's own answer, free of noise; `noise`: that of one answer of each; `along`: product of the
        distance with the one at the beginning.
        """
        means = {turn: self._means(turn) for turn in self.turns}
        rows = []
        for persona, item in sorted({pair for cells in means.values() for pair in cells if pair[0] != NOBODY}):
            row: dict[str, str | float | None] = {"persona": persona, "item": item}
            start: Floats | None = None
            for turn, cells in means.items():
                own, model = cells.get((persona, item)), cells.get((NOBODY, item))
                row |= {f"distance{turn}": None, f"noise{turn}": None, f"along{turn}": None}
                if own is None or model is None:
                    continue
                apart = own[0] - model[0]
                start = apart if turn == self.turns[0] else start
                row[f"distance{turn}"] = _finite(float(apart @ apart) - own[2] - model[2])
                row[f"noise{turn}"] = _finite(own[1] + model[1])
                row[f"along{turn}"] = None if start is None else float(apart @ start)
            rows.append(row)
        numbers = {f"{column}{turn}": pl.Float64 for column in ("distance", "noise", "along") for turn in means}
        return pl.from_dicts(rows, schema_overrides=numbers) if rows else pl.DataFrame()

    def _means(self, turn: int) -> Mapping[tuple[str, str], tuple[Floats, float, float]]:
        """Return, by persona and item, the mean point after some lines, the variance of an answer, and the variance of that mean."""
        responses = self._read(self.rows.filter(pl.col("turn") == turn))
        if not responses.answered.any():
            return {}
        cells, personas, items = responses.cells, responses.personas.names, responses.items.names
        return {
            (personas[persona], items[item]): (mean, float(within), float(within / n))
            for (persona, item), mean, within, n in zip(cells.codes[:, :2], cells.mean, cells.within, cells.n, strict=True)
        }

    def _unknown(self, name: str, means: Name) -> Estimate:
        """Return an undefined estimate."""
        return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, METHOD, EstimateStatus.UNDEFINED, means)


def probe_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the questions within dialogues, on the most common scale."""
    if "on" not in rows.columns:
        return rows.head(0)
    probes = rows.filter(pl.col("part") == PROBE, pl.col("on").is_not_null()).with_columns(pl.col(TURN).cast(pl.Int64, strict=False))
    scales = probes["on"].value_counts(sort=True)
    return probes.filter(pl.col("on") == scales["on"][0], pl.col(TURN).is_not_null()) if len(scales) else probes


def curve(estimates: Sequence[Estimate]) -> Rows:
    """Return the estimates at each turn as rows of a chart."""
    rows: list[Mapping[str, Cell]] = []
    for estimate in estimates:
        what, at_turn, turn = estimate.name.partition(".turn=")
        if at_turn and not math.isnan(estimate.value):
            rows.append({"turn": int(turn), **_ends(estimate), "what": what})
    return rows


def _ends(estimate: Estimate) -> dict[str, Cell]:
    """Return value and interval as columns of a table."""
    low, high = (None if math.isnan(end) else end for end in (estimate.low, estimate.high))
    return {"value": estimate.value, "low": low, "high": high}


def _at(name: Name, turn: int) -> Name:
    """Return the meaning of an estimate at a turn."""
    return name._replace(meaning=name.meaning.format(turn))


def _distance_and_noise(turn: int) -> tuple[pl.Expr, pl.Expr]:
    """Return the columns of distance and noise at a turn; null together."""
    distance, noise = pl.col(f"distance{turn}"), pl.col(f"noise{turn}")
    return pl.when(noise.is_not_null()).then(distance), pl.when(distance.is_not_null()).then(noise)


def _position(sums: RowSums, turn: int, first: int, name: str) -> Estimate:
    """Return the position after some lines between the model's own answers (0) and the persona's at the beginning (1)."""
    along, start = pl.col(f"along{turn}"), _distance_and_noise(first)[0]
    both = along.is_not_null() & start.is_not_null()
    return sums.estimate(name, _at(POSITION, turn), [along * both, start * both], quotient, n=len(sums.rows.filter(both)))


def _finite(value: float) -> float | None:
    """Return a number, or None where it is undefined."""
    return value if math.isfinite(value) else None


def _with_width(estimate: Estimate) -> Estimate:
    """Return an estimate without an interval of width 0: where nothing varies, the interval is unknown."""
    if math.isnan(estimate.value):
        return replace(estimate, status=EstimateStatus.NO_RERUNS)
    constant = estimate.low == estimate.high
    return replace(estimate, low=math.nan, high=math.nan, status=EstimateStatus.NO_INTERVAL) if constant else estimate


def _same_cells(first: Panel, last: Panel) -> bool:
    """Return True if both panels have the same cells of the same personas and items."""
    names = [(panel.responses.personas.names, panel.responses.items.names) for panel in (first, last)]
    return names[0] == names[1] and np.array_equal(first.cells.codes, last.cells.codes)
