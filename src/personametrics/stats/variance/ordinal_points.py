"""Points of ordered labels, between which half the squared distance is the absolute difference."""

import numpy as np

from personametrics.stats.arrays import Floats


def ordinal_points(positions: Floats, span: float | None = None) -> Floats:
    """Place ordered labels so that disagreements (half squared distances) become absolute differences.

    There is one coordinate per gap between neighbouring positions: √(2 · gap / span) for labels above the gap, 0 for those below. Two
    labels then differ in the gaps between them, and half their squared distance is |x − y| / span. The disagreement of two conditions minus
    that of reruns becomes the squared Cramér distance of their answers, ∫ (F − G)² / span.

    Args:
        positions: (L,) positions of the labels, in any order.
        span: width of the scale; None: from the lowest to the highest position.

    Returns:
        The points, (L, L − 1); (L, 1) zeros where all positions are the same.

    References:
        Székely & Rizzo 2013, Energy statistics, doi:10.1016/j.jspi.2013.03.018.

    Examples:
        Answers 1, 2 and 5: by hand |1 − 2| / 4 and |1 − 5| / 4.

        >>> points = ordinal_points(np.array([1.0, 2.0, 5.0]))
        >>> [round(float(((points[0] - other) ** 2).sum() / 2), 6) for other in points]
        [0.0, 0.25, 1.0]
    """
    ordered = np.unique(positions)
    width = float(np.ptp(ordered)) if span is None else span
    if len(ordered) < 2:
        return np.zeros((len(positions), 1))
    above = positions[:, None] > ordered[:-1]
    points: Floats = np.sqrt(2 * np.diff(ordered) / width) * above
    return points
