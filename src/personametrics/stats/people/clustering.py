"""Points that are alike, found as clusters."""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from personametrics.stats.arrays import Floats, Ints


def clusters(points: Floats, alike: float) -> Ints:
    """Clusters by average linkage: two clusters become one as long as the mean cosine of their pairs is at least `alike`.

    Args:
        points: (N, K) texts as vectors, of any length; a point at 0 is like no other.
        alike: smallest mean cosine, −1 to 1.

    Returns:
        (N,) the cluster of each point, numbered from 0 in the order in which they first appear.

    References:
        Sokal & Michener (1958), A statistical method for evaluating systematic relationships (average linkage).

    Examples:
        >>> clusters(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.0, 0.0]]), 0.9).tolist()
        [0, 1, 0, 2]
    """
    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / np.where(length > 0, length, 1.0)
    apart = np.round(1 - unit @ unit.T, 12)  # rounding must not part what is the same
    np.fill_diagonal(apart, 0.0)
    found = fcluster(linkage(squareform(np.maximum(apart, 0.0), checks=False), "average"), 1 - alike, "distance")
    _, first, code = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[code].astype(np.int64)
