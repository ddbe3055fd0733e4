"""What recorded answers with and without a persona must give; the figures come from plain loops over the files."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.studies.prior_pull import PriorPull

Find = Callable[[str], Path]


def finding(recorded: Find, model: str) -> Finding:
    """Moral Foundations answers of a model as 100 personas and as itself."""
    own, prior = (pl.scan_parquet(recorded(f"mfq_personas/{name}.parquet")) for name in ("responses", "no_persona"))
    own = own.with_columns(pl.col("persona_id").cast(pl.String), arm=pl.lit("persona"))
    prior = prior.with_columns(persona_id=pl.lit(NOBODY), arm=pl.lit("none"))
    both = [
        table.filter(model=model, temperature=0.1).select("persona_id", "question_id", "run_index", "rating", "arm")
        for table in (own, prior)
    ]
    columns = Columns("persona_id", "question_id", "rating", run="run_index", more=("arm",))
    return PriorPull().estimate(Responses.read(pl.concat(both).collect(), columns, Ordinal(tuple("012345")), missing=["-1"]))


@pytest.mark.parametrize(
    ("model", "slope", "flip", "persuasion", "label"),
    [
        ("deepseek-v3", 0.9469, 0.3639, 0.6728, "prior wins"),
        ("gemini-2.5-flash-lite", 0.4027, 0.6260, 1.4277, "persona wins"),
        ("gpt-4o", 0.6489, 0.5589, 1.1688, "undecided"),
    ],
)
def test_how_far_moral_priors_show_through_personas(
    recorded: Find, model: str, slope: float, flip: float, persuasion: float, label: str
) -> None:
    found = finding(recorded, model)
    assert found["slope"].value == pytest.approx(slope, abs=1e-4)
    assert found["flip"].value == pytest.approx(flip, abs=1e-4)
    assert found["persuasion"].value == pytest.approx(persuasion, abs=1e-4)
    assert found.verdict.label == label
