"""Weights that adjust a sample to a population."""

from collections.abc import Sequence

import numpy as np

from personametrics.stats.arrays import Floats, Ints, sums

CLOSE = 1e-10
"""Numbers that differ by less than this are equal, such as margins and targets, or answers of personas."""
MOST_ROUNDS = 1000
"""Number of rounds after which raking counts as unsolvable."""


def design_effect(weights: Floats) -> Floats:
    """Compute the design effect of unequal weights (…, P) ≥ 0, the factor on the variance of a mean: P Σw² / (Σw)², from 1 to P.

    P divided by it is the effective sample size. Kish (1965), Survey Sampling.

    Examples:
        >>> float(design_effect(np.array([1.0, 1.0, 4.0])))
        1.5
    """
    return np.asarray(weights.shape[-1] * (weights**2).sum(-1) / weights.sum(-1) ** 2)


def poststratify(groups: Ints, shares: Floats, base: Floats | None = None) -> Floats:
    """Compute weights with which every group has its share of the population.

    Args:
        groups: (P,) group of each persona, 0 ≤ group < G.
        shares: (G,) shares of the population, with the sum 1.
        base: (P,) relative weights within a group; None: equal.

    Returns:
        Weights with the sum 1, (P,); all NaN if a group with a share is empty.

    Examples:
        >>> poststratify(np.array([0, 0, 0, 0, 1]), np.array([0.5, 0.5])).tolist()
        [0.125, 0.125, 0.125, 0.125, 0.5]
    """
    return rake([groups], [shares], base)


def rake(groups: Sequence[Ints], shares: Sequence[Floats], base: Floats | None = None) -> Floats:
    """Compute weights (P,) with the sum 1 with which every group of several groupings has its share: iterative proportional fitting.

    Of all such weights they are the closest ones to the base in relative entropy; all are NaN if these shares cannot be reached. Source:
    Deming & Stephan (1940), doi:10.1214/aoms/1177731829.

    Args:
        groups: one array (P,) of codes per grouping.
        shares: one array of population shares per grouping, with the sum 1.
        base: (P,) initial weights; None: equal.
    """
    weights = np.ones(len(groups[0])) if base is None else base
    weights = weights / weights.sum()
    for _ in range(MOST_ROUNDS):
        for codes, target in zip(groups, shares, strict=True):
            now = sums(codes, weights, len(target))
            if (target[now <= 0] > 0).any():
                return np.full(len(weights), np.nan)
            weights = weights * np.divide(target, now, where=now > 0, out=np.zeros(len(target)))[codes]
        errors = [np.abs(sums(codes, weights, len(target)) - target).max() for codes, target in zip(groups, shares, strict=True)]
        if max(errors) < CLOSE:
            return np.asarray(weights)
    return np.full(len(weights), np.nan)


def mixture(answers: Floats, target: Floats, ridge: float = 1.0, base: Floats | None = None) -> Floats:
    """Compute weights (P,) on the simplex with which a panel's mean answers are closest to the target.

    They minimise mean_q (Σ_p w_p a_pq − b_q)² + ridge · s² · Σ_p (w_p − u_p)², where u is the base and s² the mean variance of an answer
    between personas. At ridge 1 and an equal base the second term is the increase of the sampling variance of a mean by unequal weights,
    s² (deff − 1) / P. With Σw = 1 the sum is a quadratic form q(w) = |B w|², and the solution of min |B x|² + (1ᵀx − 1)² over x ≥ 0 is
    a multiple of w, so that non-negative least squares solves the problem exactly.

    Args:
        answers: (P, Q) mean answers of each persona to each question, without missing values.
        target: (Q,) mean answers of people.
        ridge: at least 0; ∞ returns the base. With 0 there may be several solutions, of which one is returned.
        base: (P,) weights at which the penalty is 0; None: equal.

    Examples:
        >>> mixture(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.25, 0.75]), ridge=0).round(9).tolist()
        [0.25, 0.75]
    """
    from scipy.optimize import nnls  # noqa: PLC0415 (slow to load)

    P, Q = answers.shape
    even = np.full(P, 1 / P) if base is None else base / base.sum()
    spread = float(answers.var(0).mean())
    if np.isinf(ridge) or not Q or np.ptp(answers, axis=0).max() < CLOSE:
        return even
    penalty = np.sqrt(ridge * spread) * (np.eye(P) - even[:, None])
    form = np.vstack([(answers - target).T / np.sqrt(Q), penalty, np.ones((1, P))])
    multiple, _ = nnls(form, np.append(np.zeros(len(form) - 1), 1.0), maxiter=50 * P)
    return np.asarray(multiple / multiple.sum())


def best_ridge(answers: Floats, target: Floats, ridges: Sequence[float], folds: int = 5, base: Floats | None = None) -> float:
    """Choose the ridge whose weights predict held-out questions best, from (P, Q, K) mean answers and (Q, K) targets.

    Each ridge is scored by its squared errors on held-out questions, every `folds`-th at a time. The largest ridge is chosen whose mean
    error is within one standard error (of the difference, over questions) of the smallest error.
    """
    P, Q, _ = answers.shape
    part = np.arange(Q) % min(folds, Q)
    errors = np.zeros((len(ridges), Q))
    for row, ridge in zip(errors, ridges, strict=True):
        for fold in np.unique(part):
            out = part == fold
            weights = mixture(answers[:, ~out].reshape(P, -1), target[~out].ravel(), ridge, base)
            row[out] = ((np.einsum("p,pqk->qk", weights, answers[:, out]) - target[out]) ** 2).sum(-1)
    worse = errors - errors[errors.mean(1).argmin()]
    within = worse.mean(1) <= worse.std(1, ddof=1) / np.sqrt(Q) + CLOSE
    return max(ridge for ridge, near in zip(ridges, within, strict=True) if near)
