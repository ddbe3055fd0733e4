import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.clustering import clusters


def by_hand(similar: np.ndarray, alike: float) -> list[set[int]]:
    """Average linkage as it is told: the two clusters of highest mean cosine become one, until none reaches `alike`."""
    found = [{at} for at in range(len(similar))]
    while len(found) > 1:
        means = {(i, j): similar[np.ix_(list(found[i]), list(found[j]))].mean() for i in range(len(found)) for j in range(i)}
        best = max(means, key=means.__getitem__)
        if means[best] < alike:
            break
        found[best[1]] |= found.pop(best[0])
    return sorted(found, key=min)


@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(-0.9, 0.95))
def test_clusters_are_those_of_average_linkage_done_by_hand(seed: int, number: int, alike: float) -> None:
    points = np.random.default_rng(seed).normal(size=(number, 4))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    found = clusters(points, alike)
    assert [set(np.flatnonzero(found == one).tolist()) for one in range(found.max() + 1)] == by_hand(unit @ unit.T, alike)


@given(st.integers(0, 10_000))
def test_length_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(8, 3))
    assert (clusters(points * rng.uniform(0.01, 100, (8, 1)), 0.5) == clusters(points, 0.5)).all()


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_points_are_their_own_clusters(number: int) -> None:
    assert clusters(np.ones((number, 3)), 0.5).tolist() == [0] * number


def test_equal_points_are_one_cluster_at_a_threshold_of_one() -> None:
    points = np.random.default_rng(0).normal(size=(1, 50)).repeat(20, 0)
    assert not clusters(points, 1.0).any()


def test_zero_vectors_are_clusters_of_their_own() -> None:
    assert clusters(np.zeros((3, 2)), 0.1).tolist() == [0, 1, 2]
