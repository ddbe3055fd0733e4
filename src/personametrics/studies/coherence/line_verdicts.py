"""A table with a row for each line: the verdicts on it, its text, and how much of it is copied from the persona's card."""

from collections.abc import Mapping

import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.finding import Rows
from personametrics.data.responses import Responses
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, NO, YES
from personametrics.measures.answers import answers
from personametrics.studies.coherence.card_overlap import overlap

TRUE, APT = "prompt_to_line", "relevance"
"""The two questions to the judge: is the line true to the persona, and does it respond to what was said?"""
GOOD: Mapping[str, tuple[str, str]] = {TRUE: (CONSISTENT, CONTRADICTS), APT: (YES, NO)}
"""The good verdict and the bad one, by question."""
READS: Mapping[str, str] = {
    "judged": f"what was judged: {TRUE} ({CONSISTENT} or {CONTRADICTS}) or {APT} ({YES} or {NO}); empty for the line itself",
    "turn": "which line of the dialogue",
}
KEY = ("persona", "item", "run", "turn")
"""Columns that identify a line."""
IS_TRUE, IS_APT = pl.col(TRUE), pl.col(APT)
COLUMNS: Mapping[str, bool] = {"takes up what was said": True, "does not": False}
"""Columns of the table of both verdicts, by relevance."""
WORST = 20
"""Lines that the evidence shows."""


def line_rows(responses: Responses) -> pl.DataFrame:
    """Return a row for each line that was judged.

    Returns:
        Columns persona, run, turn, prompt_to_line and relevance (0 to 1; null where no verdict could be read), line, and, where the table
        has them, asked (what was said to the persona), card, and overlap (share of the line's word pairs that are in the card). The column
        item is what was said, which lines of different scripts share.

    Raises:
        ColumnError: a column is missing.
        AnswerError: verdicts are missing.
    """
    columns, frame = responses.columns, responses.frame
    run = pl.col(columns.run).cast(pl.String) if columns.run else pl.lit("0")
    persona, item = (pl.col(name).cast(pl.String).alias(role) for role, name in (("persona", columns.persona), ("item", columns.item)))
    given = answers(responses, READS)
    given = given if columns.run else given.with_columns(run=pl.lit("0"))
    more = [pl.col(name).cast(pl.String) for name in ("turn", "judged", "asked", "card") if name in frame.columns]
    rows = frame.select(persona, item, run.alias("run"), *more)
    lines = rows.filter(pl.col("judged").is_in(list(GOOD))).select(KEY).unique(maintain_order=True)
    if lines.is_empty():
        message = f'{responses.source}, column "judged", holds neither {TRUE} nor {APT}. Give both verdicts on each line.'
        raise AnswerError(message)
    for question in GOOD:
        lines = lines.join(_verdicts(given, question), KEY, "left", maintain_order="left")
    texts = given.filter(pl.col("judged").fill_null("") == "").unique(KEY, maintain_order=True).select(*KEY, line="answer")
    lines = lines.join(texts, KEY, "left", maintain_order="left")
    if {"asked", "card"} <= set(rows.columns):
        lines = lines.join(rows.unique(KEY, maintain_order=True).drop("judged"), KEY, "left", maintain_order="left")
        pairs = lines.select("line", "card").drop_nulls().unique()
        copied = pl.Series("overlap", [overlap(line, card) for line, card in pairs.iter_rows()], dtype=pl.Float64)
        lines = lines.join(pairs.with_columns(copied), ["line", "card"], "left", maintain_order="left")
    return lines.with_columns(item=pl.col("asked") if "asked" in lines.columns else pl.concat_str("item", pl.lit(" "), "turn"))


def _verdicts(given: pl.DataFrame, question: str) -> pl.DataFrame:
    """Return the share of good verdicts on each line, in a column named after the question."""
    good, bad = GOOD[question]
    answer, weight = pl.col("answer"), pl.col("weight")
    read = given.with_columns(answer=answer.str.strip_chars().str.to_lowercase())
    read = read.filter(pl.col("judged") == question, answer.is_in([good, bad]))
    return read.group_by(KEY).agg(((weight * (answer == good)).sum() / weight.sum()).alias(question))


def in_cell(*, true: bool, apt: bool) -> pl.Expr:
    """Return how far a line belongs to a cell of the table of both verdicts, 0 to 1."""
    return (IS_TRUE if true else 1 - IS_TRUE) * (IS_APT if apt else 1 - IS_APT)


def cell_table(lines: pl.DataFrame) -> Rows:
    """Return the numbers of lines by both verdicts."""
    return [
        {"persona": text} | {column: float(lines.select(in_cell(true=true, apt=apt).sum()).item()) for column, apt in COLUMNS.items()}
        for text, true in (("holds it", True), ("contradicts it", False))
    ]


def worst_lines(lines: pl.DataFrame) -> Rows:
    """Return the lines with the lowest sum of both verdicts, copies of the card first."""
    order = [pl.sum_horizontal(IS_TRUE, IS_APT).alias(" sum")]
    order += [pl.col("overlap").fill_null(0.0).neg().alias(" copied")] if "overlap" in lines.columns else []
    judged = lines.filter(IS_TRUE.is_not_null() | IS_APT.is_not_null()).with_columns(order)
    judged = judged.sort([column.meta.output_name() for column in order], maintain_order=True)
    shown = [name for name in ("persona", "run", "turn", "asked", "line", TRUE, APT, "overlap") if name in lines.columns]
    return judged.head(WORST).select(shown).to_dicts()
