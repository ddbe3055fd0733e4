"""Choices along a ladder of offers that get better and better: how often they go back, and how often they never do."""

import numpy as np

from personametrics.stats.arrays import Floats


def never_falls(shares: Floats) -> Floats:
    """Probability that independent answers to rung after rung never go down: Σ over v₁ ≤ v₂ ≤ … of Π share(rung, vᵢ).

    With shares counted from a few runs of each rung it is unbiased, because the rungs are answered apart. It falls with the number of
    rungs: compare ladders of one length only.

    Args:
        shares: (..., rungs, values) shares of each value at each rung, from the worst offer and the least value on.

    Returns:
        (...), 0 to 1.

    Examples:
        Three rungs of yes and no at even odds: of eight ladders, four never turn from yes to no.

        >>> float(never_falls(np.full((3, 2), 0.5)))
        0.5
    """
    shares = np.asarray(shares, dtype=float)
    found: Floats = shares[..., 0, :]
    for rung in range(1, shares.shape[-2]):
        found = np.cumsum(found, axis=-1) * shares[..., rung, :]
    whole: Floats = found.sum(-1)
    return whole


def reversals(shares: Floats) -> Floats:
    """Probability that of two neighbouring rungs the better offer gets the lesser answer, mean over such pairs.

    Args:
        shares: (..., rungs, values) as for `never_falls`, of two rungs or more.

    Examples:
        >>> round(float(reversals(np.array([[0.6, 0.4], [0.5, 0.5]]))), 3)
        0.2
    """
    shares = np.asarray(shares, dtype=float)
    less = np.cumsum(shares, axis=-1) - shares
    found: Floats = (shares[..., :-1, :] * less[..., 1:, :]).sum(-1).mean(-1)
    return found
