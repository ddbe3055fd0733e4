"""Ratings of headlines as scores of how well they fit the truth."""

from collections.abc import Mapping, Sequence

import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.finding import Rows
from personametrics.data.sentences import PLAIN
from personametrics.data.study import NOBODY, Responses
from personametrics.measures.answers import answers

VERACITY = ("true", "false")
PERSON = pl.col("persona") != NOBODY
WORST = 20
"""Number of headlines in the evidence."""


def score_ratings(responses: Responses, reads: Mapping[str, str], lowest: float, highest: float) -> pl.DataFrame:
    """Return a row for each persona, headline and instruction.

    Columns: persona, item, gold, identity, instruction, right (sum of the scores, 1 for the best rating and 0 for the worst) and weight
    (number of ratings).
    """
    optional = ["instruction"] if "instruction" in responses.frame.columns else []
    rows = answers(responses, {**reads, **dict.fromkeys(optional, "")})
    rows = rows if optional else rows.with_columns(instruction=pl.lit(PLAIN))
    by = [*reads, "instruction"]
    rows = rows.with_columns(pl.col(by).fill_null(""))
    rows = rows.with_columns(pl.col("instruction").replace("", PLAIN), gold=pl.col("gold").str.to_lowercase())
    rows = rows.with_columns(place=(pl.col("answer").cast(pl.Float64, strict=False) - lowest) / (highest - lowest))
    for wrong, column, rule in (
        (~pl.col("gold").is_in(VERACITY), "gold", "true or false"),
        (~pl.col("place").is_between(0, 1).fill_null(value=False), "answer", f"a number from {lowest:g} to {highest:g}"),
    ):
        if len(bad := rows.filter(wrong)):
            message = f'{responses.source}: the {column} "{bad[column][0]}" is not {rule}. Correct the row, or leave it out.'
            raise AnswerError(message)
    score = pl.when(pl.col("gold") == "true").then("place").otherwise(1 - pl.col("place"))
    weight = pl.col("weight")
    return rows.group_by("persona", "item", *by, maintain_order=True).agg(right=(weight * score).sum(), weight=weight.sum())


def missing_ratings(rows: pl.DataFrame, groups: Sequence[str]) -> list[str]:
    """Return the ratings that are missing for a comparison of personas with the model alone, in words."""
    raters = {"the model without a persona": ~PERSON, **{f"personas of the group {group}": pl.col("identity") == group for group in groups}}
    if not groups:
        raters["personas of any group"] = PERSON & (pl.col("identity") != "")
    parts = {f"{gold} headlines by {rater}": who & (pl.col("gold") == gold) for rater, who in raters.items() for gold in VERACITY}
    return [part for part, where in parts.items() if rows.filter(where).is_empty()]


def worst_headlines(rows: pl.DataFrame) -> Rows:
    """Return the headlines on which personas lose most against the model alone."""
    raters = {"personas": PERSON, "model": ~PERSON}
    means = {name: pl.col("right").filter(who).sum() / pl.col("weight").filter(who).sum() for name, who in raters.items()}
    table = rows.group_by("item", "gold").agg(**means).with_columns(pl.col("personas", "model").fill_nan(None))
    return table.with_columns(change=pl.col("personas") - pl.col("model")).sort("change", "item", nulls_last=True).head(WORST).to_dicts()
