"""The persona's share of answers turn by turn, and when the persona's lines fade."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
from personametrics.data.finding import Cell, Estimate, EstimateStatus, Name, Notice, Rows, number_or_none
from personametrics.data.study import NOBODY, Responses, parse_scale
from personametrics.dialogues.fading import durations, hazard_estimate, proportion, unread_share
from personametrics.dialogues.script import TURN
from personametrics.measures.panel import METHOD, Panel
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats, quotient
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.paired import paired
from personametrics.stats.intervals.survival import kaplan_meier
from personametrics.stats.variance.components import signal

PROBE = "probe"
"""The value of the column `part` in rows that are questions within a dialogue."""
SIGNAL = Name("share", "answers", "persona signal after {} lines: 1 − (rerun disagreement) / (persona disagreement), as in stability")
DROP = Name("difference", "answers", "persona signal at the beginning minus signal after the last lines, over cells answered at both times")
DEFAULT = Name("share", "cells", "1 − (rerun disagreement) / (disagreement of answers with and without the persona), after {} lines")
RISE = Name("difference", "cells", "approach to the answers without a persona: default at the beginning minus default after the last lines")
BETWEEN = "position of the answers after {} lines: 0 as without a persona, 1 as at the beginning"
POSITION = Name("ratio", "cells", BETWEEN)
GREENWOOD = "Kaplan–Meier, log-log; variance of Greenwood or of the jackknife over personas; bounded both ways by lines left open"
UNKNOWN = Interval(math.nan, math.nan, math.nan)


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
            row: dict[str, Cell] = {"persona": persona, "item": item}
            start: Floats | None = None
            for turn, cells in means.items():
                own, model = cells.get((persona, item)), cells.get((NOBODY, item))
                row |= {f"distance{turn}": None, f"noise{turn}": None, f"along{turn}": None}
                if own is None or model is None:
                    continue
                apart = own[0] - model[0]
                start = apart if turn == self.turns[0] else start
                row[f"distance{turn}"] = number_or_none(float(apart @ apart) - own[2] - model[2])
                row[f"noise{turn}"] = number_or_none(own[1] + model[1])
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
    return {"value": estimate.value, "low": number_or_none(estimate.low), "high": number_or_none(estimate.high)}


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


def line_estimates(lines: pl.DataFrame, level: float) -> list[Estimate]:
    """Return hazards, recovery and the share of the assistant's lines; nothing without lines of personas."""
    personas, model = lines.filter(pl.col("persona") != NOBODY), lines.filter(pl.col("persona") == NOBODY)
    if personas.is_empty():
        return []
    in_character, faded = personas.filter(~pl.col("before")), personas.filter(pl.col("before"))
    estimates = [
        hazard_estimate("faded", "lines in which the assistant speaks instead of the persona", personas, level),
        unread_share(personas, level),
        hazard_estimate("hazard", "probability that a persona fades in a line, if in character in the line before", in_character, level),
    ]
    for kind in sorted(personas["kind"].drop_nulls().unique()):
        meaning = f"hazard in reply to a turn of the kind {kind}"
        estimates.append(hazard_estimate(f"hazard.{kind}", meaning, in_character.filter(pl.col("kind") == kind), level))
    meaning = "probability that a persona is back in character in a line, if it had faded in the line before"
    estimates.append(hazard_estimate("recovery", meaning, faded, level, back=True))
    if len(model):
        meaning = "lines of the model without a persona in which the assistant speaks, according to the judge"
        estimates.append(hazard_estimate("control.none", meaning, model, level, by="item"))
    return estimates


def survival_estimates(personas: pl.DataFrame, level: float) -> tuple[list[Estimate], Rows]:
    """Return the share of dialogues in character up to each line, as estimates and as the rows of a curve."""
    if personas.is_empty():
        return [], []
    read, faded, kept = (kaplan_meier(*durations(personas, unread=unread), level) for unread in (None, True, False))
    rows: list[Mapping[str, Cell]] = [{"turn": 0, "value": 1.0, "low": 1.0, "high": 1.0, "kind": "all"}]
    estimates, n = [], len(personas.select("persona", "item", "run").unique())
    for index in range(len(kept.share)):
        turn, interval = index + 1, UNKNOWN
        if index < len(read.share) and not math.isnan(read.share[index]):
            low = float(faded.low[min(index, len(faded.low) - 1)])
            interval = Interval(float(read.share[index]), low, float(kept.high[index]))
            rows.append({"turn": turn, "value": interval.value, "low": interval.low, "high": interval.high, "kind": "all"})
        means = Name("share", "dialogues", f"dialogues that stay in character without a break up to line {turn}")
        estimate = proportion(f"survival.turn={turn}", means, interval, personas, level, method=GREENWOOD)
        estimates.append(replace(estimate, n=n))
    return estimates, rows


def unread_notice(personas: pl.DataFrame) -> tuple[Notice, ...]:
    """Return a notice of lines without a readable verdict."""
    unread = int(personas["faded"].null_count())
    text = f"{unread} of {len(personas)} lines have no readable verdict and are left out. Intervals of survival allow for either verdict."
    return (Notice("unread-verdicts", text),) if unread else ()
