"""Errors of the judge: on repetition, in the other order, against a wrong card, and on statements whose verdict is known."""

from collections.abc import Callable

import polars as pl

from personametrics.data.estimate import Estimate, Name
from personametrics.dialogues.verdicts import FALSE, OTHER, REAL, TRUE
from personametrics.measures.panel import FEW
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats

PL, LL = "prompt_to_line", "line_to_line"
"""The judge's two questions: does a line contradict the card, and do two lines contradict each other?"""
GOOD, KNOWN, UNKNOWN, UNTOLD = (pl.col(name) for name in ("good", "known", "unknown", "untold"))
FIRST = (pl.col("plant") == REAL) & (pl.col("order") != "turned") & ~pl.col("again")
"""The first verdicts on the lines of the dialogues."""


def script_sums(rows: pl.DataFrame, level: float) -> RowSums:
    """Return sums clustered by persona, and by script if there are enough scripts to show how they differ."""
    lines = rows.filter(pl.col("metric").is_in([PL, LL]) & (pl.col("plant") == REAL))
    return RowSums(rows, level, ("persona", "item") if lines["item"].n_unique() >= FEW else ("persona",))


def judge_errors(rows: pl.DataFrame, level: float) -> list[Estimate]:
    """Return how good the judge is, and what remains of a measure once the judge's errors are taken off.

    Args:
        rows: verdicts, as `dialogues.verdicts.verdicts` gives them.
        level: coverage of the intervals.
    """
    lines = rows.filter(pl.col("metric") == PL)
    by_persona = RowSums(lines, level, ("persona",))  # the judge is measured in one script
    wrong, right, other = (pl.col("plant") == plant for plant in (FALSE, TRUE, OTHER))
    n_wrong, n_right, n_other = (int(lines.filter(plant)["known"].sum()) for plant in (wrong, right, other))
    estimates = _agreement(lines, level)
    if n_other:
        means = Name("share", "lines", f"{PL} of lines against another persona's card")
        estimates.append(by_persona.share("shuffled", means, [GOOD * other, KNOWN * other], n=n_other))
        means = Name("difference", "lines", f"{PL} minus that against another persona's card: 0 if a card says nothing about its lines")
        sums = {"good": GOOD * FIRST, "known": KNOWN * FIRST, "other good": GOOD * other, "other known": KNOWN * other}
        estimates.append(by_persona.estimate("lift", means, sums, difference("other "), n=n_other))
    if n_wrong and n_right:
        sums = {"found": (KNOWN - GOOD) * wrong, "wrong": KNOWN * wrong, "accepted": GOOD * right, "right": KNOWN * right}
        means = Name("share", "statements", "planted statements that contradict the card and are found")
        estimates.append(by_persona.share("judge.found", means, [sums["found"], sums["wrong"]], n=n_wrong + n_right))
        means = Name("share", "statements", "planted statements that say what the card says and are accepted")
        estimates.append(by_persona.share("judge.accepted", means, [sums["accepted"], sums["right"]], n=n_wrong + n_right))
        sums |= {"good": GOOD * FIRST, "known": KNOWN * FIRST}
        means = Name(
            "share", "statements", "judge.found plus judge.accepted minus 1: 0 for a judge by chance, 1 for one who is never wrong"
        )
        estimates.append(by_persona.estimate("judge.tells", means, sums, _informedness, n=n_wrong + n_right))
        meaning = f"{PL} less the errors of the judge on planted statements (Rogan and Gladen); may be below 0 or above 1"
        means = Name("share", "statements", meaning)
        estimates.append(by_persona.estimate(f"{PL}.corrected", means, sums, _corrected, n=n_wrong + n_right))
    return estimates


def _agreement(lines: pl.DataFrame, level: float) -> list[Estimate]:
    """Return how often the judge gives the same verdict when asked again, and with the answers in the other order."""
    by = ["persona", "item", "dialogue", "turn"]
    known = lines.filter((pl.col("plant") == REAL) & (KNOWN > 0))
    first = known.filter(FIRST)
    estimates = []
    for name, second, text in (
        ("judge.repeat", pl.col("again"), "asked again"),
        ("judge.order", pl.col("order") == "turned", "asked with its answers named in the other order"),
    ):
        pairs = first.join(known.filter(second).select(*by, then="good"), by, how="inner", maintain_order="left")
        if len(pairs):
            means = Name("share", "lines", f"lines of which the judge says the same when {text}")
            same = (pl.col("then") == GOOD).cast(pl.Float64)
            estimates.append(RowSums(pairs, level, ("persona",)).share(name, means, [same, KNOWN], n=len(pairs)))
    return estimates


def difference(other: str) -> Callable[[Totals], Floats]:
    """Return the statistic of a share minus another: good over known, and the same with a prefix."""
    return lambda totals: totals["good"] / totals["known"] - totals[f"{other}good"] / totals[f"{other}known"]


def _informedness(totals: Totals) -> Floats:
    """Return the share of planted contradictions found, minus that of right statements taken for contradictions."""
    return totals["found"] / totals["wrong"] + totals["accepted"] / totals["right"] - 1


def _corrected(totals: Totals) -> Floats:
    """Return the share of good lines without the errors of the judge."""
    return (totals["good"] / totals["known"] - 1 + totals["found"] / totals["wrong"]) / _informedness(totals)
