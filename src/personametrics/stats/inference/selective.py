"""Selective prediction: areas under curves of risk against coverage, if only the most certain answers are kept."""

from collections.abc import Callable

import numpy as np
from scipy.special import psi

from personametrics.stats.arrays import Floats, ratio


def aurc(answers: Floats, wrong: Floats, *, endless: bool = False) -> Floats:
    """Compute the area under the risk–coverage curve: the mean share of wrong answers among the k most certain ones, k = 1 … n.

    AURC = (1/n) Σₖ (1/k) · (wrong among the k most certain). Ties in certainty count with the expectation over their orders.

    Args:
        answers: (..., L) number of answers per level of certainty, highest first; L ones if all answers differ in certainty.
        wrong: (..., L) number of wrong answers per level.
        endless: True if the numbers are shares of infinitely many answers, such as probabilities; the sum over k is then an integral.

    Returns:
        The area, (...), 0 (all answers right) to 1; small if the wrong answers are the uncertain ones; NaN without answers.

    References:
        Geifman & El-Yaniv (2017), arXiv:1705.08500 (the curve); Geifman, Uziel & El-Yaniv (2018), arXiv:1805.08206 (its area).

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

    AUGRC = (1/n) Σₖ (1/n) · (wrong among the k most certain), with ties as in `aurc`: the mean risk that a wrong answer is kept. Unlike
    AURC it is not dominated by the few most certain answers.

    Args:
        answers: (..., L) number of answers per level of certainty, highest first.
        wrong: (..., L) number of wrong answers per level.
        endless: True if the numbers are shares of infinitely many answers.

    Returns:
        The area, (...), 0 to 1/2 (to (n + 1) / 2n for n answers); half the share of wrong answers if certainty is uninformative; NaN
        without answers.

    References:
        Traub et al. (2024), arXiv:2407.01032.

    Examples:
        The answers of `aurc`; by hand (0 + 0 + 1 + 1 + 2 + 3) / 36:

        >>> augrc(np.ones(6), np.array([0.0, 0, 1, 0, 1, 1])).round(6)
        np.float64(0.194444)
    """
    many, errors, share, _ = _steps(answers, wrong)
    return ratio((many * errors + share * many * (many + (not endless)) / 2).sum(-1), many.sum(-1) ** 2)[()]


def area_of_sums(sums: Floats, area: Callable[..., Floats], *, endless: bool = False) -> Floats:
    """Compute an area from sums over rows, as a statistic of `cluster_jackknife`.

    Args:
        sums: (..., 2 L) number of answers per level of certainty, highest first, followed by the number of wrong ones per level.
        area: `aurc` or `augrc`.
        endless: True if the numbers are shares of infinitely many answers.

    Returns:
        The area, (...).

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
