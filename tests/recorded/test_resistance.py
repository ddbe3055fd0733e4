"""Whether two models took up Big Five personalities that they were told to have; the figures come from sums in plain numpy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.studies.resistance import Resistance

Find = Callable[[str], Path]
POLES = {"Extraversion": "extr", "Agreeableness": "agre", "Conscientiousness": "cons", "Neuroticism": "neur", "Openness": "open"}
"""By trait, the word in a persona's name by which it is to be high; every other is low."""


def keyed(find: Find) -> pl.DataFrame:
    """Answers with the trait, the direction and the target."""
    keys = pl.read_csv(find("personallm_bfi_repeats/bfi_scores.txt"), separator="\t").with_row_index("item", 1)
    keys = keys.select(pl.col("item").cast(pl.Int64), "trait", keyed=pl.col("reverse").replace_strict({"N": "+", "R": "-"}))
    table = pl.read_parquet(find("personallm_bfi_repeats/bfi_items.parquet")).join(keys, on="item")
    high = pl.any_horizontal((pl.col("trait") == trait) & pl.col("persona").str.contains(word) for trait, word in POLES.items())
    return table.with_columns(target=pl.when(high).then(pl.lit("high")).otherwise(pl.lit("low")))


def finding(find: Find, model: str) -> Finding:
    columns = Columns("persona", "item", "rating", run="run", more=("trait", "keyed", "target"))
    return Resistance().estimate(Responses.read(keyed(find), columns, Ordinal(tuple("12345")), keep=[f"model={model}"]))


@pytest.mark.parametrize(
    ("model", "kept", "label"),
    [("gpt-3.5-turbo-0613", 0.5883, "keeps its own character"), ("gpt-4-0613", 0.2498, "takes the character")],
)
def test_distances_kept_are_sums_by_hand(recorded: Find, model: str, kept: float, label: str) -> None:
    computed = finding(recorded, model)
    table = keyed(recorded).filter(pl.col("model") == model)
    above = below = 0.0
    for trait in POLES:
        means = {}
        for target in ("high", "low", "any"):
            sides = []
            for key in "+-":
                some = table.filter((pl.col("trait") == trait) & (pl.col("keyed") == key))
                some = some if target == "any" else some.filter(pl.col("target") == target)
                raw = float(np.mean(some["rating"].to_numpy() - 1.0)) / 4
                sides.append(raw if key == "+" else 1 - raw)
            means[target] = sum(sides) / 2
        above += (1 - means["high"]) + means["low"]
        below += (1 - means["any"]) + means["any"]
    assert computed["resistance"].value == pytest.approx(above / below)  # 16 high and 16 low personas on each trait
    assert computed["resistance"].value == pytest.approx(kept, abs=5e-5)
    assert computed.verdict.label == label
    assert [notice.code for notice in computed.notices] == ["no-own-character"]


def test_gpt_4_comes_out_as_asked_on_every_trait(recorded: Find) -> None:
    computed = finding(recorded, "gpt-4-0613")
    assert computed["adoption"].value == computed["adoption.whole"].value == 1.0
    assert computed["adoption"].n == 160


def test_the_older_model_takes_up_a_third_of_whole_personalities(recorded: Find) -> None:
    computed = finding(recorded, "gpt-3.5-turbo-0613")
    assert computed["adoption"].value == pytest.approx(0.8)
    assert computed["adoption.whole"].value == pytest.approx(10 / 32)
