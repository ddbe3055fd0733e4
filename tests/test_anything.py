"""Any table gives a card without a silent number, or one sentence that says why it does not."""

import math

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics import Columns, PersonametricsError, Responses, measure, report
from personametrics.data.card import Card
from personametrics.data.estimate import EstimateStatus
from personametrics.data.scale import parse_scale
from personametrics.studies.fidelity import Fidelity


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Small, sparse, partly empty tables, with people, items, wordings, runs and answers of any kind."""
    rows = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds: tuple[tuple[str | None, ...], ...] = (
        ("1", "2", "3"),
        ("1", "-1", None),
        ("yes", "no", None),
        ("0.5", "7", "x"),
        ("1",),
        (None, "4"),
    )
    answers = kinds[draw(st.integers(0, len(kinds) - 1))]
    table = {
        "persona": [f"p{index}" for index in rng.integers(0, draw(st.integers(1, 6)), rows)],
        "item": [f"q{index}" for index in rng.integers(0, draw(st.integers(1, 5)), rows)],
        "wording": [f"w{index}" for index in rng.integers(0, draw(st.integers(1, 3)), rows)],
        "run": rng.integers(0, draw(st.integers(1, 4)), rows).tolist(),
        "answer": [answers[index] for index in rng.integers(0, len(answers), rows)],
    }
    return pl.DataFrame(table, schema_overrides={"answer": pl.String}).with_columns(party=pl.col("persona").str.slice(1).cast(pl.Int64) % 2)


def checked(card: Card) -> None:
    for finding in card.findings:
        for e in finding.estimates:
            assert math.isfinite(e.value) or e.status != EstimateStatus.OK
            assert math.isnan(e.low) == math.isnan(e.high) or e.name == "design.runs"
            assert not e.low > e.high
    assert Card.from_dict(card.to_dict()).to_dict() == card.to_dict()
    assert report.markdown([card])


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from(["ordinal", "nominal", "numeric", "text", "1|2|3", "0..5"]), st.booleans(), st.booleans())
def test_any_table_gives_a_card_or_one_sentence(table: pl.DataFrame, scale: str, wordings: bool, runs: bool) -> None:
    columns = Columns(condition=("wording",) if wordings else (), run="run" if runs else None, attributes=("party",))
    try:
        answers = Responses.read(table, columns, parse_scale(scale), missing=["-1"], duplicates="runs")
        card = measure(answers, human=Fidelity(answers, {"party": "party"}))
    except PersonametricsError as error:
        sentence = str(error)
    else:
        checked(card)
        return
    assert "\n" not in sentence
    assert sentence.endswith(".")
