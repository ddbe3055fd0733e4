"""Numbers about people: errors freed of human noise, honest intervals, and what is said where nothing can be."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.finding import Finding, Rows
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.data.study import Elicitation
from personametrics.measures.population import Numbers, People
from personametrics.stats.arrays import Floats
from personametrics.studies.population import Population

YES = Ordinal(("0", "1"))


def table(shares: Floats, seed: int, scale: Scale = YES, who: str = "p", **more: Sequence[float]) -> Responses:
    """One answer of everybody to every item, drawn from shares (P, I) of those who say 1."""
    P, I = shares.shape
    answers = (np.random.default_rng(seed).random((P, I)) < shares).astype(int).astype(str)
    frame = pl.DataFrame(
        {
            "persona": np.repeat([f"{who}{index}" for index in range(P)], I),
            "item": np.tile([f"q{index}" for index in range(I)], P),
            "answer": answers.ravel(),
            **{name: np.repeat(column, I) for name, column in more.items()},
        }
    )
    return Responses.read(frame, Columns(more=tuple(more)), scale)


def even(share: float, people: int, items: int = 12) -> Floats:
    return np.full((people, items), share)


def found(panel: Responses, human: Responses | None = None) -> Finding:
    return Population(human=human).estimate(panel)


def mean_and_error(panel: Floats, human: Floats, name: str, worlds: int = 40) -> tuple[float, float]:
    values = [found(table(panel, seed), table(human, 1000 + seed, who="h"))[name].value for seed in range(worlds)]
    return float(np.mean(values)), float(np.std(values) / np.sqrt(worlds))


@pytest.mark.parametrize(("panel", "people"), [(0.5, 15), (0.5, 200), (0.8, 15)])
def test_the_error_does_not_depend_on_how_many_people_were_asked(panel: float, people: int) -> None:
    value, noise = mean_and_error(even(panel, 30), even(0.5, people), "error")
    truth = (panel - 0.5) ** 2 + panel * (1 - panel) / 30
    assert abs(value - truth) < 4 * noise


def test_bias_has_a_sign() -> None:
    assert found(table(even(0.9, 40), 1), table(even(0.4, 300), 2))["bias"].value == pytest.approx(0.5, abs=0.05)
    assert found(table(even(0.1, 40), 1), table(even(0.4, 300), 2))["bias"].value == pytest.approx(-0.3, abs=0.05)


def test_two_labels_have_the_error_of_a_score_and_no_bias() -> None:
    panel, human = ([table(even(share, 40), seed, scale) for scale in (YES, Nominal(("1", "0")))] for share, seed in ((0.7, 1), (0.4, 2)))
    score, labels = (found(mine, theirs) for mine, theirs in zip(panel, human, strict=True))
    assert labels["error"].value == pytest.approx(score["error"].value)
    assert labels["covered"].value == pytest.approx(score["covered"].value)
    assert "bias" not in {estimate.name for estimate in labels.estimates}
    assert {row["answer"] for row in labels.evidence["numbers"]} == {"0", "1"}


def test_intervals_hold_where_personas_differ_from_each_other() -> None:
    """Each persona leans its own way on all items, so that items alone would say too much."""
    hits = []
    for seed in range(40):
        lean = np.random.default_rng(500 + seed).uniform(-0.4, 0.4, 24)
        bias = found(table(0.5 + np.tile(lean[:, None], 12), seed), table(even(0.5, 100), 1000 + seed))["bias"]
        hits.append(bias.low <= 0 <= bias.high)
    assert np.mean(hits) >= 0.9 - 3 * math.sqrt(0.09 / 40)


def test_covered_is_near_the_level_without_bias_and_none_with_it() -> None:
    right = np.mean([found(table(even(0.5, 40), seed), table(even(0.5, 40), 100 + seed))["covered"].value for seed in range(25)])
    assert right == pytest.approx(0.9, abs=0.04)
    assert found(table(even(0.95, 200), 1), table(even(0.5, 500), 2))["covered"].value == 0


def test_verdicts_follow_the_error_and_the_margin() -> None:
    human = table(even(0.5, 800), 2)
    assert found(table(even(0.7, 60), 1), human).verdict.unfit == ("stating numbers about people",)
    assert found(table(even(0.5, 800), 1), human).verdict.fit == ("stating numbers about people",)
    assert found(table(even(0.5, 12), 1), table(even(0.5, 12), 2)).verdict.label == "undecided"
    wide = Population(human=human, margin=0.5).estimate(table(even(0.7, 60), 1))
    assert wide.verdict.label == "numbers like people's"


def test_without_people_there_are_numbers_but_no_claim() -> None:
    alone = found(table(even(0.5, 20), 1))
    assert [estimate.name for estimate in alone.estimates] == ["width"]
    assert alone.verdict.label == "nothing to compare with"
    row = alone.evidence["numbers"][0]
    assert row["people"] is None
    assert row["low"] < row["value"] < row["high"]  # type: ignore[operator]


def test_the_table_holds_every_item_with_both_sides() -> None:
    panel, human = table(even(0.5, 20, 4), 1), table(even(0.5, 30, 6), 2)
    rows = found(panel, human).evidence["numbers"]
    mean = panel.frame.filter(pl.col("item") == "q0")["answer"].cast(pl.String).cast(pl.Float64).mean()
    assert [row["item"] for row in rows] == ["q0", "q1", "q2", "q3"]
    assert rows[0]["value"] == pytest.approx(mean)
    assert (rows[0]["personas"], rows[0]["humans"]) == (20, 30)


def test_weights_of_people_count_and_are_said() -> None:
    shares = np.repeat([[0.9], [0.1]], 100, axis=0) * np.ones(12)
    human = table(shares, 2, weight=np.repeat([9.0, 1.0], 100).tolist())
    weighted = found(table(even(0.82, 60), 1), human)
    assert abs(weighted["bias"].value) < 0.05
    text = next(notice.text for notice in weighted.notices if notice.code == "weighted")
    assert "200 of them give as much information as 122" in text


def test_one_of_a_kind_has_no_interval() -> None:
    lone = found(table(even(0.5, 1), 1), table(even(0.5, 50), 2))
    assert math.isfinite(lone["error"].value)
    assert math.isnan(lone["error"].low)
    assert lone.verdict.label == "unknown"
    assert math.isnan(found(table(even(0.5, 50), 1), table(even(0.5, 1), 2))["error"].value)
    assert math.isnan(found(table(even(0.5, 50), 1), table(even(0.5, 2), 2))["error"].low)


def test_an_estimator_takes_the_place_of_the_mean() -> None:
    class Half:
        def numbers(self, panel: People) -> Numbers:
            value = np.full((len(panel.items), 1), 0.5)
            return Numbers(value, np.zeros_like(value))

        def evidence(self, panel: People) -> Mapping[str, Rows]:
            return {"halves": [{"personas": len(panel.ids)}]}

    study = Population(human=table(even(0.25, 2000), 2), estimator=Half())
    estimated = study.estimate(table(even(0.9, 20), 1))
    assert estimated["bias"].value == pytest.approx(0.25, abs=0.02)
    assert estimated["width"].value == 0
    assert estimated.evidence["halves"] == [{"personas": 20}]


def test_what_people_answered_is_asked_and_attributes_are_columns() -> None:
    personas = [Persona("a", "You are a.", {"party": "left", "answer": "no column"}), Persona("b", "You are b.")]
    items = [Item(f"q{index}", "Right?", YES) for index in range(3)]
    requests = Population(human=table(even(0.5, 3, 2), 1)).design(personas, items, Elicitation(runs=1))
    assert [(request.about["persona"], request.about["item"], request.about["party"]) for request in requests] == [
        (persona, item, party) for persona, party in (("a", "left"), ("b", "")) for item in ("q0", "q1")
    ]
    assert all("answer" not in request.about for request in requests)
    assert len(Population().design(personas, items, Elicitation(runs=1))) == 6
    with pytest.raises(DesignError, match="items that the people answered, such as q0"):
        Population(human=table(even(0.5, 3, 2), 1)).design(personas, [Item("other", "Right?", YES)], Elicitation())


def test_answers_of_nobody_are_no_persona() -> None:
    panel = table(even(0.5, 20), 1)
    more = replace(panel, frame=pl.concat([panel.frame, panel.frame[:12].with_columns(persona=pl.lit(NOBODY).cast(pl.Categorical))]))
    assert found(more).evidence["numbers"] == found(panel).evidence["numbers"]
