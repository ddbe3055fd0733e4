from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.agreement import (
    Level,
    krippendorff_alpha,
    krippendorff_alpha_of_scores,
    majority,
    others_agreement,
    pair_agreement,
)

# Krippendorff's textbook data: four observers, twelve units, 0 is a missing answer.
TEXTBOOK = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
TABLES = arrays(np.int64, (7, 4), elements=st.integers(0, 4))


def count(answers: Ints, labels: int) -> Ints:
    """Counts per unit and label of answers (judges, units) coded 1, 2, …, 0 where missing."""
    return np.asarray((answers.T[:, :, None] == np.arange(1, labels + 1)).sum(axis=1), dtype=np.int64)


def rows(counts: Ints) -> tuple[Ints, Floats]:
    """One row per answer of a table of counts."""
    unit, label = np.indices(counts.shape)
    return np.repeat(unit.ravel(), counts.ravel()), np.repeat(label.ravel(), counts.ravel()).astype(np.float64)


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_textbook_example(level: Level, expected: float) -> None:
    assert krippendorff_alpha(count(TEXTBOOK, 5), level) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(5))
def test_the_krippendorff_package_agrees(level: Level, seed: int) -> None:
    oracle = pytest.importorskip("krippendorff")
    counts = np.random.default_rng(seed).integers(0, 4, size=(9, 5))
    values = np.array([-1.0, 0.5, 1.0, 4.0, 10.0])
    expected = oracle.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
    given_values = values if level == "interval" else None
    assert krippendorff_alpha(counts, level, given_values) == pytest.approx(expected)


def test_the_long_form_equals_the_krippendorff_package_on_a_continuous_scale() -> None:
    oracle = pytest.importorskip("krippendorff")
    scores = np.random.default_rng(1).normal(1e4, 1, size=(4, 1)) + np.random.default_rng(2).normal(size=(4, 6))
    scores[0, 2:] = np.nan
    scores[1:, 5] = np.nan
    units = np.broadcast_to(np.arange(6), scores.shape)
    expected = oracle.alpha(scores, level_of_measurement="interval")
    assert krippendorff_alpha_of_scores(units.ravel(), scores.ravel()) == pytest.approx(expected)


@given(TABLES)
def test_the_long_form_equals_the_counts(counts: Ints) -> None:
    np.testing.assert_allclose(krippendorff_alpha_of_scores(*rows(counts)), krippendorff_alpha(counts, "interval"), atol=1e-9)


@given(TABLES, st.permutations(range(7)), st.permutations(range(4)))
def test_order_of_units_and_names_of_nominal_labels_do_not_matter(counts: Ints, units: list[int], labels: list[int]) -> None:
    np.testing.assert_allclose(krippendorff_alpha(counts[units][:, labels]), krippendorff_alpha(counts), atol=1e-12)
    for level in LEVELS:
        np.testing.assert_allclose(krippendorff_alpha(counts[units, ::-1], level), krippendorff_alpha(counts, level), atol=1e-12)


@given(TABLES, st.floats(-50, 50), st.floats(0.1, 20))
def test_interval_alpha_keeps_under_shift_and_scale(counts: Ints, shift: float, scale: float) -> None:
    moved = krippendorff_alpha(counts, "interval", np.asarray(shift + scale * np.arange(4.0), dtype=np.float64))
    np.testing.assert_allclose(moved, krippendorff_alpha(counts, "interval"), atol=1e-8)


@given(arrays(np.int64, (6, 2), elements=st.integers(0, 4)))
def test_two_labels_have_one_alpha(counts: Ints) -> None:
    alphas = [krippendorff_alpha(counts, level) for level in LEVELS]
    np.testing.assert_allclose(alphas, alphas[0], atol=1e-12)


@settings(max_examples=25)
@given(TABLES)
def test_alpha_is_at_most_one_and_units_with_one_answer_change_nothing(counts: Ints) -> None:
    single = np.eye(4, dtype=np.int64)
    for level in LEVELS:
        alpha = krippendorff_alpha(counts, level)
        assert np.isnan(alpha) or alpha <= 1
        np.testing.assert_array_equal(krippendorff_alpha(np.vstack([counts, single]), level), alpha)


def test_batches_are_independent() -> None:
    tables = np.random.default_rng(0).integers(0, 4, size=(2, 3, 6, 4))
    for level in LEVELS:
        expected = [[krippendorff_alpha(table, level) for table in row] for row in tables]
        np.testing.assert_allclose(krippendorff_alpha(tables, level), expected)


