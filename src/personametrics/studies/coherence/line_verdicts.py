"""Verdicts on lines by persona, run and turn, and the overlap of a line with its card."""

import re
from collections.abc import Mapping
from itertools import pairwise

import polars as pl

from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Rows
from personametrics.data.study import Responses
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, NO, YES
from personametrics.measures.answers import answers

SECOND: Mapping[str, str] = {
    "i": "you", "i'm": "you are", "me": "you", "am": "are", "my": "your", "mine": "yours", "myself": "yourself", "was": "were",
    "you're": "you are",
}  # fmt: skip
"""The first person, as a card would say it."""
WORDS = re.compile(r"[\w']+")
TRUE, APT = "prompt_to_line", "relevance"
"""The two questions to the judge: is the line true to the persona, and does it respond to what was said?"""
GOOD: Mapping[str, tuple[str, str]] = {TRUE: (CONSISTENT, CONTRADICTS), APT: (YES, NO)}
"""The good verdict and the bad one, by question."""
READS: Mapping[str, str] = {
    "judged": f"the question to the judge: {TRUE} ({CONSISTENT} or {CONTRADICTS}) or {APT} ({YES} or {NO}); empty for the line itself",
    "turn": "number of the line in the dialogue",
}
KEY = ("persona", "item", "run", "turn")
"""Columns that identify a line."""
IS_TRUE, IS_APT = pl.col(TRUE), pl.col(APT)
COLUMNS: Mapping[str, bool] = {"takes up what was said": True, "does not": False}
"""Columns of the table of both verdicts, by relevance."""
WORST = 20
"""Lines that the evidence shows."""


def overlap(line: str, card: str) -> float:
    """Return the share of a line's pairs of neighbouring words that are neighbours in the card too, 0 to 1.

    Both texts are compared in the second person. Single words are shared by any two texts, but pairs hardly are, unless the line was
    copied. A card in other words is not recognised; a line of one word has the share 1 if the card has the word.

    Examples:
        >>> overlap("I am Ada, and I keep bees.", "You are Ada. You keep bees by the sea.")
        0.666...
        >>> overlap("How nice of you to ask.", "You are Ada. You keep bees by the sea.")
        0.0
    """
    words, card_words = _words(line), _words(card)
    if len(words) < 2:
        return float(bool(words) and words[0] in card_words)
    card_pairs = set(pairwise(card_words))
    return sum(pair in card_pairs for pair in pairwise(words)) / (len(words) - 1)


def _words(text: str) -> list[str]:
    """Return the words of a text in the second person."""
    return [word for match in WORDS.findall(text.casefold().replace("’", "'")) for word in SECOND.get(match, match).split()]


def line_rows(responses: Responses) -> pl.DataFrame:
    """Return a row for each line that was judged.

    Columns: persona, run, turn, prompt_to_line and relevance (0 to 1; null where no verdict could be read), line, and, where the table
    has them, asked (what was said to the persona), card, and overlap (share of the line's word pairs that are in the card). The column
    item is what was said, which lines of different scripts share.
    """
    columns, frame = responses.columns, responses.frame
    run = pl.col(columns.run).cast(pl.String) if columns.run else pl.lit("0")
    persona, item = (pl.col(name).cast(pl.String).alias(role) for role, name in (("persona", columns.persona), ("item", columns.item)))
    given = answers(responses, READS)
    given = given if columns.run else given.with_columns(run=pl.lit("0"))
    more = [pl.col(name).cast(pl.String) for name in ("turn", "judged", "asked", "card") if name in frame.columns]
    rows = frame.select(persona, item, run.alias("run"), *more)
    lines = rows.filter(pl.col("judged").is_in(list(GOOD))).select(KEY).unique(maintain_order=True)
    ensure(len(lines), f'{responses.source}: the column "judged" has neither {TRUE} nor {APT}. Add both for each line.', AnswerError)
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
