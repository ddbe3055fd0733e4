"""Clusters of similar points."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints


def clusters(points: Floats, alike: float) -> Ints:
    """Cluster points by average linkage: merge two clusters while the mean cosine of their pairs is at least `alike`.

    Args:
        points: (N, K) vectors of any length, such as embedded texts; the cosine of a zero vector with any other is 0.
        alike: smallest mean cosine of a merge, −1 to 1.

    Returns:
        The cluster of each point, (N,), numbered from 0 in the order in which clusters first appear.

    References:
        Sokal & Michener (1958), A statistical method for evaluating systematic relationships (average linkage).

    Examples:
        >>> clusters(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.0, 0.0]]), 0.9).tolist()
        [0, 1, 0, 2]
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 (slow to load)
    from scipy.spatial.distance import squareform  # noqa: PLC0415 (slow to load)

    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / np.where(length > 0, length, 1.0)
    distance = np.round(1 - unit @ unit.T, 12)  # so that rounding errors do not separate equal points
    np.fill_diagonal(distance, 0.0)
    cluster = fcluster(linkage(squareform(np.maximum(distance, 0.0), checks=False), "average"), 1 - alike, "distance")
    _, first, code = np.unique(cluster, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[code].astype(np.int64)
