"""Scores of personas on traits, and those of the model itself."""

from collections.abc import Mapping, Sequence
from itertools import product

import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Notice, Rows
from personametrics.data.study import NOBODY, Responses
from personametrics.measures.answers import answers, score_answers
from personametrics.stats.arrays import Flags
from personametrics.stats.people.trait_shift import KEYS, SIDES

MOST_ROWS = 60
"""Rows that the evidence shows, the most resistant first."""
MIDDLE = 0.5 - 1e-9
"""A persona is on its target's side if less than this is left to the pole."""
NO_OWN_CHARACTER = Notice(
    "no-own-character", "No answer was given without a persona, so the mean over all personas stands for the model's own character."
)


def item_scores(responses: Responses, reads: Mapping[str, str], high: str, low: str) -> pl.DataFrame:
    """Return the mean score of each persona on each item.

    Columns: persona, item, trait, keyed, target, agreed (score of the answer, 0 to 1), score (towards the trait), side (high, low or
    ""), own (True for answers without a persona).
    """
    rows = answers(responses, reads).filter(pl.col("trait").is_not_null(), pl.col("trait") != "")
    ensure(len(rows), f'{responses.source} has no item of a trait. Fill the column "trait".')
    unknown = rows.filter(~pl.col("keyed").is_in(KEYS).fill_null(value=False))["keyed"]
    if len(unknown):
        message = f'{responses.source} has the unknown direction "{unknown[0]}". Write + or - in the column "keyed".'
        raise DesignError(message)
    mean = (pl.col("score") * pl.col("weight")).sum() / pl.col("weight").sum()
    rows = score_answers(responses, rows).group_by("persona", "item", "trait", "keyed", "target", maintain_order=True).agg(agreed=mean)
    towards = pl.when(pl.col("keyed") == "+").then("agreed").otherwise(1 - pl.col("agreed"))
    nobody, sides = pl.col("persona") == NOBODY, {low: "low", high: "high"}
    side = pl.when(~nobody).then(pl.col("target").fill_null("").replace_strict(sides, default="")).otherwise(pl.lit(""))
    return rows.with_columns(score=towards, side=side, own=nobody)


def measured_traits(rows: pl.DataFrame) -> list[str]:
    """Return traits with items of one direction that both the model itself and personas with a target answered."""
    answered = rows.group_by("trait", "keyed").agg(pl.col("own").any(), aimed=(pl.col("side") != "").any())
    return answered.filter("own", "aimed")["trait"].unique().sort().to_list()


def trait_sums(trait: str) -> list[pl.Expr]:
    """Return sums of a trait in the order of `trait_shift.character`: for each direction and side, the scores and their number."""
    sums = []
    for key, side in product(KEYS, SIDES):
        counted = (pl.col("trait") == trait) & (pl.col("keyed") == key) & (pl.col("own") if side == "own" else pl.col("side") == side)
        sums += [counted * pl.col("score"), counted]
    return sums


def trait_pairs(rows: pl.DataFrame, traits: Sequence[str]) -> pl.DataFrame:
    """Return one row for each persona and trait on which it has a target, with its score and the distance to the pole that is left."""
    pairs = rows.filter(pl.col("side") != "", pl.col("trait").is_in(traits))
    for by in (["persona", "trait", "side", "keyed"], ["persona", "trait", "side"]):
        pairs = pairs.group_by(by).agg(pl.col("score").mean())
    kept = pl.when(pl.col("side") == "high").then(1 - pl.col("score")).otherwise("score")
    pairs = pairs.with_columns(kept=kept, item="trait").sort(-kept.round(9), "persona", "trait")
    return pairs.with_columns(adopted=pl.col("kept") < MIDDLE)


def pair_table(pairs: pl.DataFrame, own: Mapping[str, float]) -> Rows:
    """Return the pairs that keep most of the distance."""
    shown = pairs.head(MOST_ROWS).select("persona", "trait", target="side", score="score", kept="kept").to_dicts()
    return [row | {"own": float(own[row["trait"]])} for row in shown]


def trait_notices(traits: Sequence[str], keys: Flags, near: int, pairs: int, reach: float) -> list[Notice]:
    """Return what is left out of resistance, and traits on which agreement does not cancel."""
    notices = []
    if near:
        text = f"{near} of {pairs} pairs of persona and trait have a distance below {reach:g} and are left out of resistance."
        notices.append(Notice("near-target", text))
    if single := [trait for trait, both in zip(traits, keys, strict=True) if not both.all()]:
        text = f"The items of {', '.join(single)} have one direction only, so agreement with every item looks like the trait."
        notices.append(Notice("one-direction", text))
    return notices
