"""Right answers by the side of a persona and the side that the right answer favours."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Rows
from personametrics.data.notice import Notice
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.sentences import PLAIN
from personametrics.measures.answers import answers
from personametrics.measures.contrast import Group
from personametrics.measures.sums import METHOD

NEUTRAL = "none"
"""The side of questions whose right answer favours no side."""
PERSON = pl.col("persona") != NOBODY
CONTROL = pl.col("topic") == "control"
WORST = 20
"""Number of items and of personas in the evidence."""


def right_answers(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return a row for each persona, item and instruction.

    Args:
        responses: answers with the columns of `reads`; the columns topic and instruction may be missing.
        reads: columns to read, with their meanings.

    Returns:
        Columns persona, item, gold, side, identity, topic, instruction, right (number of right answers) and weight (number of answers).

    Raises:
        ColumnError: a column is missing.
    """
    optional = [name for name in ("topic", "instruction") if name in responses.frame.columns]
    rows = answers(responses, {**reads, **dict.fromkeys(optional, "")})
    rows = rows.with_columns(pl.lit("").alias(name) for name in ("topic", "instruction") if name not in optional)
    by = [*reads, "topic", "instruction"]
    rows = rows.with_columns(pl.col(by).fill_null("")).with_columns(pl.col("instruction").replace("", PLAIN))
    right = (pl.col("weight") * (pl.col("answer") == pl.col("gold"))).sum().alias("right")
    return rows.group_by("persona", "item", *by, maintain_order=True).agg(right, pl.col("weight").sum())


def congruent_and_incongruent(where: pl.Expr, sides: Sequence[str]) -> list[Group]:
    """Return the congruent and the incongruent group of cells: a cell for each side of personas and side of questions.

    Args:
        where: condition on rows, such as an instruction.
        sides: sides of personas and questions.
    """
    pairs = [[(side, side) for side in sides], list(permutations(sides, 2))]
    return [[PERSON & where & (pl.col("identity") == own) & (pl.col("side") == side) for own, side in group] for group in pairs]


def accuracy_by_congruence(rows: pl.DataFrame, by: str, sides: Sequence[str]) -> Rows:
    """Return accuracy on congruent and incongruent questions, for the items or personas where it differs most.

    Args:
        rows: of `right_answers`.
        by: `item` or `persona`.
        sides: sides of personas and questions.
    """
    congruent = pl.col("side") == pl.col("identity")
    used = rows.filter(PERSON & ~CONTROL & pl.col("identity").is_in(sides) & pl.col("side").is_in(sides))
    accuracy = {
        name: pl.col("right").filter(where).sum() / pl.col("weight").filter(where).sum()
        for name, where in (("congruent", congruent), ("incongruent", ~congruent))
    }
    table = used.group_by(by, "side" if by == "item" else "identity").agg(**accuracy)
    table = table.with_columns(pl.col("congruent", "incongruent").fill_nan(None))
    table = table.with_columns(gap=pl.col("congruent") - pl.col("incongruent")).sort("gap", by, descending=[True, False], nulls_last=True)
    return table.head(WORST).to_dicts()


def panel_notices(rows: pl.DataFrame, sides: Sequence[str], estimates: Sequence[Estimate]) -> tuple[Notice, ...]:
    """Return notices of personas that were left out, and of an odds ratio without an interval."""
    notices = []
    ratio = next((estimate for estimate in estimates if estimate.name == "odds.ratio"), None)
    excluded = rows.filter(PERSON & ~pl.col("identity").is_in(sides))["persona"].n_unique()
    if excluded:
        notices.append(Notice("without-side", f"{excluded} personas are left out: no right answer favours their side."))
    if ratio is not None and ratio.status == EstimateStatus.NO_INTERVAL and ratio.method != METHOD:
        text = "An accuracy is 0 or 1: half an answer was added to compute the odds ratio, which therefore has no interval."
        notices.append(Notice("half-counts", text))
    return tuple(notices)
