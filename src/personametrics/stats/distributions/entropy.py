"""How undecided answers to one question are, in bits."""

import numpy as np
from scipy.special import xlogy

from personametrics.stats.arrays import Floats


def miller_madow(counts: Floats) -> Floats:
    """Entropy of a label from how often each was drawn, with the first-order correction for few draws.

    H = −Σ p log₂ p + (K − 1) / (2 n ln 2), with K labels that occurred in n draws. Without the second term it is too low; with it still,
    where most labels occurred not at all or once.

    Args:
        counts: (..., L) draws of each label.

    Returns:
        (...) bits, 0 and up (above log₂ L by the noise of few draws); NaN for fewer than two draws, which cannot differ.

    References:
        Miller 1955, Note on the bias of information estimates.

    Examples:
        Two labels, twice each, by hand 1 + 1 / (8 ln 2):

        >>> miller_madow(np.array([2.0, 2, 0])).round(4)
        np.float64(1.1803)
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    share = table / np.where(n > 0, n, 1.0)[..., None]
    plug_in = -xlogy(share, share).sum(-1) / np.log(2)
    corrected = plug_in + ((table > 0).sum(-1) - 1) / (2 * np.log(2) * np.where(n > 0, n, 1.0))
    return np.where(n >= 2, corrected, np.nan)[()]
