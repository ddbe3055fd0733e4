"""Types of recorded answers to moral questions, where a persona's politics are named or its values spelled out."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.studies.response_types import ResponseTypes
from personametrics.studies.response_types.cell_types import TYPES

Find = Callable[[str], Path]
IDEOLOGY = Columns("persona", "item", "response", run="run", condition=("condition",))
CUED = Columns("persona", "item", "label", condition=("cue",))


def types(find: Find, model: str, *conditions: str) -> Finding:
    answers = pl.read_parquet(find("mfq_ideology_repeats/responses.parquet"))
    frame = answers.filter(pl.col("model") == model, pl.col("condition").is_in(conditions))
    return ResponseTypes().estimate(Responses.read(frame, IDEOLOGY, Ordinal(tuple("012345"))))


def test_most_answers_follow_how_the_persona_is_told(recorded: Find) -> None:
    types_by_item = types(recorded, "gemma2:27b", "naive_persona", "value_persona")
    assert types_by_item.verdict.label == "mostly constructed"
    assert types_by_item["share.constructed"].value == pytest.approx(74 / 96)
    assert types_by_item["share.no_attitude"].value == 0


def test_a_small_model_has_answers_without_an_attitude(recorded: Find) -> None:
    types_by_item = types(recorded, "llama3.1:8b", "naive_persona", "value_persona")
    assert types_by_item["share.no_attitude"].low > 0
    assert sum(types_by_item[f"share.{name}"].value for name in TYPES) == pytest.approx(1)


def test_agreement_is_that_of_all_pairs_of_reruns(recorded: Find) -> None:
    types_by_item = types(recorded, "llama3.1:8b", "naive_persona", "value_persona")
    answers = pl.read_parquet(recorded("mfq_ideology_repeats/responses.parquet"))
    rows = answers.filter(pl.col("model") == "llama3.1:8b", pl.col("condition") != "baseline", pl.col("response").is_between(0, 5))
    both = rows.join(rows, on=["persona", "item", "condition"], suffix="'").filter(pl.col("run") < pl.col("run'"))
    cells = both.group_by("persona", "item", "condition").agg((pl.col("response") - pl.col("response'")).abs().mean() / 5)
    chance = sum(abs(a - b) for a in range(6) for b in range(6)) / 36 / 5
    by_persona = dict(cells.group_by("persona").agg(1 - pl.col("response").mean() / chance).iter_rows())
    for row in types_by_item.evidence["personas"]:
        assert row["agreement"] == pytest.approx(by_persona[row["persona"]])


def test_one_way_of_telling_leaves_preference_and_construction_untold(recorded: Find) -> None:
    assert types(recorded, "gemma2:27b", "naive_persona").verdict.label == "undecidable"


def test_cues_without_reruns_are_undecidable(recorded: Find) -> None:
    labels = pl.read_parquet(recorded("hate_personified/llm_labels.parquet"))
    code = pl.col("prompt_code").str
    frame = labels.filter(pl.col("study") == "RQ2_PC", pl.col("model") == "flan-t5-base").with_columns(
        cue=code.extract(r"^P(\d)_"), persona=code.extract(r"^P\d_(\d+)$")
    )
    finding = ResponseTypes().estimate(Responses.read(frame.drop_nulls(["cue", "persona"]), CUED, Nominal()))
    assert finding.verdict.label == "undecidable"
    assert "asked only once" in finding.verdict.sentence
