"""Lines of dialogues as a judge heard them: who had faded into the assistant, when, and who came back."""

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
from personametrics.stats.arrays import Ints
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.proportion import wilson
from personametrics.stats.intervals.survival import Flags, hazard

READS: Mapping[str, str] = {
    "part": "line, probe or verdict",
    "judged": "of verdicts, what the judge was asked: assistant",
    "turn": "how many lines were said, from 1",
    "kind": "of the turn: chat, fact, emotional, meta",
}
DIALOGUE = ("persona", "item", "run")
"""What tells dialogues apart; a study may add to it."""
METHOD = "Wilson's interval, by the number of steps that those which hang together are worth"


class Lasting(NamedTuple):
    """How long each of some dialogues went on in part."""

    times: Ints
    """(N,) its last line that was read, from 1, up to the one that was the assistant's."""
    events: Flags
    """(N,) whether that one was."""
    personas: Ints
    """(N,) codes of who spoke."""


def require(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """The rows, all as text, with run and answer; an answer that was none is null.

    Raises:
        ColumnError: a column is missing; the message says what it should hold.
    """
    frame, c = responses.frame, responses.columns
    for name, meaning in reads.items():
        if name not in frame.columns:
            message = f'{responses.source} has no column "{name}" ({meaning}); {options(name, frame.columns, 30)}.'
            raise ColumnError(message)
    text = {name: pl.col(name).cast(pl.String) for name in reads}
    run = pl.col(c.run).cast(pl.String) if c.run else pl.col("run").cast(pl.String) if "run" in frame.columns else pl.lit("0")
    answer = pl.col(c.answer).cast(pl.String) if c.answer in frame.columns else pl.lit(None, pl.String)
    given = pl.col(c.outcome).cast(pl.String) == "answered" if c.outcome else pl.lit(value=True)
    found = {"persona": pl.col(c.persona).cast(pl.String), "item": pl.col(c.item).cast(pl.String), "run": run}
    return frame.select(**{**text, **found, "answer": pl.when(given).then(answer)})


def heard(rows: pl.DataFrame, by: Sequence[str] = DIALOGUE) -> pl.DataFrame:
    """A row for every line that a judge was asked about.

    Args:
        rows: of `require`.
        by: columns that tell dialogues apart.

    Returns:
        Its columns, with `turn` a number, `faded` (whether the line is the assistant's; null where the judge did not say), and `before`
        (the same of the line before; false of a first line, null where it is not known), in the order of dialogues and turns.
    """
    said = pl.col("answer").str.strip_chars().str.to_lowercase()
    faded = pl.when(said == YES).then(statement=True).when(said == NO).then(statement=False)
    kept = rows.filter(pl.col("part") == VERDICT, pl.col("judged") == ASSISTANT)
    kept = kept.with_columns(turn=pl.col("turn").cast(pl.Int64, strict=False), faded=faded).filter(pl.col("turn") > 0)
    kept = kept.unique([*by, "turn"], keep="first", maintain_order=True).sort(*by, "turn")
    follows = pl.col("turn").shift(1).over(by) == pl.col("turn") - 1
    before = pl.when(pl.col("turn") == 1).then(statement=False).when(follows).then(pl.col("faded").shift(1).over(by))
    return kept.with_columns(before=before)


def lasting(lines: pl.DataFrame, by: Sequence[str] = DIALOGUE, *, unread: bool | None = None) -> Lasting:
    """How long dialogues last; what the judge left open is where a dialogue is lost from sight.

    Args:
        lines: of `heard`, each dialogue from its first turn.
        by: columns that tell dialogues apart.
        unread: take what the judge left open for the assistant's, or for not.
    """
    times, events, who = list[int](), list[bool](), list[str]()
    for (persona, *_), part in lines.group_by(["persona", *(name for name in by if name != "persona")], maintain_order=True):
        states = dict(zip(part["turn"].to_list(), part["faded"].to_list(), strict=True))
        at, faded = 0, False
        while at + 1 in states and not faded:
            state = unread if states[at + 1] is None else states[at + 1]
            if state is None:
                break
            at, faded = at + 1, state
        times.append(at)
        events.append(faded)
        who.append(str(persona))
    codes = levels(pl.Series(who, dtype=pl.String)).codes if who else np.zeros(0, np.int64)
    return Lasting(np.asarray(times, np.int64), np.asarray(events, bool), codes)


def fading(name: str, meaning: str, steps: pl.DataFrame, level: float, *, back: bool = False, by: str = "persona") -> Estimate:
    """A hazard.

    Args:
        name: of the estimate.
        meaning: in words.
        steps: lines of `heard` at which it might have happened; those that the judge left open are left out.
        level: coverage of the interval.
        back: of coming back, instead of fading.
        by: lines that hang together, `persona` or `item`.
    """
    known = steps.filter(pl.col("faded").is_not_null())
    ended = known["faded"].to_numpy().astype(bool)
    codes = levels(known[by]).codes if len(known) else np.zeros(0, np.int64)
    found = hazard(~ended if back else ended, codes, level)
    return proportion(name, Name("share", "lines", meaning), found, known, level, by=by)


def unread(lines: pl.DataFrame, level: float) -> Estimate:
    """The share of lines of which the judge did not say who speaks."""
    missing = lines["faded"].is_null().to_numpy()
    means = Name("share", "lines", "lines of which the judge did not say who speaks")
    return proportion("unread", means, hazard(missing, levels(lines["persona"]).codes, level), lines, level)


def proportion(  # noqa: PLR0913 (one number with everything that keeps it honest)
    name: str, means: Name, found: Interval, rows: pl.DataFrame, level: float, *, method: str = METHOD, by: str = "persona"
) -> Estimate:
    """A share with its interval as an estimate."""
    few = {"persona": EstimateStatus.FEW_PERSONAS, "item": EstimateStatus.FEW_ITEMS}[by] if rows[by].n_unique() < FEW else EstimateStatus.OK
    return Estimate(
        name,
        found.value,
        found.low,
        found.high,
        level,
        len(rows),
        method,
        EstimateStatus.UNDEFINED if np.isnan(found.value) else few,
        means,
    )


def by_persona(lines: pl.DataFrame, level: float) -> Rows:
    """How much of what each persona says in each turn is the assistant's, who fades most first, with Wilson's intervals over dialogues.

    Args:
        lines: as `heard` gives them.
        level: coverage of the intervals.
    """
    shares = lines.drop_nulls("faded").group_by("persona", "turn").agg(pl.col("faded").cast(pl.Float64).sum(), pl.len().alias("dialogues"))
    worst = (pl.col("faded").sum() / pl.col("dialogues").sum()).over("persona").alias("worst")
    rows: list[Mapping[str, Cell]] = []
    for row in shares.with_columns(worst).sort("worst", "persona", "turn", descending=[True, False, False]).iter_rows(named=True):
        value, low, high = wilson(row["faded"], row["dialogues"], level)[:3]
        where = {name: row[name] for name in ("persona", "turn", "dialogues")}
        rows.append({**where, "faded": value, "low": low, "high": high})
    return rows
