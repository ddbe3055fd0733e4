"""How far stated certainty lies from the share of right answers, and how far it would by chance."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints


def bin_of(certainty: Floats, bins: int) -> Ints:
    """Equal bins of certainty from 0 to 1, closed on the right: with ten, 90 % lies in that from above 80 to 90.

    Examples:
        >>> bin_of(np.array([0.0, 0.1, 0.11, 0.9, 1.0]), 10).tolist()
        [0, 0, 1, 8, 9]
    """
    return np.clip(np.ceil(certainty * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)


def calibration_error(answers: Floats, gap: Floats) -> Floats:
    """Expected calibration error: mean distance of stated certainty and accuracy over bins of stated certainty.

    ECE = Σ_b |Σ_{i in b} (right_i − certainty_i)| / n. It is never below 0, so few answers alone make it large: see `calibration_floor`.

    Args:
        answers: (..., B) how many answers fall into each bin.
        gap: (..., B) sum of right (0 or 1) minus certainty (0 to 1) over the answers of each bin.

    Returns:
        (...) 0 to 1; NaN without answers.

    References:
        Guo et al. 2017, arXiv 1706.04599, equation 3.

    Examples:
        Ten answers at .9 of which 7 are right, ten at .5 of which 6 are; by hand (2 + 1) / 20:

        >>> calibration_error(np.array([10.0, 10]), np.array([7 - 9.0, 6 - 5.0])).round(3)
        np.float64(0.15)
    """
    total = np.asarray(answers, float).sum(-1)
    return np.where(total > 0, np.abs(gap).sum(-1), np.nan)[()] / np.where(total > 0, total, 1.0)


def calibration_floor(answers: Floats, gap: Floats) -> float:
    """What `calibration_error` would be on average were certainty right in every bin, with other questions of the same kind.

    In each bin the sum of gaps is then near normal around 0, with the variance that the gaps of questions have around the bin's mean, so
    E|·| = √(2 V / π), V = Q / (Q − 1) · Σ_q (gap_q − mean · answers_q)² over the Q questions that reached the bin.

    Args:
        answers: (Q, B) how many answers to each question fall into each bin.
        gap: (Q, B) sum of right minus certainty over these.

    Returns:
        0 and up; NaN with fewer than two questions. Bins that only one question reached add nothing, so it can be too low.

    Examples:
        Two questions in one bin, ten answers each, 2 too many right and 2 too few; by hand √(2 · 2 · 8 / π) / 20:

        >>> round(calibration_floor(np.array([[10.0], [10]]), np.array([[2.0], [-2]])), 4)
        0.1596
    """
    total = float(np.sum(answers))
    if len(answers) < 2 or total <= 0:
        return float("nan")
    size, reached = answers.sum(0), (answers > 0).sum(0)
    mean = gap.sum(0) / np.where(size > 0, size, 1.0)
    variance = reached / np.maximum(reached - 1, 1) * ((gap - mean * answers) ** 2).sum(0)
    return float(np.sqrt(2 * variance / np.pi).sum() / total)
