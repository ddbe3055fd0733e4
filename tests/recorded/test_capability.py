"""How eight recorded models hold a hundred personas; signals come from a plain loop over the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.studies.capability import Capability

Find = Callable[[str], Path]


@pytest.fixture(scope="module")
def answers(recorded: Find) -> pl.DataFrame:
    columns = "persona_id", "question_id", "run_index", "rating", "model"
    table = pl.read_parquet(recorded("mfq_personas/responses.parquet"))
    return table.filter(pl.col("temperature") != 0.4).select(columns).with_columns(pl.col("persona_id").cast(pl.String))


@pytest.fixture(scope="module")
def finding(answers: pl.DataFrame) -> Finding:
    columns = Columns("persona_id", "question_id", "rating", run="run_index", more=("model",))
    return Capability().estimate(Responses.read(answers, columns, Ordinal(tuple("012345")), missing=["-1"], duplicates="runs"))


def test_signals_are_those_of_a_plain_loop(answers: pl.DataFrame, finding: Finding) -> None:
    """gpt-4o gave every answer ten times, so that D[F] and D[F∖persona] are plain means."""
    rows = answers.filter(pl.col("model") == "gpt-4o").sort("persona_id", "question_id", "run_index")
    cube = rows["rating"].to_numpy().astype(float).reshape(100, 30, 10)
    assert (cube >= 0).all()
    rerun = cube.var(2, ddof=1).mean()
    between = np.mean([cube[:, item].mean(1).var(ddof=1) + cube[:, item].var(1).mean() for item in range(30)])
    assert finding["rerun.gpt-4o"].value == pytest.approx(rerun)
    assert finding["signal.gpt-4o"].value == pytest.approx(1 - rerun / between)


def test_models_fall_into_groups_whose_ranks_the_intervals_allow(finding: Finding) -> None:
    """Newer is not higher: gpt-5-mini, at temperature 1, ranks behind gpt-4.1-mini and gpt-4o, at 0.1."""
    ranges = {
        estimate.name.removeprefix("rank."): (estimate.low, estimate.high)
        for estimate in finding.estimates
        if estimate.name.startswith("rank.")
    }
    assert ranges == {
        "claude-haiku-4-5": (1, 1),
        "gemini-2.5-flash-lite": (2, 2),
        "gpt-4.1-mini": (3, 4),
        "gpt-4o": (3, 4),
        **dict.fromkeys(("grok-4-fast", "llama-4-maverick", "gpt-5-mini", "deepseek-v3"), (5, 8)),
    }
    assert finding["signal.least"].value == pytest.approx(0.7402, abs=1e-4)
    assert finding.verdict.label == "models differ"
