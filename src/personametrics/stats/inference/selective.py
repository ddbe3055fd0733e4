"""What is gained by taking only the answers that somebody is sure of: areas under curves of risk against coverage."""

from collections.abc import Callable

import numpy as np
from scipy.special import psi

from personametrics.stats.arrays import Floats


def aurc(answers: Floats, wrong: Floats, *, endless: bool = False) -> Floats:
    """Area under the risk–coverage curve: mean share of wrong answers among the k surest, k = 1 … n.

    AURC = (1/n) Σₖ (1/k) · (wrong among the k surest). Answers that one is equally sure of come in any order: the expectation over their
    orders stands for them, so that no order of the rows matters.

    Args:
        answers: (..., L) how many answers, by certainty, the surest first; answers that all differ in certainty are L ones.
        wrong: (..., L) how many of these are wrong.
        endless: numbers are shares of endlessly many answers, such as probabilities; the sum over k becomes an integral.

    Returns:
        (...) 0 (nothing wrong) to 1, small where wrong answers are the unsure ones; NaN without answers.

    References:
        Geifman & El-Yaniv 2017, arXiv 1705.08500 (the curve); Geifman, Uziel & El-Yaniv 2018, arXiv 1805.08206 (its area).

    Examples:
        Six answers, of which the third, fifth and sixth surest are wrong; by hand (0 + 0 + 1/3 + 1/4 + 2/5 + 3/6) / 6:

        >>> aurc(np.ones(6), np.array([0.0, 0, 1, 0, 1, 1])).round(6)
        np.float64(0.247222)
    """
    many, errors, share, before = _steps(answers, wrong)
    started = before > 0
    if endless:
        grown = np.where(started, np.log((before + many) / np.where(started, before, 1.0)), 0.0)
    else:
        grown = psi(before + many + 1) - psi(before + 1)
    return _over((share * many + (errors - share * before) * grown).sum(-1), many.sum(-1))


def augrc(answers: Floats, wrong: Floats, *, endless: bool = False) -> Floats:
    """Area under the generalized risk–coverage curve: mean share of all answers that are wrong and among the k surest, k = 1 … n.

    AUGRC = (1/n) Σₖ (1/n) · (wrong among the k surest), with ties as in `aurc`: the mean risk of a wrong answer that is taken. Unlike
    AURC it is not ruled by the few surest answers.

    Args:
        answers: (..., L) how many answers, by certainty, the surest first.
        wrong: (..., L) how many of these are wrong.
        endless: numbers are shares of endlessly many answers.

    Returns:
        (...) 0 to 1/2 (to (n + 1) / 2n for n answers); half the share of wrong answers where certainty says nothing, NaN without answers.

    References:
        Traub et al. 2024, arXiv 2407.01032.

    Examples:
        The answers of `aurc`; by hand (0 + 0 + 1 + 1 + 2 + 3) / 36:

        >>> augrc(np.ones(6), np.array([0.0, 0, 1, 0, 1, 1])).round(6)
        np.float64(0.194444)
    """
    many, errors, share, _ = _steps(answers, wrong)
    return _over((many * errors + share * many * (many + (not endless)) / 2).sum(-1), many.sum(-1) ** 2)


def area_of_sums(sums: Floats, area: Callable[..., Floats], *, endless: bool = False) -> Floats:
    """An area from sums over the same rows, as statistics of `clustered` see them.

    Args:
        sums: (..., 2 L) how many answers, by certainty, the surest first; then how many of these are wrong.
        area: `aurc` or `augrc`.
        endless: numbers are shares of endlessly many answers.

    Examples:
        >>> area_of_sums(np.array([1.0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1]), aurc).round(6)
        np.float64(0.247222)
    """
    half = sums.shape[-1] // 2
    return area(sums[..., :half], sums[..., half:], endless=endless)


def _steps(answers: Floats, wrong: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Answers of each level, wrong ones before it, share of wrong ones in it, answers before it."""
    many = np.maximum(np.asarray(answers, float), 0.0)  # sums that a cluster was taken off may lie below 0 by rounding
    share = np.where(many > 0, wrong, 0.0) / np.where(many > 0, many, 1.0)
    kept = share * many
    return many, kept.cumsum(-1) - kept, share, many.cumsum(-1) - many


def _over(total: Floats, size: Floats) -> Floats:
    """A quotient, NaN where nothing is divided by."""
    return np.where(size > 0, total, np.nan)[()] / np.where(size > 0, size, 1.0)
