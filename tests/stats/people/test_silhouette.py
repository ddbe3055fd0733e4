import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.stats.people.silhouette import silhouette


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), min_size=2, max_size=12))
def test_it_follows_its_definition_point_by_point(points: list[tuple[int, int]]) -> None:
    at, groups = np.array([float(place) for place, _ in points]), np.array([group for _, group in points])
    apart = abs(at[:, None] - at)
    found = silhouette(apart, groups)
    if len(set(groups)) < 2:
        assert np.isnan(found).all()
        return
    for one, value in enumerate(found):
        own = [apart[one, other] for other in range(len(at)) if other != one and groups[other] == groups[one]]
        others = [apart[one][groups == group].mean() for group in set(groups) - {groups[one]}]
        a, b = np.mean(own) if own else 0.0, min(others)
        assert value == pytest.approx((b - a) / max(a, b) if own and max(a, b) > 0 else 0.0)


def test_distant_groups_are_near_one_and_swapped_labels_below_zero() -> None:
    at = np.array([0.0, 0.1, 100.0, 100.1])
    apart = abs(at[:, None] - at)
    assert silhouette(apart, np.array([0, 0, 1, 1])).min() > 0.99
    assert silhouette(apart, np.array([0, 1, 0, 1])).max() < 0
