"""What recorded answers with and without a persona must give; the figures come from plain loops over the files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
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
    given, prior = (pl.scan_parquet(recorded(f"mfq_personas/{name}.parquet")) for name in ("responses", "no_persona"))
    given = given.with_columns(pl.col("persona_id").cast(pl.String), arm=pl.lit("persona"))
    prior = prior.with_columns(persona_id=pl.lit(NOBODY), arm=pl.lit("none"))
    both = [
        table.filter(model=model, temperature=0.1).select("persona_id", "question_id", "run_index", "rating", "arm")
        for table in (given, prior)
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
    computed = finding(recorded, model)
    assert computed["slope"].value == pytest.approx(slope, abs=1e-4)
    assert computed["flip"].value == pytest.approx(flip, abs=1e-4)
    assert computed["persuasion"].value == pytest.approx(persuasion, abs=1e-4)
    assert computed.verdict.label == label


def test_label_log_probabilities_give_the_information_that_personas_carry(recorded: Find) -> None:
    """gemma-2-9b was scored as 100 personas and never as itself: their mean stands for it, and KL to the mean is mutual information."""
    digits = [f"digit_{digit}_logprob" for digit in range(6)]
    frame = pl.read_parquet(recorded("mfq_personas/logprobs_gemma2_9b.parquet")).select("persona_id", "question_id", *digits)
    shares = np.exp(frame.select(digits).to_numpy())
    shares /= shares.sum(1, keepdims=True)
    given = frame.select(pl.col("persona_id").cast(pl.String), "question_id").with_columns(
        *(pl.Series(f"p:{digit}", shares[:, digit]) for digit in range(6)), arm=pl.lit("persona")
    )
    mean = given.group_by("question_id").agg(pl.col(f"p:{digit}").mean() for digit in range(6))
    prior = mean.with_columns(persona_id=pl.lit(NOBODY), arm=pl.lit("none")).select(given.columns)
    columns = Columns("persona_id", "question_id", probabilities=tuple(f"p:{digit}" for digit in range(6)), more=("arm",))
    finding = PriorPull().estimate(Responses.read(pl.concat([given, prior]), columns, Ordinal(tuple("012345"))))
    cube = shares.reshape(100, -1, 6)[:, np.argsort(np.argsort(frame["question_id"].to_numpy()[: len(shares) // 100]))]
    middle = cube.mean(0, keepdims=True)
    information = (cube * (np.log(np.maximum(cube, 1e-300)) - np.log(middle))).sum(2).mean()
    assert finding["persuasion"].value == pytest.approx(information, rel=1e-6)
    assert finding["slope"].value == pytest.approx(1, abs=1e-6)
