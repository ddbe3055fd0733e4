"""How moral judgements of simulated people hang together; the figures come from numpy's own correlations."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.studies.belief_structure import BeliefStructure

Find = Callable[[str], Path]
MFQ = Columns("persona_id", "question_id", "rating", run="run_index")


def panel(find: Find, model: str) -> Responses:
    return Responses.read(find("mfq_personas/responses.parquet"), MFQ, Ordinal(), keep=[f"model={model}"], missing=["-1"])


def by_cell(read: Responses) -> pl.DataFrame:
    """Mean, variance and number of answers by persona and item."""
    cell = pl.col("rating").cast(pl.Int64).cast(pl.Float64).replace(-1.0, None)
    table = read.frame.group_by("persona_id", "question_id").agg(mean=cell.mean(), var=cell.var(), n=cell.count())
    return table.sort("persona_id", "question_id")


def correlations(table: pl.DataFrame) -> np.ndarray:
    """Correlations of the items of a persona × item table, one a pair, noise taken out of the variances."""
    means = table.pivot("question_id", index="persona_id", values="mean").drop("persona_id").to_numpy()
    noise = table.group_by("question_id", maintain_order=True).agg((pl.col("var") / pl.col("n")).mean())["var"].to_numpy()
    covariance = np.cov(means.T)
    spread = np.sqrt(np.diag(covariance) - noise)
    r = covariance / np.outer(spread, spread)
    return np.asarray(r[np.triu_indices(len(r), 1)])


def square(table: pl.DataFrame) -> float:
    return float((correlations(table) ** 2).mean())


def test_gpt_4os_moral_judgements_hang_together(recorded: Find) -> None:
    read = panel(recorded, "gpt-4o")
    finding = BeliefStructure(deals=100).estimate(read)
    table = by_cell(read)
    personas = table["persona_id"].unique().to_list()
    drops = [square(table.filter(pl.col("persona_id") != persona)) for persona in personas]
    unbiased = len(drops) * square(table) - (len(drops) - 1) * float(np.mean(drops))
    assert finding["constraint"].value == pytest.approx(np.sqrt(unbiased), abs=1e-6)
    assert finding["constraint"].value == pytest.approx(0.375, abs=5e-4)
    assert finding["dimension"].value == pytest.approx(5.907, abs=5e-3)
    assert finding.verdict.label == "structured"


def test_two_models_are_compared_as_a_panel_and_its_people(recorded: Find) -> None:
    """The same personas in two models: noise is taken out of both."""
    panels = [panel(recorded, model) for model in ("deepseek-v3", "gpt-4o")]
    finding = BeliefStructure(panels[1], deals=40).estimate(panels[0])
    first, second = (correlations(by_cell(read)) for read in panels)
    assert not finding.notices
    assert finding["distance.ties"].value == pytest.approx(float(np.abs(first - second).mean()), abs=1e-3)
    assert finding["constraint.ratio"].value == pytest.approx(1.060, abs=5e-4)
    assert finding.verdict.label == "tied as in people"


def test_probabilities_of_a_small_model_give_structure_without_reruns(recorded: Find) -> None:
    columns = Columns("persona_id", "question_id", probabilities=tuple(f"digit_{label}_logprob" for label in range(6)))
    path = recorded("mfq_personas/logprobs_gemma2_9b.parquet")
    finding = BeliefStructure(deals=40).estimate(Responses.read(path, columns, Ordinal()))
    table = pl.read_parquet(path).sort("persona_id", "question_id")
    share = np.exp(table.select(columns.probabilities).to_numpy())
    mean = (share / share.sum(1, keepdims=True) @ np.arange(6.0)).reshape(table["persona_id"].n_unique(), -1)

    def squared(rows: np.ndarray) -> float:
        return float((np.corrcoef(rows.T)[np.triu_indices(rows.shape[1], 1)] ** 2).mean())

    P = len(mean)
    unbiased = P * squared(mean) - (P - 1) * np.mean([squared(np.delete(mean, index, 0)) for index in range(P)])
    assert finding["constraint"].value == pytest.approx(np.sqrt(unbiased))
