"""The mixed subjects design: the value of predictions in people, and the best numbers of both for a budget.

The source is Broska, Howes & van Loon (2025), Sociological Methods & Research 54(3). n people answer and are predicted, N others are only
predicted, and ρ is the correlation of answers and predictions among the people who answer.
"""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.ppi import Sample


class Split(NamedTuple):
    """A division of a budget between people, who answer and are predicted, and others, who are only predicted, with the cost of both.

    `effective` is the number n₀ of people who would give the same precision without predictions.
    """

    people: int
    others: int
    cost: float
    effective: int


def correlation(sample: Sample) -> Floats:
    """Estimate the correlation ρ of answers and predictions, (...), from −1 to 1 − 1/n; the others of the sample are not used.

    It is 0 where predictions or answers do not vary, since such predictions are useless, and NaN with fewer than two people.
    """
    answered = np.isfinite(sample.people) & np.isfinite(sample.twins)
    weight = np.where(answered, 1.0 if sample.weights is None else sample.weights, 0.0)
    number = answered.sum(-1)
    with np.errstate(all="ignore"):
        share = weight / weight.sum(-1, keepdims=True)
        y, f = (np.nan_to_num(values) for values in (sample.people, sample.twins))
        y, f = (values - (share * values).sum(-1, keepdims=True) for values in (y, f))
        spread = np.sqrt((share * y**2).sum(-1) * (share * f**2).sum(-1))
        rho = np.where(spread > 1e-12, (share * y * f).sum(-1) / np.where(spread > 0, spread, 1.0), 0.0)
        return np.where(number >= 2, np.minimum(rho, 1 - 1 / number), np.nan)


def effective_size(people: Floats | float, others: Floats | float, rho: Floats | float) -> Floats:
    """Compute the number of people who would give the same precision without predictions: n₀ = n (n + N) / (n + (1 − ρ²) N).

    It never exceeds n / (1 − ρ²), for any number of predictions. A correlation below 0 counts as 0, as λ does; n₀ is 0 without people.

    Examples:
        >>> effective_size(97, 1161, 0.5).round(1)
        np.float64(126.1)
    """
    n, N, unexplained = (np.asarray(number, float) for number in (people, others, 1 - np.maximum(rho, 0.0) ** 2))
    return np.where(n > 0, n * (n + N) / np.where(n > 0, n + unexplained * N, 1.0), 0.0)[()]


def people_needed(effective: Floats | float, others: Floats | float, rho: Floats | float) -> Floats:
    """Compute the number of people, not rounded, who together with N predictions give the precision of n₀ people.

    It is `effective_size`, solved for n: the positive root of n² + n (N − n₀) − n₀ (1 − ρ²) N = 0.

    Examples:
        >>> people_needed(126.1, 1161, 0.5).round(0), people_needed(126.1, 0, 0.5)
        (np.float64(97.0), np.float64(126.1))
    """
    target, N, unexplained = (np.asarray(number, float) for number in (effective, others, 1 - np.maximum(rho, 0.0) ** 2))
    slope = N - target
    return np.asarray((np.sqrt(slope**2 + 4 * target * unexplained * N) - slope) / 2)[()]


def unit_price(rho: float, person: float, prediction: float) -> float:
    """Compute the price per effective person at the best split: c (1 − ρ² + γρ² + 2 √(γρ² (1 − ρ²))), γ = price of a prediction / c."""
    gain, gamma = max(rho, 0.0) ** 2, prediction / person
    return float(person * (1 - gain + gamma * gain + 2 * np.sqrt(gamma * gain * (1 - gain))))


def best_split(rho: float, person: float, prediction: float, budget: float) -> Split:
    """Find the numbers of people and predictions with the best precision for a budget, from the prices of a person and of a prediction.

    n = n₀ (1 − ρ² + √(γρ² (1 − ρ²))), N = n (n₀ − n) / (n − (1 − ρ²) n₀), n₀ = budget / `unit_price`; only people where that is cheaper.
    People are predicted too.

    Examples:
        >>> best_split(0.5, 5.0, 0.01, 500.0)  # as ppi-python 0.2.3
        Split(people=97, others=1161, cost=497.58, effective=126)
    """
    gain, gamma = max(rho, 0.0) ** 2, prediction / person
    price = unit_price(rho, person, prediction)
    effective = budget / price
    n = effective * (1 - gain + float(np.sqrt(gamma * gain * (1 - gain))))
    spare = n - (1 - gain) * effective
    if price >= person or n >= effective or spare <= 0:
        alone = int(budget / person + 1e-9)
        return Split(alone, 0, alone * person, alone)
    people, others = round(n), round(n * (effective - n) / spare)
    cost = people * person + (people + others) * prediction
    return Split(people, others, cost, round(float(effective_size(people, others, rho))))
