"""Prediction-powered inference: numbers about people from few of their answers and many predictions, valid however bad these are.

People and simulated people are on the last axis; all axes before it are batches. An answer or prediction that is NaN is not there.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats

ROUNDING = 1e-12
"""Values that differ by less than this share of the largest do not differ."""


class Sample(NamedTuple):
    """People who answered, what was predicted for them, and predictions for many others of the same population.

    Attributes:
        people: (..., n) answers.
        twins: (..., n) predictions for these people.
        others: (..., N) predictions for others; none: the answers stand alone.
        weights: (..., n) of people, such as 1 / the probability with which they were drawn; None: all alike.
        stands: (..., N) weights of the others.
    """

    people: Floats
    twins: Floats
    others: Floats
    weights: Floats | None = None
    stands: Floats | None = None


@dataclass(frozen=True, eq=False)
class Rectified:
    """Estimates (...) with what an interval needs.

    Attributes:
        value: point estimates.
        variance: their sampling variance; NaN with too few people.
        power: λ, from 0 (people alone) to 1 (predictions count in full).
        freedom: degrees of freedom of the variance; infinite where it is taken for exact.
        people: effective number of people, n where all weigh alike.
    """

    value: Floats
    variance: Floats
    power: Floats
    freedom: Floats
    people: Floats

    def quantile(self, level: float) -> Floats:
        """(...) half the width of an interval in standard errors; NaN where there is no variance."""
        return np.asarray(stdtrit(np.where(self.freedom > 0, self.freedom, np.nan), (1 + level) / 2))

    def interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """(...) both ends; a variance of 0 gives a point."""
        half = np.where(self.variance == 0, 0.0, self.quantile(level) * np.sqrt(self.variance))
        return self.value - half, self.value + half

    def share_interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """(...) both ends for shares: Wilson's interval at p(1 − p) / variance answers, so that unanimous answers leave doubt."""
        share = np.clip(self.value, 0.0, 1.0)
        spread = share * (1 - share)
        known = (spread > 0) & (self.variance > 0)
        number = np.where(known, spread / np.where(known, self.variance, 1.0), self.people)
        z = np.where(known, self.quantile(level), stdtrit(np.maximum(self.people - 1, 1), (1 + level) / 2))
        middle, shrink = (share + z**2 / (2 * number)) / (1 + z**2 / number), z / (1 + z**2 / number)
        half = shrink * np.sqrt(spread / number + z**2 / (4 * number**2))
        return np.minimum(share, np.maximum(0.0, middle - half)), np.maximum(share, np.minimum(1.0, middle + half))  # but for rounding


class _Part(NamedTuple):
    """A number from one set of values, and what each of them adds to its error; `values` effective ones, of which `lost` were fitted."""

    point: Floats
    influence: Floats
    values: Floats
    lost: int


def alone(people: Floats, weights: Floats | None = None) -> Sample:
    """People's answers without predictions."""
    return Sample(people, np.zeros_like(people), np.empty((*people.shape[:-1], 0)), weights)


def mean(sample: Sample, power: float | None = None, *, together: bool = False, small: bool = True) -> Rectified:
    """Mean answer of the population.

    θ̂ = mean(Y) + λ (mean f(X̃) − mean f(X)), whose variance is λ² Var f(X̃) / N + Var(Y − λ f(X)) / n; whatever f is, the second term
    takes its error off. The tuned λ = Cov(Y, f) / ((1 + n/N) Var f), cut to 0 … 1, makes it smallest. With weights the means are
    weighted (Hájek) and 1/n is Σw² of weights that sum to 1. `small` divides by n − 1 (n − 2 where λ was tuned) and gives
    Satterthwaite's degrees of freedom; without it the figures are those of ppi-python: divisor n, normal quantiles.

    Args:
        sample: answers and predictions; shares are means of 0 and 1.
        power: λ; None: tuned.
        together: one λ for all that the second last axis holds, such as the labels of a question, so that shares sum to 1.
        small: allow for few people.

    Returns:
        (...) NaN where fewer than two people (three, where λ is tuned) answered. λ is 0 where predictions do not vary or are less than two.

    References:
        Angelopoulos et al. 2023, doi:10.1126/science.adi6000 (λ = 1); Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453 (λ).

    Examples:
        As ppi-python 0.2.3 gives them:

        >>> y, f = np.array([1.0, 2, 4, 5]), np.array([2.0, 2, 5, 6])
        >>> found = mean(Sample(y, f, np.array([1.0, 3, 3, 4, 6, 7])), small=False)
        >>> [round(float(one), 6) for one in (found.value, found.power, *found.interval(0.9))]
        [3.10061, 0.402439, 2.18675, 4.01447]
    """
    w = shares(np.isfinite(sample.people) & np.isfinite(sample.twins), sample.weights)
    v = shares(np.isfinite(sample.others), sample.stands)
    y, f, other = (np.nan_to_num(values) for values in (sample.people, sample.twins, sample.others))
    parts = [_mean(values, share) for values, share in ((y, w), (f, w), (other, v))]
    n, many = parts[1].values, parts[2].values
    with np.errstate(all="ignore"):
        middle = (n * parts[1].point + many * parts[2].point) / (n + many)
        squares = n * (w * (f - middle[..., None]) ** 2).sum(-1) + many * (v * (other - middle[..., None]) ** 2).sum(-1)
        spread = (1 / n + 1 / many) * squares / (n + many - 1)  # variance of f, from people and others together
    return _combined(parts, spread, power, together=together, small=small)


