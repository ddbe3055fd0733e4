"""Whom each of a panel is compared with, where not everybody can be."""

import numpy as np

from personametrics.stats.arrays import Ints


def rivals(people: int, others: int = 0) -> Ints:
    """Each person and so many others, evenly spaced behind them in the order of the panel; everybody serves equally often.

    Args:
        people: in the panel, 1 or more.
        others: wanted for each; 0, or more than there are: all.

    Returns:
        (people, 1 + others) places in the panel, the own first.

    Examples:
        >>> rivals(6, 2).tolist()
        [[0, 2, 4], [1, 3, 5], [2, 4, 0], [3, 5, 1], [4, 0, 2], [5, 1, 3]]
    """
    wanted = min(others, people - 1) if others else people - 1
    steps = np.arange(wanted + 1) * people // (wanted + 1)
    return np.asarray((np.arange(people)[:, None] + steps) % people, dtype=np.int64)
