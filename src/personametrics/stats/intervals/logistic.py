"""The change of the log-odds of a success with one number."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, expit

from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Interval

STEPS = 200
"""Largest number of Newton steps."""
LONG = 2.0
"""Longest Newton step."""


class Slope(NamedTuple):
    """A slope with its interval; `penalised` is True if a penalty was needed to make it finite."""

    interval: Interval
    penalised: bool


def log_odds_slope(x: Floats, y: Floats, level: float = 0.9) -> Slope:
    """Estimate the slope b of the logistic regression log(p / (1 − p)) = a + b·x.

    The estimate maximises the likelihood. Where a threshold of x separates all successes from all failures, the likelihood does not have a
    maximum, and half the logarithm of the determinant of the information is added to it. The interval contains all slopes that a test of
    the profile likelihood does not reject. Sources: Firth (1993), doi:10.1093/biomet/80.1.27; for separated data Heinze & Schemper (2002),
    doi:10.1002/sim.1047.

    Args:
        x: (N,) finite numbers.
        y: (N,) 1 for a success, 0 for a failure.
        level: coverage of the interval.

    Returns:
        The slope; NaN where x does not vary, or all succeed, or all fail.

    Examples:
        >>> x, y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
        >>> round(log_odds_slope(x, y).interval.value, 4)  # the slope of statsmodels 0.15
        1.214
    """
    spread = float(x.std()) if len(x) else 0.0
    if spread == 0 or y.min() == y.max():
        return Slope(Interval(np.nan, np.nan, np.nan), penalised=False)
    separated = _separated(x, y)
    fit = _Fit((x - x.mean()) / spread, y, separated)
    a, b = fit.best(0.0, 0.0, free=True)
    top, drop = fit.height(a, b), float(chdtri(1, 1 - level)) / 2

    def short(slope: float) -> float:
        """Return the rejected part of the distance between the best log-likelihood and that of the best fit with this slope."""
        return top - fit.height(*fit.best(a, slope, free=False)) - drop

    low, high = (_end(short, b, sign) / spread for sign in (-1.0, 1.0))
    return Slope(Interval(b / spread, low, high), separated)


def _separated(x: Floats, y: Floats) -> bool:
    """Check if a threshold has all successes on one side and all failures on the other."""
    success, failure = x[y == 1], x[y == 0]
    return bool(failure.max() <= success.min() or success.max() <= failure.min())


class _Fit:
    """The log-likelihood, with or without Firth's penalty, and its maximum."""

    def __init__(self, x: Floats, y: Floats, penalised: bool) -> None:  # noqa: FBT001 - private
        self._x, self._y, self._c = np.stack([np.ones_like(x), x], axis=1), y, 0.5 * penalised

    def height(self, a: float, b: float) -> float:
        """Return the log-likelihood with its penalty."""
        line = self._x @ np.array([a, b])
        likely = float(self._y @ line - np.logaddexp(0, line).sum())
        return likely + self._c * float(np.log(max(np.linalg.det(self._information(line)), 1e-300)))

    def best(self, a: float, b: float, *, free: bool) -> tuple[float, float]:
        """Return the maximum by Newton steps from a and b; without `free`, b is fixed."""
        point = np.array([a, b])
        for _ in range(STEPS):
            line = self._x @ point
            share, information = expit(line), self._information(line)
            step = np.linalg.pinv(information)
            leverage = np.einsum("ni,ij,nj->n", self._x, step, self._x) * share * (1 - share)
            score = self._x.T @ (self._y - share + self._c * leverage * (1 - 2 * share))
            move = step @ score if free else np.array([score[0] / max(information[0, 0], 1e-9), 0.0])
            point = point + np.clip(move, -LONG, LONG)
            if np.abs(move).max() < 1e-9:
                break
        return float(point[0]), float(point[1])

    def _information(self, line: Floats) -> Floats:
        """Return the (2, 2) information of intercept and slope."""
        share = expit(line)
        return np.asarray((self._x * (share * (1 - share))[:, None]).T @ self._x)


def _end(short: Callable[[float], float], best: float, sign: float) -> float:
    """Find the slope on one side beyond which slopes are rejected; NaN if there is none."""
    from scipy.optimize import brentq  # noqa: PLC0415 (slow to load)

    reach = 0.5
    while short(best + sign * reach) < 0:
        reach *= 2
        if reach > 1e3:
            return float("nan")
    return float(brentq(short, best, best + sign * reach, xtol=1e-8))
