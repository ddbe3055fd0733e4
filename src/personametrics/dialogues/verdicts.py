"""Verdicts of judges as numbers that can be summed: each is good, bad or unknown."""

import re
from typing import Final

import polars as pl

from personametrics.data.errors import ColumnError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.data.role import LINE
from personametrics.data.scale import Numeric
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, INDEXED, READER, UNTOLD, VERDICT

PERSON: Final = "person"
"""The metric of questions that the simulated person answers itself."""
REAL, OTHER, TRUE, FALSE = "", "other", "true", "false"
"""Values of the column `plant`: nothing planted; another persona's text; a line that agrees with the own text; a line that does not."""
OPTIONAL = ("part", "judged", "dialogue", "turn", "earlier", "order", "plant", "gold", "outcome")
"""Columns that may be missing; their values are then ""."""
NUMBERS = re.compile(r"\s*(?:none|\d+(?:\s*(?:,|and)\s*\d+)*)\s*\.?\s*", re.IGNORECASE)
UNKNOWN = (str(ReplyOutcome.UNPARSABLE), str(ReplyOutcome.REFUSED))
"""Outcomes of an unreadable verdict; with any other outcome and no answer, the line was not judged."""


def verdicts(responses: Responses) -> pl.DataFrame:
    """Return all verdicts, and all answers to questions of fact.

    Args:
        responses: a study's table, or recorded scores: a numeric scale from 0 to 1, with the name of the metric in the column `judged`.

    Returns:
        The columns persona, item, dialogue, metric (the column `judged`; `person` for answers of the person), turn and earlier (numbers of
        lines, or null), order, again (True for a retest of the judge), plant, gold, answer (text or null), good (0 to 1), known (1: good or
        bad), unknown (1: unreadable), untold (1: a reader found no answer). A verdict that names all lines that a line contradicts becomes
        one row for each pair of lines.

    Raises:
        ColumnError: the table has no column `judged`.
    """
    c, frame = responses.columns, responses.frame
    if "judged" not in frame.columns:
        message = f'{responses.source} has no column "judged" (the kind of verdict, such as prompt_to_line or reader). Add this column.'
        raise ColumnError(message)
    text = {name: _text(frame, name) for name in OPTIONAL}
    outcome = responses.frame[c.outcome].cast(pl.String).to_list() if c.outcome else None
    rows = frame.select(
        persona=pl.col(c.persona).cast(pl.String),
        item=pl.col(c.item).cast(pl.String),
        judging=pl.col(c.run).cast(pl.String) if c.run else pl.lit("0"),
        answer=pl.col(c.answer).cast(pl.String),
        score=pl.col(c.answer).cast(pl.Float64, strict=False) if isinstance(responses.scale, Numeric) else pl.lit(None, pl.Float64),
        **text,
    )
    rows = rows.with_columns(outcome=pl.Series(outcome)) if outcome else rows
    scored = isinstance(responses.scale, Numeric)
    rows = rows.filter(pl.col("part") != LINE).with_columns(
        metric=pl.when((pl.col("part") == VERDICT) | (pl.col("judged") != "")).then("judged").otherwise(pl.lit(PERSON)),
        dialogue=pl.when(pl.col("dialogue") == "").then("judging" if scored else pl.lit("")).otherwise("dialogue"),
        again=(pl.col("part") == VERDICT) & (pl.col("dialogue") != "") & (pl.col("judging") != "0"),
        turn=pl.col("turn").cast(pl.Int64, strict=False),
        earlier=pl.col("earlier").cast(pl.Int64, strict=False),
    )
    return _valued(_paired(rows), scored=scored).drop("part", "judged", "judging", "outcome", "score")


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as text, "" where it is empty or missing."""
    return pl.col(name).cast(pl.String).fill_null("") if name in frame.columns else pl.lit("")


def _paired(rows: pl.DataFrame) -> pl.DataFrame:
    """Return verdicts on a line and all earlier ones as one row for each pair; an impossible line number makes the verdict unreadable."""
    index = rows.filter(pl.col("metric") == INDEXED)
    if index.is_empty():
        return rows
    read = [
        _named(row["answer"], row["turn"]) if row["outcome"] in {"", ReplyOutcome.ANSWERED} else None for row in index.iter_rows(named=True)
    ]
    index = index.with_columns(
        named=pl.Series(read, dtype=pl.List(pl.Int64)), earlier=pl.int_ranges(1, pl.col("turn").fill_null(1), dtype=pl.Int64)
    ).explode("earlier")
    hit = pl.col("named").list.contains(pl.col("earlier"))
    unreadable = pl.col("named").is_null()
    outcome = (
        pl.when(unreadable & pl.col("outcome").is_in(["", str(ReplyOutcome.ANSWERED)]))
        .then(pl.lit(str(ReplyOutcome.UNPARSABLE)))
        .otherwise("outcome")
    )
    answer = pl.when(unreadable).then(None).when(hit).then(pl.lit(CONTRADICTS)).otherwise(pl.lit(CONSISTENT))
    index = index.with_columns(metric=pl.lit("line_to_line"), outcome=outcome, answer=answer).drop("named")
    return pl.concat([rows.filter(pl.col("metric") != INDEXED), index.select(rows.columns)])


def _named(answer: str | None, turn: int) -> list[int] | None:
    """Return the numbers of the named lines; None if the answer is unreadable.

    Examples:
        >>> _named("1, 3", 4), _named("None.", 4), _named("7", 4), _named("perhaps 1", 4)
        ([1, 3], [], None, None)
    """
    if answer is None or not NUMBERS.fullmatch(answer):
        return None
    numbers = [int(number) for number in re.findall(r"\d+", answer)]
    return numbers if all(0 < number < turn for number in numbers) else None


def _valued(rows: pl.DataFrame, *, scored: bool) -> pl.DataFrame:
    """Return rows with their values: good, known, unknown, untold."""
    if scored:
        known = pl.col("score").is_between(0, 1)
        return rows.with_columns(
            known=known.fill_null(value=False).cast(pl.Float64),
            good=pl.when(known).then("score").otherwise(0.0),
            unknown=pl.lit(0.0),
            untold=pl.lit(0.0),
        )
    asked = pl.col("metric").is_in([READER, PERSON])
    answered = pl.col("answer").is_not_null() & pl.col("outcome").is_in(["", str(ReplyOutcome.ANSWERED)])
    untold = answered & (pl.col("metric") == READER) & (pl.col("answer") == UNTOLD)
    known = answered & ~untold & (asked | pl.col("answer").is_in([CONSISTENT, CONTRADICTS]))
    good = known & (pl.col("answer") == pl.when(asked).then("gold").otherwise(pl.lit(CONSISTENT)))
    unknown = pl.col("outcome").is_in(UNKNOWN) | (answered & ~known & ~untold)
    counts = {"known": known, "good": good, "unknown": unknown, "untold": untold}
    return rows.with_columns(**{name: count.fill_null(value=False).cast(pl.Float64) for name, count in counts.items()})
