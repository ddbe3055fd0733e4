import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.clustering import clusters, silhouette


def by_hand(similar: np.ndarray, alike: float) -> list[set[int]]:
    """Average linkage as it is told: the two clusters of highest mean cosine become one, until none reaches `alike`."""
    groups = [{index} for index in range(len(similar))]
    while len(groups) > 1:
        means = {(i, j): similar[np.ix_(list(groups[i]), list(groups[j]))].mean() for i in range(len(groups)) for j in range(i)}
        best = max(means, key=means.__getitem__)
        if means[best] < alike:
            break
        groups[best[1]] |= groups.pop(best[0])
    return sorted(groups, key=min)


@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(-0.9, 0.95))
def test_clusters_are_those_of_average_linkage_done_by_hand(seed: int, number: int, alike: float) -> None:
    points = np.random.default_rng(seed).normal(size=(number, 4))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    codes = clusters(points, alike)
    assert [set(np.flatnonzero(codes == code).tolist()) for code in range(codes.max() + 1)] == by_hand(unit @ unit.T, alike)


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


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), min_size=2, max_size=12))
def test_it_follows_its_definition_point_by_point(points: list[tuple[int, int]]) -> None:
    positions, groups = np.array([float(place) for place, _ in points]), np.array([group for _, group in points])
    apart = abs(positions[:, None] - positions)
    widths = silhouette(apart, groups)
    if len(set(groups)) < 2:
        assert np.isnan(widths).all()
        return
    for index, value in enumerate(widths):
        within = [apart[index, other] for other in range(len(positions)) if other != index and groups[other] == groups[index]]
        others = [apart[index][groups == group].mean() for group in set(groups) - {groups[index]}]
        a, b = np.mean(within) if within else 0.0, min(others)
        assert value == pytest.approx((b - a) / max(a, b) if within and max(a, b) > 0 else 0.0)


def test_distant_groups_are_near_one_and_swapped_labels_below_zero() -> None:
    positions = np.array([0.0, 0.1, 100.0, 100.1])
    apart = abs(positions[:, None] - positions)
    assert silhouette(apart, np.array([0, 0, 1, 1])).min() > 0.99
    assert silhouette(apart, np.array([0, 1, 0, 1])).max() < 0
