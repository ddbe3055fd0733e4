"""People as tables of mean answers, weighted as they stand for others, on one scale for both sides."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.measures.population import People, panel_and_people, people, sample_means
from personametrics.stats.inference.weighting import design_effect


def read(rows: Sequence[tuple[Any, ...]], scale: Scale, **more: Sequence[Any]) -> Responses:
    frame = pl.DataFrame(rows, ["persona", "item", "answer"], orient="row").with_columns(**{name: pl.Series(x) for name, x in more.items()})
    return Responses.read(frame, Columns(more=tuple(more)), scale, duplicates="runs")


def crowd(values: Any, weights: Any = None) -> People:
    values = np.asarray(values, float)
    return People([str(index) for index in range(len(values))], ["q"], ["mean"], values[:, None, None], weights=weights)


def test_runs_are_averaged_within_a_person_and_gaps_stay_gaps() -> None:
    population = people(
        read([("a", "q", "1"), ("a", "q", "5"), ("b", "q", "5"), ("b", "r", "2"), (NOBODY, "q", "1")], Ordinal(tuple("12345")))
    )
    assert (population.ids, population.items, population.parts) == (("a", "b"), ("q", "r"), ["mean"])
    assert population.values[..., 0].tolist()[1] == [1.0, 0.25]
    assert population.values[0, 0, 0] == 0.5
    assert np.isnan(population.values[0, 1, 0])
    assert population.asked.tolist() == [[True, False], [True, True]]


def test_labels_become_shares_in_the_order_wanted() -> None:
    answers = read([("a", "q", "yes"), ("a", "q", "no"), ("b", "q", " no ")], Nominal(("no", "yes")))
    assert people(answers).values[:, 0].tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert people(answers, labels=("yes", "no", "other")).values[:, 0].tolist() == [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]


def test_label_probabilities_are_answers_without_end() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "p:0": [0.25], "p:1": [0.25], "p:2": [0.5]})
    shares = ("p:0", "p:1", "p:2")
    assert people(Responses.read(frame, Columns(probabilities=shares), Ordinal())).values.ravel().tolist() == [0.625]
    assert people(Responses.read(frame, Columns(probabilities=shares), Nominal())).values.ravel().tolist() == [0.25, 0.25, 0.5]


def test_weighted_means_and_their_variance_by_hand() -> None:
    """Weights 1, 1, 2: Σp² = 3/8; variance between, unbiased, is Σp(x − m)² / (1 − Σp²)."""
    means = sample_means(crowd([0.0, 1.0, 1.0], np.array([1.0, 1.0, 2.0])))
    assert means.value[0, 0] == 0.75
    assert means.variance[0, 0] == pytest.approx(0.1875 / (5 / 8) * 3 / 8)
    assert np.asarray(means.freedom)[0, 0] == pytest.approx(8 / 3 - 1)


def test_equal_weights_are_a_simple_random_sample() -> None:
    values = np.random.default_rng(0).random(9)
    means = sample_means(crowd(values, np.full(9, 4.0)))
    assert means.variance[0, 0] == pytest.approx(values.var(ddof=1) / 9)
    assert np.isnan(sample_means(crowd([0.4])).variance[0, 0])


def test_the_variance_of_a_weighted_mean_is_unbiased() -> None:
    weights = np.array([4.0, 1.0, 1.0, 1.0, 1.0])
    drawn = np.random.default_rng(1).random((5, 20_000, 1))
    means = sample_means(
        People([str(index) for index in range(5)], [str(index) for index in range(20_000)], ["mean"], drawn, weights=weights)
    )
    truth = float(design_effect(weights)) / 12 / 5
    assert means.variance.mean() == pytest.approx(truth, rel=0.02)
    assert means.value.var() == pytest.approx(truth, rel=0.03)


def test_weights_are_read_from_their_column_and_must_be_positive_numbers() -> None:
    rows = [("a", "q", "1"), ("b", "q", "2"), ("b", "r", "2")]
    population = people(read(rows, Numeric(0, 2), weight=[1, 3, 3]))
    assert population.weights is not None
    assert population.weights.tolist() == [1.0, 3.0]
    assert population.select([1]).stand_for.tolist() == [3.0]
    for wrong in (["1", "much", "much"], [1, 0, 0], [1, None, None]):
        with pytest.raises(AnswerError, match='"b" has the weight'):
            people(read(rows, Numeric(0, 2), weight=wrong))
    with pytest.raises(DesignError, match="Give the same value in all its rows"):
        people(read(rows, Numeric(0, 2), weight=[1, 2, 3]))


def test_both_sides_get_common_items_and_joint_labels() -> None:
    panel = read([("a", "q", "yes"), ("a", "r", "no")], Nominal(("no", "yes")))
    human = read([("x", "r", "dunno"), ("x", "s", "yes"), ("y", "r", "no")], Ordinal(("yes", "dunno", "no")))
    mine, theirs = panel_and_people(panel, human)
    assert mine.items == theirs.items == ["r"]
    assert mine.parts == theirs.parts == ["no", "yes", "dunno"]
    assert theirs.values[:, 0].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_both_sides_are_scored_between_the_outermost_ends() -> None:
    panel = read([("a", "q", "2"), ("a", "r", "4"), ("b", "q", "3")], Ordinal())
    human = read([("x", "q", 1.0), ("x", "r", 5.0)], Numeric(1, 5))
    mine, theirs = panel_and_people(panel, human)
    assert mine.values[0, :, 0].tolist() == [0.25, 0.75]
    assert theirs.values[0, :, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("scale", "answer", "message"),
    [
        (Numeric(0, 100), 50.0, "different scales"),
        (Ordinal(("low", "mid", "high", "top", "best")), "low", "different scales"),
        (Nominal(("cat", "dog")), "cat", "Use the same labels in both"),
        (Numeric(), 1.0, "one ordered scale with two ends"),
    ],
)
def test_scales_that_do_not_fit_are_refused(scale: Scale, answer: object, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        panel_and_people(read([("a", "q", "1")], Ordinal(tuple("12345"))), read([("x", "q", answer)], scale))


def test_no_common_item_is_said_with_examples() -> None:
    with pytest.raises(DesignError, match='The first table has the id "q", the second "other"'):
        panel_and_people(read([("a", "q", "1")], Numeric(0, 1)), read([("x", "other", "1")], Numeric(0, 1)))
