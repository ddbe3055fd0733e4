"""Estimates from judged lines: hazards of fading, recovery, and the survival of dialogues in character."""

import math
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Cell, Rows
from personametrics.data.notice import Notice
from personametrics.data.prompt import NOBODY
from personametrics.dialogues.fading import durations, hazard_estimate, proportion, unread_share
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.survival import kaplan_meier

GREENWOOD = "Kaplan–Meier, log-log; variance of Greenwood or of the jackknife over personas; bounded both ways by lines left open"
UNKNOWN = Interval(math.nan, math.nan, math.nan)


def line_estimates(lines: pl.DataFrame, level: float) -> list[Estimate]:
    """Return hazards, recovery and the share of the assistant's lines; nothing without lines of personas.

    Args:
        lines: table of `fading.judged_lines`.
        level: coverage of the intervals.
    """
    personas, model = lines.filter(pl.col("persona") != NOBODY), lines.filter(pl.col("persona") == NOBODY)
    if personas.is_empty():
        return []
    in_character, faded = personas.filter(~pl.col("before")), personas.filter(pl.col("before"))
    estimates = [
        hazard_estimate("faded", "lines in which the assistant speaks instead of the persona", personas, level),
        unread_share(personas, level),
        hazard_estimate("hazard", "probability of fading in a line, if in character in the line before", in_character, level),
    ]
    for kind in sorted(personas["kind"].drop_nulls().unique()):
        meaning = f"the same in reply to a turn of kind {kind}"
        estimates.append(hazard_estimate(f"hazard.{kind}", meaning, in_character.filter(pl.col("kind") == kind), level))
    meaning = "probability of being back in character in a line, if faded in the line before"
    estimates.append(hazard_estimate("recovery", meaning, faded, level, back=True))
    if len(model):
        meaning = "lines of the model without a persona in which the assistant speaks, by the judge"
        estimates.append(hazard_estimate("control.none", meaning, model, level, by="item"))
    return estimates


def survival_estimates(personas: pl.DataFrame, level: float) -> tuple[list[Estimate], Rows]:
    """Return the share of dialogues in character up to each line, as estimates and as the rows of a curve.

    Args:
        personas: judged lines of personas.
        level: coverage of the intervals.
    """
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
        means = Name("share", "dialogues", f"dialogues in character without a break, up to line {turn}")
        estimate = proportion(f"survival.turn={turn}", means, interval, personas, level, method=GREENWOOD)
        estimates.append(replace(estimate, n=n))
    return estimates, rows


def unread_notice(personas: pl.DataFrame) -> tuple[Notice, ...]:
    """Return a notice of lines without a readable verdict."""
    unread = int(personas["faded"].null_count())
    text = f"{unread} of {len(personas)} lines have no readable verdict. They count neither way, and survival is bounded by both."
    return (Notice("unread-verdicts", text),) if unread else ()
