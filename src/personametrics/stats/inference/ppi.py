"""Prediction-powered inference: estimates for people from a few of their answers and many predictions, valid for any quality of these.

People and simulated people are on the last axis; all axes before it are batches. NaN is a missing answer or prediction.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Flags, Floats

ROUNDING = 1e-12
"""Values that differ by less than this share of the largest are equal."""


class Sample(NamedTuple):
    """The answers of people, the predictions for them, and predictions for many others of the same population.

    Attributes:
        people: (..., n) answers.
        twins: (..., n) predictions for these people.
        others: (..., N) predictions for others; N = 0: only answers.
        weights: (..., n) weights of people, such as the inverse of their sampling probabilities; None: all equal.
        other_weights: (..., N) weights of the others; None: all equal.
    """

    people: Floats
    twins: Floats
    others: Floats
    weights: Floats | None = None
    other_weights: Floats | None = None


@dataclass(frozen=True, eq=False)
class Rectified:
    """Rectified estimates, (...), with their variance and degrees of freedom.

    Attributes:
        value: point estimates.
        variance: sampling variances; NaN with too few people.
        power: λ, from 0 (answers only) to 1 (predictions at full weight).
        freedom: degrees of freedom of the variance; infinite if it counts as exact.
        people: effective number of people; n if all weights are equal.
    """

    value: Floats
    variance: Floats
    power: Floats
    freedom: Floats
    people: Floats

    def quantile(self, level: float) -> Floats:
        """Return the half-width of an interval in standard errors, (...); NaN without degrees of freedom."""
        return np.asarray(stdtrit(np.where(self.freedom > 0, self.freedom, np.nan), (1 + level) / 2))

    def interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Return both ends of the interval, (...); a variance of 0 gives a point."""
        half = np.where(self.variance == 0, 0.0, self.quantile(level) * np.sqrt(self.variance))
        return self.value - half, self.value + half


class _Part(NamedTuple):
    """An estimate from one set of values."""

    point: Floats
    influence: Floats
    """Contribution of each value to the error."""
    values: Floats
    """Effective number of values."""
    lost: int
    """Number of fitted parameters."""


def alone(people: Floats, weights: Floats | None = None) -> Sample:
    """Make a sample of people's answers without predictions."""
    return Sample(people, np.zeros_like(people), np.empty((*people.shape[:-1], 0)), weights)


def mean(sample: Sample, power: float | None = None, *, together: bool = False, small: bool = True) -> Rectified:
    """Estimate the mean answer of the population.

    θ̂ = mean(Y) + λ (mean f(X̃) − mean f(X)), with the variance λ² Var f(X̃) / N + Var(Y − λ f(X)) / n. The second term corrects the error
    of any prediction f. The tuned λ = Cov(Y, f) / ((1 + n/N) Var f), clipped to 0 … 1, minimises the variance. With weights the means are
    weighted (Hájek), and 1/n becomes Σw² of weights with the sum 1. `small` divides by n − 1 (n − 2 with a tuned λ) and uses
    Satterthwaite's degrees of freedom. Without it the divisor is n and the quantiles are normal, as in ppi-python. Sources: Angelopoulos et
    al. (2023), doi:10.1126/science.adi6000 (λ = 1); Angelopoulos, Duchi & Zrnic (2023), arXiv:2311.01453 (λ).

    Args:
        sample: answers and predictions; shares are means of 0 and 1.
        power: λ; None: tuned.
        together: True for one λ over the second last axis, such as the labels of a question, so that shares sum to 1.
        small: True for small-sample corrections.

    Returns:
        The means, (...). The variance is NaN if fewer than two people answered (three if λ is tuned). λ is 0 if predictions are constant or
        fewer than two.

    Examples:
        The estimates of ppi-python 0.2.3:

        >>> y, f = np.array([1.0, 2, 4, 5]), np.array([2.0, 2, 5, 6])
        >>> estimate = mean(Sample(y, f, np.array([1.0, 3, 3, 4, 6, 7])), small=False)
        >>> [round(float(number), 6) for number in (estimate.value, estimate.power, *estimate.interval(0.9))]
        [3.10061, 0.402439, 2.18675, 4.01447]
    """
    w = shares(np.isfinite(sample.people) & np.isfinite(sample.twins), sample.weights)
    v = shares(np.isfinite(sample.others), sample.other_weights)
    y, f, other = (np.nan_to_num(values) for values in (sample.people, sample.twins, sample.others))
    parts = [_mean(values, share) for values, share in ((y, w), (f, w), (other, v))]
    n, N = parts[1].values, parts[2].values
    with np.errstate(all="ignore"):
        middle = (n * parts[1].point + N * parts[2].point) / (n + N)
        squares = n * (w * (f - middle[..., None]) ** 2).sum(-1) + N * (v * (other - middle[..., None]) ** 2).sum(-1)
        spread = (1 / n + 1 / N) * squares / (n + N - 1)  # variance of f, from people and others together
    return _combined(parts, spread, power, together=together, small=small)


