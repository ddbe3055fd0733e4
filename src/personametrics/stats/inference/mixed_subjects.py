"""What predictions are worth in people, and how many of either to pay for: the mixed subjects design.

All of it follows Broska, Howes & van Loon (2025), Sociological Methods & Research 54(3): people who answer are n, profiles for which there
is only a prediction N, and ρ is the correlation of answers and predictions among the former.
"""

from typing import NamedTuple

import numpy as np

from personametrics.stats.arrays import Floats
from personametrics.stats.inference.ppi import Sample


class Split(NamedTuple):
    """How to spend money.

    Attributes:
        people: n, who answer and are predicted.
        others: N, who are only predicted.
        cost: of both.
        effective: n₀, people who alone would be worth as much.
    """

    people: int
    others: int
    cost: float
    effective: int


def correlation(sample: Sample) -> Floats:
    """ρ of answers and predictions, at most 1 − 1/n.

    Args:
        sample: answers and predictions; the others play no part.

    Returns:
        (...) −1 to 1; 0 where predictions or answers do not vary, since such predictions are worth nothing; NaN with fewer than two people.
    """
    there = np.isfinite(sample.people) & np.isfinite(sample.twins)
    given = np.where(there, 1.0 if sample.weights is None else sample.weights, 0.0)
    number = there.sum(-1)
    with np.errstate(all="ignore"):
        share = given / given.sum(-1, keepdims=True)
        y, f = (np.nan_to_num(values) for values in (sample.people, sample.twins))
        y, f = (values - (share * values).sum(-1, keepdims=True) for values in (y, f))
        spread = np.sqrt((share * y**2).sum(-1) * (share * f**2).sum(-1))
        found = np.where(spread > 1e-12, (share * y * f).sum(-1) / np.where(spread > 0, spread, 1.0), 0.0)
        return np.where(number >= 2, np.minimum(found, 1 - 1 / number), np.nan)


def effective_size(people: Floats | float, others: Floats | float, rho: Floats | float) -> Floats:
    """How many people alone are worth as much: n₀ = n (n + N) / (n + (1 − ρ²) N).

    It never exceeds n / (1 − ρ²), however many predictions there are. A correlation below 0 counts as 0, as λ does.

    Args:
        people: n, 0 and up.
        others: N.
        rho: ρ.

    Returns:
        n and up; 0 without people.

    Examples:
        >>> effective_size(97, 1161, 0.5).round(1)
        np.float64(126.1)
    """
    n, many, useless = (np.asarray(one, float) for one in (people, others, 1 - np.maximum(rho, 0.0) ** 2))
    return np.where(n > 0, n * (n + many) / np.where(n > 0, n + useless * many, 1.0), 0.0)[()]


def people_needed(effective: Floats | float, others: Floats | float, rho: Floats | float) -> Floats:
    """How many people must answer, beside N predictions, to be worth n₀ people alone: `effective_size`, solved for n.

    n is the positive root of n² + n (N − n₀) − n₀ (1 − ρ²) N = 0.

    Examples:
        >>> people_needed(126.1, 1161, 0.5).round(0)
        np.float64(97.0)
        >>> people_needed(126.1, 0, 0.5)
        np.float64(126.1)
    """
    target, many, useless = (np.asarray(one, float) for one in (effective, others, 1 - np.maximum(rho, 0.0) ** 2))
    slope = many - target
    return np.asarray((np.sqrt(slope**2 + 4 * target * useless * many) - slope) / 2)[()]


def unit_price(rho: float, person: float, prediction: float) -> float:
    """Price of one person's worth at the best split: c (1 − ρ² + γρ² + 2 √(γρ² (1 − ρ²))), γ = price of a prediction / c.

    Args:
        rho: ρ.
        person: c, price of a person's answer.
        prediction: price of a predicted answer.
    """
    gain, gamma = max(rho, 0.0) ** 2, prediction / person
    return float(person * (1 - gain + gamma * gain + 2 * np.sqrt(gamma * gain * (1 - gain))))


def best_split(rho: float, person: float, prediction: float, budget: float) -> Split:
    """The people and predictions for a sum of money that are worth most.

    n = n₀ (1 − ρ² + √(γρ² (1 − ρ²))), N = n (n₀ − n) / (n − (1 − ρ²) n₀), n₀ = budget / `unit_price`; people alone where that is cheaper.

    Args:
        rho: ρ, below 1.
        person: price of a person's answer.
        prediction: price of a predicted answer; people are predicted too.
        budget: to be spent.

    Examples:
        As ppi-python 0.2.3 gives it:

        >>> best_split(0.5, 5.0, 0.01, 500.0)
        Split(people=97, others=1161, cost=497.58, effective=126)
    """
    gain, gamma = max(rho, 0.0) ** 2, prediction / person
    price = unit_price(rho, person, prediction)
    worth = budget / price
    n = worth * (1 - gain + float(np.sqrt(gamma * gain * (1 - gain))))
    spare = n - (1 - gain) * worth
    if price >= person or n >= worth or spare <= 0:
        alone = int(budget / person + 1e-9)
        return Split(alone, 0, alone * person, alone)
    people, others = round(n), round(n * (worth - n) / spare)
    cost = people * person + (people + others) * prediction
    return Split(people, others, cost, round(float(effective_size(people, others, rho))))
