import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.stats.people.comparators import comparators


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 50))
def test_all_people_have_others_and_serve_equally_often(people: int, others: int) -> None:
    found = comparators(people, others)
    wanted = people - 1 if not others else min(others, people - 1)
    assert found.shape == (people, 1 + wanted)
    assert (found[:, 0] == np.arange(people)).all()
    assert all(len(set(row)) == len(row) for row in found.tolist())
    assert (np.bincount(found.ravel(), minlength=people) == 1 + wanted).all()


def test_they_are_spread_over_the_panel() -> None:
    assert comparators(12, 3)[0].tolist() == [0, 3, 6, 9]
