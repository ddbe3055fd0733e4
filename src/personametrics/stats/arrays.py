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


def quotient(sums: Floats) -> Floats:
    """The first sum over the second, such as a mean or a share.

    Args:
        sums: (…, k) of which two are taken, as statistics of `clustered` do.

    Examples:
        >>> quotient(np.array([[3.0, 4.0], [1.0, 2.0]])).tolist()
        [0.75, 0.5]
    """
    return np.asarray(sums[..., 0] / sums[..., 1], dtype=np.float64)


def gain(sums: Floats) -> Floats:
    """The quotient of the first two sums minus that of the next two, such as a difference of means.

    Args:
        sums: (…, k) of which four are taken.

    Examples:
        >>> gain(np.array([3.0, 4.0, 1.0, 2.0])).tolist()
        0.25
    """
    return quotient(sums) - quotient(sums[..., 2:])
