"""The difference, or the ratio, of a statistic between two panels of the same personas and items."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Deletions, Interval, Scale, Statistic, Values, deletions, interval, two_way
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.disagreement import pairs

Contrast = Callable[[Floats, Floats], Floats]
"""A function of the statistic of the first panel and that of the second, elementwise: `np.subtract`, or another one."""


def paired(
    statistic: Statistic | tuple[Statistic, Statistic],
    first: Cells | Deletions,
    second: Cells | Deletions,
    level: float = 0.9,
    scale: Scale = "plain",
    contrast: Contrast = np.subtract,
) -> Interval:
    """Return the difference of a statistic between two panels, first minus second, with its paired jackknife interval.

    Both panels lose the same persona, the same item or the same cell at a time, so that the noise that they share cancels. The deletions
    are exact, and nothing is estimated again. It is not `mover.difference`, which takes the two panels for independent. Sources: Efron &
    Stein (1981), doi:10.1214/aos/1176345462; Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136 (two facets).

    Args:
        statistic: function from D[S] to a number, such as `signal`. A pair of functions: one for each panel, for example reliabilities of
            means over different numbers of runs.
        first: cells of the facets "persona", "item" and possibly others, or their `deletions`. Codes mean the same levels in both panels.
        second: the panel that is subtracted. Two `Cells` are reduced to the cells that both hold (`shared_cells`).
        level: probability of covering the truth, 0 < level < 1.
        scale: kind of number that the contrast is, as for `interval`.
        contrast: function of both statistics to report in place of their difference.

    Returns:
        The interval, as `interval` returns it: both ends are NaN where a statistic is undefined, or is so without one of the levels. Two
        panels with the same numbers give an interval without width, which says nothing about the noise of the difference.

    Raises:
        ValueError: two `Deletions` are not of the same persona × item cells, or two `Cells` do not share one.

    Examples:
        Two models answer as the same personas. The second has twice the noise, and the true signals are 2/3 and 1/2.

        >>> from personametrics.stats import component, components, from_answers, generalizability, signal
        >>> rng = np.random.default_rng(0)
        >>> p, i, r = np.indices((30, 20, 4)).reshape(3, -1)
        >>> common = rng.normal(size=30)[p] + rng.normal(size=(30, 20))[p, i]
        >>> one, other = (from_answers(["persona", "item"], [p, i], common + rng.normal(0, sd, len(p))) for sd in (1, 2**0.5))
        >>> change = paired(signal, one, other)
        >>> change.low < 2 / 3 - 1 / 2 < change.high, round(change.high - change.low, 2)
        (True, 0.06)
        >>> [round(end, 2) for end in paired(lambda d: component(d, "run"), one, other)[:3]]
        [-1.01, -1.14, -0.89]
        >>> def reliability(d):  # of a mean over 20 items and 4 runs
        ...     return generalizability(components(d, ["persona", "item"]), {"item": 20, "run": 4}, truncate=False)
        >>> [round(end, 3) for end in paired(reliability, one, other)[:3]]
        [0.03, 0.001, 0.06]
    """
    if isinstance(first, Cells) and isinstance(second, Cells):
        first, second = shared_cells(first, second)
    sides = [deletions(pairs(side)) if isinstance(side, Cells) else side for side in (first, second)]
    one, other = sides
    if not (np.array_equal(one.persona_of, other.persona_of) and np.array_equal(one.item_of, other.item_of)):
        message = "The two panels do not have the same persona × item cells. Pass both as `Cells`, which are reduced to those in common."
        raise ValueError(message)
    statistics = statistic if isinstance(statistic, tuple) else (statistic, statistic)
    values = (side.values(function) for side, function in zip(sides, statistics, strict=True))
    return two_way(Values(*map(contrast, *values)), one.persona_of, one.item_of, level, scale)


def paired_ratio(statistic: Statistic, first: Cells | Deletions, second: Cells | Deletions, level: float = 0.9) -> Interval:
    """Return the ratio of a statistic between two panels, first over second, with its paired jackknife interval.

    The error of a ratio r = a / b is that of (a − r·b) / b, which is defined also where a is 0 or, by chance, negative, as an estimated
    variance component may be. The arguments are those of `paired`, for a statistic that is positive in truth. Source: Cochran (1977),
    Sampling Techniques, section 6.3 (variance of a ratio).

    Returns:
        The interval. Both ends are NaN where the interval of the denominator alone includes 0; all is NaN where it is not positive.

    Raises:
        ValueError: two `Deletions` are not of the same persona × item cells, or two `Cells` do not share one.

    Examples:
        >>> from personametrics.stats import component, from_answers
        >>> rng = np.random.default_rng(0)
        >>> p, i, r = np.indices((30, 20, 4)).reshape(3, -1)
        >>> one, other = (from_answers(["persona", "item"], [p, i], rng.normal(0, sd, len(p))) for sd in (1, 2**0.5))
        >>> [round(end, 2) for end in paired_ratio(lambda d: component(d, "run"), one, other)[:3]]
        [0.5, 0.46, 0.54]
    """
    if isinstance(first, Cells) and isinstance(second, Cells):
        first, second = shared_cells(first, second)
    one, other = (deletions(pairs(side)) if isinstance(side, Cells) else side for side in (first, second))
    above, below = float(statistic(one.whole)), interval(statistic, other, level)
    if not below.value > 0:
        return Interval(np.nan, np.nan, np.nan)
    value = above / below.value
    error = paired(statistic, one, other, level, contrast=lambda x, y: (x - value * y) / below.value)
    if not below.low > 0:
        return Interval(value, np.nan, np.nan)
    return Interval(value, value + error.low, value + error.high, error.between, error.cells)


def shared_cells(first: Cells, second: Cells) -> tuple[Cells, Cells]:
    """Reduce two panels to the cells that both hold; levels are numbered anew, and in the same way in both.

    Cells are the same where the codes of all facets that both panels have are the same; cells that differ in a further facet are kept.

    Raises:
        ValueError: the panels do not share a cell.

    Examples:
        >>> from personametrics.stats import from_answers
        >>> one = from_answers(["persona", "item"], [np.array([0, 1, 2]), np.array([0, 0, 0])], np.array([1.0, 2.0, 3.0]))
        >>> other = from_answers(["persona", "item"], [np.array([0, 2, 2]), np.array([0, 0, 1])], np.array([5.0, 6.0, 7.0]))
        >>> [side.codes.tolist() for side in shared_cells(one, other)], [side.mean.ravel().tolist() for side in shared_cells(one, other)]
        ([[[0, 0], [1, 0]], [[0, 0], [1, 0]]], [[1.0, 3.0], [5.0, 6.0]])
    """
    facets = [facet for facet in first.facets if facet in second.facets]
    codes = [np.stack([side.codes[:, side.facets.index(facet)] for facet in facets], -1) for side in (first, second)]
    _, key = np.unique(np.concatenate(codes), axis=0, return_inverse=True)
    keys = np.split(key.reshape(-1), [len(first)])
    if not np.isin(keys[0], keys[1]).any():
        message = f"The two panels have no {' × '.join(facets)} cell in common. Number their levels in the same way."
        raise ValueError(message)
    return _dense(first.only(np.isin(keys[0], keys[1]))), _dense(second.only(np.isin(keys[1], keys[0])))


def _dense(cells: Cells) -> Cells:
    """Number the occupied levels of each facet from 0."""
    return replace(cells, codes=np.stack([np.unique(column, return_inverse=True)[1].reshape(-1) for column in cells.codes.T], -1))
