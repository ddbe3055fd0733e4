"""The calibration error of stated certainty, and its expectation for calibrated certainty."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints, ratio


def bin_of(certainty: Floats, bins: int) -> Ints:
    """Sort certainty from 0 to 1 into equal bins that are closed on the right: of ten bins, 90 % is in the one from above 80 to 90.

    Examples:
        >>> bin_of(np.array([0.0, 0.1, 0.11, 0.9, 1.0]), 10).tolist()
        [0, 0, 1, 8, 9]
    """
    return np.clip(np.ceil(certainty * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)


def calibration_error(answers: Floats, gap: Floats) -> Floats:
    """Compute the expected calibration error: the mean distance of stated certainty and accuracy over bins of certainty.

    ECE = Σ_b |Σ_{i in b} (right_i − certainty_i)| / n. It is never negative, so that few answers alone make it large: see
    `calibration_floor`.

    Args:
        answers: (..., B) number of answers in each bin.
        gap: (..., B) sum of right (0 or 1) minus certainty (0 to 1) over the answers of each bin.

    Returns:
        The error, (...), 0 to 1; NaN without answers.

    References:
        Guo et al. (2017), arXiv:1706.04599, equation 3.

    Examples:
        Ten answers at .9 of which 7 are right, ten at .5 of which 6 are; by hand (2 + 1) / 20:

        >>> calibration_error(np.array([10.0, 10]), np.array([7 - 9.0, 6 - 5.0])).round(3)
        np.float64(0.15)
    """
    return ratio(np.abs(gap).sum(-1), np.asarray(answers, float).sum(-1))[()]


def calibration_floor(answers: Floats, gap: Floats) -> float:
    """Estimate the mean of `calibration_error` over samples of questions if certainty was calibrated in every bin.

    The sum of gaps in a bin is then approximately normal around 0, with the variance of the questions' gaps around the mean of the bin, so
    that E|·| = √(2 V / π), V = Q / (Q − 1) · Σ_q (gap_q − mean · answers_q)² over the Q questions with answers in the bin.

    Args:
        answers: (Q, B) number of answers to each question in each bin.
        gap: (Q, B) sum of right minus certainty over these answers.

    Returns:
        The mean, at least 0; NaN with fewer than two questions. Bins with one question add 0, so that it may be too low.

    Examples:
        Two questions with ten answers each in one bin, one with 2 right answers too many and one with 2 too few; by hand
        √(2 · 2 · 8 / π) / 20:

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
