"""How the odds of a success change with one number."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, expit

from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Interval

STEPS = 200
"""Newton's steps at most; a step is never longer than `LONG`."""
LONG = 2.0


class Slope(NamedTuple):
    """A slope with its interval, and whether a penalty was needed to make it finite."""

    interval: Interval
    penalised: bool


def log_odds_slope(x: Floats, y: Floats, level: float = 0.9) -> Slope:
    """Slope b of the logistic regression log(p / (1 − p)) = a + b·x.

    Maximum likelihood; where a threshold of x parts all successes from all failures, that has no maximum, and half the logarithm of the
    determinant of the information is added to the log-likelihood (Firth 1993, doi:10.1093/biomet/80.1.27; for separated data Heinze &
    Schemper 2002, doi:10.1002/sim.1047). The interval holds all slopes whose profile likelihood a test does not reject.

    Args:
        x: (N,) finite numbers.
        y: (N,) 1 for a success, 0 for a failure.
        level: coverage of the interval.

    Returns:
        NaN where x does not vary, or all succeed, or all fail.

    Examples:
        Slope as statsmodels 0.15 gives it:

        >>> x, y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
        >>> round(log_odds_slope(x, y).interval.value, 4)
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
        """How far the best fit with this slope lies below the best, beyond what is not rejected."""
        return top - fit.height(*fit.best(a, slope, free=False)) - drop

    low, high = (_end(short, b, sign) / spread for sign in (-1.0, 1.0))
    return Slope(Interval(b / spread, low, high), separated)


def _separated(x: Floats, y: Floats) -> bool:
    """A threshold has all successes on one side and all failures on the other."""
    won, lost = x[y == 1], x[y == 0]
    return bool(lost.max() <= won.min() or won.max() <= lost.min())


class _Fit:
    """Log-likelihood, with or without Firth's penalty, and where it is highest."""

    def __init__(self, x: Floats, y: Floats, penalised: bool) -> None:  # noqa: FBT001 - private
        self._x, self._y, self._c = np.stack([np.ones_like(x), x], axis=1), y, 0.5 * penalised

    def height(self, a: float, b: float) -> float:
        """The log-likelihood with its penalty."""
        line = self._x @ np.array([a, b])
        likely = float(self._y @ line - np.logaddexp(0, line).sum())
        return likely + self._c * float(np.log(max(np.linalg.det(self._information(line)), 1e-300)))

    def best(self, a: float, b: float, *, free: bool) -> tuple[float, float]:
        """Where it is highest, by Newton's steps from a and b; without `free` b stays."""
        at = np.array([a, b])
        for _ in range(STEPS):
            line = self._x @ at
            share, information = expit(line), self._information(line)
            step = np.linalg.pinv(information)
            leverage = np.einsum("ni,ij,nj->n", self._x, step, self._x) * share * (1 - share)
            score = self._x.T @ (self._y - share + self._c * leverage * (1 - 2 * share))
            move = step @ score if free else np.array([score[0] / max(information[0, 0], 1e-9), 0.0])
            at = at + np.clip(move, -LONG, LONG)
            if np.abs(move).max() < 1e-9:
                break
        return float(at[0]), float(at[1])

    def _information(self, line: Floats) -> Floats:
        """(2, 2) information of intercept and slope."""
        share = expit(line)
        return np.asarray((self._x * (share * (1 - share))[:, None]).T @ self._x)


def _end(short: Callable[[float], float], best: float, sign: float) -> float:
    """The slope on one side at which the fit falls short; NaN where it never does."""
    reach = 0.5
    while short(best + sign * reach) < 0:
        reach *= 2
        if reach > 1e3:
            return float("nan")
    return float(brentq(short, best, best + sign * reach, xtol=1e-8))
