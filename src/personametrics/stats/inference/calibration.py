"""Stated certainty: its calibration error, and the areas under curves of risk against coverage if the most certain answers are kept."""

from collections.abc import Callable

import numpy as np
from scipy.special import psi

from personametrics.stats.arrays import Floats, Ints, ratio


def bin_of(certainty: Floats, bins: int) -> Ints:
    """Sort certainty from 0 to 1 into equal bins that are closed on the right: of ten bins, 90 % is in the one from above 80 to 90.

    Examples:
        >>> bin_of(np.array([0.0, 0.1, 0.11, 0.9, 1.0]), 10).tolist()
        [0, 0, 1, 8, 9]
    """
    return np.clip(np.ceil(certainty * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)


def calibration_error(answers: Floats, gap: Floats) -> Floats:
    """Compute the expected calibration error, 0 to 1: the mean distance of stated certainty and accuracy over bins of certainty.

    ECE = Σ_b |Σ_{i in b} (right_i − certainty_i)| / n. It is never negative, so that few answers alone make it large: see
    `calibration_floor`. It is NaN without answers. Source: Guo et al. (2017), arXiv:1706.04599, equation 3.

    Args:
        answers: (..., B) number of answers in each bin.
        gap: (..., B) sum of right (0 or 1) minus certainty (0 to 1) over the answers of each bin.

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
        Two questions with ten answers each in one bin, one with 2 right answers too many and one with 2 too few:

        >>> round(calibration_floor(np.array([[10.0], [10]]), np.array([[2.0], [-2]])), 4)  # √(2 · 2 · 8 / π) / 20
        0.1596
    """
    total = float(np.sum(answers))
    if len(answers) < 2 or total <= 0:
        return float("nan")
    size, reached = answers.sum(0), (answers > 0).sum(0)
    mean = gap.sum(0) / np.where(size > 0, size, 1.0)
    variance = reached / np.maximum(reached - 1, 1) * ((gap - mean * answers) ** 2).sum(0)
    return float(np.sqrt(2 * variance / np.pi).sum() / total)


def aurc(answers: Floats, wrong: Floats, *, endless: bool = False) -> Floats:
    """Compute the area under the risk–coverage curve: the mean share of wrong answers among the k most certain ones, k = 1 … n.

    AURC = (1/n) Σₖ (1/k) · (wrong among the k most certain). Ties in certainty count with the expectation over their orders. Sources:
    Geifman & El-Yaniv (2017), arXiv:1705.08500 (the curve); Geifman, Uziel & El-Yaniv (2018), arXiv:1805.08206 (its area).

    Args:
        answers: (..., L) number of answers per level of certainty, highest first; L ones if all answers differ in certainty.
        wrong: (..., L) number of wrong answers per level.
        endless: True if the numbers are shares of infinitely many answers, such as probabilities; the sum over k is then an integral.

    Returns:
        The area, (...), 0 (all answers right) to 1; small if the wrong answers are the uncertain ones; NaN without answers.

    Examples:
        Six answers by certainty, of which the third, fifth and sixth are wrong; by hand (0 + 0 + 1/3 + 1/4 + 2/5 + 3/6) / 6:

        >>> aurc(np.ones(6), np.array([0.0, 0, 1, 0, 1, 1])).round(6)
        np.float64(0.247222)
    """
    many, errors, share, before = _steps(answers, wrong)
    started = before > 0
    if endless:
        grown = np.where(started, np.log((before + many) / np.where(started, before, 1.0)), 0.0)
    else:
        grown = psi(before + many + 1) - psi(before + 1)
    return ratio((share * many + (errors - share * before) * grown).sum(-1), many.sum(-1))[()]


def augrc(answers: Floats, wrong: Floats, *, endless: bool = False) -> Floats:
    """Compute the area under the generalized risk–coverage curve: the mean share of wrong answers that are kept, of all answers.

    AUGRC = (1/n) Σₖ (1/n) · (wrong among the k most certain), with arguments and ties as in `aurc`: the mean risk that a wrong answer is
    kept. Unlike AURC it is not dominated by the few most certain answers. Source: Traub et al. (2024), arXiv:2407.01032.

    Returns:
        The area, (...), 0 to 1/2 (to (n + 1) / 2n for n answers); half the share of wrong answers if certainty is uninformative; NaN
        without answers.

    Examples:
        >>> augrc(np.ones(6), np.array([0.0, 0, 1, 0, 1, 1])).round(6)  # (0 + 0 + 1 + 1 + 2 + 3) / 36
        np.float64(0.194444)
    """
    many, errors, share, _ = _steps(answers, wrong)
    return ratio((many * errors + share * many * (many + (not endless)) / 2).sum(-1), many.sum(-1) ** 2)[()]


def area_of_sums(sums: Floats, area: Callable[..., Floats], *, endless: bool = False) -> Floats:
    """Compute an area (...) from (..., 2 L) sums over rows: the answers per level of certainty, followed by the wrong ones per level.

    It is a statistic for `cluster_jackknife`; `area` is `aurc` or `augrc`.

    Examples:
        >>> area_of_sums(np.array([1.0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1]), aurc).round(6)
        np.float64(0.247222)
    """
    half = sums.shape[-1] // 2
    return area(sums[..., :half], sums[..., half:], endless=endless)


def _steps(answers: Floats, wrong: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return, per level, the answers, the wrong answers before it, the share of wrong answers in it, and the answers before it."""
    many = np.maximum(np.asarray(answers, float), 0.0)  # sums without a cluster may be negative by rounding
    share = np.where(many > 0, wrong, 0.0) / np.where(many > 0, many, 1.0)
    kept = share * many
    return many, kept.cumsum(-1) - kept, share, many.cumsum(-1) - many
