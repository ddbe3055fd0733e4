"""Clusters of similar points, and the separation of groups of points."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints


def clusters(points: Floats, alike: float) -> Ints:
    """Cluster (N, K) vectors of any length by average linkage: merge two clusters while the mean cosine of their pairs is at least `alike`.

    The cosine of a zero vector with any other is 0. Clusters (N,) are numbered from 0 in the order in which they first appear. Source:
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


def silhouette(distances: Floats, groups: Ints) -> Floats:
    """Compute the silhouette of each point: how much nearer it is to its own group than to the nearest other group.

        s = (b − a) / max(a, b),  a = mean distance to the others of its group,  b = smallest mean distance to another group

    Source: Rousseeuw (1987), doi:10.1016/0377-0427(87)90125-7.

    Args:
        distances: (N, N) distances between points, at least 0.
        groups: (N,) group of each point.

    Returns:
        Silhouettes, (N,), from −1 (in the middle of another group) to 1 (its group is one point, far from the others). 0 for a point that
        is alone in its group or has only zero distances; NaN if all points are in one group.

    Examples:
        >>> place = np.array([0.0, 1.0, 10.0, 11.0])
        >>> silhouette(abs(place[:, None] - place), np.array([0, 0, 1, 1])).round(3).tolist()
        [0.905, 0.895, 0.895, 0.905]
    """
    member = groups[:, None] == np.unique(groups)
    if member.shape[1] < 2:
        return np.full(len(groups), np.nan)
    sums, sizes = distances @ member, member.sum(0)
    own = sums[member] / np.maximum(sizes[None] - member, 1)[member]
    nearest = np.where(member, np.inf, sums / sizes).min(1)
    larger = np.maximum(own, nearest)
    alone = (member @ sizes) == 1
    return np.where(alone | (larger == 0), 0.0, (nearest - own) / np.where(larger > 0, larger, 1.0))
