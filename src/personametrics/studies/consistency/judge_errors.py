"""How good a judge is: asked again, in another order, about another card, and of statements that are known to be right or wrong."""

from collections.abc import Callable

import polars as pl

from personametrics.data.estimate import Estimate, Name
from personametrics.dialogues.verdicts import FALSE, OTHER, REAL, TRUE
from personametrics.measures.panel import FEW
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats

PL, LL = "prompt_to_line", "line_to_line"
GOOD, KNOWN, UNKNOWN, UNTOLD = (pl.col(name) for name in ("good", "known", "unknown", "untold"))
FIRST = (pl.col("plant") == REAL) & (pl.col("order") != "turned") & ~pl.col("again")
"""Verdicts on what was said, as they were given first."""


def summed_by_script(rows: pl.DataFrame, level: float) -> Summed:
    """Rows by persona, and by script where there are enough of them to say how scripts differ."""
    said = rows.filter(pl.col("metric").is_in([PL, LL]) & (pl.col("plant") == REAL))
    return Summed(rows, level, ("persona", "item") if said["item"].n_unique() >= FEW else ("persona",))


def judge_errors(rows: pl.DataFrame, level: float) -> list[Estimate]:
    """How good the judge is, and what is left of a measure once its errors are taken off.

    Args:
        rows: as `verdicts` gives them.
        level: coverage of the intervals.
    """
    lines = rows.filter(pl.col("metric") == PL)
    summed, bad, plant = Summed(lines, level, ("persona",)), KNOWN - GOOD, pl.col("plant")  # all of it is of one script
    wrong, right, other = (plant == value for value in (FALSE, TRUE, OTHER))
    counted = {value: int(lines.filter(plant == value)["known"].sum()) for value in (FALSE, TRUE, OTHER)}
    found = _again(lines, level)
    if counted[OTHER]:
        means = Name("share", "lines", f"{PL} of lines against another persona's card")
        found.append(summed.share("shuffled", means, [GOOD * other, KNOWN * other], n=counted[OTHER]))
        means = Name("difference", "lines", f"{PL} minus that against another persona's card: 0 where a card says nothing of its lines")
        sums = [GOOD * FIRST, KNOWN * FIRST, GOOD * other, KNOWN * other]
        found.append(summed.estimate("lift", means, sums, difference, n=counted[OTHER]))
    if counted[TRUE] and counted[FALSE]:
        sums = [bad * wrong, KNOWN * wrong, GOOD * right, KNOWN * right, GOOD * FIRST, KNOWN * FIRST]
        n = counted[TRUE] + counted[FALSE]
        for (name, words), own in zip(SHARES, (sums[:2], sums[2:4]), strict=True):
            found.append(summed.share(name, Name("share", "statements", words), own, n=n))
        for name, statistic, words in JUDGED:
            found.append(summed.estimate(name, Name("share", "statements", words), sums, statistic, n=n))
    return found


def _again(lines: pl.DataFrame, level: float) -> list[Estimate]:
    """How often the judge says the same of a line when it is asked again, and when its answers are named in the other order."""
    by = ["persona", "item", "dialogue", "turn"]
    known = lines.filter((pl.col("plant") == REAL) & (KNOWN > 0))
    first = known.filter(FIRST)
    found = []
    for name, which, words in (
        ("judge.repeat", pl.col("again"), "asked again"),
        ("judge.order", pl.col("order") == "turned", "asked with its answers named in the other order"),
    ):
        pairs = first.join(known.filter(which).select(*by, then="good"), by, how="inner", maintain_order="left")
        if len(pairs):
            means = Name("share", "lines", f"lines of which the judge says the same when {words}")
            same = (pl.col("then") == GOOD).cast(pl.Float64)
            found.append(Summed(pairs, level, ("persona",)).share(name, means, [same, KNOWN], n=len(pairs)))
    return found


def share(sums: Floats) -> Floats:
    """The first sum over the second."""
    return sums[..., 0] / sums[..., 1]


def difference(sums: Floats) -> Floats:
    """A share minus another."""
    return share(sums) - share(sums[..., 2:])


def _tells(sums: Floats) -> Floats:
    """Planted contradictions found, minus right statements that are taken for contradictions."""
    return share(sums) + share(sums[..., 2:]) - 1


Statistic = Callable[[Floats], Floats]
SHARES = (
    ("judge.found", "planted statements that contradict the card and are found"),
    ("judge.accepted", "planted statements that say what the card says and are accepted"),
)
JUDGED: tuple[tuple[str, Statistic, str], ...] = (
    ("judge.tells", _tells, "judge.found plus judge.accepted minus 1: 0 for a judge who tells nothing, 1 for one who is never wrong"),
    (
        f"{PL}.corrected",
        lambda s: (share(s[..., 4:]) - 1 + share(s)) / _tells(s),
        f"{PL} less the errors that the judge makes on planted statements (Rogan and Gladen); may lie beyond 0 and 1",
    ),
)