def test_planted_agreement_of_labels_is_recovered() -> None:
    # An answer copies the unit's label with chance .8 and is drawn anew otherwise: two answers agree by copying in .64.
    rng = np.random.default_rng(3)
    truth, noise = rng.choice(3, (20_000, 1), p=[0.6, 0.3, 0.1]), rng.choice(3, (20_000, 4), p=[0.6, 0.3, 0.1])
    answers = np.where(rng.random(noise.shape) < 0.8, truth, noise)
    assert krippendorff_alpha(count(answers.T + 1, 3)) == pytest.approx(0.64, abs=0.01)


def test_planted_intraclass_correlation_of_scores_is_recovered() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(20_000, 1)) + 2 * rng.normal(size=(20_000, 3))  # standard error of alpha: .005
    units = np.broadcast_to(np.arange(20_000)[:, None], scores.shape)
    assert krippendorff_alpha_of_scores(units.ravel(), scores.ravel()) == pytest.approx(0.2, abs=0.015)  # three standard errors


def test_undefined_is_nan() -> None:
    for level in LEVELS:
        assert np.isnan(krippendorff_alpha(np.eye(3, dtype=np.int64), level))
        assert np.isnan(krippendorff_alpha(np.array([[3, 0], [2, 0]]), level))
    assert np.isnan(krippendorff_alpha_of_scores(np.array([0, 1]), np.array([1.0, 2.0])))
    assert np.isnan(krippendorff_alpha_of_scores(np.array([], dtype=np.int64), np.array([])))
    assert np.isnan(krippendorff_alpha_of_scores(np.array([0, 0, 1, 1]), np.full(4, 0.1)))


def test_perfect_and_perfectly_opposed_answers() -> None:
    assert krippendorff_alpha(np.array([[2, 0], [0, 2]])) == 1
    assert krippendorff_alpha(np.array([[1, 1], [1, 1]])) == pytest.approx(-0.5)


def test_wrong_input_is_refused_in_a_sentence() -> None:
    table = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"Available: nominal, ordinal, interval"):
        krippendorff_alpha(table, "ratio")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="interval"):
        krippendorff_alpha(table, "nominal", np.arange(3))
    with pytest.raises(ValueError, match="each of the 3 labels"):
        krippendorff_alpha(table, "interval", np.arange(2))
    with pytest.raises(ValueError, match="not negative"):
        krippendorff_alpha(-table)
    with pytest.raises(ValueError, match="units, labels"):
        krippendorff_alpha(np.ones(3))
    with pytest.raises(ValueError, match="same length"):
        krippendorff_alpha_of_scores(np.array([0, 1]), np.array([1.0]))
    with pytest.raises(ValueError, match="codes"):
        krippendorff_alpha_of_scores(np.array([-1, 0]), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="finite"):
        krippendorff_alpha_of_scores(np.array([0, 0]), np.array([1.0, np.inf]))


LABELS = st.lists(st.integers(0, 3), min_size=2, max_size=9)


def top(labels: Sequence[int]) -> list[int]:
    counted = Counter(labels)
    return [label for label, n in counted.items() if n == max(counted.values())]


def counts(labels: Sequence[int]) -> np.ndarray:
    return np.bincount(labels, minlength=4).astype(float)


@given(LABELS)
def test_each_person_is_compared_with_the_majority_of_the_others(labels: list[int]) -> None:
    met = []
    for index, label in enumerate(labels):
        best = top(labels[:index] + labels[index + 1 :])
        met.append(Fraction(label in best, len(best)))
    assert others_agreement(counts(labels)) == pytest.approx(float(sum(met) / len(met)))


@given(LABELS)
def test_pairs_are_counted_one_by_one(labels: list[int]) -> None:
    pairs = [first == second for index, first in enumerate(labels) for second in labels[:index]]
    assert pair_agreement(counts(labels)) == pytest.approx(np.mean(pairs))


@given(LABELS)
def test_tied_labels_share_the_majority(labels: list[int]) -> None:
    best = top(labels)
    assert majority(counts(labels)).tolist() == pytest.approx([(index in best) / len(best) for index in range(4)])


def test_too_few_people_leave_it_undefined() -> None:
    assert np.isnan(others_agreement(np.array([1.0, 0])))
    assert np.isnan(pair_agreement(np.array([1.0, 0])))
    assert np.isnan(majority(np.zeros(2))).all()


def test_items_are_independent() -> None:
    table = np.array([[3.0, 1, 0], [0, 2, 2]])
    for statistic in (majority, pair_agreement, others_agreement):
        assert np.array_equal(statistic(table), [statistic(row) for row in table])
