"""Half of the annotators as a panel for the other half: they must meet the ceiling that the others set."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.remedies.abstain import Abstain
from personametrics.stats.inference.conformal import Score
from personametrics.studies.annotation import Annotation

Find = Callable[[str], Path]
OFFENSIVE = Ordinal(tuple("12345"))
INFERENCE = Nominal(("entailment", "neutral", "contradiction"))


@cache
def inference(path: Path) -> pl.DataFrame:
    """Labels of four annotators who gave an item one label."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [(record["id"], str(each["annotator"]), label) for record in records for label in INFERENCE.labels for each in record[label]]
    every = pl.DataFrame(rows, ["item", "persona", "answer"], orient="row").unique()
    return every.filter(~pl.struct("item", "persona").is_duplicated())


@cache
def offensive(path: Path) -> pl.DataFrame:
    """Ratings; of a person who rated one twice, the first."""
    rows = pl.read_parquet(path).select(
        item=pl.col("instance_id").cast(pl.String), persona=pl.col("user_id").cast(pl.String), answer=pl.col("offensiveness").cast(pl.Int64)
    )
    return rows.unique(["item", "persona"], keep="first", maintain_order=True)


def halves(frame: pl.DataFrame, panel: pl.Expr, scale: Scale) -> tuple[Responses, Responses]:
    return Responses.read(frame.filter(panel), Columns(), scale), Responses.read(frame.filter(~panel), Columns(), scale)


def met(panel: Responses, people: Responses) -> Finding:
    return Annotation(people).estimate(panel)


def test_two_annotators_of_inference_agree_as_often_as_counted(recorded: Find) -> None:
    rows = inference(recorded("varierr_nli_full/varierr.jsonl"))
    pairs = rows.filter(pl.col("persona") == "2").join(rows.filter(pl.col("persona") == "3"), "item")
    agreement = met(*halves(rows, pl.col("persona").is_in(["0", "1"]), INFERENCE))
    both = rows.filter(pl.col("persona").is_in(["0", "1"]))["item"].unique().implode()
    expected = pairs.filter(pl.col("item").is_in(both)).select((pl.col("answer") == pl.col("answer_right")).mean()).item()
    assert agreement["ceiling.single"].value == pytest.approx(expected)
    assert agreement["ceiling"].value == pytest.approx(expected)  # the majority of one other annotator is that annotator
    assert 0.55 < expected < 0.80


@pytest.mark.parametrize("odd", [0, 1])
def test_half_of_the_raters_reach_the_ceiling_of_the_others(recorded: Find, odd: int) -> None:
    rows = offensive(recorded("popquorn_offensiveness/ratings.parquet"))
    agreement = met(*halves(rows, pl.col("persona").cast(pl.Int64) % 2 == odd, OFFENSIVE))
    assert agreement["gap.single"].low < 0 < agreement["gap.single"].high + 0.001
    assert 0 < agreement["gap"].value < 0.03  # their majority is of one more person
    assert agreement["excess.tv"].value == pytest.approx(0, abs=0.01)
    assert agreement.verdict.label == "as good as annotators' majority"


@pytest.mark.parametrize("score", ["lac", "aps", "ordinal"])
def test_label_sets_hold_ratings_as_often_as_promised(recorded: Find, score: Score) -> None:
    rows = offensive(recorded("popquorn_offensiveness/ratings.parquet"))
    early, half = pl.col("item").cast(pl.Int64) % 2 == 0, pl.col("persona").cast(pl.Int64) % 2 == 0
    learned, further = (halves(rows.filter(part), half, OFFENSIVE) for part in (early, ~early))
    fitted = replace(Abstain(by="conformal", alpha=0.3), score=score).fit(*learned)
    agreement = met(fitted.responses(further[0]), further[1])
    assert agreement["sets.coverage"].value == pytest.approx(0.7, abs=0.05)
    plain = met(*further)
    assert agreement["agreement"].value > plain["agreement"].value + 0.05
    assert agreement["coverage"].value < 0.5
