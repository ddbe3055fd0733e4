"""What real recorded answers must give; the figures come from an independent slow reference, or from the papers' own repositories."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.card import Card
from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.lab.measure import measure
from personametrics.stats import components, pairs, signal
from personametrics.studies.fidelity import Fidelity

Find = Callable[[str], Path]
MFQ = Columns("persona_id", "question_id", "rating", run="run_index")
BFI = Columns("persona", "item", "rating", run="run")
IDEOLOGY = Columns("persona", "item", "response", run="run")


def card(path: Path, columns: Columns, scale: Scale, *keep: str, missing: tuple[str, ...] = ()) -> Card:
    return measure(Responses.read(path, columns, scale, keep=keep, missing=missing))


def codes(card: Card) -> set[str]:
    return {notice.code for notice in card.findings[0].notices}


def test_gpt_4o_on_moral_foundations(recorded: Find) -> None:
    measured = card(recorded("mfq_personas/responses.parquet"), MFQ, Ordinal(), "model=gpt-4o", missing=("-1",))
    expected = {
        "signal": 0.9353,
        "component.persona": 0.1968,
        "component.item": 1.0474,
        "component.persona:item": 0.4739,
        "component.run": 0.0464,
    }
    for name, value in expected.items():
        assert measured[name].value == pytest.approx(value, abs=5e-4)
        assert measured[name].low < value < measured[name].high
    assert measured.findings[0].verdict.label == "persona dominates"
    nominal = card(recorded("mfq_personas/responses.parquet"), MFQ, Nominal(), "model=gpt-4o", missing=("-1",))
    assert nominal["signal"].value == pytest.approx(0.8468, abs=5e-4)


@pytest.mark.parametrize(("model", "value"), [("gpt-5-mini", 0.7750), ("deepseek-v3", 0.7402)])
def test_other_models_on_moral_foundations(recorded: Find, model: str, value: float) -> None:
    measured = card(recorded("mfq_personas/responses.parquet"), MFQ, Ordinal(), f"model={model}", missing=("-1",))
    assert measured["signal"].value == pytest.approx(value, abs=5e-4)


def test_a_persona_main_effect_can_vanish_beside_the_interaction(recorded: Find) -> None:
    measured = card(recorded("personallm_bfi_repeats/bfi_items.parquet"), BFI, Ordinal(), "model=gpt-4-0613")
    assert measured["signal"].value == pytest.approx(0.8345, abs=5e-4)
    assert measured["component.persona"].value == pytest.approx(0.006, abs=5e-4)
    assert measured["component.persona:item"].value == pytest.approx(2.51, abs=5e-3)


def test_a_model_that_hardly_ever_varies_is_called_steerable(recorded: Find) -> None:
    measured = card(recorded("mfq_personas/responses.parquet"), MFQ, Ordinal(), "model=claude-haiku-4-5", missing=("-1",))
    assert measured["share.never_varying"].value > 0.9
    assert "may still be invalid" in measured.findings[0].verdict.sentence


def test_traps_in_real_files_are_noticed(recorded: Find) -> None:
    answers = recorded("mfq_personas/responses.parquet")
    surplus = card(answers, MFQ, Ordinal(), "model=gpt-4.1-mini", "temperature=0.4", missing=("-1",))
    assert "256 extra rows" in {n.code: n.text for n in surplus.findings[0].notices}["surplus-runs"]
    assert "missing-code" in codes(card(answers, MFQ, Ordinal(), "model=claude-haiku-4-5"))
    redrawn = card(
        recorded("kgss_silicon_seeds/gpt_responses.parquet"),
        Columns("persona_id", "variable", "response", run="seed"),
        Ordinal(),
        "model=gpt52",
    )
    assert "redrawn-personas" in codes(redrawn)


def test_cues_are_no_reruns(recorded: Find) -> None:
    """Three prompts that tell the model opposite things, recorded as runs: the corrected component goes negative, and that is explained."""
    labels = pl.scan_parquet(recorded("hate_personified/llm_labels.parquet")).filter(
        pl.col("study") == "RQ2_PC", pl.col("model") == "flan-t5-base"
    )
    parts = labels.with_columns(
        cue=pl.col("prompt_code").str.extract(r"^P(\d)_"), persona=pl.col("prompt_code").str.extract(r"^P\d_(\d+)$")
    ).drop_nulls(["cue", "persona"])
    card = measure(Responses.read(parts, Columns("persona", "item", "label", run="cue"), Nominal()))
    assert card["component.persona:item"].high < 0
    assert {"shared-runs", "negative-component"} <= codes(card)
    wording = measure(Responses.read(parts, Columns("persona", "item", "label", condition=("cue",)), Nominal()))
    assert "shared-runs" not in codes(wording)
    assert wording["component.item:condition"].low > 0


def test_label_probabilities_give_signal_without_a_single_rerun(recorded: Find) -> None:
    columns = Columns("persona_id", "question_id", probabilities=tuple(f"digit_{label}_logprob" for label in range(6)))
    measured = card(recorded("mfq_personas/logprobs_gemma2_9b.parquet"), columns, Ordinal())
    table = pl.read_parquet(recorded("mfq_personas/logprobs_gemma2_9b.parquet"))
    share = table.select(columns.probabilities).to_numpy()
    share = np.exp(share) / np.exp(share).sum(1, keepdims=True)
    value = [0, 1, 2, 3, 4, 5]
    mean, square = share @ value, share @ [v * v for v in value]
    frame = table.select("persona_id", "question_id").with_columns(mean=pl.Series(mean), within=pl.Series(square - mean**2))
    between = frame.group_by("question_id").agg(pl.col("mean").var())["mean"].mean() + frame["within"].mean()  # type: ignore[operator]
    assert measured["signal"].value == pytest.approx(1 - frame["within"].mean() / between)  # type: ignore[operator]
    assert measured["p.permutation"].status.name == "EXACT"


def test_spelling_values_out_raises_the_signal_in_eleven_of_twelve_models(recorded: Find) -> None:
    path = recorded("mfq_ideology_repeats/responses.parquet")
    rises = {}
    for model in pl.read_parquet(path, columns=["model"])["model"].unique().sort():
        signals = [
            float(signal(pairs(Responses.read(path, IDEOLOGY, Ordinal(), keep=[f"model={model}", f"condition={style}"]).cells).whole()))
            for style in ("naive_persona", "value_persona")
        ]
        rises[model] = signals[1] - signals[0]
    assert sum(rise > 0 for rise in rises.values()) == 11
    assert min(rises, key=lambda model: rises[model]) == "mixtral:8x22b"


def test_ideology_differences_are_exaggerated_against_published_human_means(recorded: Find) -> None:
    means = json.loads(recorded("mfq_ideology_repeats/human_mfq_surveys.json").read_text())["graham_et_al"]
    rows = [
        (f"{sample}, {party}", party, foundation, score)
        for sample, parties in means.items()
        for party, scores in parties.items()
        for foundation, score in scores.items()
    ]
    table = pl.DataFrame(rows, schema=["sample", "ideology", "dimension", "score"], orient="row")
    people = Responses.read(table, Columns("sample", "dimension", "score", attributes=("ideology",)), Numeric(0, 5))
    panel = Responses.read(
        recorded("mfq_ideology_repeats/responses.parquet"),
        Columns("persona", "dimension", "response", run="run"),
        Numeric(0, 5),
        keep=["model=gemma2:27b", "condition=naive_persona", "dimension!=catch"],
        duplicates="mean",
    )
    card = measure(panel, human=Fidelity(people, {"persona": "ideology"}))
    assert card["difference.slope"].value == pytest.approx(2.2, abs=0.1)
    assert card["difference.slope"].high > 1.5
    assert card.findings[1].verdict.label == "undecided"  # three human samples of each group, five foundations
    assert {"few-personas", "duplicates"} <= codes(card)


def test_halves_of_real_annotators_are_not_told_apart(recorded: Find) -> None:
    ratings = pl.read_parquet(recorded("popquorn_offensiveness/ratings.parquet"))
    columns = Columns("user_id", "instance_id", "offensiveness", attributes=("gender",))
    half, other = (Responses.read(ratings.filter(pl.col("user_id") % 2 == odd), columns) for odd in (0, 1))
    finding = Fidelity(other).estimate(half)
    assert finding["distance.tv"].value == pytest.approx(finding["floor.tv"].value, abs=0.02)
    assert finding.verdict.label in {"answers like people's", "undecided"}
    assert finding["spread.ratio"].low < 1 < finding["spread.ratio"].high


def test_components_of_all_models_follow_from_disagreements(recorded: Find) -> None:
    """D[S] is the sum of the components it does not share, also on real, unbalanced answers."""
    disagreements = pairs(
        Responses.read(recorded("mfq_personas/responses.parquet"), MFQ, Ordinal(), keep=["temperature=0.4"], missing=["-1"]).cells
    )
    d = disagreements.whole()
    parts = components(d, ("persona", "item"))
    assert float(d[frozenset({"item"})]) == pytest.approx(float(parts["run"] + parts["persona"] + parts["persona:item"]))
