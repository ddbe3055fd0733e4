"""The members of a panel with whom each one is compared, if comparing all is too expensive."""

import numpy as np

from personametrics.stats.arrays import Ints


def comparators(people: int, others: int = 0) -> Ints:
    """Choose others for each person, evenly spaced in the order of the panel, so that all serve equally often.

    Args:
        people: number of people in the panel, at least 1.
        others: number of others per person; 0, or a number beyond the panel: all others.

    Returns:
        Positions in the panel, (people, 1 + others), with the person itself first.

    Examples:
        >>> comparators(6, 2).tolist()
        [[0, 2, 4], [1, 3, 5], [2, 4, 0], [3, 5, 1], [4, 0, 2], [5, 1, 3]]
    """
    number = min(others, people - 1) if others else people - 1
    steps = np.arange(number + 1) * people // (number + 1)
    return np.asarray((np.arange(people)[:, None] + steps) % people, dtype=np.int64)
