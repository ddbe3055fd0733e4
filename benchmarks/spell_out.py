"""Values spelled out instead of a label, in recorded answers of 12 models: whether a panel gets steadier, and whether it gets truer.

python benchmarks/spell_out.py              prints the tables

The spelled-out values (github.com/simon-muenker/LLM-Questionnaires, experiments/02--Value-Driven-Personas/personas) are answers to the
very items that were asked: rounded foundation means of the U.S. survey, in the words of the scale. So the table shows the effect of giving
the answers, not of values in general, and nearness to the U.S. survey reflects the prompt, not the model's knowledge of people.

As told: share of answers to the items of the five foundations that equal the given ones. Steadier: paired change of the persona signal.
Truer: differences between foundation means of simulated politics against those of people in three surveys (slope through the origin:
above 1 exaggerates), and the error of the differences; 90 % intervals over the five foundations.
Recorded answers are read from a folder of data sets next to the checkout, or from the folder PERSONAMETRICS_DATA.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import stdtrit

from personametrics.data.columns import Columns
from personametrics.data.remedy import Remedy
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.lab.comparison.arms import ArmPair
from personametrics.lab.comparison.change import measure_change
from personametrics.stats.arrays import Floats
from personametrics.studies.stability import Stability

FOLDER = Path(os.environ.get("PERSONAMETRICS_DATA", Path(__file__).parents[2] / "shared" / "data")) / "mfq_ideology_repeats"
LABEL, SPELLED = "naive_persona", "value_persona"
POLITICS = ("liberal", "moderate", "conservative")
FOUNDATIONS = ("harm", "fairness", "ingroup", "authority", "purity")
SIX = Ordinal(tuple("012345"))


class Figure(NamedTuple):
    """A number with its 90 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def recorded(condition: str, model: str) -> pl.DataFrame:
    """Return the answers of a model on the scale, under one description."""
    table = pl.scan_parquet(FOLDER / "responses.parquet")
    return table.filter(pl.col("model") == model, pl.col("condition") == condition, pl.col("response").is_between(0, 5)).collect()


def steadier(before: pl.DataFrame, after: pl.DataFrame) -> tuple[float, float, Figure]:
    """Return the signal before and after, and the paired change."""
    plain, spelled = (Responses.read(frame, Columns("persona", "item", "response", run="run"), SIX) for frame in (before, after))
    finding = measure_change(ArmPair(Stability(permutations=99), Remedy(), plain, spelled))[2]
    change = finding["change.signal"]
    return finding["before.signal"].value, finding["after.signal"].value, Figure(change.value, change.low, change.high)


def simulated(frame: pl.DataFrame) -> Floats:
    """Return the (foundations, politics) means of item means."""
    means = (
        frame.group_by("persona", "dimension", "item")
        .agg(pl.col("response").mean())
        .group_by("persona", "dimension")
        .agg(pl.col("response").mean())
    )
    by = {(persona, dimension): mean for persona, dimension, mean in means.iter_rows()}
    return np.array([[by[persona, dimension] for persona in POLITICS] for dimension in FOUNDATIONS])


def surveys() -> dict[str, Floats]:
    """Return the (foundations, politics) means of people, by survey."""
    content = json.loads((FOLDER / "human_mfq_surveys.json").read_text())["graham_et_al"]
    return {
        name: np.array([[means[persona][dimension] for persona in POLITICS] for dimension in FOUNDATIONS])
        for name, means in content.items()
    }


def as_told(frame: pl.DataFrame) -> float:
    """Return the share of answers that equal the rounded mean of the U.S. survey."""
    values = [
        {"persona": persona, "dimension": dimension, "told": float(round(mean))}
        for dimension, row in zip(FOUNDATIONS, surveys()["U.S."], strict=True)
        for persona, mean in zip(POLITICS, row, strict=True)
    ]
    both = frame.join(pl.DataFrame(values), ["persona", "dimension"])
    return float((both["response"] == both["told"]).mean())  # type: ignore[arg-type]


