"""Ordered labels as points between which half the squared distance is the absolute difference."""

import numpy as np

from personametrics.stats.arrays import Floats


def steps(positions: Floats, span: float | None = None) -> Floats:
    """Place ordered labels so that everything said of disagreements (half squared distances) holds for absolute differences.

    One coordinate a gap between neighbouring positions: √(2 · gap / span) for labels above it, 0 for those below. Two labels then differ
    in the gaps between them, and half their squared distance is |x − y| / span. The disagreement of two conditions beyond that of reruns
    becomes the squared Cramér distance of their answers, ∫ (F − G)² / span.

    Args:
        positions: (L,) where the labels lie, in any order.
        span: width of the scale; None: from the lowest to the highest position.

    Returns:
        (L, L − 1) points; all zeros of width 1 where all positions are the same.

    References:
        Székely & Rizzo 2013, Energy statistics, doi:10.1016/j.jspi.2013.03.018.

    Examples:
        Answers 1, 2 and 5: by hand |1 − 2| / 4 and |1 − 5| / 4.

        >>> points = steps(np.array([1.0, 2.0, 5.0]))
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
