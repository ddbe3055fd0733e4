"""What follows from who was asked: pseudo-outcomes with a known chance, and strata where nobody is simulated in person."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.ppi import Rectified, Sample, alone, mean, shares


def pseudo_outcomes(answers: Floats, predictions: Floats, probability: Floats | float) -> Floats:
    """Design-based supervised learning: predictions, set right where somebody answered.

    Ỹ = f + (R / π) (Y − f) has the mean of Y given everything else, whatever f is, if π is the probability with which somebody was drawn;
    any regression of Ỹ with robust standard errors is then valid (`mean` or `ols` of `alone(Ỹ)`).

    Args:
        answers: (...) NaN where nobody was drawn.
        predictions: (...) for all.
        probability: (...) π, above 0.

    References:
        Egami, Hinck, Stewart & Wei 2023, arXiv 2306.04746.

    Examples:
        One of two was drawn, with probability ½; by hand 0.6 + 2 · (1 − 0.6):

        >>> pseudo_outcomes(np.array([1.0, np.nan]), np.array([0.6, 0.3]), 0.5).round(6).tolist()
        [1.4, 0.3]
    """
    return predictions + np.where(np.isfinite(answers), (np.nan_to_num(answers) - predictions) / probability, 0.0)


def design_based(sample: Sample) -> Rectified:
    """Mean of the population from the pseudo-outcomes of everybody who was predicted, people and others alike.

    The chance of having been asked is n / (n + N), divided by the weight of each over the mean weight. It takes the number of people for
    random, which `mean` does not, so that it is less certain the further predictions lie off.

    Args:
        sample: answers and predictions; its `stands` are not used.
    """
    there = np.isfinite(sample.people) & np.isfinite(sample.twins)
    share = shares(there, sample.weights)
    every = np.isfinite(sample.twins).sum(-1, keepdims=True) + np.isfinite(sample.others).sum(-1, keepdims=True)
    chance = 1 / np.where(there, share * every, 1.0)
    own = pseudo_outcomes(np.where(there, sample.people, np.nan), sample.twins, chance)
    return mean(alone(np.concatenate([own, sample.others], -1)), 0.0)


def stratified(people: Floats, strata: Ints, panel: Floats, panel_strata: Ints, weights: tuple[Floats | None, Floats | None]) -> Sample:
    """Answers and predictions where nobody is simulated in person: everyone is predicted by the mean of the panel in their stratum.

    It identifies the mean if people are a sample of the population whose strata are as frequent as in the panel (by weights, where given).
    Within a stratum the prediction is constant, so that predictions help as far as strata differ, and not beyond.

    Args:
        people: (..., n) answers.
        strata: (n,) stratum of each, counted from 0.
        panel: (..., N) answers of simulated people.
        panel_strata: (N,) stratum of each.
        weights: of people and of the panel.

    Raises:
        ValueError: somebody is of a stratum without a simulated person, so that nothing predicts them.

    Examples:
        Two people of stratum 0 and one of stratum 1; the panel's means there are 3 and 5:

        >>> panel, of = np.array([2.0, 4, 5, 5]), np.array([0, 0, 1, 1])
        >>> stratified(np.array([1.0, 2, 2]), np.array([0, 0, 1]), panel, of, (None, None)).twins.tolist()
        [3.0, 3.0, 5.0]
    """
    if not np.isin(strata, panel_strata).all():
        message = f"strata {sorted(set(strata.tolist()) - set(panel_strata.tolist()))} have no simulated person"
        raise ValueError(message)
    there = np.where(np.isfinite(panel), 1.0 if weights[1] is None else weights[1], 0.0)
    within = (panel_strata[:, None] == np.arange(panel_strata.max() + 1)).astype(float)
    with np.errstate(all="ignore"):
        means = (np.nan_to_num(panel) * there) @ within / (there @ within)
    return Sample(people, means[..., strata], means[..., panel_strata], *weights)
