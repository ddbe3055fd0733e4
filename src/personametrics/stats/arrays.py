"""The array types that the ground floor speaks."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
"""An array of finite numbers, NaN where a value is undefined."""

Ints = npt.NDArray[np.int64]
"""An array of codes or counts."""


def sums(group: Ints, values: Floats, size: int) -> Floats:
    """Sum values by group.

    Args:
        group: (N,) group of each value, 0 ≤ group < size.
        values: (N,) numbers.
        size: number of groups.

    Returns:
        (size,) sums, 0 for an empty group.

    Examples:
        >>> sums(np.array([0, 2, 0]), np.array([1.0, 5.0, 2.0]), 3).tolist()
        [3.0, 0.0, 5.0]
    """
    return np.asarray(np.bincount(group, values, size), dtype=np.float64)
