"""1,511 people and a model's answers as each of them, under four prompts: whether the person is heard."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.studies.individuation import Individuation

Find = Callable[[str], Path]
QUESTIONS = range(1, 5)
SCALE = Ordinal(tuple(str(index) for index in range(1, 8)))


def table(recorded: Find) -> pl.DataFrame:
    return pl.read_parquet(recorded("twin_human_vs_llm/study1.parquet"))


def arm(frame: pl.DataFrame, prompt: str, name: str) -> pl.DataFrame:
    """Answers under one prompt, with the person's own beside them."""
    return pl.concat(
        frame.select(
            persona=pl.col("respondent").cast(pl.String),
            item=pl.lit(f"Q{number}"),
            arm=pl.lit(name),
            human=pl.col(f"aoa_{number}"),
            answer=pl.col(f"llm_{prompt}_Q{number}"),
        )
        for number in QUESTIONS
    )


def finding(frame: pl.DataFrame, prompt: str) -> Finding:
    """One prompt as the own profile, against the prompt that tells nothing of the person."""
    both = pl.concat([arm(frame, prompt, "own"), arm(frame, "baseline", "none")])
    return Individuation().estimate(Responses.read(both, Columns(more=("human", "arm")), SCALE))


@pytest.mark.parametrize(("prompt", "value"), [("demo", -0.035), ("omni", 0.612), ("persona_driven", 0.560)])
def test_people_and_their_twins_correlate_as_in_the_file_question_by_question(recorded: Find, prompt: str, value: float) -> None:
    frame = table(recorded)
    each = [np.corrcoef(frame[f"aoa_{number}"], frame[f"llm_{prompt}_Q{number}"])[0, 1] for number in QUESTIONS]
    estimate = finding(frame, prompt)["correlation"]
    assert estimate.value == pytest.approx(np.mean(each))
    assert estimate.value == pytest.approx(value, abs=5e-4)
    assert estimate.low < value < estimate.high


def test_the_full_record_individuates_and_age_and_sex_do_not(recorded: Find) -> None:
    frame = table(recorded)
    full, bare = finding(frame, "omni"), finding(frame, "demo")
    assert full.verdict.label == "individual"
    assert bare.verdict.label == "no individuation"
    assert full["accuracy.own"].value == pytest.approx(0.4232, abs=5e-5)
    assert bare["accuracy.own"].value == pytest.approx(0.2004, abs=5e-5)
    assert full["accuracy.gain.none"].value == pytest.approx(0.4232 - 0.2134, abs=1e-4)
    assert full["identified"].low > 1 / 11 > bare["identified"].value - 0.02


def test_twins_differ_less_than_their_people(recorded: Find) -> None:
    frame = table(recorded)
    for prompt in ("demo", "omni", "persona_driven"):
        ratios = [float(frame[f"llm_{prompt}_Q{number}"].std()) / float(frame[f"aoa_{number}"].std()) for number in QUESTIONS]  # type: ignore[arg-type]
        estimate = finding(frame, prompt)["spread"]
        assert estimate.value == pytest.approx(np.exp(np.mean(np.log(ratios))))
        assert estimate.high < 1
