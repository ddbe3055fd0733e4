"""The monotonicity of choices between a series of improving offers."""

import numpy as np

from personametrics.stats.arrays import Floats


def monotone_probability(shares: Floats) -> Floats:
    """Compute the probability that independent answers never decrease from offer to offer: Σ over v₁ ≤ v₂ ≤ … of Π share(i, vᵢ).

    `shares` (..., offers, values) are those of each value at each offer, from the worst offer and the lowest value. It is unbiased for
    shares counted from a few runs of each offer, because offers are answered independently. It decreases with the number of offers: compare
    series of equal length only.

    Examples:
        >>> float(monotone_probability(np.full((3, 2), 0.5)))  # four of the eight series never change from yes to no
        0.5
    """
    shares = np.asarray(shares, dtype=float)
    probability: Floats = shares[..., 0, :]  # of a series that ends at each value
    for offer in range(1, shares.shape[-2]):
        probability = np.cumsum(probability, axis=-1) * shares[..., offer, :]
    return np.asarray(probability.sum(-1))


def reversal_probability(shares: Floats) -> Floats:
    """Compute the probability that the better one of two neighbouring offers gets the lower answer, mean over pairs of two offers or more.

    Examples:
        >>> round(float(reversal_probability(np.array([[0.6, 0.4], [0.5, 0.5]]))), 3)
        0.2
    """
    shares = np.asarray(shares, dtype=float)
    less = np.cumsum(shares, axis=-1) - shares
    return np.asarray((shares[..., :-1, :] * less[..., 1:, :]).sum(-1).mean(-1))
