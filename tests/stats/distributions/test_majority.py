"""Majorities and their agreement with one more person."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.distributions.majority import majority, others_agreement, pair_agreement

LABELS = st.lists(st.integers(0, 3), min_size=2, max_size=9)


def top(labels: Sequence[int]) -> list[int]:
    counted = Counter(labels)
    return [label for label, n in counted.items() if n == max(counted.values())]


def counts(labels: Sequence[int]) -> np.ndarray:
    return np.bincount(labels, minlength=4).astype(float)


@given(LABELS)
def test_each_person_is_compared_with_the_majority_of_the_others(labels: list[int]) -> None:
    met = []
    for at, label in enumerate(labels):
        best = top(labels[:at] + labels[at + 1 :])
        met.append(Fraction(label in best, len(best)))
    assert others_agreement(counts(labels)) == pytest.approx(float(sum(met) / len(met)))


@given(LABELS)
def test_pairs_are_counted_one_by_one(labels: list[int]) -> None:
    pairs = [one == other for at, one in enumerate(labels) for other in labels[:at]]
    assert pair_agreement(counts(labels)) == pytest.approx(np.mean(pairs))


@given(LABELS)
def test_tied_labels_share_the_majority(labels: list[int]) -> None:
    best = top(labels)
    assert majority(counts(labels)).tolist() == pytest.approx([(at in best) / len(best) for at in range(4)])


def test_too_few_people_leave_it_undefined() -> None:
    assert np.isnan(others_agreement(np.array([1.0, 0])))
    assert np.isnan(pair_agreement(np.array([1.0, 0])))
    assert np.isnan(majority(np.zeros(2))).all()


def test_items_are_independent() -> None:
    table = np.array([[3.0, 1, 0], [0, 2, 2]])
    for statistic in (majority, pair_agreement, others_agreement):
        assert np.array_equal(statistic(table), [statistic(row) for row in table])
