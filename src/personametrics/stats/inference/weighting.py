"""Weights that make a sample like the population it stands for."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from personametrics.stats.arrays import Floats, Ints, sums

CLOSE = 1e-10
"""Numbers this near to each other are the same: margins that are reached, personas who answer alike."""
MOST_ROUNDS = 1000
"""Raking that has not converged by then has no solution."""


def design_effect(weights: Floats) -> Floats:
    """By how much unequal weights inflate the variance of a mean: P Σw² / (Σw)² (Kish 1965).

    Args:
        weights: (…, P), 0 or more.

    Returns:
        (…) 1 for equal weights, up to P; P over it is the effective sample size.

    Examples:
        >>> float(design_effect(np.array([1.0, 1.0, 4.0])))
        1.5
    """
    return np.asarray(weights.shape[-1] * (weights**2).sum(-1) / weights.sum(-1) ** 2)


def poststratify(groups: Ints, shares: Floats, base: Floats | None = None) -> Floats:
    """Weights under which every group has its share.

    Args:
        groups: (P,) group of each, 0 ≤ group < G.
        shares: (G,) wanted, summing to 1.
        base: (P,) weights within a group; equal ones by default.

    Returns:
        (P,) weights that sum to 1; all NaN where a share is wanted of a group that nobody belongs to.

    Examples:
        Four of five belong to the first group, half of the population does:

        >>> poststratify(np.array([0, 0, 0, 0, 1]), np.array([0.5, 0.5])).tolist()
        [0.125, 0.125, 0.125, 0.125, 0.5]
    """
    return rake([groups], [shares], base)


def rake(groups: Sequence[Ints], shares: Sequence[Floats], base: Floats | None = None) -> Floats:
    """Weights under which every group of several ways of grouping has its share: iterative proportional fitting.

    Of all such weights it finds those nearest to the base in relative entropy (Deming & Stephan 1940, doi:10.1214/aoms/1177731829).

    Args:
        groups: one array (P,) of codes for each way of grouping.
        shares: one array of wanted shares for each, summing to 1.
        base: (P,) weights to start from; equal ones by default.

    Returns:
        (P,) weights that sum to 1; all NaN where no weights give these shares.
    """
    weights = np.ones(len(groups[0])) if base is None else base
    weights = weights / weights.sum()
    for _ in range(MOST_ROUNDS):
        for codes, wanted in zip(groups, shares, strict=True):
            now = sums(codes, weights, len(wanted))
            if (wanted[now <= 0] > 0).any():
                return np.full(len(weights), np.nan)
            weights = weights * np.divide(wanted, now, where=now > 0, out=np.zeros(len(wanted)))[codes]
        apart = [np.abs(sums(codes, weights, len(wanted)) - wanted).max() for codes, wanted in zip(groups, shares, strict=True)]
        if max(apart) < CLOSE:
            return np.asarray(weights)
    return np.full(len(weights), np.nan)


def mixture(answers: Floats, wanted: Floats, ridge: float = 1.0, base: Floats | None = None) -> Floats:
    """Weights on the simplex under which a panel's mean answers come closest to those wanted.

    It minimises mean_q (Σ_p w_p a_pq − b_q)² + ridge · s² · Σ_p (w_p − u_p)², where u is the base and s² the mean variance between personas
    of an answer: at ridge 1 and an even base the second term is what unequal weights add to the sampling
    variance of a mean, s² (deff − 1) / P.
    With Σw = 1 the sum is a quadratic form q(w), and the w that minimises |B x|² + (1ᵀx − 1)² over x ≥ 0, B with q(w) = |B w|², is a
    multiple of the w wanted; so non-negative least squares solve it exactly.

    Args:
        answers: (P, Q) mean answers of each persona to each question, without gaps.
        wanted: (Q,) mean answers of people.
        ridge: 0 or more; ∞ leaves the base as it is. With 0 there may be several solutions, of which it finds one.
        base: (P,) weights that the ridge draws to; equal ones by default.

    Returns:
        (P,) weights that sum to 1.

    Examples:
        People answer as one persona in four of the first kind and three of the second:

        >>> mixture(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.25, 0.75]), ridge=0).round(9).tolist()
        [0.25, 0.75]
    """
    P, Q = answers.shape
    even = np.full(P, 1 / P) if base is None else base / base.sum()
    spread = float(answers.var(0).mean())
    if np.isinf(ridge) or not Q or np.ptp(answers, axis=0).max() < CLOSE:
        return even
    away = np.sqrt(ridge * spread) * (np.eye(P) - even[:, None])
    form = np.vstack([(answers - wanted).T / np.sqrt(Q), away, np.ones((1, P))])
    found, _ = nnls(form, np.append(np.zeros(len(form) - 1), 1.0), maxiter=50 * P)
    return np.asarray(found / found.sum())


def best_ridge(answers: Floats, wanted: Floats, ridges: Sequence[float], folds: int = 5, base: Floats | None = None) -> float:
    """The ridge under which weights predict questions that they were not fitted on.

    Each ridge is judged by its squared errors on questions left out, every `folds`-th at a time. Of those whose mean error is within one
    standard error (of the difference, over questions) of the smallest, the largest ridge wins: what cannot be told apart stays as it was.

    Args:
        answers: (P, Q, K) mean answers of each persona to each question, in K numbers each, without gaps.
        wanted: (Q, K) mean answers of people.
        ridges: to choose from.
        folds: parts of the questions, 2 or more.
        base: as in `mixture`.

    Returns:
        One of the ridges.
    """
    P, Q, _ = answers.shape
    part = np.arange(Q) % min(folds, Q)
    missed = np.zeros((len(ridges), Q))
    for at, ridge in enumerate(ridges):
        for fold in np.unique(part):
            out = part == fold
            weights = mixture(answers[:, ~out].reshape(P, -1), wanted[~out].ravel(), ridge, base)
            missed[at, out] = ((np.einsum("p,pqk->qk", weights, answers[:, out]) - wanted[out]) ** 2).sum(-1)
    worse = missed - missed[missed.mean(1).argmin()]
    within = worse.mean(1) <= worse.std(1, ddof=1) / np.sqrt(Q) + CLOSE
    return max(ridge for ridge, near in zip(ridges, within, strict=True) if near)
