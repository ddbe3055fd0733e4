"""Estimates from a sampling design: pseudo-outcomes with known probabilities, and strata where people are not simulated one by one."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.ppi import Rectified, Sample, alone, mean, shares


def pseudo_outcomes(answers: Floats, predictions: Floats, probability: Floats | float) -> Floats:
    """Correct predictions by the answers of a sample: design-based supervised learning.

    Ỹ = f + (R / π) (Y − f) has the same conditional mean as Y for any prediction f, if a person is sampled (R = 1) with the known
    probability π > 0. Answers (...) are NaN for people who were not sampled. Any regression of Ỹ with robust standard errors is then valid
    (`mean` or `ols` of `alone(Ỹ)`). Egami, Hinck, Stewart & Wei (2023), arXiv:2306.04746.

    Examples:
        >>> pseudo_outcomes(np.array([1.0, np.nan]), np.array([0.6, 0.3]), 0.5).round(6).tolist()  # 0.6 + 2 · (1 − 0.6)
        [1.4, 0.3]
    """
    return predictions + np.where(np.isfinite(answers), (np.nan_to_num(answers) - predictions) / probability, 0.0)


def design_based(sample: Sample) -> Rectified:
    """Estimate the mean of the population from the pseudo-outcomes of all people with a prediction, with λ = 0.

    The probability of having been sampled is n / (n + N), divided by the weight of a person over the mean weight. The number of people
    counts as random, other than in `mean`, so that the variance increases with the errors of the predictions. `other_weights` are not used.
    """
    answered = np.isfinite(sample.people) & np.isfinite(sample.twins)
    share = shares(answered, sample.weights)
    number = np.isfinite(sample.twins).sum(-1, keepdims=True) + np.isfinite(sample.others).sum(-1, keepdims=True)
    probability = 1 / np.where(answered, share * number, 1.0)
    outcomes = pseudo_outcomes(np.where(answered, sample.people, np.nan), sample.twins, probability)
    return mean(alone(np.concatenate([outcomes, sample.others], -1)), 0.0)


def stratified(people: Floats, strata: Ints, panel: Floats, panel_strata: Ints, weights: tuple[Floats | None, Floats | None]) -> Sample:
    """Predict the answer of every person by the mean of the panel in the person's stratum, if people are not simulated one by one.

    It identifies the mean if people are a sample of a population whose strata are as frequent as in the panel (by weights, if given). The
    prediction is constant within a stratum, so that it explains only the variance between strata.

    Args:
        people: (..., n) answers.
        strata: (n,) stratum of each person, codes from 0.
        panel: (..., N) answers of simulated people.
        panel_strata: (N,) stratum of each simulated person.
        weights: weights of people and of the panel; None: all equal.

    Raises:
        ValueError: the panel does not have a simulated person in the stratum of a person.

    Examples:
        >>> panel, of = np.array([2.0, 4, 5, 5]), np.array([0, 0, 1, 1])  # means of 3 and 5
        >>> stratified(np.array([1.0, 2, 2]), np.array([0, 0, 1]), panel, of, (None, None)).twins.tolist()
        [3.0, 3.0, 5.0]
    """
    if not np.isin(strata, panel_strata).all():
        missing = sorted(set(strata.tolist()) - set(panel_strata.tolist()))
        message = f"The strata {missing} have no simulated person. Simulate at least one person in each stratum."
        raise ValueError(message)
    weight = np.where(np.isfinite(panel), 1.0 if weights[1] is None else weights[1], 0.0)
    member = (panel_strata[:, None] == np.arange(panel_strata.max() + 1)).astype(float)
    with np.errstate(all="ignore"):
        means = (np.nan_to_num(panel) * weight) @ member / (weight @ member)
    return Sample(people, means[..., strata], means[..., panel_strata], *weights)