def ols(sample: Sample, people: Floats, others: Floats, power: float | None = None, *, small: bool = True) -> Rectified:
    """Coefficients of a linear regression in the population.

    θ̂ = θ(Y) + λ (θ(f(X̃)) − θ(f(X))), each of the three an ordinary (weighted) regression, and λ tuned for each coefficient; the variance
    follows from the regressions' influence values (a sandwich), so no model of the errors is assumed.

    Args:
        sample: answers and predictions, (n,) and (N,), none missing.
        people: (n, d) regressors of the people; a column of ones where an intercept is wanted.
        others: (N, d) regressors of the others.
        power: λ; None: tuned.
        small: allow for few people, as in `mean`; the divisor is n − d.

    Returns:
        (d,) coefficients.

    References:
        Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453.
    """
    y, f = (_regression(values, people, sample.weights) for values in (sample.people, sample.twins))
    other = (
        _regression(sample.others, others, sample.stands)
        if len(others)
        else _Part(0 * y.point, np.empty((len(y.point), 0)), y.values * 0, 0)
    )
    spread = (f.influence**2).sum(-1) + (other.influence**2).sum(-1)
    return _combined([y, f, other], spread, power, together=False, small=small)


def difference(one: Rectified, other: Rectified) -> Rectified:
    """One estimate minus another, of groups that share nobody; λ is the first one's."""
    variance = one.variance + other.variance
    with np.errstate(all="ignore"):
        freedom = variance**2 / (one.variance**2 / one.freedom + other.variance**2 / other.freedom)
    return Rectified(one.value - other.value, variance, one.power, freedom, np.minimum(one.people, other.people))


def shares(there: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], weights: Floats | None) -> Floats:
    """(..., n) weights that sum to 1, 0 where there is nothing; all 0 where there is nothing at all."""
    given = np.where(there, 1.0 if weights is None else weights, 0.0)
    total = given.sum(-1, keepdims=True)
    return np.asarray(given / np.where(total > 0, total, 1.0))


def _kish(shares: Floats) -> Floats:
    """(...) effective number of values: 1 / Σw²."""
    squares = (shares**2).sum(-1)
    return np.where(squares > 0, 1 / np.where(squares > 0, squares, 1.0), 0.0)


def _rest(rest: Floats, values: Floats) -> Floats:
    """(..., n) what is left of values, freed of rounding, so that constant predictions are constant."""
    return np.where(np.abs(rest) > ROUNDING * np.abs(values).max(-1, keepdims=True, initial=0.0), rest, 0.0)


def _mean(values: Floats, shares: Floats) -> _Part:
    """A weighted mean."""
    point = (shares * values).sum(-1)
    return _Part(point, shares * _rest(values - point[..., None], values), _kish(shares), 1)


def _regression(values: Floats, regressors: Floats, weights: Floats | None) -> _Part:
    """A weighted linear regression."""
    share = shares(np.isfinite(values), weights)
    inverse = np.linalg.inv(regressors.T @ (share[:, None] * regressors))
    point = inverse @ regressors.T @ (share * values)
    influence = (inverse @ regressors.T) * (share * _rest(values - regressors @ point, values))
    return _Part(point, influence, np.full(len(point), _kish(share)), len(point))


def _combined(parts: list[_Part], spread: Floats, power: float | None, *, together: bool, small: bool) -> Rectified:
    """What people say, plus λ times how far the others' predictions lie from theirs."""
    y, f, other = parts
    shared = (y.influence * f.influence).sum(-1)
    if together:
        shared, spread = (np.broadcast_to(one.sum(-1, keepdims=True), one.shape) for one in (shared, spread))
    useful = (spread > 0) & np.isfinite(spread) & (other.values >= 2)
    tuned = np.clip(shared / np.where(useful, spread, 1.0), 0.0, 1.0)
    used = np.where(useful if power is None else other.values >= 2, tuned if power is None else power, 0.0)
    fitted = (used > 0) & (used < 1) if power is None else np.zeros(used.shape, bool)
    rest = y.values - y.lost - fitted
    many = np.maximum(other.values - other.lost, 1.0)
    own = ((y.influence - used[..., None] * f.influence) ** 2).sum(-1)
    theirs = used**2 * (other.influence**2).sum(-1)
    enough = rest > 1e-9
    rest = np.where(enough, rest, 1.0)
    if small:
        own, theirs = own * y.values / rest, theirs * np.maximum(other.values, 1.0) / many
    variance = own + theirs
    with np.errstate(all="ignore"):
        freedom = variance**2 / (own**2 / rest + theirs**2 / many) if small else np.full(variance.shape, np.inf)
    value = np.where(y.values > 0, y.point + used * (other.point - f.point), np.nan)
    return Rectified(value, np.where(enough, variance, np.nan), used, np.where(enough, freedom, np.nan), y.values)