def apart(means: Floats) -> Floats:
    """Return the deviation of each politics from the mean of the three."""
    return np.asarray(means - means.mean(1, keepdims=True))


def slope(panel: Floats, people: Floats) -> float:
    """Return the slope of the panel's differences on people's, through the origin; pairs of politics give the same slope."""
    return float((apart(panel) * apart(people)).sum() / (apart(people) ** 2).sum())


def miss(panel: Floats, people: Floats) -> float:
    """Return the root mean square error of the panel's differences, in scale points."""
    return float(np.sqrt(((apart(panel) - apart(people)) ** 2).mean()))


def jackknife(statistic: Callable[[list[int]], float]) -> Figure:
    """Return a number and its interval over foundations."""
    every = list(range(len(FOUNDATIONS)))
    value, left_out = statistic(every), np.array([statistic([index for index in every if index != out]) for out in every])
    n = len(every)
    half = float(stdtrit(n - 1, 0.95) * np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    return Figure(value, value - half, value + half)


def print_signals(models: list[str]) -> None:
    """Return the table of steadiness."""
    print("| model | as told, label | as told, values | signal, label | signal, values | paired change |\n|" + " --- |" * 6)
    changes = []
    for model in models:
        arms = [recorded(condition, model) for condition in (LABEL, SPELLED)]
        label, values, change = steadier(*arms)
        changes.append(change)
        print(f"| {model} | {as_told(arms[0]):.2f} | {as_told(arms[1]):.2f} | {label:.3f} | {values:.3f} | {change} |")
    clear = sum(estimate.low > 0 for estimate in changes), sum(estimate.high < 0 for estimate in changes)
    up = sum(estimate.value > 0 for estimate in changes)
    print(f"\nup in {up} of {len(changes)}; the whole interval above 0 in {clear[0]}, below in {clear[1]}")


def print_slopes(survey: str, people: Floats, panels: dict[str, tuple[Floats, Floats]]) -> None:
    """Return the table of nearness to people."""
    print(f"\n| model, against {survey} | slope, label | slope, values | change of the miss, points |\n| --- | --- | --- | --- |")
    sheet = np.round(surveys()["U.S."])
    print(f"| what was told | | {slope(sheet, people):+.2f} | misses by {miss(sheet, people):.2f} |")
    nearer, changes = 0, []
    for model, (label, values) in panels.items():
        before, after = (jackknife(partial(_slope, panel, people)) for panel in (label, values))
        nearer += abs(after.value - 1) < abs(before.value - 1)
        changes.append(jackknife(partial(_gain, label, values, people)))
        print(f"| {model} | {before} | {after} | {changes[-1]} |")
    less, surely_less = (
        sum(end < 0 for end in ends) for ends in zip(*((estimate.value, estimate.high) for estimate in changes), strict=True)
    )
    more, surely_more = (
        sum(end > 0 for end in ends) for ends in zip(*((estimate.value, estimate.low) for estimate in changes), strict=True)
    )
    counts = f"misses by less in {less} (whole interval: {surely_less}), by more in {more} (whole interval: {surely_more})"
    print(f"\nslope nearer 1 in {nearer} of {len(changes)}; {counts}")


def _slope(panel: Floats, people: Floats, kept: list[int]) -> float:
    """Return the number on some foundations."""
    return slope(panel[kept], people[kept])


def _gain(label: Floats, values: Floats, people: Floats, kept: list[int]) -> float:
    """Return the additional error of the spelled-out panel, on some foundations."""
    return miss(values[kept], people[kept]) - miss(label[kept], people[kept])


def main() -> None:
    """Print the tables."""
    models = sorted(pl.read_parquet(FOLDER / "responses.parquet", columns=["model"])["model"].unique())
    print_signals(models)
    panels = {model: (simulated(recorded(LABEL, model)), simulated(recorded(SPELLED, model))) for model in models}
    for survey, people in surveys().items():
        print_slopes(survey, people, panels)


if __name__ == "__main__":
    main()
