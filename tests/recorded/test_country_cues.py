"""GPT-3.5 told of a country: it agrees with that country's people no more than with those of other countries."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.individuation import Individuation

Find = Callable[[str], Path]
COUNTRIES = {"P1": "United_States", "P2": "Australia", "P3": "United_Kingdom", "P4": "South_Africa", "P5": "Singapore"}


def cued(recorded: Find) -> pl.DataFrame:
    """Labels under each country's cue."""
    labels = pl.read_parquet(recorded("hate_personified/llm_labels.parquet"))
    kept = labels.filter(study="RQ1_GC", model="gpt-3.5-chatgpt").filter(pl.col("prompt_code").is_in(list(COUNTRIES)))
    return kept.select(persona=pl.col("prompt_code").replace_strict(COUNTRIES), item="item", answer="label").drop_nulls()


def people(recorded: Find) -> pl.DataFrame:
    """The majority label of each country's people."""
    labels = pl.read_parquet(recorded("hate_personified/human_country_labels.parquet"))
    wide = labels.select(item="ID", **{country: f"{country}_Hate" for country in COUNTRIES.values()})
    return wide.unpivot(list(COUNTRIES.values()), index="item", variable_name="persona", value_name="human")


@pytest.fixture(scope="module")
def individual(recorded: Find) -> Finding:
    both = cued(recorded).join(people(recorded), ["persona", "item"]).with_columns(arm=pl.lit("own"))
    return Individuation().estimate(Responses.read(both, Columns(more=("human", "arm")), Nominal()))


def test_a_country_s_cue_agrees_with_its_people_in_740_of_1000_and_with_others_in_734(individual: Finding) -> None:
    accuracy, gain = individual["accuracy.own"].value, individual["accuracy.gain.shuffled"].value
    assert accuracy == pytest.approx(0.740, abs=5e-4)
    assert accuracy - gain == pytest.approx(0.734, abs=5e-4)


def test_that_is_no_individuation(individual: Finding) -> None:
    assert individual.verdict.label == "no individuation"


def test_as_groups_the_countries_cues_are_not_faithful(recorded: Find) -> None:
    panel = Responses.read(cued(recorded), Columns(), Nominal())
    human = Responses.read(people(recorded), Columns("persona", "item", "human"), Nominal())
    finding = Fidelity(human, {"persona": "persona"}).estimate(panel)
    assert finding.verdict.label != "groups differ as in people"
