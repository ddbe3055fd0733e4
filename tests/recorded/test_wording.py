"""Cues and personas of a recorded study of hate speech, and two ways of telling a persona its politics."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.estimate import EstimateStatus
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.studies.wording import Wording

Find = Callable[[str], Path]
CUED = Columns("persona", "item", "label", condition=("cue",))


def cues(find: Find, model: str) -> pl.DataFrame:
    """Labels by persona, item and cue: whether it was told that the persona found it hateful, nothing, or not hateful."""
    labels = pl.read_parquet(find("hate_personified/llm_labels.parquet")).filter(pl.col("study") == "RQ2_PC", pl.col("model") == model)
    code = pl.col("prompt_code").str
    return labels.with_columns(cue=code.extract(r"^P(\d)_"), persona=code.extract(r"^P\d_(\d+)$")).drop_nulls(["cue", "persona"])


def apart(frame: pl.DataFrame, *same: str) -> float:
    """Share of pairs of answers that differ, pairs being equal in these columns: of n answers with m ones, m(n − m) of n(n − 1)/2 do."""
    n, ones = pl.len().cast(pl.Float64), pl.col("label").cast(pl.Float64).sum()
    groups = frame.drop_nulls("label").group_by(same).agg(differ=ones * (n - ones), pairs=n * (n - 1) / 2)
    return float(groups.select(pl.col("differ").sum() / pl.col("pairs").sum()).item())


@pytest.mark.parametrize(("model", "gap"), [("flan-t5-base", 0.354), ("gpt-3.5-chatgpt", 0.066), ("Mistral-7B-Instruct-v0.1", 0.115)])
def test_a_cue_moves_more_than_the_persona(recorded: Find, model: str, gap: float) -> None:
    frame = cues(recorded, model)
    finding = Wording().estimate(Responses.read(frame, CUED, Nominal()))
    cue, persona = apart(frame, "persona", "item"), apart(frame, "item", "cue")
    assert finding["pss.paraphrase"].value == pytest.approx(cue)
    assert finding["pss.persona"].value == pytest.approx(persona)
    assert finding["pss.gap"].value == pytest.approx(cue - persona)
    assert finding["pss.gap"].value == pytest.approx(gap, abs=5e-4)
    assert finding.verdict.label == "wording moves more than the persona"
    assert finding["pss.rerun"].status == EstimateStatus.NO_RERUNS


def test_spelling_out_values_moves_a_panel_as_much_as_its_politics_may(recorded: Find) -> None:
    described = pl.col("condition").is_in(["naive_persona", "value_persona"])
    frame = pl.read_parquet(recorded("mfq_ideology_repeats/responses.parquet")).filter(pl.col("model") == "gemma2:27b", described)
    scale = Ordinal(tuple("012345"))
    finding = Wording().estimate(Responses.read(frame, Columns("persona", "item", "response", run="run", condition=("condition",)), scale))
    rows = frame.filter(pl.col("response").is_between(0, 5))
    both = rows.join(rows, on=["persona", "item"], suffix="'").filter(pl.col("condition") < pl.col("condition'"))
    distances = both.group_by("persona", "item").agg((pl.col("response") - pl.col("response'")).abs().mean() / 5)
    assert finding["pss.paraphrase"].value == pytest.approx(float(distances["response"].mean()))  # type: ignore[arg-type]
    assert finding["pss.excess"].low > 0.1
    assert finding["pss.excess"].status == EstimateStatus.FEW_PERSONAS
    assert finding.verdict.label == "undecided"
