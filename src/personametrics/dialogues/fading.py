"""Fading: the lines that a judge finds to be the assistant's and not the persona's, and the hazards of such lines."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from personametrics.data.errors import ColumnError, options
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Cell, Rows
from personametrics.data.levels import levels
from personametrics.data.responses import Responses
from personametrics.dialogues.judge import NO, VERDICT, YES
from personametrics.dialogues.script import ASSISTANT
from personametrics.measures.panel import FEW
from personametrics.stats.arrays import Flags, Ints
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.proportion import wilson
from personametrics.stats.intervals.survival import hazard

READS: Mapping[str, str] = {
    "part": "line, probe or verdict",
    "judged": "for a verdict, the question to the judge: assistant",
    "turn": "number of the line, from 1",
    "kind": "kind of the turn: chat, fact, emotional, meta",
}
DIALOGUE = ("persona", "item", "run")
"""The columns that identify a dialogue; a study may add further ones."""
METHOD = "Wilson's interval with the effective number of independent steps"


class Durations(NamedTuple):
    """The durations for which dialogues stay in character."""

    times: Ints
    """The last line with a verdict (N,), from 1, up to the first line that is the assistant's."""
    events: Flags
    """True (N,) if that line is the assistant's."""
    personas: Ints
    """The codes of the personas (N,)."""


def require(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows as text, with run and answer; the answer is null where the outcome is not `answered`. Raises ColumnError."""
    frame, c = responses.frame, responses.columns
    for name, meaning in reads.items():
        if name not in frame.columns:
            message = f'{responses.source} has no column "{name}" ({meaning}). {options(name, frame.columns, 30)}.'
            raise ColumnError(message)
    text = {name: pl.col(name).cast(pl.String) for name in reads}
    run = pl.col(c.run).cast(pl.String) if c.run else pl.col("run").cast(pl.String) if "run" in frame.columns else pl.lit("0")
    answer = pl.col(c.answer).cast(pl.String) if c.answer in frame.columns else pl.lit(None, pl.String)
    given = pl.col(c.outcome).cast(pl.String) == "answered" if c.outcome else pl.lit(value=True)
    ids = {"persona": pl.col(c.persona).cast(pl.String), "item": pl.col(c.item).cast(pl.String), "run": run}
    return frame.select(**{**text, **ids, "answer": pl.when(given).then(answer)})


def judged_lines(rows: pl.DataFrame, by: Sequence[str] = DIALOGUE) -> pl.DataFrame:
    """Return a row for every line that was put before a judge, in the order of dialogues (identified by the columns `by`) and turns.

    In the rows of `require`, `turn` becomes a number; `faded` is True if the line is the assistant's, null without a readable verdict;
    `before` is the same for the line before: False for a first line, null if unknown.
    """
    verdict = pl.col("answer").str.strip_chars().str.to_lowercase()
    faded = pl.when(verdict == YES).then(statement=True).when(verdict == NO).then(statement=False)
    kept = rows.filter(pl.col("part") == VERDICT, pl.col("judged") == ASSISTANT)
    kept = kept.with_columns(turn=pl.col("turn").cast(pl.Int64, strict=False), faded=faded).filter(pl.col("turn") > 0)
    kept = kept.unique([*by, "turn"], keep="first", maintain_order=True).sort(*by, "turn")
    follows = pl.col("turn").shift(1).over(by) == pl.col("turn") - 1
    before = pl.when(pl.col("turn") == 1).then(statement=False).when(follows).then(pl.col("faded").shift(1).over(by))
    return kept.with_columns(before=before)


def durations(lines: pl.DataFrame, by: Sequence[str] = DIALOGUE, *, unread: bool | None = None) -> Durations:
    """Return the durations of dialogues, from lines of `judged_lines`, each dialogue from its first turn.

    Lines without a readable verdict count as `unread`; None: the dialogue is censored there.
    """
    times, events, personas = list[int](), list[bool](), list[str]()
    for (persona, *_), part in lines.group_by(["persona", *(name for name in by if name != "persona")], maintain_order=True):
        states = dict(zip(part["turn"].to_list(), part["faded"].to_list(), strict=True))
        turn, faded = 0, False
        while turn + 1 in states and not faded:
            state = unread if states[turn + 1] is None else states[turn + 1]
            if state is None:
                break
            turn, faded = turn + 1, state
        times.append(turn)
        events.append(faded)
        personas.append(str(persona))
    codes = levels(pl.Series(personas, dtype=pl.String)).codes if personas else np.zeros(0, np.int64)
    return Durations(np.asarray(times, np.int64), np.asarray(events, bool), codes)


def hazard_estimate(name: str, meaning: str, steps: pl.DataFrame, level: float, *, back: bool = False, by: str = "persona") -> Estimate:
    """Return a hazard: the share of lines at which the event happens, of those at which it can happen.

    Args:
        name: name of the estimate.
        meaning: its meaning in words.
        steps: lines of `judged_lines` at which the event can happen; lines without a readable verdict are left out.
        level: coverage of the interval.
        back: True for the return to character, in place of fading.
        by: clusters of dependent lines, `persona` or `item`.
    """
    read = steps.filter(pl.col("faded").is_not_null())
    ended = read["faded"].to_numpy().astype(bool)
    codes = levels(read[by]).codes if len(read) else np.zeros(0, np.int64)
    interval = hazard(~ended if back else ended, codes, level)
    return proportion(name, Name("share", "lines", meaning), interval, read, level, by=by)


def unread_share(lines: pl.DataFrame, level: float) -> Estimate:
    """Return the share of lines without a readable verdict on the speaker."""
    missing = lines["faded"].is_null().to_numpy()
    means = Name("share", "lines", "lines without a readable verdict on whether the assistant speaks")
    return proportion("unread", means, hazard(missing, levels(lines["persona"]).codes, level), lines, level)


def proportion(  # noqa: PLR0913 (one number with everything that keeps it honest)
    name: str, means: Name, interval: Interval, rows: pl.DataFrame, level: float, *, method: str = METHOD, by: str = "persona"
) -> Estimate:
    """Return a share with its interval as an estimate."""
    few = {"persona": EstimateStatus.FEW_PERSONAS, "item": EstimateStatus.FEW_ITEMS}[by] if rows[by].n_unique() < FEW else EstimateStatus.OK
    status = EstimateStatus.UNDEFINED if np.isnan(interval.value) else few
    return Estimate(name, *interval[:3], level, len(rows), method, status, means)


def by_persona(lines: pl.DataFrame, level: float) -> Rows:
    """Return the share of the assistant's lines by persona and turn, with Wilson's intervals; the persona that fades most is first."""
    shares = lines.drop_nulls("faded").group_by("persona", "turn").agg(pl.col("faded").cast(pl.Float64).sum(), pl.len().alias("dialogues"))
    worst = (pl.col("faded").sum() / pl.col("dialogues").sum()).over("persona").alias("worst")
    rows: list[Mapping[str, Cell]] = []
    for row in shares.with_columns(worst).sort("worst", "persona", "turn", descending=[True, False, False]).iter_rows(named=True):
        value, low, high = wilson(row["faded"], row["dialogues"], level)[:3]
        ids = {name: row[name] for name in ("persona", "turn", "dialogues")}
        rows.append({**ids, "faded": value, "low": low, "high": high})
    return rows
