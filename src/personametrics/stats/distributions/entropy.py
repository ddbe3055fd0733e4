"""The entropy of answers to one question, in bits."""

import numpy as np
from scipy.special import xlogy

from personametrics.stats.arrays import Floats, ratio


def miller_madow(counts: Floats) -> Floats:
    """Estimate the entropy of labels from their counts, with the first-order correction for few answers (Miller–Madow).

    H = −Σ p log₂ p + (K − 1) / (2 n ln 2), with K labels that occurred in n answers. Without the second term the estimate is too low; it
    still is if most labels occurred once or never.

    Args:
        counts: (..., L) answers per label.

    Returns:
        The entropy in bits, (...), at least 0; may exceed log₂ L for few answers. NaN for fewer than two answers.

    References:
        Miller (1955), Note on the bias of information estimates.

    Examples:
        Two labels with two answers each, by hand 1 + 1 / (8 ln 2):

        >>> miller_madow(np.array([2.0, 2, 0])).round(4)
        np.float64(1.1803)
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    share = np.nan_to_num(ratio(table, n[..., None]))
    plug_in = -xlogy(share, share).sum(-1) / np.log(2)
    corrected = plug_in + ((table > 0).sum(-1) - 1) / (2 * np.log(2) * np.where(n > 0, n, 1.0))
    return np.where(n >= 2, corrected, np.nan)[()]