def ols(sample: Sample, people: Floats, others: Floats, power: float | None = None, *, small: bool = True) -> Rectified:
    """Estimate the coefficients (d,) of a linear regression in the population.

    θ̂ = θ(Y) + λ (θ(f(X̃)) − θ(f(X))), where each of the three is an ordinary (weighted) regression, and λ is tuned for each coefficient.
    The variance follows from the regressions' influence values (a sandwich estimator), without a model of the errors. Source: Angelopoulos,
    Duchi & Zrnic (2023), arXiv:2311.01453.

    Args:
        sample: answers and predictions, (n,) and (N,), without missing values.
        people: (n, d) regressors of the people; include a column of ones for an intercept.
        others: (N, d) regressors of the others.
        power: λ; None: tuned.
        small: True for small-sample corrections, as in `mean`; the divisor is n − d.
    """
    y, f = (_regression(values, people, sample.weights) for values in (sample.people, sample.twins))
    other = (
        _regression(sample.others, others, sample.other_weights)
        if len(others)
        else _Part(0 * y.point, np.empty((len(y.point), 0)), y.values * 0, 0)
    )
    spread = (f.influence**2).sum(-1) + (other.influence**2).sum(-1)
    return _combined([y, f, other], spread, power, together=False, small=small)


def difference(one: Rectified, other: Rectified) -> Rectified:
    """Subtract an estimate from another one, for groups without common people; λ is that of the first."""
    variance = one.variance + other.variance
    with np.errstate(all="ignore"):
        freedom = variance**2 / (one.variance**2 / one.freedom + other.variance**2 / other.freedom)
    return Rectified(one.value - other.value, variance, one.power, freedom, np.minimum(one.people, other.people))


def shares(answered: Flags, weights: Floats | None) -> Floats:
    """Scale weights to the sum 1, (..., n); 0 for missing answers, and all 0 without any answer."""
    weight = np.where(answered, 1.0 if weights is None else weights, 0.0)
    total = weight.sum(-1, keepdims=True)
    return np.asarray(weight / np.where(total > 0, total, 1.0))


def _kish(shares: Floats) -> Floats:
    """Compute the effective number of values, 1 / Σw², (...)."""
    squares = (shares**2).sum(-1)
    return np.where(squares > 0, 1 / np.where(squares > 0, squares, 1.0), 0.0)


def _rest(rest: Floats, values: Floats) -> Floats:
    """Set residuals (..., n) that are rounding errors to 0, so that constant predictions are constant."""
    return np.where(np.abs(rest) > ROUNDING * np.abs(values).max(-1, keepdims=True, initial=0.0), rest, 0.0)


def _mean(values: Floats, shares: Floats) -> _Part:
    """Compute a weighted mean."""
    point = (shares * values).sum(-1)
    return _Part(point, shares * _rest(values - point[..., None], values), _kish(shares), 1)


def _regression(values: Floats, regressors: Floats, weights: Floats | None) -> _Part:
    """Compute a weighted linear regression."""
    share = shares(np.isfinite(values), weights)
    inverse = np.linalg.inv(regressors.T @ (share[:, None] * regressors))
    point = inverse @ regressors.T @ (share * values)
    influence = (inverse @ regressors.T) * (share * _rest(values - regressors @ point, values))
    return _Part(point, influence, np.full(len(point), _kish(share)), len(point))


def _combined(parts: list[_Part], spread: Floats, power: float | None, *, together: bool, small: bool) -> Rectified:
    """Add λ times the difference of the two predictions to the estimate from people's answers."""
    y, f, other = parts
    shared = (y.influence * f.influence).sum(-1)
    if together:
        shared, spread = (np.broadcast_to(part.sum(-1, keepdims=True), part.shape) for part in (shared, spread))
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
