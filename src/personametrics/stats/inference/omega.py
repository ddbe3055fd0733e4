"""McDonald's omega: the reliability of the sum of several judges, or of several runs of one judge."""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats

SWEEPS = 2000
"""Largest number of sweeps over the loadings; some tens are usual, data without a factor need the most."""
TOLERANCE = 1e-9
"""Largest change of a loading in the last sweep, in standard deviations of the scores."""


class Omega(NamedTuple):
    """A one-factor fit and the two reliabilities that follow from it; leading axes as in the scores."""

    total: Floats
    """Reliability ω_k of the sum of all k runs, 0 to 1."""
    single: Floats
    """Reliability ω_1 of one run, 0 to 1."""
    loadings: Floats
    """Loadings λ, (..., k), in units of the scores; their sum is not negative."""
    uniqueness: Floats
    """Error variances ψ, (..., k), in squared units; 0 marks a Heywood case, a run that equals the factor in the fit."""


def omega(scores: Floats) -> Omega:
    """Estimate McDonald's omega total of one factor behind k judges, or k runs of one judge.

    With score_j = λ_j · factor + error_j and ψ_j the variance of error_j:

        ω_k = (Σ λ_j)² / ((Σ λ_j)² + Σ ψ_j),   ω_1 = ω_k / (k − (k − 1) ω_k)

    λ is the minres estimate: the least squares fit of the off-diagonal of the covariance matrix, one loading at a time, each bounded by the
    standard deviation of its run so that ψ is not negative. Two runs do not identify two loadings, which are then set equal. ω_k is not the
    reliability of one answer: at ω_1 = .3 a hundred runs have ω_k = .98. Report ω_1 of reruns. It is never negative, so that it is noise
    above 0 for independent runs: its simulated means, ω_k (ω_1), are .31 (.15) with 3 runs and .15 (.02) with 10 for 20 objects, and .23
    (.10) and .07 (.01) for 200 objects. Sources: McDonald (1999), Test theory, doi:10.4324/9781410601087; Harman & Jones (1966),
    doi:10.1007/BF02289468 (minres); Schroeder & Wood-Doughty (2024), arXiv:2412.12509 (language models as judges).

    Args:
        scores: one score per object and run, (..., objects, runs), with two runs or more; comparable within a run.

    Returns:
        The fit and the reliabilities. All are NaN for a matrix with a missing or infinite score, with fewer than three objects (two always
        fit one factor), or without variance. Leave incomplete objects out yourself.

    Raises:
        ValueError: fewer than two runs.

    Examples:
        A factor with loadings 2, 2 and 1 and errors of variance 1, all exactly uncorrelated: by hand ω_3 = 5² / (5² + 3).

        >>> factor, a, b, c = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, 1, -1, -1],
        ...                             [1, -1, 1, -1, 1, -1, 1, -1], [1, -1, -1, 1, 1, -1, -1, 1]])
        >>> runs = np.column_stack([2 * factor + a, 2 * factor + b, factor + c])
        >>> fit = omega(runs * np.sqrt(7 / 8))  # so that variances over 8 - 1 are whole
        >>> fit.loadings.round(5), fit.uniqueness.round(5), fit.total.round(5)
        (array([2., 2., 1.]), array([1., 1., 1.]), np.float64(0.89286))
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim < 2 or table.shape[-1] < 2:
        message = f"The scores have the shape {table.shape}. Give them the shape (..., objects, runs) with two or more runs."
        raise ValueError(message)
    objects, k = table.shape[-2:]
    defined = np.isfinite(table).all(axis=(-1, -2), keepdims=True) & (objects >= 3)
    table = np.where(defined, table, 0.0)
    table = table - table[..., :1, :]  # a constant run becomes exactly 0
    deviation = table - table.mean(axis=-2, keepdims=True)
    covariance = np.swapaxes(deviation, -1, -2) @ deviation / max(objects - 1, 1)
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    defined = defined[..., 0] & (variance.sum(axis=-1, keepdims=True) > 0)
    loadings = np.where(defined, _minres(covariance, np.sqrt(variance)), np.nan)
    uniqueness = np.maximum(variance - loadings**2, 0.0)
    common = loadings.sum(axis=-1) ** 2
    total = common / (common + uniqueness.sum(axis=-1))
    return Omega(total, total / (k - (k - 1) * total), loadings, uniqueness)


def _minres(covariance: Floats, bound: Floats) -> Floats:
    """Find the loadings (..., k) with |λ_j| ≤ bound_j that minimise Σ_(i≠j) (covariance_ij − λ_i λ_j)²."""
    k = covariance.shape[-1]
    if k == 2:
        shared = np.sqrt(np.maximum(covariance[..., :1, 1], 0.0))
        equal: Floats = np.minimum(shared, bound.min(axis=-1, keepdims=True))
        return np.broadcast_to(equal, bound.shape)
    size, direction = np.linalg.eigh(covariance)
    loadings = np.clip(direction[..., -1] * np.sqrt(np.maximum(size[..., -1:], 0.0)), -bound, bound)
    hollow = covariance * (1.0 - np.eye(k))
    enough = TOLERANCE * bound.max(axis=-1, keepdims=True)
    for _ in range(SWEEPS):
        before = loadings.copy()
        for j in range(k):
            loadings[..., j] = 0.0
            others = (loadings**2).sum(axis=-1)
            fitted = (hollow[..., j, :] * loadings).sum(axis=-1) / np.where(others > 0, others, 1.0)
            loadings[..., j] = np.clip(fitted, -bound[..., j], bound[..., j])
        if np.all(np.abs(loadings - before) <= enough):
            break
    upright: Floats = loadings * np.where(loadings.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return upright
