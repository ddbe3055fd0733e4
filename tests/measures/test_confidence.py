"""Confidence of a panel, and withdrawn answers."""

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.measures.confidence import Doubt, Over, confidence, units, withdraw

ROWS = [
    ("ann", "tea", 0, "yes", 90.0),
    ("ann", "tea", 1, "no", 50.0),
    ("ben", "tea", 0, "yes", 70.0),
    ("ben", "tea", 1, "yes", None),
    ("ann", "jam", 0, "no", 20.0),
    ("ann", "jam", 1, "no", 40.0),
    ("ben", "jam", 0, None, 100.0),
    ("ben", "jam", 1, "no", 60.0),
]
FRAME = pl.DataFrame(ROWS, ["persona", "item", "run", "answer", "certainty"], orient="row").with_columns(
    outcome=pl.when(pl.col("answer").is_null()).then(pl.lit("refused")).otherwise(pl.lit("answered"))
)
DRAWN = Responses.read(FRAME, Columns(run="run", outcome="outcome", more=("certainty",)), Nominal(("no", "yes")))
SHARES = pl.DataFrame({"persona": ["ann", "ben"], "item": ["tea", "tea"], "p:no": [0.5, 0.1], "p:yes": [0.5, 0.9]})
EXACT = Responses.read(SHARES, Columns(probabilities=("p:no", "p:yes")), Nominal())


def told(responses: Responses, by: Doubt, over: Over) -> dict[str, float]:
    keys, sure = confidence(responses, by, over)
    many = len(responses.items.names)
    who = [f"{responses.personas.names[key // many]} " if over == "cell" else "" for key in keys]
    return {name + responses.items.names[key % many]: value for name, key, value in zip(who, keys, sure, strict=True)}


def test_agreement_is_that_of_two_answers() -> None:
    assert told(DRAWN, "agreement", "item") == pytest.approx({"tea": 0.5, "jam": 1.0})
    cells = told(DRAWN, "agreement", "cell")
    assert np.isnan(cells.pop("ben jam"))  # one answer agrees with nothing
    assert cells == pytest.approx({"ann tea": 0.0, "ben tea": 1.0, "ann jam": 1.0})


def test_entropy_is_in_bits_and_the_smaller_the_surer() -> None:
    entropies = told(DRAWN, "entropy", "item")
    assert entropies["tea"] == pytest.approx(-(-0.75 * np.log2(0.75) - 0.25 * np.log2(0.25) + 1 / (8 * np.log(2))))
    assert entropies["jam"] == pytest.approx(0.0)
    assert told(EXACT, "entropy", "cell")["ann tea"] == pytest.approx(-1.0)


def test_label_probabilities_are_known_exactly() -> None:
    assert told(EXACT, "agreement", "cell") == pytest.approx({"ann tea": 0.5, "ben tea": 0.82})
    assert told(EXACT, "agreement", "item") == pytest.approx({"tea": 0.3**2 + 0.7**2})


def test_certainty_is_a_mean_over_answers_that_state_one() -> None:
    assert told(DRAWN, "certainty", "item") == pytest.approx({"tea": 70.0, "jam": 40.0})
    assert told(DRAWN, "certainty", "cell") == pytest.approx({"ann tea": 70.0, "ben tea": 70.0, "ann jam": 30.0, "ben jam": 60.0})


def test_a_certainty_that_is_missing_or_no_number_is_said() -> None:
    with pytest.raises(DesignError, match='no column "certainty"'):
        confidence(EXACT, "certainty", "item")
    words = Responses.read(FRAME.with_columns(certainty=pl.lit("quite")), Columns(run="run", more=("certainty",)), Nominal(("no", "yes")))
    with pytest.raises(DesignError, match='"quite" is not a number'):
        confidence(words, "certainty", "item")


def test_rows_stay_without_their_answers_and_count_as_missing() -> None:
    withdrawn = withdraw(DRAWN, units(DRAWN, "item") == DRAWN.items.names.index("tea"))
    assert len(withdrawn.frame) == len(ROWS)
    assert withdrawn.answered.tolist() == [True] * 4 + [False] * 4
    assert int(withdrawn.outcomes[ReplyOutcome.MISSING].sum()) == 4
    assert withdrawn.frame["certainty"].equals(DRAWN.frame["certainty"])


def test_what_was_refused_and_is_kept_stays_refused() -> None:
    withdrawn = withdraw(DRAWN, np.arange(8) >= 4)
    assert int(withdrawn.outcomes[ReplyOutcome.REFUSED].sum()) == 1


def test_probabilities_are_taken_back_too() -> None:
    assert withdraw(EXACT, np.array([True, False])).answered.tolist() == [True, False]


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(DesignError, match="all answers are too uncertain"):
        withdraw(DRAWN, np.zeros(8, bool))
