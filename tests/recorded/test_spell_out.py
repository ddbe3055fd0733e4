"""Values spelled out instead of a label, 12 models: steadier in 11, not truer in most; the figures come from plain loops over the file.

What was spelled out are the answers to the items asked, foundation means of the U.S. survey rounded.
"""

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.remedy import Remedy
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.lab.comparison.arms import ArmPair
from personametrics.lab.comparison.change import measure_change
from personametrics.studies.stability import Stability

Find = Callable[[str], Path]
TOLD = ("naive_persona", "value_persona")
DOWN = "mixtral:8x22b"


@pytest.fixture(scope="module")
def answers(recorded: Find) -> pl.DataFrame:
    table = pl.read_parquet(recorded("mfq_ideology_repeats/responses.parquet"))
    return table.filter(pl.col("condition").is_in(TOLD), pl.col("response").is_between(0, 5))


@pytest.fixture(scope="module")
def models(answers: pl.DataFrame) -> list[str]:
    return sorted(answers["model"].unique())


def as_told(answers: pl.DataFrame, model: str, condition: str, people: dict[str, dict[str, float]]) -> float:
    """Share of answers that are the rounded mean of the survey."""
    frame = answers.filter(pl.col("dimension") != "catch", model=model, condition=condition).select("persona", "dimension", "response")
    return float(np.mean([answer == round(people[persona][dimension]) for persona, dimension, answer in frame.iter_rows()]))


def test_spelled_out_personas_repeat_what_they_were_told(answers: pl.DataFrame, models: list[str], recorded: Find) -> None:
    people = json.loads(recorded("mfq_ideology_repeats/human_mfq_surveys.json").read_text())["graham_et_al"]["U.S."]
    label, values = (np.array([as_told(answers, model, condition, people) for model in models]) for condition in TOLD)
    assert label.max() < 0.36
    assert values.max() > 0.9
    assert (values > label).all()


def plainly(answers: pl.DataFrame, model: str, condition: str) -> float:
    """1 − mean variance of a cell over the mean, over pairs of personas on an item, of half the mean squared difference of two answers."""
    cells = {
        (str(item), str(persona)): part["response"].to_numpy()
        for (item, persona), part in answers.filter(model=model, condition=condition).group_by("item", "persona")
    }
    rerun = np.mean([cell.var(ddof=1) for cell in cells.values() if len(cell) > 1])
    pairs = [(cells[first], cells[second]) for first, second in combinations(sorted(cells), 2) if first[0] == second[0]]
    return float(1 - rerun / np.mean([((first[:, None] - second[None]) ** 2).mean() / 2 for first, second in pairs]))


def test_the_signal_is_higher_in_eleven_of_twelve(answers: pl.DataFrame, models: list[str]) -> None:
    change = {model: plainly(answers, model, TOLD[1]) - plainly(answers, model, TOLD[0]) for model in models}
    assert len(change) == 12
    assert [model for model, value in change.items() if value < 0] == [DOWN]


@pytest.mark.parametrize(
    ("model", "before", "after", "clear"),
    [
        ("llama2:70b", 0.478, 0.874, True),
        ("llama3.1:8b", 0.453, 0.729, True),
        ("qwen2:72b", 0.933, 0.953, False),
        (DOWN, 0.880, 0.609, False),
    ],
)
def test_the_paired_change_has_an_interval(answers: pl.DataFrame, model: str, before: float, after: float, clear: bool) -> None:
    columns, scale = Columns("persona", "item", "response", run="run"), Ordinal(tuple("012345"))
    arms = [Responses.read(answers.filter(model=model, condition=condition), columns, scale) for condition in TOLD]
    finding = measure_change(ArmPair(Stability(permutations=99), Remedy(), arms[0], arms[1]))[2]
    assert finding["before.signal"].value == pytest.approx(plainly(answers, model, TOLD[0]))
    assert finding["after.signal"].value == pytest.approx(plainly(answers, model, TOLD[1]))
    assert finding["before.signal"].value == pytest.approx(before, abs=5e-4)
    assert finding["after.signal"].value == pytest.approx(after, abs=5e-4)
    change = finding["change.signal"]
    assert change.value == pytest.approx(after - before, abs=1e-3)
    assert change.low < change.value < change.high
    assert (change.low > 0) == clear


Against = tuple[float, float]


def against(answers: pl.DataFrame, model: str, condition: str, people: dict[str, dict[str, float]]) -> Against:
    """Slope of simulated on people's differences between two politics, over foundations and pairs; and their root mean squared distance."""
    frame = answers.filter(model=model, condition=condition)
    items = frame.group_by("persona", "dimension", "item").agg(pl.col("response").mean())
    mean = {(str(who), str(what)): float(part["response"].mean()) for (who, what), part in items.group_by("persona", "dimension")}  # type: ignore[arg-type]
    both = [
        (mean[first, what] - mean[second, what], people[first][what] - people[second][what])
        for first, second in combinations(people, 2)
        for what in people[first]
    ]
    panel, human = np.array(both).T
    return float(panel @ human / (human @ human)), float(np.sqrt(((panel - human) ** 2).mean()))


@pytest.mark.parametrize(("survey", "nearer", "misses_less"), [("anonymous", 7, 7), ("U.S.", 7, 4), ("Korean", 7, 6)])
def test_steadier_is_not_truer(
    answers: pl.DataFrame, models: list[str], recorded: Find, survey: str, nearer: int, misses_less: int
) -> None:
    path = recorded("mfq_ideology_repeats/human_mfq_surveys.json")
    people = json.loads(path.read_text())["graham_et_al"][survey]
    slopes = {model: [against(answers, model, condition, people) for condition in TOLD] for model in models}
    assert sum(abs(after[0] - 1) < abs(before[0] - 1) for before, after in slopes.values()) == nearer
    assert sum(after[1] < before[1] for before, after in slopes.values()) == misses_less


@pytest.mark.parametrize(
    ("model", "label", "values"),
    [("llama3.1:70b", 1.77, 1.07), ("gemma:7b", 0.19, 0.68), ("gemma2:27b", 1.18, 1.04), ("qwen:72b", 1.10, 0.65)],
)
def test_exaggeration_shrinks_where_it_was_large(answers: pl.DataFrame, recorded: Find, model: str, label: float, values: float) -> None:
    people = json.loads(recorded("mfq_ideology_repeats/human_mfq_surveys.json").read_text())["graham_et_al"]["U.S."]
    slopes = [against(answers, model, condition, people)[0] for condition in TOLD]
    assert slopes == pytest.approx([label, values], abs=5e-3)


def test_models_come_nearer_to_each_other(answers: pl.DataFrame, models: list[str], recorded: Find) -> None:
    people = json.loads(recorded("mfq_ideology_repeats/human_mfq_surveys.json").read_text())["graham_et_al"]["U.S."]
    label, values = ([against(answers, model, condition, people)[0] for model in models] for condition in TOLD)
    assert np.std(values) < np.std(label) / 2
